"""Odoo as a program: its command line, an installation run, and a server beside us."""

import contextlib
import os
import re

from tools.paths import ADDON, CACHE, DATA_DIR, LOGS, addon_folder
from tools.postgres import environment as postgres_environment
from tools.system import Child, Problem, answers, free_port, run, step

PROGRESS = re.compile(r"odoo\.modules\.loading: Loading module (\S+) \((\d+/\d+)\)")
TROUBLE = re.compile(r"^\S+ \S+ \d+ (ERROR|CRITICAL) ", re.MULTILINE)


def environment(setup):
    """Environment variables under which Odoo finds itself and the database, and leaves the checkout clean."""
    settings = CACHE / "odoo.conf"
    if not settings.exists():
        settings.write_text("[options]\n")
    path = f"{setup.python.parent}:{os.environ['PATH']}"
    return {
        **os.environ,
        **postgres_environment(),
        "PATH": path,
        "ODOO_RC": str(settings),
        "PYTHONPATH": str(setup.odoo.root),
        "PYTHONPYCACHEPREFIX": str(CACHE / "pycache"),
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
    }


def addons_path(setup):
    """Odoo's addons, and this one."""
    return ",".join(str(folder) for folder in (*setup.odoo.addons, addon_folder()))


def common_options(setup, database):
    """The options that every start of Odoo on a database has."""
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    return ["--addons-path", addons_path(setup), "--data-dir", str(DATA_DIR), "--database", database]


def command(setup, database, *options, sub="server"):
    """The command line of Odoo on one database."""
    return [setup.python, "-m", "odoo", sub, *common_options(setup, database), *options]


def install_addon(setup, database, *options):
    """Install this addon."""
    install(setup, database, "--init", ADDON, "--skip-auto-install", *options)


def install(setup, database, *options):
    """Install or update modules in a database; a Problem when Odoo reports an error."""
    what = f"Odoo sets up the database {database}"
    line = command(setup, database, *options, "--stop-after-init", "--no-http", "--http-port", free_port())
    with Child(f"install-{database}", line, env=environment(setup), cwd=CACHE) as child:
        with step(what, lambda: _progress(child.log)):
            status = child.process.wait()
        log = child.log.read_text(errors="replace")
        if status or TROUBLE.search(log):
            where = TROUBLE.search(log)
            shown = log[where.start() :][:3000] if where else child.tail()
            raise Problem(f"{what}: that failed. From {child.log}:\n{shown}")
        child.log.unlink()


def run_script(setup, database, script):
    """Run Python with Odoo's ``env`` on a database."""
    line = command(setup, database, "--no-http", "--log-level", "warn", sub="shell")
    return run(line, "A script in Odoo", input=script, env=environment(setup), cwd=CACHE)


def _progress(log):
    found = PROGRESS.findall(log.read_text(errors="replace"))
    return "(module {1}: {0})".format(*found[-1]) if found else ""


@contextlib.contextmanager
def server(setup, database, *, port, workers=0, options=()):
    """An Odoo that serves a database until the block ends."""
    line = command(setup, database, "--http-port", port, "--workers", workers, "--no-database-list", *options)
    LOGS.mkdir(parents=True, exist_ok=True)
    with Child(f"odoo-{database}", line, env=environment(setup), cwd=CACHE) as child:
        child.wait_until(lambda: answers(port), "Odoo")
        yield child
