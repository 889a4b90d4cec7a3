"""What a document gets at its end, within an incremental update: pages, a link on one, embedded files."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pyhanko.pdf_utils import embed, generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.metadata.model import XmpStructure
from pyhanko.pdf_utils.metadata.xmp_xml import MetadataStream

from ..placement import Rect
from . import pages
from .pages import value_of

_CLAIMS = ("http://www.aiim.org/pdfa/ns/id/", "http://www.aiim.org/pdfua/ns/id/")
_RELATIONSHIP = pdf_name("/Data")
# in an address within a PDF string, which brackets and backslashes would end or escape
_AS_IS = "".join(set(string.punctuation) - set("()\\"))


class _Plain(generic.TextStringObject):
    """A string of ASCII without brackets and backslashes, written as it is: pyHanko escapes slashes and dots, too."""

    def write_to_stream(self, stream, handler=None, container_ref=None):
        """Write it as a literal string (ISO 32000-2 7.3.4.2)."""
        stream.write(b"(%s)" % self.encode("ascii"))


@dataclass(frozen=True)
class Attachment:
    """A file that is embedded (ISO 32000-2 7.11.4), as data from which the document or its evidence was made.

    :param name: of the file; ASCII
    :param description: shown by readers; may be empty
    """

    name: str
    data: bytes
    mimetype: str
    description: str = ""


def append_pages(
    writer: IncrementalPdfFileWriter,
    contents: Sequence[bytes],
    size: tuple[float, float],
    resources: generic.IndirectObject,
) -> list[generic.IndirectObject]:
    """Put pages after the last one; return their references.

    They become children of the root of the page tree, whatever its form, and inherit nothing from there: so
    the root is all that is rewritten, and a flat tree stays flat.

    :param contents: content streams, uncompressed
    :param size: width and height in points
    :raises PdfRefused: ``broken``
    """
    count = pages.count(writer)
    tree = writer.root["/Pages"]
    added = [writer.add_object(_page(writer, content, size, resources)) for content in contents]
    kids = tree["/Kids"]
    kids.extend(added)
    tree[pdf_name("/Count")] = generic.NumberObject(count + len(added))
    writer.update_container(kids)
    writer.update_container(tree)
    return added


def add_link(writer: IncrementalPdfFileWriter, page: generic.IndirectObject, rect: Rect, url: str, words: str) -> None:
    """Put a link to ``url`` on a page, with no border; the address can be read in the bytes of the file.

    :param rect: in the page's own points
    :param words: what is read out for it
    """
    address = _Plain(quote(url, safe=_AS_IS))
    action = generic.DictionaryObject({pdf_name("/S"): pdf_name("/URI"), pdf_name("/URI"): address})
    link = generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Annot"),
            pdf_name("/Subtype"): pdf_name("/Link"),
            pdf_name("/Rect"): generic.ArrayObject(generic.FloatObject(round(side, 2)) for side in rect),
            pdf_name("/Border"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 0))),
            # to be printed, though there is nothing to see
            pdf_name("/F"): generic.NumberObject(4),
            pdf_name("/P"): page,
            pdf_name("/A"): action,
            pdf_name("/Contents"): generic.TextStringObject(words),
        }
    )
    writer.register_annotation(page, writer.add_object(link))


def drop_claims(writer: IncrementalPdfFileWriter) -> None:
    """Take from the metadata that this is PDF/A or PDF/UA: with what is added it does not hold any more."""
    metadata = value_of(writer.root, "/Metadata")
    # what is none that pyHanko reads, it replaces
    if isinstance(metadata, MetadataStream):
        metadata.xmp[:] = [
            XmpStructure.of(*((name, value) for name, value in part if name.ns not in _CLAIMS)) for part in metadata.xmp
        ]


def embed_file(writer: IncrementalPdfFileWriter, attachment: Attachment) -> None:
    """Embed a file, named in the catalog and associated with the whole document (ISO 32000-2 14.13)."""
    data = embed.EmbeddedFileObject.from_file_data(
        writer, attachment.data, mime_type=attachment.mimetype, params=embed.EmbeddedFileParams()
    )
    embed.embed_file(
        writer,
        embed.FileSpec(
            attachment.name,
            file_name=attachment.name,
            embedded_data=data,
            description=attachment.description or None,
            af_relationship=_RELATIONSHIP,
        ),
    )


def _page(writer, content, size, resources):
    stream = generic.StreamObject(stream_data=content)
    stream.compress()
    return generic.DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/Page"),
            pdf_name("/Parent"): writer.root.raw_get("/Pages"),
            **{
                pdf_name(box): generic.ArrayObject(map(generic.FloatObject, (0, 0, *size)))
                for box in ("/MediaBox", "/CropBox")
            },
            pdf_name("/Rotate"): generic.NumberObject(0),
            pdf_name("/Resources"): resources,
            pdf_name("/Contents"): writer.add_object(stream),
        }
    )
