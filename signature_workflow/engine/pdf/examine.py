"""Examination of a foreign PDF file; runs in a child process of :mod:`.inspect` only.

Two parsers read every object: pypdf, which mends damage much as viewers do, and pyHanko, which will
update the file later. Both have to find the same pages and nothing that acts, hides, or is signed.
Whatever goes wrong in an unforeseen way ends this process, which counts as a damaged file.
"""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator

from ..errors import PdfRefused
from . import child, looks, streams
from .objects import resolved

# ISO 32000-2 12.6.4, without going to a place in the file, opening a web address, and printing
ACTIONS = frozenset(
    (
        "/GoTo3DView",
        "/GoToDp",
        "/GoToE",
        "/GoToR",
        "/Hide",
        "/ImportData",
        "/JavaScript",
        "/Launch",
        "/Movie",
        "/Rendition",
        "/ResetForm",
        "/RichMediaExecute",
        "/SetOCGState",
        "/Sound",
        "/SubmitForm",
    )
)
HARMLESS_ACTIONS = frozenset(("/GoTo", "/Named", "/Thread", "/Trans", "/URI"))
ON_OPENING = frozenset(("/GoTo",))
ANNOTATIONS = frozenset(("/3D", "/FileAttachment", "/Movie", "/RichMedia", "/Screen", "/Sound"))
KEYS = frozenset(("/EmbeddedFiles", "/JavaScript", "/XFA", "/RichMediaContent"))
FILE_KEYS = frozenset(("/F", "/UF", "/DOS", "/Mac", "/Unix"))
PERMISSIONS = frozenset(("/DocMDP", "/UR", "/UR3"))

MAX_OUTLINE_DEPTH = 32
MAX_OUTLINE_ITEMS = 20_000
# points
TOLERANCE = 0.01


def main(limits: dict, work: Callable[[bytes, dict], tuple[dict, bytes]] | None = None) -> None:
    """Work on the file on standard input, and answer on standard output: a line of JSON, then bytes.

    :param work: returns both for the file and the limits; without it the file is only examined
    """
    child.confine(limits)
    # the libraries are loaded under the limits, too
    from pyhanko.pdf_utils.misc import PdfDecodeLimitError, PdfReadError
    from pypdf.errors import LimitReachedError, PyPdfError

    appended = b""
    try:
        data = sys.stdin.buffer.read()
        answer, appended = work(data, limits) if work else (examine(data, limits), b"")
    except PdfRefused as error:
        answer = child.refusal(error)
    except (MemoryError, streams.TooLarge, PdfDecodeLimitError, LimitReachedError):
        answer = child.refusal(_bomb())
    except (PdfReadError, PyPdfError) as error:
        answer = child.refusal(_bomb() if _ran_out_of_memory(error) else child.broken())
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + appended)


def _ran_out_of_memory(error):
    """Tell whether a parser took its own lack of memory for damage in the file."""
    while error:
        if isinstance(error, MemoryError):
            return True
        error = error.__cause__ or error.__context__
    return False


def examine(data: bytes, limits: dict) -> dict:
    """Return ``pages``, each ``[media, crop, rotation]``, and ``has_form``.

    :raises PdfRefused: with a code that :mod:`.inspect` knows
    """
    ambiguity = _Ambiguity()
    logging.getLogger().addHandler(ambiguity)
    geometries, has_form = _examine_with_pyhanko(data, limits)
    _examine_with_pypdf(data, geometries)
    _try_update(data)
    if ambiguity.is_found:
        raise PdfRefused("broken", "The file is damaged: a dictionary has an entry twice.")
    return {
        "pages": [[page.media, page.crop, page.rotation] for page in geometries],
        "has_form": has_form,
    }


def check_object(found) -> None:
    """Refuse an object in which anything acts, embeds a file, signs, or looks different elsewhere.

    :param found: an object of either parser; direct objects within it are looked at, too
    :raises PdfRefused: ``active_content``, ``already_signed``, ``hidden_content``
    """
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            _check_dictionary(value)
            waiting.extend(dict.values(value))
        elif isinstance(value, list):
            waiting.extend(list.__iter__(value))


def check_catalog(catalog: dict) -> None:
    """Refuse what depends on its place in the document.

    :raises PdfRefused: ``active_content``, ``already_signed``, ``hidden_content``, ``broken``
    """
    opening = resolved(catalog, "/OpenAction")
    if isinstance(opening, dict) and resolved(opening, "/S") not in ON_OPENING:
        raise _active("/OpenAction")
    permissions = resolved(catalog, "/Perms")
    if isinstance(permissions, dict) and PERMISSIONS.intersection(permissions):
        raise _signed()
    looks.check_catalog(catalog)
    outline = resolved(catalog, "/Outlines")
    if isinstance(outline, dict):
        _check_outline(outline)


def _examine_with_pyhanko(data, limits):
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(io.BytesIO(data), strict=False)
    if reader.encrypted:
        raise _encrypted()
    found_pages = _read_pages(reader, limits["pages"])
    geometries = [page.geometry(number) for number, page in enumerate(found_pages, 1)]
    budget = _Budget(limits)
    for found in _pyhanko_objects(reader, limits["objects"]):
        check_object(found)
        if _is_stream(found):
            budget.charge(found)
    check_catalog(reader.root)
    for page in found_pages:
        looks.check_page(page.dictionary)
    form = resolved(reader.root, "/AcroForm")
    return geometries, isinstance(form, dict) and bool(resolved(form, "/Fields"))


def _try_update(data):
    """Do what sealing will do; pyHanko then also reads the XMP metadata, which are XML."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    writer.update_root()
    writer.write(io.BytesIO())


def _examine_with_pypdf(data, geometries):
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        raise _encrypted()
    for found in _pypdf_objects(reader):
        check_object(found)
    check_catalog(reader.root_object)
    _compare_pages(geometries, reader.pages)
    for page in reader.pages:
        looks.check_page(page)


def _check_dictionary(value):
    found = KEYS.intersection(value)
    if found:
        raise _active(min(found))
    action = resolved(value, "/S")
    if action in ACTIONS:
        raise _active(action)
    if "/JS" in value and (action is not None or isinstance(resolved(value, "/JS"), (str, bytes))):
        raise _active("/JS")
    if _is_trigger_table(resolved(value, "/AA")):
        raise _active("/AA")
    subtype = resolved(value, "/Subtype")
    if subtype in ANNOTATIONS:
        raise _active(subtype)
    if resolved(value, "/Type") == "/EmbeddedFile":
        raise _active("/EmbeddedFile")
    files = resolved(value, "/EF")
    if isinstance(files, dict) and FILE_KEYS.intersection(files):
        raise _active("/EF")
    if _is_stream(value) and "/F" in value:
        raise _active("external stream")
    if "/ByteRange" in value or (resolved(value, "/FT") == "/Sig" and "/V" in value):
        raise _signed()
    looks.check_dictionary(value)


def _is_trigger_table(value):
    """Tell additional actions (12.6.3) from a resource that has the name ``AA``."""
    if not isinstance(value, dict):
        return False
    actions = (resolved(value, key) for key in value)
    return any(isinstance(action, dict) and resolved(action, "/S") in ACTIONS | HARMLESS_ACTIONS for action in actions)


def _check_outline(outline):
    waiting, seen = [(outline, 0)], set()
    while waiting:
        item, depth = waiting.pop()
        if depth > MAX_OUTLINE_DEPTH or len(seen) > MAX_OUTLINE_ITEMS:
            raise PdfRefused("broken", "The outline of the document is too deep or too long.")
        for key, below in (("/First", depth + 1), ("/Next", depth)):
            following = resolved(item, key)
            if not isinstance(following, dict):
                continue
            if id(following) in seen:
                raise PdfRefused("broken", "The outline of the document runs in a circle.")
            seen.add(id(following))
            waiting.append((following, below))


class _Ambiguity(logging.Handler):
    """Sees whether a parser meets an entry twice: both take the first one and say so, most viewers take the last."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.is_found = False

    def emit(self, record):
        self.is_found |= "Multiple definitions" in record.getMessage()


class _Budget:
    """Counts what the streams of a file unpack to."""

    def __init__(self, limits):
        self._stream = limits["stream"]
        self._left = limits["streams"]
        self._pixels = limits["pixels"]

    def charge(self, stream):
        """Unpack a stream, or look at the size of a picture, which viewers unpack row by row.

        :raises PdfRefused: ``bomb``
        """
        if resolved(stream, "/Subtype") == "/Image":
            self._check_picture(stream)
        else:
            self._left -= streams.measure(stream, min(self._stream, self._left))

    def _check_picture(self, picture):
        sides = (resolved(picture, "/Width"), resolved(picture, "/Height"))
        if not all(isinstance(side, int) and side > 0 for side in sides):
            raise PdfRefused("broken", "A picture in the file has no size.")
        if sides[0] * sides[1] > self._pixels:
            raise _bomb()


def _read_pages(reader, limit):
    from . import pages

    number = pages.count(reader)
    if number > limit:
        raise PdfRefused("too_many_pages", f"The file has {number} pages.", pages=int(number), limit=limit)
    return list(pages.walk(reader))


def _compare_pages(geometries, others):
    differs = PdfRefused("broken", "The file is damaged: its pages can be read in different ways.")
    if len(others) != len(geometries):
        raise differs
    for geometry, page in zip(geometries, others, strict=True):
        pairs = zip(
            (*geometry.media, *geometry.crop),
            (*_sorted_rect(page.mediabox), *_sorted_rect(page.cropbox)),
            strict=True,
        )
        if page.rotation % 360 != geometry.rotation:
            raise differs
        if any(abs(ours - theirs) > TOLERANCE for ours, theirs in pairs):
            raise differs


def _sorted_rect(rect):
    x0, y0, x1, y1 = (float(value) for value in rect)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _pyhanko_objects(reader, limit) -> Iterator[object]:
    references = set()
    for revision in range(reader.xrefs.total_revisions):
        references |= reader.xrefs.explicit_refs_in_revision(revision)
    if len(references) > limit:
        raise _bomb()
    for reference in references:
        yield reader.get_object(reference)


def _pypdf_objects(reader) -> Iterator[object]:
    from pypdf.generic import IndirectObject

    numbers = {(number, 0) for number in reader.xref_objStm}
    for generation, entries in reader.xref.items():
        numbers.update((number, generation) for number in entries)
    for number, generation in numbers:
        yield reader.get_object(IndirectObject(number, generation, reader))


def _is_stream(value):
    return hasattr(value, "encoded_data") or hasattr(value, "get_data")


def _active(found):
    return PdfRefused("active_content", f"The file contains active content: {found}.", found=str(found))


def _bomb():
    return PdfRefused("bomb", "The file needs far more memory than it should.")


def _encrypted():
    return PdfRefused("encrypted", "The file is encrypted.")


def _signed():
    return PdfRefused("already_signed", "The file is already signed.")


if __name__ == "__main__":
    main(json.loads(sys.argv[3]))
