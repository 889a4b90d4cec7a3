"""A signer's mark: strokes drawn on a pad, a typed name, or a picture.

Of the first two, numbers and plain text are kept, and whatever shows them builds its own drawing; a
picture is decoded and encoded anew.
"""

import base64
import itertools
import math
from collections.abc import Iterator, Set
from dataclasses import dataclass

from . import images, text
from .errors import ValueRefused
from .fonts import HANDS
from .images import Picture

MAX_STROKES = 200
MAX_POINTS = 20_000
MIN_PAD = 20
MAX_PAD = 10_000
TYPED_LIMIT = 100
# a pen may leave the pad a little before the browser notices
OUTSIDE_TOLERANCE = 0.05
# less ink than this part of the pad's longer side is a dot or a slip
MIN_INK = 0.05


@dataclass(frozen=True)
class Drawn:
    """Strokes on a pad.

    :param width: of the pad, in CSS pixels
    :param height: of the pad, in CSS pixels
    :param strokes: each ``(x0, y0, x1, y1, ...)`` in pad pixels, origin at the top left
    """

    width: float
    height: float
    strokes: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Typed:
    """A name, to be shown as if written by hand.

    :param font: one of HANDS
    """

    text: str
    font: str = HANDS[0]


Mark = Drawn | Typed | Picture
KINDS = frozenset({"drawn", "typed", "picture"})


def parse(payload: object, *, kinds: Set[str] = KINDS) -> Mark:
    """Return the mark that a browser sent; see :func:`dump` for the form of ``payload``.

    Coordinates are rounded to a tenth of a pixel and moved onto the pad when slightly outside.

    :param kinds: the kinds of marks that are accepted
    :raises ValueRefused: ``mark_shape``, ``mark_kind``, ``mark_font``, ``mark_size``, ``mark_number``,
        ``mark_outside``, ``mark_too_complex``, ``mark_empty``, and those of :func:`text.clean` and
        :func:`images.normalise`
    """
    if not isinstance(payload, dict):
        raise ValueRefused("mark_shape", "A mark is expected.")
    kind = payload.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise ValueRefused("mark_kind", "This kind of mark cannot be used here.")
    if kind == "drawn":
        _require_keys(payload, {"kind", "width", "height", "strokes"})
        return _parse_drawn(payload)
    if kind == "typed":
        return _parse_typed(payload)
    _require_keys(payload, {"kind", "data"})
    return _parse_picture(payload["data"])


def dump(mark: Mark) -> dict:
    """Return the mark as JSON-friendly values; ``parse(dump(mark)) == mark``.

    ``{"kind": "drawn", "width": 400, "height": 150, "strokes": [[x0, y0, x1, y1, ...], ...]}``,
    ``{"kind": "typed", "text": "...", "font": "..."}`` or ``{"kind": "picture", "data": "<base64>"}``.
    """
    if isinstance(mark, Typed):
        return {"kind": "typed", "text": mark.text, "font": mark.font}
    if isinstance(mark, Picture):
        return {"kind": "picture", "data": base64.b64encode(mark.png).decode()}
    return {
        "kind": "drawn",
        "width": mark.width,
        "height": mark.height,
        "strokes": [list(stroke) for stroke in mark.strokes],
    }


def smooth(stroke: tuple[float, ...], gap: float = 0.0) -> Iterator[tuple[float, ...]]:
    """Yield a stroke as a smooth path: a start ``(x, y)``, then cubic curves of six numbers each.

    Every point but the ends steers a curve between the middles of its two lines. A stroke of one
    point gives a curve of no length, which round line caps show as a dot.

    :param gap: points nearer than this to the one before are left out, in units of the stroke
    """
    points = _thinned(stroke, gap)
    yield points[0]
    if len(points) == 1:
        yield points[0] * 3
        return
    start = points[0]
    for control, following in itertools.pairwise(points[1:]):
        end = ((control[0] + following[0]) / 2, (control[1] + following[1]) / 2)
        yield _as_cubic(start, control, end)
        start = end
    yield _as_cubic(start, start, points[-1])


def svg_path(mark: Drawn) -> str:
    """Return the strokes as the ``d`` attribute of one SVG path in pad pixels.

    The result has numbers, blanks and the letters M and C only. Draw it with
    ``viewBox="0 0 width height"``, no fill, and round caps and joins.
    """
    parts = []
    for stroke in mark.strokes:
        start, *curves = smooth(stroke)
        parts.append(f"M{start[0]:.1f} {start[1]:.1f}")
        parts.extend("C" + " ".join(f"{value:.1f}" for value in curve) for curve in curves)
    return "".join(parts)


def _require_keys(payload, keys):
    if payload.keys() != keys:
        raise ValueRefused("mark_shape", "A mark has other parts than expected.")


def _parse_typed(payload):
    # marks of before there were several hands name none
    payload = {"font": HANDS[0], **payload}
    _require_keys(payload, {"kind", "text", "font"})
    if payload["font"] not in HANDS:
        raise ValueRefused("mark_font", "There is no such hand.")
    name = text.clean(payload["text"], limit=TYPED_LIMIT)
    if not name:
        raise ValueRefused("mark_empty", "The signature is empty.")
    return Typed(name, payload["font"])


def _parse_picture(raw):
    data = text.from_base64(raw, limit=images.MAX_BYTES)
    if data is None:
        raise ValueRefused("image_too_large", "The picture has too many bytes.", limit=images.MAX_BYTES)
    return images.normalise(data)


def _parse_drawn(payload):
    width, height = _number(payload["width"]), _number(payload["height"])
    if not (MIN_PAD <= width <= MAX_PAD and MIN_PAD <= height <= MAX_PAD):
        raise ValueRefused("mark_size", "The pad has an impossible size.")
    raw_strokes = payload["strokes"]
    if not isinstance(raw_strokes, list):
        raise ValueRefused("mark_shape", "Strokes are expected as a list.")
    if len(raw_strokes) > MAX_STROKES:
        raise ValueRefused("mark_too_complex", "The signature has too many strokes.")
    if not all(isinstance(stroke, list) for stroke in raw_strokes):
        raise ValueRefused("mark_shape", "A stroke is expected as a list of numbers.")
    if any(len(stroke) % 2 or not stroke for stroke in raw_strokes):
        raise ValueRefused("mark_shape", "A stroke needs pairs of numbers.")
    if sum(map(len, raw_strokes)) > 2 * MAX_POINTS:
        raise ValueRefused("mark_too_complex", "The signature has too many points.")
    strokes = tuple(_parse_stroke(stroke, width, height) for stroke in raw_strokes)
    if sum(map(_length, strokes)) < MIN_INK * max(width, height):
        raise ValueRefused("mark_empty", "The signature is empty.")
    return Drawn(width, height, strokes)


def _parse_stroke(stroke, width, height):
    sides = (width, height)
    return tuple(_on_pad(_number(raw), sides[index % 2]) for index, raw in enumerate(stroke))


def _number(raw):
    # the comparison refuses NaN, infinities and integers too large for a float
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not abs(raw) <= 1e6:
        raise ValueRefused("mark_number", "A number is expected.")
    return round(float(raw), 1)


def _on_pad(value, side):
    margin = OUTSIDE_TOLERANCE * side
    if not -margin <= value <= side + margin:
        raise ValueRefused("mark_outside", "The signature leaves its pad.")
    # adding zero turns -0.0 into 0.0
    return min(max(value, 0.0), side) + 0.0


def _pairs(stroke):
    return list(zip(stroke[::2], stroke[1::2], strict=True))


def _length(stroke):
    return sum(math.dist(*line) for line in itertools.pairwise(_pairs(stroke)))


def _thinned(stroke, gap):
    first, *others = _pairs(stroke)
    points = [first]
    for point in others:
        if math.dist(points[-1], point) > gap:
            points.append(point)
    return points


def _as_cubic(start, control, end):
    return (
        start[0] + (control[0] - start[0]) * 2 / 3,
        start[1] + (control[1] - start[1]) * 2 / 3,
        end[0] + (control[0] - end[0]) * 2 / 3,
        end[1] + (control[1] - end[1]) * 2 / 3,
        *end,
    )
