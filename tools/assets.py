"""Compiled scripts and styles, kept from one test database for the next: they take 20 s to make.

Odoo stores a bundle under an address with a checksum of its sources, so that an old one does no harm.
"""

import os
import shutil

from tools.database import FILESTORE
from tools.paths import CACHE
from tools.postgres import psql
from tools.system import locked

HOME = CACHE / "assets"
WHERE = "url LIKE '/web/assets/%' AND store_fname IS NOT NULL"
COLUMNS = (
    "name, type, url, store_fname, checksum, file_size, mimetype, public, res_model, res_id, index_content, create_uid"
)


def keep(database, key):
    """Keep the bundles of a database."""
    fresh, kept = HOME / f"{key}.{os.getpid()}", HOME / key
    (fresh / "files").mkdir(parents=True)
    psql(database, f"\\copy (SELECT {COLUMNS} FROM ir_attachment WHERE {WHERE}) TO '{fresh}/rows'")
    for name in psql(database, f"SELECT DISTINCT store_fname FROM ir_attachment WHERE {WHERE}"):
        _link(FILESTORE / database / name, fresh / "files" / name)
    with locked("assets"):
        shutil.rmtree(kept, ignore_errors=True)
        fresh.rename(kept)


def restore(database, key):
    """Give the kept bundles to a database."""
    kept = HOME / key
    if not (kept / "rows").exists():
        return
    for path in (kept / "files").rglob("*"):
        if path.is_file():
            _link(path, FILESTORE / database / path.relative_to(kept / "files"))
    psql(database, f"\\copy ir_attachment ({COLUMNS}) FROM '{kept}/rows'")


def _link(source, target):
    """Files of the filestore never change, so a second name for one is as good as a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        os.link(source, target)
