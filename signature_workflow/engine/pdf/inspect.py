"""The door for foreign PDF files.

A file is parsed in a child process of its own, with limits on memory and time, that never imports
Odoo; see :mod:`.examine` for what it looks at. This side only starts it and mistrusts its answer.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from ..errors import PdfRefused, PlacementError
from ..placement import PageGeometry

MiB = 1024 * 1024
# an answer has some 150 bytes a page
MAX_ANSWER = MiB
_EXAMINER = Path(__file__).with_name("examine.py")
_ADDON_ROOT = _EXAMINER.parents[3]
# named by its place, as the addon is imported under different names
_EXAMINER_NAME = ".".join(_EXAMINER.relative_to(_ADDON_ROOT).with_suffix("").parts)
_BOOT = (
    "import sys; from runpy import run_module; "
    "name, paths = sys.argv[1:3]; sys.path += paths.split('\\n'); "
    "run_module(name, run_name='__main__')"
)
_KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")
_CODES = frozenset(
    (
        "encrypted",
        "already_signed",
        "active_content",
        "too_many_pages",
        "page_size",
        "broken",
        "bomb",
    )
)


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
    if len(data) > limits.size:
        raise PdfRefused(
            "too_large",
            f"The file has more than {limits.size} bytes.",
            size=len(data),
            limit=limits.size,
        )
    # ISO 32000-1 annex H: readers accept some bytes before the header
    if b"%PDF-" not in data[:1024]:
        raise PdfRefused("not_a_pdf", "The file is no PDF file.")
    pages, has_form = _parse_answer(_ask_child(data, limits))
    return PdfInfo(hashlib.sha256(data).hexdigest(), pages, has_form)


def _ask_child(data, limits):
    command = [
        sys.executable,
        # isolated: no environment, no user packages, no current directory
        "-IB",
        "-c",
        _BOOT,
        _EXAMINER_NAME,
        "\n".join(_import_paths()),
        json.dumps({**asdict(limits), "answer": MAX_ANSWER}),
    ]
    # an answer in a file is limited by the kernel
    with tempfile.TemporaryFile() as answer:
        try:
            finished = subprocess.run(  # noqa: S603 - our own interpreter and code
                command,
                input=data,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                env={key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ},
                cwd="/",
                timeout=limits.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _timeout(limits) from None
        if finished.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            raise _timeout(limits)
        if finished.returncode != 0:
            raise PdfRefused("broken", "The file is damaged.")
        answer.seek(0)
        return answer.read(MAX_ANSWER)


def _import_paths():
    """Return where the child finds the addon and the libraries, after its own packages."""
    libraries = [Path(find_spec(name).origin).parents[name.count(".") + 1] for name in ("pypdf", "pyhanko.pdf_utils")]
    return [str(_ADDON_ROOT), *map(str, libraries)]


def _timeout(limits):
    return PdfRefused(
        "timeout",
        f"The file takes more than {limits.seconds} seconds to read.",
        seconds=limits.seconds,
    )


def _parse_answer(raw):
    broken = PdfRefused("broken", "The file is damaged.")
    try:
        answer = json.loads(raw)
        if "refused" in answer:
            raise _parse_refusal(answer, broken)
        pages = tuple(_parse_page(page) for page in answer["pages"])
        has_form = answer["has_form"]
    except (ValueError, TypeError, KeyError, PlacementError, RecursionError):
        raise broken from None
    if not pages or not isinstance(has_form, bool):
        raise broken
    return pages, has_form


def _parse_page(page):
    media, crop, rotation = page
    if len(media) != 4 or len(crop) != 4 or not isinstance(rotation, int):
        raise ValueError(page)
    return PageGeometry(tuple(map(float, media)), tuple(map(float, crop)), rotation)


def _parse_refusal(answer, broken):
    code, message, params = answer["refused"], answer["message"], answer["params"]
    if code not in _CODES or not isinstance(message, str) or not isinstance(params, dict):
        return broken
    return PdfRefused(code, message, **params)
