"""What every command needs before it can begin: Debian's programs, Odoo and the Python environment."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools import odoo_source, python_env
from tools.system import locked, need_debian

DEBIAN = [
    "ca-certificates",
    "fontconfig",
    "fonts-dejavu-core",
    "gettext",
    "libharfbuzz-subset0",
    "libmagic1",
    "libpango-1.0-0",
    "libpangoft2-1.0-0",
    "poppler-utils",
    "postgresql",
    "qpdf",
    "wkhtmltopdf",
]
"""The database, what WeasyPrint and Odoo's reports need, and what checks PDF files in tests."""
BROWSER = ["chromium"]
WORD = ["libreoffice-writer-nogui"]
"""An optional package, 83 MB to fetch: templates made in Word are offered only where it is, and tests want it there."""


@dataclass(frozen=True)
class Setup:
    """An Odoo, and the Python that runs it."""

    odoo: odoo_source.Odoo
    python: Path
    lock: Path


def prepare(options, *, browser=False, word=False):
    """Fetch and build what is missing; quick when all is there."""
    lock = "lowest" if getattr(options, "lowest", False) else "main"
    with locked("setup"):
        need_debian(DEBIAN + (BROWSER if browser else []) + (WORD if word else []))
        with ThreadPoolExecutor() as pool:
            source = pool.submit(odoo_source.given, options.odoo) if options.odoo else pool.submit(odoo_source.fetched)
            python = pool.submit(_environments, lock)
            return Setup(source.result(), python.result(), python_env.LOCKS[lock])


def _environments(lock):
    python_env.python()
    python_env.node_modules()
    return python_env.python(lock)
