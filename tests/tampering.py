"""Seven ways of tampering with a sealed PDF: each takes its bytes and returns others."""

import io
import re

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pypdf import PdfReader, PdfWriter

BYTE_RANGE = re.compile(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+) ?\]")


def flip_byte(pdf: bytes) -> bytes:
    """Change one bit of a stream that was sealed."""
    return flip_at(pdf, pdf.index(b"endstream") - 5)


def flip_at(pdf: bytes, position: int) -> bytes:
    """Change one bit of one byte."""
    return pdf[:position] + bytes([pdf[position] ^ 1]) + pdf[position + 1 :]


def swap_content(pdf: bytes) -> bytes:
    """Put another text on the first page, in an update after the seal."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    page_ref, _resources = writer.find_page_for_modification(0)
    page = page_ref.get_object()
    stream = generic.StreamObject(stream_data=b"BT /F1 40 Tf 72 500 Td (Pay 1 000 000) Tj ET")
    page["/Contents"] = writer.add_object(stream)
    writer.update_container(page)
    return _written(writer)


def add_annotation(pdf: bytes) -> bytes:
    """Stick a note on the first page, in an update after the seal."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Contents"): generic.pdf_string("void"),
            generic.pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 99, 99))),
        }
    )
    page_ref, _resources = writer.find_page_for_modification(0)
    writer.register_annotation(page_ref, writer.add_object(note))
    return _written(writer)


def blank_signature(pdf: bytes) -> bytes:
    """Write zeros over the signature itself, which no signature covers."""
    start, end = gap(pdf)
    return pdf[: start + 1] + b"0" * (end - start - 2) + pdf[end - 1 :]


def move_byte_range(pdf: bytes) -> bytes:
    """Say that the seal covers less than it does."""
    found = BYTE_RANGE.search(pdf)
    numbers = [int(number) for number in found.groups()]
    shorter = b"/ByteRange [%d %d %d %d]" % (*numbers[:3], numbers[3] - 10)
    return pdf[: found.start()] + shorter.ljust(len(found[0])) + pdf[found.end() :]


def rewrite(pdf: bytes) -> bytes:
    """Save the whole document anew, as an editor does."""
    output = io.BytesIO()
    PdfWriter(clone_from=PdfReader(io.BytesIO(pdf))).write(output)
    return output.getvalue()


def append_bytes(pdf: bytes) -> bytes:
    """Write something after the end."""
    return pdf + b"\n% hello\n"


# each with what :func:`engine.sealing.verify.verify` finds, one of these at least
WAYS = {
    flip_byte: {"digest"},
    swap_content: {"changed"},
    add_annotation: {"changed"},
    blank_signature: {"signature"},
    move_byte_range: {"digest", "coverage"},
    rewrite: {"digest", "coverage", "changed"},
    append_bytes: {"coverage", "changed"},
}


def gap(pdf: bytes) -> tuple[int, int]:
    """Return from where to where the signature stands, its angle brackets included."""
    _start, length, resume, _rest = map(int, BYTE_RANGE.search(pdf).groups())
    return length, resume


def _written(writer):
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()
