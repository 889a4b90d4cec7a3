"""Databases: templates that are made once, and quick copies of them."""

import contextlib
import os
import secrets
import shutil
from pathlib import Path

from tools import odoo_server
from tools.paths import DATA_DIR, digest
from tools.postgres import psql
from tools.system import locked

MODULES = ["base_automation", "contacts", "crm", "portal", "sale_crm", "sale_management", "sms"]
LANGUAGES = "en_US,fr_FR,ro_RO"
FILESTORE = DATA_DIR / "filestore"
STRIPPED = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
"""Debian leaves this library out, but mail's manifest still lists it, which breaks the backend's bundle."""


def template(setup, *, demo=False):
    """The name of a finished database with Odoo's modules, without the addon; made if needed."""
    kind = "demo" if demo else "test"
    name = f"sw_template_{kind}_{digest(setup.odoo.name, setup.lock, MODULES, LANGUAGES)}"
    with locked("template"):
        if not exists(name):
            _make_template(setup, name, demo)
    return name


def _make_template(setup, name, demo):
    """Build under another name; the new name marks it as finished."""
    building = f"{name}_building"
    drop(building)
    psql("postgres", f'CREATE DATABASE "{building}" TEMPLATE template0')
    options = ["--init", ",".join(MODULES), "--load-language", LANGUAGES, "--skip-auto-install"]
    odoo_server.install(setup, building, *options, *(["--with-demo"] if demo else []))
    if setup.odoo.lacks(STRIPPED):
        psql(
            building,
            "INSERT INTO ir_asset (name, bundle, directive, path, active, sequence)"
            f" VALUES ('Left out by Debian', 'web.assets_backend', 'remove', '{STRIPPED}', true, 16)",
        )
    rename(building, name)


def rename(old, new):
    """Give a database another name: the last act of making one, so that the name means finished."""
    shutil.rmtree(FILESTORE / new, ignore_errors=True)
    if (FILESTORE / old).exists():
        (FILESTORE / old).rename(FILESTORE / new)
    psql("postgres", f'ALTER DATABASE "{old}" RENAME TO "{new}"')


def note(name):
    """The remark that a database carries."""
    query = f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'"
    return "".join(psql("postgres", query))


def set_note(name, text):
    """Leave a remark on a database."""
    psql("postgres", f"COMMENT ON DATABASE \"{name}\" IS '{text}'")


def exists(name):
    """Whether there is a database of this name."""
    return bool(psql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))


def copy(source, name):
    """A copy of a database with its filestore, whose files never change and so can be shared."""
    drop(name)
    if (FILESTORE / source).exists():
        shutil.copytree(FILESTORE / source, FILESTORE / name, copy_function=os.link)
    psql("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{source}"')


def drop(name):
    """Remove a database and its filestore, if there."""
    psql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    shutil.rmtree(FILESTORE / name, ignore_errors=True)


def drop_leftovers():
    """Remove the copies whose command was killed before it could."""
    for name in psql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'sw\\_copy\\_%'"):
        if not Path(f"/proc/{name.split('_')[2]}").exists():
            drop(name)


@contextlib.contextmanager
def temporary_copy(source):
    """A copy that is dropped afterwards."""
    name = f"sw_copy_{os.getpid()}_{secrets.token_hex(3)}"
    copy(source, name)
    try:
        yield name
    finally:
        drop(name)
