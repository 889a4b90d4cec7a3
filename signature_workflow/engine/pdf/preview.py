"""Pictures of pages, drawn in a child process with limits, as files may be foreign."""

import json
from dataclasses import asdict

from ..errors import PlacementError
from . import child
from .inspect import DEFAULT_LIMITS, Limits

# a picture that cannot be compressed has 4 bytes a pixel; it is at most 3 times as high as wide
BYTES_PER_WIDTH = 12
_PNG = b"\x89PNG\r\n\x1a\n"
_SOME = 64 * 1024


def preview(data: bytes, *, page: int = 1, width: int = 480, limits: Limits = DEFAULT_LIMITS) -> bytes:
    """Return a page as displayed, as a PNG picture.

    :param page: counted from 1
    :param width: in pixels; of a page that is more than 3 times as high as wide, the picture is narrower
    :raises PdfRefused: ``not_a_pdf``, ``too_large``, ``encrypted``, ``broken``, ``timeout``
    :raises PlacementError: ``page_missing``
    """
    child.check_size(data, limits.size)
    options = {**asdict(limits), "page": page, "width": width}
    answer = BYTES_PER_WIDTH * width * width + _SOME
    line, _newline, picture = child.ask("draw", data, options, seconds=limits.seconds, answer=answer).partition(b"\n")
    try:
        content = json.loads(line)
        child.raise_refusal(content)
        pages = int(content["pages"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise child.broken() from None
    if not 1 <= page <= pages:
        raise PlacementError(
            "page_missing", f"There is no page {page} in a document of {pages} pages.", page=page, pages=pages
        )
    if not picture.startswith(_PNG):
        raise child.broken()
    return picture
