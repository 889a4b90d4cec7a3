import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from odoo.tests import tagged
from odoo.tests.common import get_db_name
from odoo.tools import config

from .common import STROKES
from .own_cluster import OwnCluster
from .test_faults_worker import FaultsCase

LOAD = Path(__file__).with_name("database_load.py")
ANSWERS = {"signature": STROKES, "name": "N", "checkbox": True, "text": "t"}


@tagged("post_install", "-at_install")
class TestRestartedDatabase(FaultsCase):
    """PostgreSQL is restarted as if the power had failed, again and again, while documents are under way."""

    def test_same_end_as_a_clean_run(self):
        self.enter(12)
        with OwnCluster(get_db_name()) as cluster:
            self.addCleanup(shutil.rmtree, config.filestore(cluster.name), ignore_errors=True)
            restarts = self._restart_under_load(cluster)
        self.assertEqual(restarts, 4)

    def _restart_under_load(self, cluster):
        options = {
            "--database": cluster.name,
            "--db_host": cluster.folder,
            "--addons-path": ",".join(config["addons_path"]),
            "--data-dir": config["data_dir"],
            # what is lost on the way is no news
            "--log-level": "critical",
        }
        command = [sys.executable, LOAD, json.dumps(ANSWERS), "--no-http"]
        command += [str(part) for option in options.items() for part in option]
        log = cluster.folder / "load.log"
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(LOAD.parent)]))
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with (
            log.open("w") as errors,
            subprocess.Popen(command, stderr=errors, env={**os.environ, "PYTHONPATH": path}, **pipes) as load,
        ):
            restarts = 0
            for restarts, _line in enumerate(load.stdout, 1):  # noqa: B007
                cluster.control("restart")
                load.stdin.write("done\n")
                load.stdin.flush()
        self.assertFalse(load.returncode, log.read_text())
        return restarts
