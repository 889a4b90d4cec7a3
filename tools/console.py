"""``./dev shell`` and ``./dev psql``: a look into the demo's database by hand."""

import signal
import subprocess

from tools import database, demo, odoo_server, postgres
from tools.paths import CACHE
from tools.setup import prepare
from tools.system import Problem


def main(options):
    """Open a console on the demo's database."""
    setup = demo.with_sms(prepare(options))
    with postgres.cluster():
        if not database.exists(demo.DATABASE):
            raise Problem("There is no demo yet: run ./dev demo first.")
        commands = {
            "shell": odoo_server.command(setup, demo.DATABASE, "--no-http", "--log-level", "warn", sub="shell"),
            "psql": ["psql", "-d", demo.DATABASE],
        }
        signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C belongs to the console
        return subprocess.run(
            [str(part) for part in commands[options.command]],
            env=odoo_server.environment(setup),
            cwd=CACHE,
            check=False,
        ).returncode
