"""The door for foreign PDF files.

A file is parsed in a child process of its own, with limits on memory and time, that never imports
Odoo; see :mod:`.examine` for what it looks at. This side only starts it and mistrusts its answer.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

from ..errors import PlacementError
from ..placement import PageGeometry
from . import child

MiB = 1024 * 1024
# an answer has some 150 bytes a page
MAX_ANSWER = MiB


@dataclass(frozen=True)
class Limits:
    """What a foreign file may cost.

    :param size: of the file, in bytes
    :param pages: number of pages
    :param objects: number of objects
    :param memory: of the child process, in bytes of address space
    :param seconds: of CPU time, and of wall time
    :param stream: size of one decoded stream, in bytes
    :param streams: size of all decoded streams, in bytes
    :param pixels: of one picture
    """

    size: int = 50 * MiB
    pages: int = 1000
    objects: int = 100_000
    memory: int = 512 * MiB
    seconds: int = 20
    stream: int = 128 * MiB
    streams: int = 1024 * MiB
    pixels: int = 100_000_000


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class PdfInfo:
    """A file that may come in.

    :param sha256: of the file, as lower-case hex
    :param has_form: whether it has form fields
    """

    sha256: str
    pages: tuple[PageGeometry, ...]
    has_form: bool


def inspect(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> PdfInfo:
    """Let a foreign PDF file in, or refuse it.

    :raises PdfRefused: see its codes; always within ``limits.seconds`` and a moment
    """
    child.check_size(data, limits.size)
    raw = child.ask("examine", data, asdict(limits), seconds=limits.seconds, answer=MAX_ANSWER)
    try:
        return read_info(json.loads(raw), data)
    except (ValueError, TypeError, KeyError, AttributeError, PlacementError, RecursionError):
        raise child.broken() from None


def read_info(answer: dict, data: bytes) -> PdfInfo:
    """Return what :func:`.examine.examine` has found in a file, from its answer as JSON.

    :param data: the file
    :raises PdfRefused: the answer says so
    :raises ValueError, TypeError, KeyError, AttributeError, PlacementError: it is no such answer
    """
    child.raise_refusal(answer)
    pages = tuple(_parse_page(page) for page in answer["pages"])
    has_form = answer["has_form"]
    if not pages or not isinstance(has_form, bool):
        raise ValueError
    return PdfInfo(hashlib.sha256(data).hexdigest(), pages, has_form)


def _parse_page(page):
    media, crop, rotation = page
    if len(media) != 4 or len(crop) != 4 or not isinstance(rotation, int):
        raise ValueError(page)
    return PageGeometry(tuple(map(float, media)), tuple(map(float, crop)), rotation)
