"""Stamping values onto pages within an incremental update.

All marks are drawn at once by reportlab, one form XObject (ISO 32000-2 8.10) a page, so that fonts
are embedded once, and then brought into the update. Only touched pages are read and rewritten.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from reportlab.pdfgen.canvas import Canvas

from ..errors import RenderError
from ..fonts import FontSet
from ..placement import Box, PageGeometry, to_pdf_matrix
from . import pages, renderers, typesetting


@dataclass(frozen=True)
class Stamp:
    """A value to be drawn onto a page.

    :param type: a field type, see :data:`renderers.RENDERERS`
    :param value: a mark for ``signature``, a bool for ``checkbox``, text for the others
    """

    box: Box
    type: str
    value: object


def apply(writer: IncrementalPdfFileWriter, stamps: Sequence[Stamp], *, fonts: FontSet) -> None:
    """Draw ``stamps`` onto the pages of the document that ``writer`` updates.

    What is already on a page is wrapped in a saved graphics state, so that it cannot move or hide
    the stamps.

    :raises PlacementError: a box is not on its page
    :raises PdfRefused: ``page_size``, ``broken``
    :raises RenderError: ``stamp_type_unknown``, ``stamp_value_invalid``, ``font_missing``
    """
    by_page = _by_page(stamps, pages.count(writer))
    if not by_page:
        return
    touched = {number: pages.locate(writer, number) for number in by_page}
    geometries = {number: page.geometry(number) for number, page in touched.items()}
    overlay = _draw_overlay([(number, geometries[number], by_page[number]) for number in by_page], fonts)
    forms = _import_forms(writer, overlay)
    opening = writer.add_object(generic.StreamObject(stream_data=b"q\n"))
    for number, page in touched.items():
        _put_on_page(writer, page, forms.raw_get(_form_key(number)), opening)


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


def _draw_overlay(work: Sequence[tuple[int, PageGeometry, list[Stamp]]], fonts: FontSet) -> bytes:
    target = io.BytesIO()
    base_font = typesetting.load_font(fonts.regular)
    canvas = Canvas(target, pageCompression=1, initialFontName=base_font.fontName)
    for number, geometry, stamps in work:
        canvas.beginForm(_form_name(number), *geometry.visible)
        for stamp in stamps:
            matrix, width, height = to_pdf_matrix(stamp.box, geometry)
            canvas.saveState()
            canvas.transform(*matrix)
            renderers.render(canvas, stamp.type, stamp.value, width, height, fonts)
            canvas.restoreState()
        canvas.endForm()
        canvas.doForm(_form_name(number))
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _import_forms(writer, overlay):
    reader = PdfFileReader(io.BytesIO(overlay))
    resources = pages.locate(reader, 1).attributes["/Resources"]
    # one call, so that the forms go on sharing their fonts
    return writer.import_object(resources["/XObject"])


def _put_on_page(writer, page, form, opening):
    resources = _copy(page.attributes.get("/Resources"))
    objects = _copy(pages.value_of(resources, "/XObject"))
    name = _free_name(objects)
    objects[pdf_name(name)] = form
    resources[pdf_name("/XObject")] = objects
    closing = writer.add_object(generic.StreamObject(stream_data=f"\nQ q {name} Do Q\n".encode()))
    dictionary = page.dictionary
    dictionary[pdf_name("/Resources")] = resources
    dictionary[pdf_name("/Contents")] = generic.ArrayObject([opening, *_content_streams(dictionary), closing])
    writer.mark_update(page.reference)


def _copy(dictionary):
    """Return a dictionary of its own with the same entries; references stay references."""
    if not isinstance(dictionary, generic.DictionaryObject):
        return generic.DictionaryObject()
    return generic.DictionaryObject({key: dictionary.raw_get(key) for key in dictionary})


def _free_name(objects):
    number = 1
    while f"/Stamp{number}" in objects:
        number += 1
    return f"/Stamp{number}"


def _content_streams(page):
    contents = pages.value_of(page, "/Contents")
    if contents is None:
        return []
    if isinstance(contents, generic.ArrayObject):
        return [contents.raw_get(index) for index in range(len(contents))]
    return [page.raw_get("/Contents")]


def _form_name(number):
    return f"stamp{number}"


def _form_key(number):
    # reportlab's own prefix
    return f"/FormXob.{_form_name(number)}"
