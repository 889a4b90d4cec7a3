"""QR codes (ISO/IEC 18004) as vector paths."""

from dataclasses import dataclass

from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

from .errors import LinkError

# bytes in the largest symbol, version 40, at level M
MAX_BYTES = 2331
# modules of quiet zone that the standard asks for on each side
QUIET_ZONE = 4


# ISO/IEC 18004 7.8: one of eight; which one is looked for only where the code is shown on a screen
_PRINTED_MASK = 3


@dataclass(frozen=True)
class QrPath:
    """The dark modules as an SVG path, in a square of ``size`` x ``size`` units that includes the quiet zone."""

    path: str
    size: int


@dataclass(frozen=True)
class QrRuns:
    """The dark modules as `(x, y, width)` of rows' runs, in a square as that of :class:`QrPath`; y grows downwards."""

    runs: tuple[tuple[int, int, int], ...]
    size: int


def svg_path(text: str) -> QrPath:
    """Return the QR code of ``text``, which 15 % of damage (level M) leaves readable.

    The path is made of ``M``, ``h``, ``v`` and ``z`` with whole numbers, one rectangle for each run of
    modules, and is meant to be filled dark on white.

    :raises LinkError: ``qr_too_long``
    """
    found = _read(text, mask_pattern=None)
    return QrPath("".join(f"M{x} {y}h{width}v1h-{width}z" for x, y, width in found.runs), found.size)


def runs(text: str) -> QrRuns:
    """Return the QR code of ``text`` as :func:`svg_path` does, but with a mask that is not the best one of eight.

    Trying them all takes six times as long; on paper, where contrast is high, any of them is read.

    :raises LinkError: ``qr_too_long``
    """
    return _read(text, mask_pattern=_PRINTED_MASK)


def _read(text, mask_pattern):
    if len(text.encode()) > MAX_BYTES:
        raise LinkError("qr_too_long", "The text does not fit into a QR code.", limit=MAX_BYTES)
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, mask_pattern=mask_pattern)
    code.add_data(text)
    matrix = code.get_matrix()
    found = tuple((x, y, width) for y, row in enumerate(matrix) for x, width in _runs(row))
    return QrRuns(found, len(matrix))


def _runs(row):
    """Yield `(start, length)` of each run of dark modules."""
    start = None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x - start
            start = None
