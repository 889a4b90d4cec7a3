"""How each type of field is drawn: a registry from field type to renderer.

A renderer draws upright on a reportlab canvas whose origin is the bottom left corner of the box,
in points. Nothing here reads markup: text of people is only ever shown.
"""

import unicodedata
from collections.abc import Callable

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from .. import marks
from ..errors import RenderError
from ..fonts import FontSet
from . import typesetting

Renderer = Callable[[Canvas, float, float, object, FontSet], None]

INK = HexColor("#1a237e")
TEXT = HexColor("#111827")

# parts of the height of the box
_PAD = 0.06
_PEN = 0.03
_PEN_RANGE = (0.6, 1.8)
# how much larger than its pad would be a mark may become
_MAX_ENLARGEMENT = 1.6
# points that lie nearer than this on paper cannot be told apart
_PAPER_GAP = 0.15


def render(canvas: Canvas, type: str, value: object, width: float, height: float, fonts: FontSet) -> None:
    """Draw ``value`` as a field of ``type`` into ``width`` x ``height`` points, cut at the edges.

    :raises RenderError: ``stamp_type_unknown``, ``stamp_value_invalid``, ``font_missing``
    """
    renderer = RENDERERS.get(type)
    if renderer is None:
        raise RenderError("stamp_type_unknown", f"No field type {type!r} is known.", type=type)
    outline = canvas.beginPath()
    outline.rect(0, 0, width, height)
    canvas.clipPath(outline, stroke=0, fill=0)
    renderer(canvas, width, height, value, fonts)


def _draw_signature(canvas, width, height, value, fonts):
    if isinstance(value, marks.Drawn):
        _draw_strokes(canvas, width, height, value)
    elif isinstance(value, marks.Typed):
        _draw_typed(canvas, width, height, value.text, fonts)
    else:
        raise RenderError("stamp_value_invalid", "A mark is expected.", type="signature")


def _draw_strokes(canvas, width, height, mark):
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
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(pen)
    canvas.setLineCap(1)
    canvas.setLineJoin(1)
    # reportlab's own paths spend most of their time on formatting numbers
    canvas.addLiteral("\n".join([*operators, "S"]))


def _numbers(values):
    return " ".join([f"{value:.2f}" for value in values])


def _draw_typed(canvas, width, height, name, fonts):
    font = typesetting.load_font(fonts.handwriting)
    if not typesetting.covers(font, name):
        font = typesetting.load_font(fonts.italic)
    ascent, descent = font.face.ascent / 1000, font.face.descent / 1000
    pad = min(height * _PAD, width / 8)
    natural = max(font.stringWidth(name, 1), 0.1)
    size = min((width - 2 * pad) / natural, (height - 2 * pad) / (ascent - descent))
    canvas.setFillColor(INK)
    canvas.setFont(font.fontName, size)
    canvas.drawString(pad, pad - descent * size, name)


def _draw_text(canvas, width, height, value, fonts):
    if not isinstance(value, str):
        raise RenderError("stamp_value_invalid", "A text is expected.", type="text")
    text = _printable(value)
    if not text:
        return
    font = typesetting.load_font(fonts.regular)
    pad = min(2.0, width / 10)
    fitted = typesetting.fit(font, text, width - 2 * pad, height)
    leading = fitted.size * typesetting.LEADING
    block = leading * len(fitted.lines)
    # a block stands in the middle; what is too long starts at the top
    upper = height - max(0.0, (height - block) / 2)
    canvas.setFillColor(TEXT)
    canvas.setFont(font.fontName, fitted.size)
    for number, line in enumerate(fitted.lines):
        canvas.drawString(pad, upper - number * leading - fitted.size, line)


def _draw_checkbox(canvas, width, height, value, fonts):
    if not isinstance(value, bool):
        raise RenderError("stamp_value_invalid", "A checkbox is true or false.", type="checkbox")
    if not value:
        return
    side = min(width, height)
    left, bottom = (width - side) / 2, (height - side) / 2
    tick = canvas.beginPath()
    tick.moveTo(left + 0.18 * side, bottom + 0.52 * side)
    tick.lineTo(left + 0.42 * side, bottom + 0.24 * side)
    tick.lineTo(left + 0.84 * side, bottom + 0.8 * side)
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(max(0.11 * side, 0.5))
    canvas.setLineCap(1)
    canvas.setLineJoin(1)
    canvas.drawPath(tick, stroke=1, fill=0)


def _printable(text):
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()
    # Cc: controls, Cf: invisible formatting
    return "".join(char if char == "\n" or unicodedata.category(char) not in ("Cc", "Cf") else " " for char in text)


RENDERERS: dict[str, Renderer] = {
    "signature": _draw_signature,
    "name": _draw_text,
    "date_signed": _draw_text,
    "text": _draw_text,
    "merge": _draw_text,
    "checkbox": _draw_checkbox,
}
