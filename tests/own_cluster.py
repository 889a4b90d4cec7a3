"""A PostgreSQL of its own with a copy of the test database: one that a test may restart, as all others share theirs."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

OWNER = "postgres"
SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": 50}


class OwnCluster:
    """Used in `with`; `name` is that of the copy of the database `source`, `folder` where the socket lies."""

    def __init__(self, source):
        self.source, self.name = source, f"{source}_restarted"

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="signature-"))
        # PostgreSQL refuses to run as root
        self._as_owner = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, OWNER, OWNER)
            self._as_owner = ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--clear-groups"]
        self._user = os.environ["PGUSER"]
        try:
            self._run("initdb", "--auth=trust", f"--username={self._user}", "--encoding=UTF8", "--no-sync")
            self.control("start")
            self._copy()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_exc):
        if (self.folder / "data/postmaster.pid").exists():
            self.control("stop")
        shutil.rmtree(self.folder)

    def control(self, action):
        """Start, stop or restart; the latter two as if the power had failed."""
        settings = {**SETTINGS, "unix_socket_directories": self.folder}
        options = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        how = [] if action == "start" else ["-m", "immediate"]
        self._run("pg_ctl", action, "-w", *how, "-l", self.folder / "log", "-o", options)

    def _run(self, program, *options):
        found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: float(path.parts[4]))
        line = [*self._as_owner, found[-1] if found else program, "-D", self.folder / "data", *options]
        subprocess.run(line, check=True, cwd="/", stdout=subprocess.DEVNULL)

    def _copy(self):
        here = ["--host", self.folder, "--username", self._user]
        subprocess.run(["createdb", *here, self.name], check=True)
        dump = subprocess.Popen(["pg_dump", "--dbname", self.source], stdout=subprocess.PIPE)
        restore = ["psql", "--quiet", "--no-psqlrc", *here, "--dbname", self.name]
        subprocess.run(restore, stdin=dump.stdout, stdout=subprocess.DEVNULL, check=True)
        dump.stdout.close()
        if dump.wait():
            raise AssertionError("the database could not be copied")
