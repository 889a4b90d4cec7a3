"""``./dev bench``: runs tools/bench/run.py beside Odoo, on a copy of the template database with the addon.

In that script::

    setup, database_name = benchmark.context()
    with database.temporary_copy(database_name) as copy, odoo_server.server(setup, copy, port=…, workers=2):
        …

and to have Odoo in its own process: ``odoo.tools.config.parse_config(odoo_server.common_options(setup, copy))``.
"""

import os
import subprocess
from pathlib import Path

from tools import database, odoo_server, odoo_source, postgres
from tools.paths import CHECKOUT, TOOLS
from tools.setup import Setup, prepare
from tools.system import Problem

SCRIPT = TOOLS / "bench" / "run.py"


def main(options):
    """Run the benchmarks whose name contains the word."""
    if not SCRIPT.exists():
        raise Problem(f"There are no benchmarks: {SCRIPT.relative_to(CHECKOUT)} is missing.")
    setup = prepare(options, browser=True)
    with postgres.cluster(), database.temporary_copy(database.template(setup)) as name:
        odoo_server.install_addon(setup, name)
        env = odoo_server.environment(setup)
        env |= {"PYTHONPATH": f"{setup.odoo.root}:{CHECKOUT}", **_as_environment(setup, name)}
        return subprocess.run([setup.python, SCRIPT, options.word], env=env, check=False).returncode


def _as_environment(setup, name):
    return {
        "SIGNATURE_BENCH_DATABASE": name,
        "SIGNATURE_BENCH_ODOO": str(setup.odoo.root),
        "SIGNATURE_BENCH_ADDONS": ":".join(str(folder) for folder in setup.odoo.addons),
        "SIGNATURE_BENCH_ODOO_NAME": setup.odoo.name,
        "SIGNATURE_BENCH_PYTHON": str(setup.python),
        "SIGNATURE_BENCH_LOCK": str(setup.lock),
    }


def context():
    """For the script: the Setup, and the name of the database with the addon (copy it to change it)."""
    value = {key: os.environ[f"SIGNATURE_BENCH_{key}"] for key in ("ODOO", "ADDONS", "ODOO_NAME", "PYTHON", "LOCK")}
    addons = tuple(Path(folder) for folder in value["ADDONS"].split(":"))
    odoo = odoo_source.Odoo(Path(value["ODOO"]), addons, value["ODOO_NAME"])
    return Setup(odoo, Path(value["PYTHON"]), Path(value["LOCK"])), os.environ["SIGNATURE_BENCH_DATABASE"]
