"""Form fields of a foreign PDF file (ISO 32000-2 12.7); runs in a child process only."""

from collections.abc import Iterator, Sequence

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from ..placement import PageGeometry, from_pdf_rect
from . import pages, streams

MAX_DEPTH = 32
MAX_FIELDS = 100_000
MAX_NAME = 200
MAX_VALUE = 10_000
MAX_OPTIONS = 500

# 12.5.3: hidden, no view
_NOT_SEEN = 1 << 1 | 1 << 5
# 12.7.4.1, 12.7.5.2, 12.7.5.3
_READ_ONLY, _REQUIRED = 1 << 0, 1 << 1
_MULTILINE, _FILE = 1 << 12, 1 << 20
_RADIO, _PUSH_BUTTON = 1 << 15, 1 << 16


class FormRemoval:
    """Takes the form out of a document: its fields are found, its widgets and itself removed."""

    def __init__(self, writer: IncrementalPdfFileWriter):
        self._writer = writer
        self._seen: dict[int, generic.DictionaryObject] = {}
        self.found: list[dict] = []
        self.notices: list[dict] = []
        self.is_changed = False

    def search_page(self, number: int, page: pages.Page, geometry: PageGeometry) -> None:
        """Take the widgets of a page; its other annotations stay."""
        annotations = pages.value_of(page.dictionary, "/Annots")
        if not isinstance(annotations, generic.ArrayObject):
            return
        kept = []
        for index in range(len(annotations)):
            annotation = annotations[index]
            if _is_widget(annotation):
                self._take_widget(number, annotation, geometry)
            else:
                kept.append(annotations.raw_get(index))
        if len(kept) == len(annotations):
            return
        self.is_changed = True
        if kept:
            page.dictionary[pdf_name("/Annots")] = generic.ArrayObject(kept)
        else:
            del page.dictionary["/Annots"]
        self._writer.mark_update(page.reference)

    def finish(self) -> None:
        """Remove the form itself, and tell which of its fields stand on no page."""
        form = pages.value_of(self._writer.root, "/AcroForm")
        if form is None:
            return
        fields = pages.value_of(form, "/Fields") if isinstance(form, generic.DictionaryObject) else None
        for field in _terminal_fields(fields):
            if id(field) not in self._seen:
                self._notify(0, _full_name(_chain(field)))
        # also one without fields: it could have readers draw those anew that are added later
        self.is_changed = True
        del self._writer.root["/AcroForm"]
        self._writer.update_root()

    def _take_widget(self, number, widget, geometry):
        chain = _chain(widget)
        self._seen.update((id(node), node) for node in chain)
        field = _read_field(widget, chain)
        if field is None or int(_inherited([widget], "/F", 0)) & _NOT_SEEN:
            return
        box = _box(widget, geometry, number)
        if box is None:
            self._notify(number, field["name"])
            return
        self.found.append({"source": "form", "box": box, "text": "", "help": "", **field})

    def _notify(self, page, name):
        self.notices.append({"code": "field_unplaced", "page": page, "text": name})


def _read_field(widget, chain) -> dict | None:
    """Return what a field is, without its place; ``None`` when nobody fills it."""
    kind, flags = _inherited(chain, "/FT", ""), int(_inherited(chain, "/Ff", 0))
    field = {
        "name": (_text(_inherited(chain, "/TU")).strip() or _full_name(chain))[:MAX_NAME],
        "required": bool(flags & _REQUIRED),
        "readonly": bool(flags & _READ_ONLY),
        "options": [],
        "group": "",
        "value": "",
        "max_length": None,
    }
    if kind == "/Btn":
        return None if flags & _PUSH_BUTTON else {**field, **_read_button(widget, chain, flags, field["name"])}
    if kind == "/Ch":
        return {**field, **_read_choice(chain)}
    if kind == "/Sig":
        return {**field, "type": "signature", "required": True}
    return {**field, **_read_text(chain, flags)}


def _read_text(chain, flags):
    limit = _inherited(chain, "/MaxLen", 0)
    is_long = bool(flags & _MULTILINE)
    return {
        "type": "file" if flags & _FILE else "multiline" if is_long else "text",
        "value": "" if flags & _FILE else _text(_inherited(chain, "/V")),
        "max_length": int(limit) if isinstance(limit, int) and 0 < limit <= MAX_VALUE else None,
    }


def _read_choice(chain):
    labels = _option_labels(_inherited(chain, "/Opt"))
    chosen = _inherited(chain, "/V")
    if isinstance(chosen, generic.ArrayObject):
        chosen = chosen[0] if chosen else None
    value = _text(chosen)
    if not labels:
        return {"type": "text", "value": value}
    options = list(dict.fromkeys(labels.values()))
    return {"type": "choice", "options": options, "value": labels.get(value, value if value in options else "")}


def _read_button(widget, chain, flags, name):
    """Checkboxes of one field with different states exclude one another, as radio buttons do."""
    state = _on_state(widget)
    siblings = _widgets_of(chain)
    value = _inherited(chain, "/V", _inherited([widget], "/AS", ""))
    common = {"value": "true" if state and value == state else ""}
    if not flags & _RADIO and len({_on_state(sibling) for sibling in siblings}) < 2:
        return {"type": "checkbox", **common}
    labels = list(_option_labels(_inherited(chain, "/Opt")).values())
    place = next((index for index, sibling in enumerate(siblings) if sibling is widget), len(labels))
    label = labels[place] if place < len(labels) else state[1:]
    return {"type": "radio", "name": label[:MAX_NAME], "group": name, **common}


def _on_state(widget) -> str:
    """Return the name of the appearance of a button that is on, or an empty text."""
    appearances = pages.value_of(widget, "/AP")
    normal = pages.value_of(appearances, "/N") if isinstance(appearances, generic.DictionaryObject) else None
    names = normal if isinstance(normal, generic.DictionaryObject) else ()
    return next((str(name) for name in names if name != "/Off"), "")


def _widgets_of(chain):
    field = next((node for node in chain if "/T" in node), chain[0])
    kids = pages.value_of(field, "/Kids")
    if not isinstance(kids, generic.ArrayObject):
        return [field]
    return [kids[index] for index in range(len(kids)) if isinstance(kids[index], generic.DictionaryObject)]


def _option_labels(options) -> dict[str, str]:
    """Return the text that is shown for each value that is exported (12.7.5.4)."""
    labels = {}
    for index in range(min(len(options), MAX_OPTIONS) if isinstance(options, generic.ArrayObject) else 0):
        entry = options[index]
        is_pair = isinstance(entry, generic.ArrayObject) and len(entry) == 2
        value, label = (entry[0], entry[1]) if is_pair else (entry, entry)
        labels[_text(value)] = _text(label)[:MAX_NAME].strip()
    return {value: label for value, label in labels.items() if label}


def _box(widget, geometry, number):
    rect = pages.value_of(widget, "/Rect")
    if not isinstance(rect, generic.ArrayObject) or len(rect) != 4:
        return None
    sides = [rect[index] for index in range(4)]
    if not all(isinstance(side, (generic.NumberObject, generic.FloatObject)) for side in sides):
        return None
    box = from_pdf_rect(tuple(map(float, sides)), geometry, number)
    box = box.clipped() if box.width > 0 and box.height > 0 else None
    return box and [box.page, box.x, box.y, box.width, box.height]


def _is_widget(annotation):
    return isinstance(annotation, generic.DictionaryObject) and pages.value_of(annotation, "/Subtype") == "/Widget"


def _chain(node) -> list[generic.DictionaryObject]:
    """Return a widget or field and what it inherits from, without running in a circle."""
    chain = []
    while isinstance(node, generic.DictionaryObject) and len(chain) < MAX_DEPTH:
        if any(node is other for other in chain):
            break
        chain.append(node)
        node = pages.value_of(node, "/Parent")
    return chain


def _terminal_fields(fields) -> Iterator[generic.DictionaryObject]:
    waiting, seen = [fields], {}
    while waiting and len(seen) < MAX_FIELDS:
        nodes = waiting.pop()
        for index in range(len(nodes) if isinstance(nodes, generic.ArrayObject) else 0):
            node = nodes[index]
            if not isinstance(node, generic.DictionaryObject) or id(node) in seen:
                continue
            seen[id(node)] = node
            kids = pages.value_of(node, "/Kids")
            if isinstance(kids, generic.ArrayObject) and any(_is_field(kids[place]) for place in range(len(kids))):
                waiting.append(kids)
            else:
                yield node


def _is_field(node):
    return isinstance(node, generic.DictionaryObject) and "/T" in node


def _full_name(chain):
    parts = [_text(pages.value_of(node, "/T")) for node in reversed(chain) if "/T" in node]
    return ".".join(parts)[:MAX_NAME]


def _inherited(chain: Sequence[generic.DictionaryObject], key, default=None):
    found = (pages.value_of(node, key) for node in chain)
    value = next((value for value in found if value is not None), default)
    if isinstance(default, int) and not isinstance(value, int):
        return default
    return value


def _text(value) -> str:
    """Return a text string (7.9.2.2) or text stream, or a name, as text."""
    if isinstance(value, generic.NameObject):
        return value[1:]
    if isinstance(value, generic.StreamObject):
        raw = streams.unpack(value, MAX_VALUE * 4) or b""
        return _text(generic.pdf_string(raw))
    if isinstance(value, generic.ByteStringObject):
        return bytes(value).decode("latin-1")[:MAX_VALUE]
    return str(value)[:MAX_VALUE] if isinstance(value, str) else ""
