"""Small pictures of marks, for lists: those in documents are drawn by ``pdf/renderers.py``."""

import base64
import io
import math

from PIL import Image, ImageColor, ImageDraw, ImageFont

from . import marks
from .fonts import FontSet
from .pdf import typesetting

# pixels
WIDTH, HEIGHT = 160, 60
PAD = 4
PEN = 1.6
# points that lie nearer than this, in pixels, cannot be told apart
GAP = 1.0
# of a scribble, about so many are kept
POINTS = 500
INK = "#1a237e"
SHADES = 16


def data_uri(mark: marks.Drawn | marks.Typed, fonts: FontSet) -> str:
    """Return the address of a picture of ``mark`` that holds the picture itself: SVG of strokes, PNG of a name.

    It is for the ``src`` of an ``<img>``, and at most WIDTH x HEIGHT pixels large.
    """
    if isinstance(mark, marks.Drawn):
        data, mimetype = _svg(mark), "image/svg+xml"
    else:
        data, mimetype = _png(mark, fonts), "image/png"
    return f"data:{mimetype};base64,{base64.b64encode(data).decode()}"


def _svg(mark):
    """Return the ink of a drawn mark, without the empty pad around it; nothing but numbers of it gets in."""
    xs = [x for stroke in mark.strokes for x in stroke[::2]]
    ys = [y for stroke in mark.strokes for y in stroke[1::2]]
    left, top, wide, high = min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    scale = min((WIDTH - 2 * PAD) / max(wide, 1), (HEIGHT - 2 * PAD) / max(high, 1), 1)
    step = math.ceil(len(xs) / POINTS)
    path = []
    for stroke in mark.strokes:
        points = zip(stroke[:: 2 * step], stroke[1 :: 2 * step], strict=True)
        placed = [side for x, y in points for side in (PAD + (x - left) * scale, PAD + (y - top) * scale)]
        start, *curves = marks.smooth(placed, GAP)
        path.append(f"M{start[0]:.1f} {start[1]:.1f}")
        path.extend("C" + " ".join(f"{number:.1f}" for number in curve) for curve in curves)
    width, height = round(wide * scale + 2 * PAD), round(high * scale + 2 * PAD)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f'<path d="{"".join(path)}" fill="none" stroke="{INK}" stroke-width="{PEN}" stroke-linecap="round" '
        'stroke-linejoin="round"/></svg>'
    ).encode()


def _png(mark, fonts):
    """Return a typed mark in its hand, or in italics where that lacks a letter; twice as fine as it is shown."""
    hand = fonts.hands[mark.font]
    covered = typesetting.covers(typesetting.load_font(hand), mark.text)
    font = ImageFont.truetype(hand if covered else fonts.italic, HEIGHT)
    left, top, right, bottom = font.getbbox(mark.text)
    ink = Image.new("L", (right - left + 2 * PAD, bottom - top + 2 * PAD))
    ImageDraw.Draw(ink).text((PAD - left, PAD - top), mark.text, font=font, fill=255)
    ink.thumbnail((2 * WIDTH, 2 * HEIGHT))
    # one colour in some strengths has a fifth of the bytes of all colours
    step = 255 // (SHADES - 1)
    shades = Image.frombytes("P", ink.size, ink.point(lambda strength: round(strength / step)).tobytes())
    shades.putpalette(ImageColor.getrgb(INK) * SHADES)
    target = io.BytesIO()
    shades.save(target, "PNG", bits=4, transparency=bytes(range(0, 256, step)))
    return target.getvalue()
