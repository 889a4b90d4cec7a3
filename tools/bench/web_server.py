"""An Odoo with two workers beside us, and clients in another process."""

import contextlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

from tools import odoo_server
from tools.bench import floor_addon
from tools.bench.harness import Sample
from tools.paths import CACHE
from tools.system import Child, answers, free_port

WORKERS = 2
LOAD = Path(__file__).with_name("load.py")


@dataclass(frozen=True)
class WebServer:
    """A running server."""

    port: int
    child: Child

    @property
    def log(self):
        """What it has written so far."""
        return self.child.log.read_text(errors="replace")

    def cpu(self):
        """Seconds of CPU time of its workers so far; those that psutil tells come in hundredths."""
        workers = psutil.Process(self.child.process.pid).children(recursive=True)
        threads = (path for worker in workers for path in Path(f"/proc/{worker.pid}/task").glob("*/schedstat"))
        return sum(int(path.read_text().split()[0]) for path in threads) / 1e9

    def get(self, path, clients, seconds):
        """Load one page for so long; returns the Sample of one request."""
        return self._ask(clients, [[path, None]], seconds)[0]

    def post(self, requests, clients):
        """Make each request, a path and a body, once; returns the Sample of one, and the latencies of all."""
        return self._ask(clients, requests, None)

    def _ask(self, clients, requests, seconds):
        task = {"port": self.port, "clients": clients, "requests": requests, "seconds": seconds}
        before = self.cpu()
        command = [sys.executable, "-IS", str(LOAD)]
        done = subprocess.run(command, input=json.dumps(task), capture_output=True, text=True, check=True)
        answer = json.loads(done.stdout)
        assert answer["latencies"] and not answer["odd"], (requests[0][0][:9], answer["odd"])
        count = len(answer["latencies"])
        return Sample(answer["seconds"] / count, (self.cpu() - before) / count), answer["latencies"]


@contextlib.contextmanager
def running(odoo):
    """The server, with the floors' addon.

    Odoo starts its process for live chat by its own script's name, which ``-m odoo`` has not.
    """
    port = free_port()
    with floor_addon.folder() as folder:
        script = Path(folder, "start.py")
        script.write_text("from odoo.cli.command import main\n\nmain()\n")
        options = {
            "--addons-path": f"{odoo_server.addons_path(odoo.setup)},{folder}",
            "--load": f"base,web,{floor_addon.NAME}",
            "--http-port": port,
            "--gevent-port": free_port(),
            "--workers": WORKERS,
            "--max-cron-threads": 0,
        }
        line = [odoo.setup.python, script, *odoo_server.common_options(odoo.setup, odoo.database)]
        line += [part for option in options.items() for part in option]
        with Child(f"odoo-{odoo.database}", line, env=odoo_server.environment(odoo.setup), cwd=CACHE) as child:
            child.wait_until(lambda: answers(port), "Odoo")
            yield WebServer(port, child)
