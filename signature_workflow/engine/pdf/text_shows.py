"""What a page shows, piece by piece, and how the pieces make up its text (ISO 32000-2 9.3, 9.4)."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..placement import Matrix, Rect
from .content import read_items, read_number
from .text_fonts import TextFont

# characters
MAX_TAG = 500
# how many shows before and after a brace may be on its line
NEAR = 20
# of the font size
GAP = 0.2

_HEX_CODES = {length: re.compile(rb"<((?:[0-9A-Fa-f]{%d})*+)>" % (2 * length)) for length in (1, 2)}
_CODES = {length: re.compile(rb"\(((?:[^()\\\r]{%d})*+)\)" % length) for length in (1, 2)}


class TextState(NamedTuple):
    """What the operators of 9.3 set; lengths are in text space."""

    font: TextFont | None = None
    size: float = 0.0
    char_spacing: float = 0.0
    word_spacing: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0

    def glyph_advance(self, code: int) -> float:
        """Return how far one glyph moves what follows, before horizontal scaling."""
        blank = self.word_spacing if code == 32 and self.font.code_length == 1 else 0.0
        return self.font.widths[code] * self.size + self.char_spacing + blank


class Show(NamedTuple):
    """What one operator shows.

    :param place: which stream it is in: the reference of a form XObject, or ``None`` for the page
    :param start: where its operands begin in that stream
    :param end: where the operator ends
    :param prefix: what has to stand before it when it is replaced by ``TJ``
    :param operand: a string, or an array of strings and of numbers that move what follows (9.4.3)
    :param matrix: from text space to the user space of the page
    :param text: one blank stands for each wide gap
    :param advance: in text space
    :param marked: where a replacement text of these glyphs stands in the stream (14.9.4), or ``None``
    """

    place: tuple[int, int] | None
    start: int
    end: int
    prefix: bytes
    operand: bytes
    matrix: Matrix
    state: TextState
    text: str
    advance: float
    marked: tuple[int, int] | None

    @property
    def items(self) -> list[bytes | float]:
        """The parts of the operand: what strings mean, and numbers."""
        return read_items(self.operand)

    def glyphs(self) -> Iterator[tuple[int, int, float, float]]:
        """Yield index of item, index of glyph in it, and where it begins and ends, for each character of text.

        A gap has glyph ``-1``.
        """
        x, state = 0.0, self.state
        for number, item in enumerate(self.items):
            if isinstance(item, float):
                moved = x - item / 1000 * state.size * state.scale
                if item < -GAP * 1000:
                    yield number, -1, x, moved
                x = moved
                continue
            for index, code in enumerate(state.font.codes(item)):
                after = x + state.glyph_advance(code) * state.scale
                for _character in state.font.texts[code]:
                    yield number, index, x, after
                x = after

    def corners(self, left: float, right: float) -> Rect:
        """Return the rectangle in user space that is covered from ``left`` to ``right`` in text space."""
        state = self.state
        bottom = state.rise + state.font.descent * state.size
        top = state.rise + state.font.ascent * state.size
        points = [_moved(self.matrix, x, y) for x in (left, right) for y in (bottom, top)]
        xs, ys = zip(*points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)


def without(show: Show, removed: set[tuple[int, int]]) -> bytes:
    """Return operators that show the same without some glyphs, and leave everything else in its place.

    :param removed: index of item and index of glyph of each
    """
    entries, state = [], show.state
    for number, item in enumerate(show.items):
        if isinstance(item, float):
            entries.append(item)
            continue
        for index, code in enumerate(state.font.codes(item)):
            is_removed = (number, index) in removed
            # at size 0, no number moves anything
            movement = -state.glyph_advance(code) / state.size * 1000 if state.size else 0.0
            entries.append(movement if is_removed else code)
    parts = [
        b"%.4f" % sum(run) if isinstance(run[0], float) else b"<%s>" % state.font.raw(run).hex().encode()
        for run in _runs(entries)
    ]
    return show.prefix + b"[" + b" ".join(parts) + b"]TJ"


def _runs(entries):
    """Return runs of movements, and runs of codes."""
    runs = []
    for entry in entries:
        if runs and isinstance(entry, float) == isinstance(runs[-1][0], float):
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return runs


def separator(before: Show, after: Show) -> str:
    r"""Return what stands between two shows: nothing, a blank, ``\n`` on the next line, ``\f`` elsewhere."""
    state, other = before.state, after.state
    direction = math.copysign(1, state.size * state.scale)
    a, b, c, d = (value * direction for value in before.matrix[:4])
    length = math.hypot(a, b)
    em = math.hypot(c, d) * abs(state.size)
    a2, b2 = after.matrix[:2]
    turn = math.copysign(1, other.size * other.scale) * (a * a2 + b * b2)
    if not length or not em or turn <= 0.99 * length * math.hypot(a2, b2):
        return "\f"
    end = _moved(before.matrix, before.advance, 0)
    x, y = after.matrix[4] - end[0], after.matrix[5] - end[1]
    along, across = (x * a + y * b) / length, (y * a - x * b) / length
    # in a mirrored system, as browsers use, text runs downwards all the same
    across *= math.copysign(1, a * d - b * c)
    if abs(across) < 0.4 * em and -0.5 * em < along < 40 * em:
        return " " if along > GAP * em else ""
    return "\n" if -3.5 * em < across <= -0.4 * em else "\f"


def joined(shows: Sequence[Show]) -> tuple[str, list[int]]:
    """Return the text of all shows, and where the text of each begins.

    Only near braces it is looked at what stands between two shows.
    """
    parts, starts, position, before = [], [], 0, None
    for show, is_near in zip(shows, _near_braces(shows), strict=True):
        between = separator(before, show) if is_near and before else "\f"
        parts += (between, show.text)
        starts.append(position + len(between))
        position = starts[-1] + len(show.text)
        before = show
    return "".join(parts), starts


def _near_braces(shows):
    near, last = bytearray(len(shows)), None
    for index, show in enumerate(shows):
        if "{" in show.text or "}" in show.text:
            start = max(index - NEAR, 0) if last is None or index - last > MAX_TAG else last
            near[start : index + NEAR] = b"\1" * (min(index + NEAR, len(shows)) - start)
            last = index
    return near


def in_lines(shows: Sequence[Show]) -> list[Show]:
    """Return shows line by line, as a reader sees them, whatever the order in which they are drawn."""
    return sorted(shows, key=_line_key)


def _line_key(show):
    a, b, c, d, e, f = show.matrix
    length = math.hypot(a, b) or 1
    angle = round(math.degrees(math.atan2(b, a)))
    across, along = (f * a - e * b) / length, (e * a + f * b) / length
    step = max(1.0, 0.3 * math.hypot(c, d) * abs(show.state.size))
    return angle, -round(across / step), along


def measured(operand: bytes, state: TextState) -> tuple[str, float]:
    """Return text and advance of what an operand shows."""
    font, size, char_spacing, word_spacing, scale, _leading, _rise = state
    text, width, glyphs, blanks, adjusted = [], 0.0, 0, 0, 0.0
    for item in _joined_items(operand, font.code_length):
        if isinstance(item, float):
            adjusted += item
            if item < -GAP * 1000:
                text.append(" ")
            continue
        codes = font.codes(item)
        text.extend(map(font.texts.__getitem__, codes))
        width += sum(map(font.widths.__getitem__, codes))
        glyphs += len(codes)
        blanks += item.count(b" ") if word_spacing and font.code_length == 1 else 0
    advance = ((width - adjusted / 1000) * size + glyphs * char_spacing + blanks * word_spacing) * scale
    return "".join(text), advance


def _joined_items(operand, code_length) -> list[bytes | float]:
    """Return items of the same text and advance: one string and one number, if nothing is gapped or escaped."""
    if operand[:1] == b"[":
        opening, other, patterns = (b"<", b"(", _HEX_CODES) if b"<" in operand else (b"(", b"\\", _CODES)
        strings = patterns[code_length].findall(operand)
        if other not in operand and len(strings) == operand.count(opening):
            numbers = [read_number(word) for word in patterns[code_length].sub(b" ", operand[1:-1]).split()]
            if min(numbers, default=0) >= -GAP * 1000:
                joined = b"".join(strings)
                return [bytes.fromhex(joined.decode()) if opening == b"<" else joined, float(sum(numbers))]
    return read_items(operand)


def _moved(matrix, x, y):
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f
