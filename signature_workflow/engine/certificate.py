"""The certificate of completion: pages that say who has signed what, when and how, for people.

All words come ready from the caller, in whatever language; nothing of them is read as markup. Pages are laid
out first, with the widths of the fonts alone; then each sheet is drawn on the canvas on which the stamps are,
so that fonts are embedded once. Text is written in few operators, and not by reportlab's text objects, which
would take longer than all the rest.
"""

import functools
import itertools
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from . import qr
from .fonts import FontSet
from .images import Picture
from .marks import Drawn, Mark
from .pdf import renderers, typesetting
from .pdf.renderers import Drawing
from .placement import Rect

# points; A4
WIDTH, HEIGHT = 595.28, 841.89
LEFT, RIGHT, TOP, BOTTOM = 51.0, 544.28, 797.0, 62.0
FOOT = 38.0
# multiples of the font size
_LINE = 1.36

# red, green and blue, as operands
_TEXT, _MUTED, _ACCENT = "0.067 0.094 0.153", "0.42 0.447 0.502", "0.102 0.137 0.494"
_EDGE, _FAINT = "0.82 0.835 0.859", "0.973 0.98 0.988"

_QR_SIDE, _QR_COLUMN = 92.0, 132.0
_FACT_LABEL, _FACT_WIDTH = 96.0, RIGHT - LEFT - _QR_COLUMN - 18
_MARK_BOX = (146.0, 50.0)
_CARD_PAD, _CARD_LABEL = 11.0, 84.0
_SEAL_SIZE = (196.0, 42.0)
# left edges of the columns of the table of events, from the left margin
_EVENT_COLUMNS = (0.0, 84.0, 238.0, 370.0)
_COLUMN_GAP = 8.0
_DIGEST_GROUP = 8

Pair = tuple[str, str]


@dataclass(frozen=True)
class Party:
    """Somebody who took part.

    :param role: what they are to the document, and what they did: "Client · signed"
    :param details: labels and texts in their order: when, by which way, from where, which code
    :param mark: their signature; None for who left none
    """

    name: str
    role: str
    details: tuple[Pair, ...]
    mark: Mark | None = None


@dataclass(frozen=True)
class Event:
    """A line of the audit trail: a time in UTC, what happened, who did it, and from where."""

    time: str
    what: str
    who: str
    origin: str


@dataclass(frozen=True)
class Certificate:
    """What the certificate says; every text is ready to be shown.

    :param title: of the page
    :param document: name of the document
    :param facts: labels and texts about the document as a whole
    :param digests: labels and hexadecimal digests
    :param url: public address of the check, which ends with the code after its last slash; ASCII
    :param check: what the code and the address are for
    :param columns: heads of the columns of ``events``
    :param claim: what this certificate claims, and what not
    :param seal: lines of the visible seal, who first
    :param page: returns the words for the number of a page, given that and how many there are
    """

    title: str
    document: str
    organisation: str
    facts: tuple[Pair, ...]
    digests: tuple[Pair, ...]
    url: str
    check: str
    parties_title: str
    parties: tuple[Party, ...]
    events_title: str
    columns: tuple[str, str, str, str]
    events: tuple[Event, ...]
    claim: str
    seal: tuple[str, ...]
    page: Callable[[int, int], str]


@dataclass
class Sheet:
    """One page, or the visible seal: what is to be drawn, in points from the bottom left."""

    shapes: list[str] = field(default_factory=list)
    marks: list[tuple[Mark, Rect]] = field(default_factory=list)
    texts: list[tuple] = field(default_factory=list)

    def draw(self, drawing: Drawing) -> str:
        """Return the operators; such marks as are not on a page yet are drawn on the canvas of ``drawing`` instead.

        Pictures have the names of :func:`renderers.picture_name`, fonts those of the canvas.
        """
        drawn = [_draw_mark(drawing, mark, box) for mark, box in self.marks]
        return "\n".join(["q", *self.shapes, *drawn, "BT", *self._show(drawing.canvas), "ET Q"])

    def _show(self, canvas):
        """Yield the operators of the texts; the colour is given when it changes."""
        faces = {}
        for face, *_how, text in self.texts:
            faces.setdefault(face, []).append(text)
        encodings = {face: _Encoding(face.font, canvas, texts) for face, texts in faces.items()}
        now = None
        for face, size, colour, x, y, text in self.texts:
            if colour != now:
                now = colour
                yield f"{colour} rg"
            yield f"1 0 0 1 {x:.2f} {y:.2f} Tm"
            yield from encodings[face].show(text, size)


@dataclass(frozen=True)
class Layout:
    """Where all stands.

    :param link: on the first page, what leads to the check
    :param seal: the visible seal by itself, and its place on the last page
    :param pictures: those that the sheets show
    """

    sheets: tuple[Sheet, ...]
    link: Rect
    seal: Sheet
    seal_box: Rect
    pictures: tuple[Picture, ...]


def lay_out(certificate: Certificate, fonts: FontSet) -> Layout:
    """Return the pages of ``certificate``, as many as it takes.

    :raises RenderError: ``font_missing``
    :raises LinkError: ``qr_too_long``
    """
    return _Flow(certificate, fonts).run()


class _Widths(dict):
    """The width of each character of a font, in thousandths of its size."""

    def __init__(self, face):
        super().__init__()
        self._face = face

    def __missing__(self, char):
        self[char] = self._face.charWidths[ord(_shown(self._face, char))]
        return self[char]


class _Face:
    """A font, and how long its texts are."""

    def __init__(self, path):
        self.font = typesetting.load_font(path)
        self._width_of = _Widths(self.font.face).__getitem__

    def width(self, text, size):
        return sum(map(self._width_of, text)) * size / 1000

    def wrap(self, text, size, width):
        """Return ``text`` in lines no wider than ``width``; words that are, are broken."""
        text = unicodedata.normalize("NFC", text)
        if self.width(text, size) <= width:
            return [text]
        lines, line = [], ""
        for word in text.split():
            longer = f"{line} {word}" if line else word
            if self.width(longer, size) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            *full, line = self._broken(word, size, width)
            lines += full
        return [*lines, line]

    def _broken(self, word, size, width):
        part = ""
        for char in word:
            if part and self.width(part + char, size) > width:
                yield part
                part = ""
            part += char
        yield part


_face = functools.cache(_Face)


class _Encoding:
    """What stands for each character of some texts in the document in work."""

    def __init__(self, font, canvas, texts):
        # no public way leads to the document to which reportlab binds the subsets of a font
        self._font, self._document = font, canvas._doc
        letters = sorted(set("".join(texts)))
        shown = "".join([_shown(font.face, letter) for letter in letters])
        runs = font.splitString(shown, self._document)
        # 256 times the number of the subset, plus the code in it
        numbers = [256 * subset + code for subset, codes in runs for code in codes]
        self._table = dict(zip(map(ord, letters), numbers, strict=True))
        self._has_one = max(numbers, default=0) < 256

    def show(self, text, size):
        """Yield the operators that show ``text``."""
        encoded = text.translate(self._table)
        # hardly any document has more letters than go into one subset
        runs = [(0, encoded)] if self._has_one else _by_subset(encoded)
        for subset, run in runs:
            name = self._font.getSubsetInternalName(subset, self._document)
            codes = "".join(run).encode("utf-16-be")[1::2]
            yield f"{name} {size} Tf <{codes.hex()}> Tj"


class _Flow:
    """The pages in work: what comes next stands below ``y``."""

    def __init__(self, certificate, fonts):
        self.certificate = certificate
        self.regular, self.bold = _face(fonts.regular), _face(fonts.bold)
        self.sheets, self.y = [], 0.0
        self.pictures = []

    def run(self):
        self._turn()
        self._head()
        foot = self._code(self.y)
        link = RIGHT - _QR_COLUMN, foot, RIGHT, self.y
        self._facts()
        self._digests()
        if len(self.sheets) == 1:
            self.y = min(self.y, foot)
        self._parties()
        self._events()
        seal_box = self._closing()
        self._feet()
        return Layout(tuple(self.sheets), link, self._seal(), seal_box, tuple(self.pictures))

    # Tools

    def _turn(self):
        self.sheets.append(Sheet())
        self.y = TOP

    def _need(self, height):
        """Go on on a new page when this one has not so much room; tell whether that was done."""
        if self.y - height >= BOTTOM:
            return False
        self._turn()
        return True

    def _write(self, x, y, text, size, *, face=None, colour=_TEXT, align=0.0, sheet=None):
        """Write a line; ``align`` is the part of its width that stands to the left of ``x``."""
        face = face or self.regular
        if align:
            x -= align * face.width(text, size)
        (sheet or self.sheets[-1]).texts.append((face, size, colour, x, y, text))

    def _block(self, x, top, lines, size, **style):
        """Write lines below ``top``; return where they end."""
        for line in lines:
            self._write(x, top - size, line, size, **style)
            top -= size * _LINE
        return top

    def _shape(self, operators):
        self.sheets[-1].shapes.append(operators)

    def _rule(self, y):
        self._shape(f"{_EDGE} RG 0.5 w {LEFT:.2f} {y:.2f} m {RIGHT:.2f} {y:.2f} l S")

    def _section(self, title, least):
        """Write the title of a section, on a page that has room for ``least`` more points."""
        self._need(least + 34)
        self.y -= 14
        self.y = self._block(LEFT, self.y, [title], 11, face=self.bold, colour=_ACCENT) - 5

    # What stands on the pages

    def _head(self):
        certificate = self.certificate
        self._shape(f"{_ACCENT} rg {LEFT:.2f} {TOP - 3:.2f} 34 3 re f")
        self.y -= 14
        self.y = self._block(
            LEFT, self.y, self.regular.wrap(certificate.organisation, 9, RIGHT - LEFT), 9, colour=_MUTED
        )
        self.y = self._block(
            LEFT, self.y - 2, self.bold.wrap(certificate.title, 21, RIGHT - LEFT), 21, face=self.bold, colour=_ACCENT
        )
        self.y = self._block(LEFT, self.y - 1, self.regular.wrap(certificate.document, 12.5, RIGHT - LEFT), 12.5) - 7
        self._rule(self.y)
        self.y -= 13

    def _facts(self):
        for label, text in self.certificate.facts:
            first = self._block(LEFT, self.y - 1, self.regular.wrap(label, 8, _FACT_LABEL - 8), 8, colour=_MUTED)
            lines = self.regular.wrap(text, 9, _FACT_WIDTH - _FACT_LABEL)
            self.y = min(first, self._block(LEFT + _FACT_LABEL, self.y, lines, 9)) - 3

    def _digests(self):
        for label, digest in self.certificate.digests:
            labels = self.regular.wrap(label, 8, _FACT_WIDTH)
            groups = self.regular.wrap(" ".join(_chunks(digest, _DIGEST_GROUP)), 7.5, _FACT_WIDTH)
            self._need((len(labels) + len(groups)) * 8 * _LINE + 4)
            self.y = self._block(LEFT, self.y - 4, labels, 8, colour=_MUTED)
            self.y = self._block(LEFT, self.y, groups, 7.5)

    def _code(self, top):
        """Draw the code and write its address below ``top``; return where they end."""
        address, _slash, code = self.certificate.url.rpartition("/")
        left, middle = RIGHT - _QR_COLUMN, RIGHT - _QR_COLUMN / 2
        symbol = qr.runs(self.certificate.url)
        side = _QR_SIDE / symbol.size
        place = f"{side:.4f} 0 0 {-side:.4f} {middle - _QR_SIDE / 2:.2f} {top + 6:.2f} cm"
        modules = " ".join([f"{x} {y} {width} 1 re" for x, y, width in symbol.runs])
        self._shape(f"q {_TEXT} rg {place} {modules} f Q")
        y = top + 6 - _QR_SIDE - 1
        plain = address.partition("://")[2]
        for text, size, style in (
            (self.certificate.check, 7, {"colour": _MUTED}),
            (plain, 7, {}),
            ("-".join(_chunks(code, 4)), 8, {"face": self.bold}),
        ):
            lines = style.get("face", self.regular).wrap(text, size, RIGHT - left)
            y = self._block(middle, y, lines, size, align=0.5, **style)
        return y

    def _parties(self):
        for index, party in enumerate(self.certificate.parties):
            left = LEFT + _CARD_PAD + (_MARK_BOX[0] + 14 if party.mark else 0)
            name = self.bold.wrap(party.name, 11, RIGHT - _CARD_PAD - left)
            role = self.regular.wrap(party.role, 8.5, RIGHT - _CARD_PAD - left)
            rows = [
                (
                    self.regular.wrap(label, 7.5, _CARD_LABEL - 6),
                    self.regular.wrap(text, 7.5, RIGHT - _CARD_PAD - left - _CARD_LABEL),
                )
                for label, text in party.details
            ]
            lines = sum(max(len(labels), len(texts)) for labels, texts in rows)
            content = (len(name) * 11 + len(role) * 8.5 + lines * 7.5) * _LINE + 4
            height = max(content, _MARK_BOX[1] if party.mark else 0) + 2 * _CARD_PAD - 4
            if not index:
                self._section(self.certificate.parties_title, height)
            self._need(height)
            self._card(party, height, left, (name, role, rows))
            self.y -= height + 8

    def _card(self, party, height, left, content):
        name, role, rows = content
        wide, high = _MARK_BOX
        self._shape(
            f"{_EDGE} RG {_FAINT} rg 0.6 w {LEFT:.2f} {self.y - height:.2f} {RIGHT - LEFT:.2f} {height:.2f} re B"
        )
        x, y = LEFT + _CARD_PAD, self.y - _CARD_PAD - high
        if party.mark is not None:
            self._shape(f"1 1 1 rg {x:.2f} {y:.2f} {wide} {high} re B")
            self.sheets[-1].marks.append((party.mark, (x + 5, y + 4, x + wide - 5, y + high - 4)))
            if isinstance(party.mark, Picture):
                self.pictures.append(party.mark)
        top = self._block(left, self.y - _CARD_PAD + 2, name, 11, face=self.bold)
        top = self._block(left, top, role, 8.5, colour=_ACCENT) - 2
        for labels, texts in rows:
            first = self._block(left, top, labels, 7.5, colour=_MUTED)
            top = min(first, self._block(left + _CARD_LABEL, top, texts, 7.5))

    def _events(self):
        widths = [
            end - start - _COLUMN_GAP
            for start, end in itertools.pairwise([*_EVENT_COLUMNS, RIGHT - LEFT + _COLUMN_GAP])
        ]
        for index, event in enumerate(self.certificate.events):
            cells = [
                self.regular.wrap(text, 7.5, width)
                for text, width in zip((event.time, event.what, event.who, event.origin), widths, strict=True)
            ]
            height = max(map(len, cells)) * 7.5 * _LINE + 4
            if not index:
                self._section(self.certificate.events_title, height + 16)
            # the claim and the seal do not stand on a page alone
            rest = self._closing_height() if index == len(self.certificate.events) - 1 else 0
            if self._need(height + rest) or not index:
                self._row([[column] for column in self.certificate.columns], 16, face=self.bold, colour=_MUTED)
            self._row(cells, height)

    def _row(self, cells, height, **style):
        for start, lines in zip(_EVENT_COLUMNS, cells, strict=True):
            self._block(LEFT + start, self.y - 2, lines, 7.5, **style)
        self.y -= height
        self._rule(self.y)

    def _claim(self):
        return self.regular.wrap(self.certificate.claim, 7.5, RIGHT - LEFT - _SEAL_SIZE[0] - 20)

    def _closing_height(self):
        return 14 + max(len(self._claim()) * 7.5 * _LINE, _SEAL_SIZE[1])

    def _closing(self):
        """Write the claim, and leave the place of the seal beside it; return that rectangle."""
        wide, high = _SEAL_SIZE
        self._need(self._closing_height())
        self.y -= 14
        self._block(LEFT, self.y, self._claim(), 7.5, colour=_MUTED)
        return RIGHT - wide, self.y - high, RIGHT, self.y

    def _seal(self):
        wide, high = _SEAL_SIZE
        sheet = Sheet()
        # a tick in a ring
        sheet.shapes.append(
            f"{_ACCENT} RG 0.8 w 0.4 0.4 {wide - 0.8} {high - 0.8} re S 1 J 1 j "
            f"q 22 0 0 22 9 {high / 2 - 11:.2f} cm 0.06 w 1 0.5 m 1 0.776 0.776 1 0.5 1 c 0.224 1 0 0.776 0 0.5 c "
            "0 0.224 0.224 0 0.5 0 c 0.776 0 1 0.224 1 0.5 c s 0.09 w 0.27 0.5 m 0.44 0.32 l 0.74 0.68 l S Q"
        )
        who, *others = self.certificate.seal
        lines = [(line, self.bold, 8) for line in self.bold.wrap(who, 8, wide - 48)[:2]]
        lines += [(line, self.regular, 7) for text in others for line in self.regular.wrap(text, 7, wide - 48)]
        lines = lines[:3]
        top = high / 2 + sum(size for _line, _face, size in lines) * _LINE / 2
        for line, face, size in lines:
            self._write(40, top - size, line, size, face=face, sheet=sheet)
            top -= size * _LINE
        return sheet

    def _feet(self):
        pages = len(self.sheets)
        for number, sheet in enumerate(self.sheets, 1):
            sheet.shapes.append(f"{_EDGE} RG 0.5 w {LEFT:.2f} {FOOT + 13:.2f} m {RIGHT:.2f} {FOOT + 13:.2f} l S")
            self._write(RIGHT, FOOT, self.certificate.page(number, pages), 7.5, colour=_MUTED, align=1.0, sheet=sheet)
            running = f"{self.certificate.title} · {self.certificate.document}"
            line = self.regular.wrap(running, 7.5, RIGHT - LEFT - 110)[0]
            self._write(LEFT, FOOT, line, 7.5, colour=_MUTED, sheet=sheet)


def _draw_mark(drawing, mark, box):
    """Draw ``mark`` into ``box``; return the operators of one that is on a page already, which is not traced again."""
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    if isinstance(mark, Drawn):
        for (known, wide, high), operators in drawing.strokes.items():
            if known == mark:
                scale = min(width / wide, height / high)
                x, y = left + (width - wide * scale) / 2, bottom + (height - high * scale) / 2
                return f"q {scale:.4f} 0 0 {scale:.4f} {x:.2f} {y:.2f} cm {operators} Q"
    renderers.render(drawing, "signature", mark, (1, 0, 0, 1, left, bottom), width, height)
    return ""


def _shown(face, char):
    """Return what is shown of a character: a blank of controls (Cc, Cf), a sign where the font has no glyph."""
    if unicodedata.category(char) in ("Cc", "Cf"):
        return " "
    return char if ord(char) in face.charToGlyph else "\N{REPLACEMENT CHARACTER}"


def _by_subset(encoded):
    """Yield the number of a subset and the characters of ``encoded`` that are in it, run by run."""
    start = 0
    for end in range(1, len(encoded) + 1):
        if end == len(encoded) or ord(encoded[end]) >> 8 != ord(encoded[start]) >> 8:
            yield ord(encoded[start]) >> 8, encoded[start:end]
            start = end


def _chunks(text: str, size: int) -> Sequence[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
