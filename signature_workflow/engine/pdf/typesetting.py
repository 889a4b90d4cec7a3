"""Text in embedded fonts, fitted into a rectangle."""

import functools
import threading
from dataclasses import dataclass
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from ..errors import RenderError

# multiples of the font size; Noto Sans needs 1.07 above and 0.29 below the base line for accents
LEADING = 1.3
# points
MAX_SIZE = 10.0
SHRUNK_SIZE = 7.0
# smaller is not readable on paper
READABLE_SIZE = 5.0
MIN_SIZE = 3.0
STEP = 0.5
ROUNDING = 0.001

_lock = threading.Lock()


@dataclass(frozen=True)
class Fitted:
    """Lines of text and the font size, in points, at which they fit."""

    lines: tuple[str, ...]
    size: float


@functools.cache
def load_font(path: Path) -> TTFont:
    """Return a font for reportlab, loaded once in a process.

    reportlab keeps a subset for each document in work, so documents may share the font.

    :raises RenderError: ``font_missing``
    """
    name = f"{Path(path).stem}@{path}"
    with _lock:
        if name not in pdfmetrics.getRegisteredFontNames():
            try:
                font = TTFont(name, str(path), asciiReadable=False)
            except TTFError as error:
                message = f"The font {path} cannot be read."
                raise RenderError("font_missing", message, path=str(path)) from error
            pdfmetrics.registerFont(font)
        return pdfmetrics.getFont(name)


def covers(font: TTFont, text: str) -> bool:
    """Tell whether the font has a glyph for every character."""
    return all(ord(char) in font.face.charToGlyph for char in text)


def fit(font: TTFont, text: str, width: float, height: float, *, wrap: bool = False) -> Fitted:
    """Return how to set ``text`` in a rectangle of ``width`` x ``height`` points.

    One line is made smaller until it fits, but not too small to read; then the text is wrapped, at
    the greatest size at which all lines fit. Words are broken rather than made too small to read.
    Text that does not fit at all keeps the least size and is cut by whoever draws it.

    :param wrap: rather wrap than make one line smaller
    """
    top = min(MAX_SIZE, height / LEADING)
    if "\n" not in text and not wrap:
        natural = font.stringWidth(text, 1)
        size = min(top, width / natural) if natural else top
        if size >= min(SHRUNK_SIZE, top):
            return Fitted((text,), size)
    size = max(top, MIN_SIZE)
    while True:
        lines, unbroken = _wrap(font, text, size, width)
        fitted = Fitted(lines, size)
        if size <= MIN_SIZE or ((unbroken or size <= READABLE_SIZE) and _is_low_enough(fitted, height)):
            return fitted
        size = max(size - STEP, MIN_SIZE)


def is_readable(font: TTFont, fitted: Fitted, width: float, height: float) -> bool:
    """Tell whether what :func:`fit` returned is large enough to read, and wholly inside the rectangle."""
    return (
        fitted.size >= READABLE_SIZE
        and _is_low_enough(fitted, height)
        and all(font.stringWidth(line, fitted.size) <= width + ROUNDING for line in fitted.lines)
    )


def _is_low_enough(fitted, height):
    return len(fitted.lines) * fitted.size * LEADING <= height + ROUNDING


def _wrap(font, text, size, width):
    """Return lines no wider than ``width``, and whether no word had to be broken."""
    blank = font.stringWidth(" ", size)
    lines, whole = [], True
    for paragraph in text.split("\n"):
        line, used = [], 0.0
        for word in paragraph.split():
            *full, part = _broken(font, word, size, width)
            advance = font.stringWidth(part, size)
            if line and (full or used + blank + advance > width):
                lines.append(" ".join(line))
                line, used = [], 0.0
            if full:
                whole = False
                lines.extend(full)
            used += advance + (blank if line else 0.0)
            line.append(part)
        lines.append(" ".join(line))
    return tuple(lines), whole


def _broken(font, word, size, width):
    """Return ``word`` in parts no wider than ``width``."""
    if font.stringWidth(word, size) <= width:
        return [word]
    parts, part, used = [], "", 0.0
    for char in word:
        advance = font.stringWidth(char, size)
        if part and used + advance > width:
            parts.append(part)
            part, used = "", 0.0
        part += char
        used += advance
    return [*parts, part]
