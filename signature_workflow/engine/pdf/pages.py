"""The page tree of a PDF file, as pyHanko reads it (ISO 32000-2 7.7.3)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.rw_common import PdfHandler

from ..errors import PdfRefused, PlacementError
from ..placement import PageGeometry, Rect

INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")
# Annex C.2 of ISO 32000-2 gives 14 400 as the greatest side of a page
MAX_SIDE = 14_400
MIN_SIDE = 3
MAX_DEPTH = 50


@dataclass(frozen=True)
class Page:
    """One page: its reference and dictionary, and its attributes, inherited ones included."""

    reference: generic.Reference
    dictionary: generic.DictionaryObject
    attributes: dict[str, generic.PdfObject]

    def geometry(self, number: int) -> PageGeometry:
        """Return boundaries and rotation.

        :param number: named in the error
        :raises PdfRefused: ``page_size``
        """
        refused = PdfRefused("page_size", f"Page {number} has an unusable size.", page=number)
        media = _rect(self.attributes.get("/MediaBox"), refused)
        crop = _rect(self.attributes.get("/CropBox", self.attributes.get("/MediaBox")), refused)
        rotation = self.attributes.get("/Rotate", generic.NumberObject(0))
        if not isinstance(rotation, (generic.NumberObject, generic.FloatObject)):
            raise refused
        try:
            geometry = PageGeometry(media, crop, int(rotation) % 360)
        except (PlacementError, OverflowError) as error:
            raise refused from error
        sides = (geometry.width, geometry.height)
        if min(sides) < MIN_SIDE or max(sides) > MAX_SIDE:
            raise refused
        return geometry


def value_of(dictionary: generic.DictionaryObject, key: str) -> generic.PdfObject | None:
    """Return an entry with references resolved; ``None`` when it is absent or null."""
    try:
        return dictionary[key]
    except KeyError:
        return None


def count(document: PdfHandler) -> int:
    """Return how many pages the document says it has.

    :raises PdfRefused: ``broken``
    """
    return _kid_count(_tree_root(document))


def locate(document: PdfHandler, number: int) -> Page:
    """Return a page without reading the pages before it.

    A flat tree is indexed; in a deeper one, ``/Count`` tells which branches to pass over.

    :param number: 1 is the first page
    :raises PdfRefused: ``broken`` when the tree does not hold together
    """
    node, attributes, skipped = _tree_root(document), {}, number - 1
    for _level in range(MAX_DEPTH):
        attributes = _inherited(node, attributes)
        kids = _kids(node)
        if len(kids) == _kid_count(node) and skipped < len(kids):
            page = _open_kid(kids.raw_get(skipped))
            if _is_page(page.dictionary):
                return _with_inherited(page, attributes)
        node, skipped = _branch(kids, skipped)
        if _is_page(node.dictionary):
            return _with_inherited(node, attributes)
        node = node.dictionary
    raise _broken("The page tree is too deep.")


def walk(document: PdfHandler) -> Iterator[Page]:
    """Yield all pages and check on the way that every ``/Count`` is right and no page comes twice.

    :raises PdfRefused: ``broken``
    """
    root = _tree_root(document)
    yield from _walk(root, {}, set(), 0)


def _walk(node, attributes, seen, depth):
    if depth > MAX_DEPTH:
        raise _broken("The page tree is too deep.")
    attributes = _inherited(node, attributes)
    expected, found = _kid_count(node), 0
    for kid in _kids(node):
        page = _open_kid(kid)
        if page.reference in seen:
            raise _broken("A page comes twice.")
        seen.add(page.reference)
        if _is_page(page.dictionary):
            found += 1
            yield _with_inherited(page, attributes)
        else:
            found += _kid_count(page.dictionary)
            yield from _walk(page.dictionary, attributes, seen, depth + 1)
    if found != expected or not found:
        raise _broken("The number of pages is wrong.")


def _branch(kids, skipped):
    for kid in kids:
        page = _open_kid(kid)
        pages = 1 if _is_page(page.dictionary) else _kid_count(page.dictionary)
        if skipped < pages:
            return page, skipped
        skipped -= pages
    raise _broken("A page is missing.")


def _broken(message):
    return PdfRefused("broken", message)


def _tree_root(document):
    tree = value_of(document.root, "/Pages")
    if not isinstance(tree, generic.DictionaryObject):
        raise _broken("There is no page tree.")
    return tree


def _kid_count(node):
    number = value_of(node, "/Count")
    if not isinstance(number, int) or number < 1:
        raise _broken("The number of pages is wrong.")
    return number


def _kids(node):
    kids = value_of(node, "/Kids")
    if not isinstance(kids, generic.ArrayObject):
        raise _broken("The page tree has a node without pages.")
    return kids


def _open_kid(kid):
    if not isinstance(kid, generic.IndirectObject):
        raise _broken("A page is no object of its own.")
    dictionary = kid.get_object()
    if not isinstance(dictionary, generic.DictionaryObject):
        raise _broken("A page is missing.")
    return Page(kid.reference, dictionary, {})


def _is_page(dictionary):
    return "/Kids" not in dictionary


def _inherited(node, attributes):
    own = {key: value_of(node, key) for key in INHERITED}
    return {**attributes, **{key: value for key, value in own.items() if value is not None}}


def _with_inherited(page, attributes):
    return Page(page.reference, page.dictionary, _inherited(page.dictionary, attributes))


def _rect(numbers, refused) -> Rect:
    if not isinstance(numbers, generic.ArrayObject) or len(numbers) != 4:
        raise refused
    try:
        x0, y0, x1, y1 = (float(numbers[index]) for index in range(4))
    except (TypeError, ValueError, OverflowError):
        raise refused from None
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
