"""Stamping values onto pages within an incremental update.

All marks are drawn at once by reportlab, so that fonts are embedded once; what belongs to one page
becomes a form XObject of the update. Only touched pages are read and rewritten. Sheets that are
to be appended are drawn at the same time, with the same fonts.
"""

import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.images import pil_image
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from reportlab.pdfgen.canvas import Canvas

from ..errors import RenderError
from ..fonts import FontSet
from ..images import Picture
from ..placement import Box, PageGeometry, Rect, to_pdf_matrix
from . import pages, renderers, typesetting

# a comment, which no string can contain: reportlab escapes line breaks in them
_PAGE_BREAK = "\n%page\n"


@dataclass(frozen=True)
class Stamp:
    """A value to be drawn onto a page.

    :param type: a field type, see :data:`renderers.RENDERERS`
    :param value: a mark for ``signature``, ``initials`` and ``stamp``, a bool for ``checkbox`` and
        ``radio``, text for the others
    """

    box: Box
    type: str
    value: object


class Sheet(Protocol):
    """What is drawn by itself, on no page of the document."""

    def draw(self, drawing: renderers.Drawing) -> str:
        """Return the operators that come before what it draws on the canvas of ``drawing``, whose fonts they use."""


def form(content: bytes, box: Rect, resources: generic.IndirectObject) -> generic.StreamObject:
    """Return ``content`` as a form XObject (ISO 32000-2 8.10) that shows what is inside ``box``."""
    stream = generic.StreamObject(
        {
            pdf_name("/Type"): pdf_name("/XObject"),
            pdf_name("/Subtype"): pdf_name("/Form"),
            pdf_name("/BBox"): generic.ArrayObject(map(generic.FloatObject, box)),
            pdf_name("/Resources"): resources,
        },
        stream_data=content,
    )
    stream.compress()
    return stream


@dataclass(frozen=True)
class Drawn:
    """The content streams of sheets, uncompressed, and the resources that they all need."""

    contents: tuple[bytes, ...] = ()
    resources: generic.IndirectObject | None = None


def apply(
    writer: IncrementalPdfFileWriter,
    stamps: Sequence[Stamp],
    *,
    fonts: FontSet,
    sheets: Sequence[Sheet] = (),
    pictures: Iterable[Picture] = (),
) -> Drawn:
    """Draw ``stamps`` onto the pages of the document that ``writer`` updates; return the ``sheets``, drawn.

    What is already on a page is wrapped in a saved graphics state, so that it cannot move or hide
    the stamps.

    :param pictures: those of the sheets
    :raises PlacementError: a box is not on its page
    :raises PdfRefused: ``page_size``, ``broken``
    :raises RenderError: ``stamp_type_unknown``, ``stamp_value_invalid``, ``font_missing``
    """
    by_page = _by_page(stamps, pages.count(writer))
    if not by_page and not sheets:
        return Drawn()
    touched = {number: pages.locate(writer, number) for number in by_page}
    geometries = {number: page.geometry(number) for number, page in touched.items()}
    work = [(geometries[number], by_page[number]) for number in touched]
    contents, fonts_used = _draw(work, sheets, fonts)
    shown = {stamp.value for stamp in stamps if isinstance(stamp.value, Picture)}
    resources = writer.add_object(
        generic.DictionaryObject(
            {
                pdf_name("/Font"): _import_fonts(writer, fonts_used),
                pdf_name("/XObject"): _add_pictures(writer, shown.union(pictures)),
            }
        )
    )
    drawn, appended = contents[: len(touched)], contents[len(touched) :]
    if touched:
        forms = map(form, drawn, (geometry.visible for geometry in geometries.values()), itertools.repeat(resources))
        _put_on_pages(writer, touched, list(forms))
    return Drawn(tuple(appended), resources)


def _put_on_pages(writer, touched, forms):
    name = _free_name(touched.values())
    opening = writer.add_object(generic.StreamObject(stream_data=b"q\n"))
    closing = writer.add_object(generic.StreamObject(stream_data=f"\nQ q {name} Do Q\n".encode()))
    for page, content in zip(touched.values(), forms, strict=True):
        _put_on_page(page, name, writer.add_object(content), opening, closing)
        writer.mark_update(page.reference)


def stamp_pdf(pdf: bytes, stamps: Sequence[Stamp], *, fonts: FontSet) -> bytes:
    """Return ``pdf`` with ``stamps`` drawn by an incremental update, unsealed.

    :raises RenderError: ``document_unreadable``, and what :func:`apply` raises
    """
    target = io.BytesIO()
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        apply(writer, stamps, fonts=fonts)
        writer.write(target)
    except PdfError as error:
        raise RenderError("document_unreadable", f"The document is damaged: {error}") from error
    return target.getvalue()


def _by_page(stamps: Iterable[Stamp], page_count: int) -> dict[int, list[Stamp]]:
    found = {}
    for stamp in stamps:
        box = stamp.box.resolved(page_count)
        found.setdefault(box.page, []).append(Stamp(box, stamp.type, stamp.value))
    return found


def _draw(
    work: Sequence[tuple[PageGeometry, list[Stamp]]], sheets: Sequence[Sheet], fonts: FontSet
) -> tuple[list[bytes], generic.DictionaryObject]:
    """Return the content streams of the pages in ``work``, then of ``sheets``, and the fonts they use."""
    target = io.BytesIO()
    base_font = typesetting.load_font(fonts.regular)
    # reportlab would compress to text, which takes long and more space
    canvas = Canvas(target, pageCompression=0, initialFontName=base_font.fontName)
    drawing = renderers.Drawing(canvas, fonts)
    for geometry, stamps in work:
        canvas.addLiteral(_PAGE_BREAK)
        for stamp in stamps:
            renderers.render(drawing, stamp.type, stamp.value, *to_pdf_matrix(stamp.box, geometry))
    own = []
    for sheet in sheets:
        canvas.addLiteral(_PAGE_BREAK)
        own.append(sheet.draw(drawing).encode())
    canvas.showPage()
    canvas.save()
    page = pages.locate(PdfFileReader(target), 1)
    _head, *contents = page.dictionary["/Contents"].data.split(_PAGE_BREAK.encode())
    for index, operators in enumerate(own, len(work)):
        contents[index] = operators + b"\n" + contents[index]
    return contents, page.attributes["/Resources"]["/Font"]


def _import_fonts(writer, fonts):
    known = set(writer.objects)
    imported = writer.import_object(fonts)
    for key in writer.objects.keys() - known:
        if isinstance(writer.objects[key], generic.StreamObject):
            writer.objects[key].compress()
    return imported


def _add_pictures(writer, pictures):
    """Return the image XObjects by name."""
    found = generic.DictionaryObject()
    for picture in pictures:
        with Image.open(io.BytesIO(picture.png), formats=("PNG",)) as image:
            found[pdf_name(f"/{renderers.picture_name(picture)}")] = pil_image(image, writer)
    return found


def _put_on_page(page, name, form, opening, closing):
    resources = _copy(page.attributes.get("/Resources"))
    objects = _copy(pages.value_of(resources, "/XObject"))
    objects[pdf_name(name)] = form
    resources[pdf_name("/XObject")] = objects
    dictionary = page.dictionary
    dictionary[pdf_name("/Resources")] = resources
    dictionary[pdf_name("/Contents")] = generic.ArrayObject([opening, *_content_streams(dictionary), closing])


def _copy(dictionary):
    """Return a dictionary of its own with the same entries; references stay references."""
    if not isinstance(dictionary, generic.DictionaryObject):
        return generic.DictionaryObject()
    return generic.DictionaryObject({key: dictionary.raw_get(key) for key in dictionary})


def _free_name(touched):
    """Return a name that no XObject of these pages has."""
    resources = (_copy(page.attributes.get("/Resources")) for page in touched)
    taken = {name for own in resources for name in _copy(pages.value_of(own, "/XObject"))}
    return next(name for name in map("/Stamp{}".format, itertools.count(1)) if name not in taken)


def _content_streams(page):
    contents = pages.value_of(page, "/Contents")
    if contents is None:
        return []
    if isinstance(contents, generic.ArrayObject):
        return [contents.raw_get(index) for index in range(len(contents))]
    return [page.raw_get("/Contents")]
