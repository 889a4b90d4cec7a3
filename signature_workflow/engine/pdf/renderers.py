"""How each type of field is drawn: a registry from field type to renderer.

A renderer draws upright on a reportlab canvas whose origin is the bottom left corner of the box,
in points. Nothing here reads markup: text of people is only ever shown. Where reportlab's own
states and paths are avoided, it is because they spend most of their time on formatting numbers.
"""

import hashlib
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from .. import marks
from ..errors import RenderError
from ..fonts import FontSet
from ..placement import Matrix
from . import typesetting


@dataclass(frozen=True)
class Drawing:
    """Where fields are drawn, and what fields have in common.

    :param strokes: what draws a mark of a size, by mark and size: signers often sign many times
    """

    canvas: Canvas
    fonts: FontSet
    strokes: dict[tuple, str] = field(default_factory=dict)


Renderer = Callable[[Drawing, float, float, object], None]

INK = HexColor("#1a237e")
TEXT = HexColor("#111827")
PLACE_FILL, PLACE_EDGE = HexColor("#dbeafe"), HexColor("#3b82f6")

# parts of the height of the box
_PAD = 0.06
_PEN = 0.03
_PEN_RANGE = (0.6, 1.8)
# what a typed mark is given at least, in multiples of its font size: below and above the base line, and across
_LINE = (-0.25, 0.75)
_LEAST_WIDTH = 0.1
# in a square of side 1; a line of no length with a round pen is a dot
_TICK = "0.11 w 0.18 0.52 m 0.42 0.24 l 0.84 0.8 l S"
_DOT_IN_CIRCLE = (
    "0.44 w 0.5 0.5 m 0.5 0.5 l S 0.07 w 0.92 0.5 m 0.92 0.732 0.732 0.92 0.5 0.92 c 0.268 0.92 0.08 0.732 0.08 0.5 c "
    "0.08 0.268 0.268 0.08 0.5 0.08 c 0.732 0.08 0.92 0.268 0.92 0.5 c s"
)
# how much larger than its pad would be a mark may become
_MAX_ENLARGEMENT = 1.6
# points that lie nearer than this on paper cannot be told apart
_PAPER_GAP = 0.15


def render(drawing: Drawing, type: str, value: object, matrix: Matrix, width: float, height: float) -> None:
    """Draw ``value`` as a field of ``type`` into ``width`` x ``height`` points, cut at the edges.

    :param matrix: from the system of the field to that of the canvas, see :func:`placement.to_pdf_matrix`
    :raises RenderError: ``stamp_type_unknown``, ``stamp_value_invalid``, ``font_missing``
    """
    renderer = RENDERERS.get(type)
    if renderer is None:
        raise RenderError("stamp_type_unknown", f"No field type {type!r} is known.", type=type)
    drawing.canvas.addLiteral(f"q {_numbers(matrix)} cm 0 0 {_numbers((width, height))} re W n")
    renderer(drawing, width, height, value)
    drawing.canvas.addLiteral("Q")


def fits(type: str, value: object, width: float, height: float, fonts: FontSet) -> bool:
    """Tell whether all of ``value`` can be read in ``width`` x ``height`` points; marks and ticks always can.

    :raises RenderError: ``font_missing``
    """
    if not isinstance(value, str) or not _printable(value):
        return True
    font, fitted, inner = _set_text(value, width, height, fonts, wrap=type == "multiline")
    return typesetting.is_readable(font, fitted, inner, height)


def picture_name(picture: marks.Picture) -> str:
    """Return the name of the image XObject that whoever owns the canvas provides for a picture."""
    return f"Picture{hashlib.sha256(picture.png).hexdigest()[:16]}"


def _draw_mark(drawing, width, height, value):
    if isinstance(value, marks.Drawn):
        _draw_strokes(drawing, width, height, value)
    elif isinstance(value, marks.Typed):
        _draw_typed(drawing, width, height, value)
    elif isinstance(value, marks.Picture):
        _draw_picture(drawing, width, height, value)
    else:
        raise RenderError("stamp_value_invalid", "A mark is expected.", type="signature")


def _draw_picture(drawing, width, height, picture):
    scale = min(width / picture.width, height / picture.height)
    wide, high = picture.width * scale, picture.height * scale
    place = _numbers((wide, 0, 0, high, (width - wide) / 2, (height - high) / 2))
    drawing.canvas.addLiteral(f"{place} cm /{picture_name(picture)} Do")


def _draw_strokes(drawing, width, height, mark):
    key = (mark, round(width, 2), round(height, 2))
    if key not in drawing.strokes:
        drawing.strokes[key] = _trace(mark, width, height)
    drawing.canvas.addLiteral(drawing.strokes[key])


def _trace(mark, width, height):
    """Return the operators that draw the mark."""
    pen = min(max(height * _PEN, _PEN_RANGE[0]), _PEN_RANGE[1])
    pad = min(height * _PAD + pen, height / 4, width / 4)
    xs = [x for stroke in mark.strokes for x in stroke[::2]]
    ys = [y for stroke in mark.strokes for y in stroke[1::2]]
    left, right, top, bottom = min(xs), max(xs), min(ys), max(ys)
    scale = min(
        (width - 2 * pad) / max(right - left, 1),
        (height - 2 * pad) / max(bottom - top, 1),
        _MAX_ENLARGEMENT * min(width / mark.width, height / mark.height),
    )
    # the mark stands on the bottom of its box; pad coordinates grow downwards
    operators = []
    for stroke in mark.strokes:
        placed = tuple(
            pad + (bottom - number) * scale if index % 2 else pad + (number - left) * scale
            for index, number in enumerate(stroke)
        )
        start, *curves = marks.smooth(placed, _PAPER_GAP)
        operators.append(f"{_numbers(start)} m")
        operators.extend(f"{_numbers(curve)} c" for curve in curves)
    return "\n".join([f"{_numbers(INK.rgb())} RG 1 J 1 j {pen:.2f} w", *operators, "S"])


def _numbers(values):
    return " ".join([f"{value:.2f}" for value in values])


def _draw_typed(drawing, width, height, mark):
    font = typesetting.load_font(drawing.fonts.hands[mark.font])
    if not typesetting.covers(font, mark.text):
        font = typesetting.load_font(drawing.fonts.italic)
    left, bottom, right, top = _ink_of(font, mark.text)
    pad = min(height * _PAD, width / 8)
    size = min((width - 2 * pad) / (right - left), (height - 2 * pad) / (top - bottom))
    line = typesetting.Fitted((mark.text,), size)
    _draw_lines(drawing.canvas, font, line, INK, pad - left * size, pad - bottom * size)


def _ink_of(font, text):
    """Return left, bottom, right and top of ``text`` at size 1, no smaller than that of plain letters.

    Handwriting reaches far beyond the widths and the height that its font promises.
    """
    face = font.face
    outlines, scale = face.get_table("glyf"), 1 / face.unitsPerEm
    left, right, advance = 0.0, _LEAST_WIDTH, 0.0
    bottom, top = _LINE
    for char in text:
        glyph = face.charToGlyph.get(ord(char), 0)
        start, end = face.glyphPos[glyph : glyph + 2]
        if end > start:
            # OpenType 1.9, "glyf": the header is the number of contours, then xMin, yMin, xMax, yMax
            sides = struct.unpack_from(">4h", outlines, start + 2)
            x_min, y_min, x_max, y_max = (side * scale for side in sides)
            left, right = min(left, advance + x_min), max(right, advance + x_max)
            bottom, top = min(bottom, y_min), max(top, y_max)
        advance += font.stringWidth(char, 1)
    return left, bottom, max(right, advance), top


def _draw_text(drawing, width, height, value):
    """Draw a block of text, mostly one line, in the middle of its box."""
    font, fitted, inner = _set_text(value, width, height, drawing.fonts)
    block = fitted.size * typesetting.LEADING * len(fitted.lines)
    # what is too long starts at the top
    upper = height - max(0.0, (height - block) / 2)
    _draw_lines(drawing.canvas, font, fitted, TEXT, (width - inner) / 2, upper - fitted.size)


def _draw_multiline(drawing, width, height, value):
    font, fitted, inner = _set_text(value, width, height, drawing.fonts, wrap=True)
    _draw_lines(drawing.canvas, font, fitted, TEXT, (width - inner) / 2, height - fitted.size)


def _draw_place(drawing, width, height, value):
    colours = f"{_numbers(PLACE_FILL.rgb())} rg {_numbers(PLACE_EDGE.rgb())} RG"
    shape = f"{colours} 0.8 w 0.4 0.4 {_numbers((width - 0.8, height - 0.8))} re B"
    drawing.canvas.addLiteral(shape)
    _draw_text(drawing, width, height, value)


def _set_text(value, width, height, fonts, *, wrap=False):
    """Return the font, the fitted text, and the width in points that is left for it beside the padding."""
    if not isinstance(value, str):
        raise RenderError("stamp_value_invalid", "A text is expected.", type="text")
    font = typesetting.load_font(fonts.regular)
    inner = width - 2 * min(2.0, width / 10)
    return font, typesetting.fit(font, _printable(value), inner, height, wrap=wrap), inner


def _draw_lines(canvas, font, fitted, colour, left, base):
    """Draw lines of text, the first one on the base line ``base``."""
    canvas.addLiteral(f"{_numbers(colour.rgb())} rg")
    block = canvas.beginText(left, base)
    block.setFont(font.fontName, fitted.size, fitted.size * typesetting.LEADING)
    block.textLines(fitted.lines, trim=0)
    canvas.drawText(block)


def _draw_if_true(shape):
    def draw(drawing, width, height, value):
        if not isinstance(value, bool):
            raise RenderError("stamp_value_invalid", "A checkbox is true or false.", type="checkbox")
        if value:
            side = min(width, height)
            place = _numbers((side, 0, 0, side, (width - side) / 2, (height - side) / 2))
            drawing.canvas.addLiteral(f"{place} cm {_numbers(INK.rgb())} RG 1 J 1 j {shape}")

    return draw


def _printable(text):
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()
    # Cc: controls, Cf: invisible formatting
    return "".join(char if char == "\n" or unicodedata.category(char) not in ("Cc", "Cf") else " " for char in text)


RENDERERS: dict[str, Renderer] = {
    **dict.fromkeys(("signature", "initials", "stamp"), _draw_mark),
    **dict.fromkeys(("name", "company", "position", "email", "phone", "text", "number", "date"), _draw_text),
    # server's own values, and the name of a file
    **dict.fromkeys(("choice", "date_signed", "merge", "file"), _draw_text),
    "multiline": _draw_multiline,
    # no field, but the place of one, with its label
    "place": _draw_place,
    "checkbox": _draw_if_true(_TICK),
    "radio": _draw_if_true(_DOT_IN_CIRCLE),
}
