"""Working on a foreign PDF file in a child process with limits, which never imports Odoo.

This side starts the child and mistrusts its answer. The child's side is a module of this package
that reads the file from standard input, calls :func:`confine` first, and answers on standard output.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from ..errors import PdfRefused

_FOLDER = Path(__file__).parent
_ADDON_ROOT = _FOLDER.parents[2]
# named by its place, as the addon is imported under different names
_PACKAGE = ".".join(_FOLDER.relative_to(_ADDON_ROOT).parts)
_LIBRARIES = ("pypdf", "pyhanko.pdf_utils", "reportlab", "fontTools", "PIL", "pypdfium2")
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
        "hidden_content",
        "too_many_pages",
        "page_size",
        "broken",
        "bomb",
    )
)


def check_size(data: bytes, limit: int) -> None:
    """Refuse what need not be given to a child at all.

    :raises PdfRefused: ``too_large``, ``not_a_pdf``
    """
    if len(data) > limit:
        raise PdfRefused("too_large", f"The file has more than {limit} bytes.", size=len(data), limit=limit)
    # ISO 32000-1 annex H: readers accept some bytes before the header
    if b"%PDF-" not in data[:1024]:
        raise PdfRefused("not_a_pdf", "The file is no PDF file.")


def ask(module: str, data: bytes, options: dict, *, seconds: int, answer: int) -> bytes:
    """Run a module of this package on a file, and return what it answers.

    :param options: JSON-friendly; the child gets them, with ``seconds`` and ``answer``, as JSON in its
        third argument
    :param seconds: of wall time
    :param answer: greatest size of the answer, in bytes
    :raises PdfRefused: ``timeout``, ``broken``
    """
    command = [
        sys.executable,
        # isolated: no environment, no user packages, no current directory
        "-IB",
        "-c",
        _BOOT,
        f"{_PACKAGE}.{module}",
        "\n".join(_import_paths()),
        json.dumps({**options, "seconds": seconds, "answer": answer}),
    ]
    # an answer in a file is limited by the kernel
    with tempfile.TemporaryFile() as target:
        try:
            finished = subprocess.run(  # noqa: S603 - our own interpreter and code
                command,
                input=data,
                stdout=target,
                stderr=subprocess.DEVNULL,
                env={key: os.environ[key] for key in _KEPT_ENVIRONMENT if key in os.environ},
                cwd="/",
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _timeout(seconds) from None
        if finished.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            raise _timeout(seconds)
        if finished.returncode != 0:
            raise broken()
        target.seek(0)
        return target.read(answer)


def confine(options: dict) -> None:
    """In the child: set its limits, before anything is read.

    :param options: ``memory`` in bytes of address space, ``seconds`` of CPU time, ``answer`` in bytes
    """
    for kind, limit in (
        (resource.RLIMIT_AS, options["memory"]),
        (resource.RLIMIT_CPU, options["seconds"]),
        (resource.RLIMIT_FSIZE, options["answer"]),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(kind, (allowed, allowed))


def refusal(error: PdfRefused) -> dict:
    """In the child: return how a refusal is answered."""
    return {"refused": error.code, "message": str(error), "params": error.params}


def raise_refusal(answer: dict) -> None:
    """Raise the refusal that an answer is, if it is one.

    :raises PdfRefused: ``broken`` when the answer is not one that a child gives
    """
    if "refused" not in answer:
        return
    code, message, params = (answer.get(key) for key in ("refused", "message", "params"))
    if code not in _CODES or not isinstance(message, str) or not isinstance(params, dict):
        raise broken()
    raise PdfRefused(code, message, **params)


def broken() -> PdfRefused:
    """Return the refusal of a file that cannot be read."""
    return PdfRefused("broken", "The file is damaged.")


def _timeout(seconds):
    return PdfRefused("timeout", f"The file takes more than {seconds} seconds to read.", seconds=seconds)


def _import_paths():
    """Return where the child finds the addon and the libraries, after its own packages."""
    found = ((name, find_spec(name)) for name in _LIBRARIES)
    libraries = (Path(spec.origin).parents[name.count(".") + 1] for name, spec in found if spec)
    return [str(_ADDON_ROOT), *dict.fromkeys(map(str, libraries))]
