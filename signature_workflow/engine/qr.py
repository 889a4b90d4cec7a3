"""QR codes (ISO/IEC 18004) as vector paths."""

from dataclasses import dataclass

from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

from .errors import LinkError

# bytes in the largest symbol, version 40, at level M
MAX_BYTES = 2331
# modules of quiet zone that the standard asks for on each side
QUIET_ZONE = 4


@dataclass(frozen=True)
class QrPath:
    """The dark modules as an SVG path, in a square of ``size`` x ``size`` units that includes the quiet zone."""

    path: str
    size: int


def svg_path(text: str) -> QrPath:
    """Return the QR code of ``text``, which 15 % of damage (level M) leaves readable.

    The path is made of ``M``, ``h``, ``v`` and ``z`` with whole numbers, one rectangle for each run of
    modules, and is meant to be filled dark on white.

    :raises LinkError: ``qr_too_long``
    """
    if len(text.encode()) > MAX_BYTES:
        raise LinkError("qr_too_long", "The text does not fit into a QR code.", limit=MAX_BYTES)
    code = QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE)
    code.add_data(text)
    matrix = code.get_matrix()
    path = "".join(f"M{x} {y}h{width}v1h-{width}z" for y, row in enumerate(matrix) for x, width in _runs(row))
    return QrPath(path, len(matrix))


def _runs(row):
    """Yield `(start, length)` of each run of dark modules."""
    start = None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            yield start, x - start
            start = None
