"""A private PostgreSQL cluster: own folder, own socket, no network, shared by all ./dev commands."""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tools.paths import CACHE, LOGS, digest
from tools.system import Problem, as_root, locked, run, step

HOME = CACHE / "postgres"
CLUSTER = HOME / "cluster"
PORT = 5432
ROLE = "odoo"
OS_USER = "postgres"
"""PostgreSQL refuses to run as root; Debian's package brings this user."""
SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": 200,
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
}
HINT = "To begin with a new cluster (the demo's data are lost): ./dev demo --reset"


def socket_folder():
    """The folder of the socket: in the cache, unless that path is too long for a socket."""
    folder = HOME / "socket"
    if len(str(folder)) < 85:
        return folder
    return Path(tempfile.gettempdir()) / f"signature-{digest(folder)}"


def environment():
    """What a client needs to know, as environment variables."""
    return {"PGHOST": str(socket_folder()), "PGPORT": str(PORT), "PGUSER": ROLE}


@contextlib.contextmanager
def cluster():
    """The cluster, running. Whoever leaves last stops it."""
    HOME.mkdir(parents=True, exist_ok=True)
    with (HOME / "users.lock").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        with locked("postgres"):
            _make()
            _start()
        try:
            yield
        finally:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _control("stop", "-m", "fast")


def remove():
    """Forget the cluster with all its databases."""
    with contextlib.suppress(Problem):
        _control("stop", "-m", "immediate")
    shutil.rmtree(CLUSTER, ignore_errors=True)


def _make():
    mark = HOME / "complete"
    if mark.exists() and (CLUSTER / "PG_VERSION").exists():
        return
    mark.unlink(missing_ok=True)
    shutil.rmtree(CLUSTER, ignore_errors=True)
    CLUSTER.mkdir(mode=0o700)
    if as_root():
        shutil.chown(CLUSTER, OS_USER, OS_USER)
    with step("Making a private PostgreSQL cluster"):
        options = ["--auth=trust", f"--username={ROLE}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        run(_as_owner(_program("initdb"), "-D", CLUSTER, *options), "Making the cluster", hint=HINT, cwd="/")
    mark.touch()


def _start():
    if _control("status", check=False) == 0:
        return
    folder = socket_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    log = HOME / "postgres.log"
    log.touch()
    if as_root():
        shutil.chown(folder, OS_USER, OS_USER)
        shutil.chown(log, OS_USER, OS_USER)
    settings = {**SETTINGS, "unix_socket_directories": folder}
    options = " ".join(f"-c {key}='{value}'" for key, value in settings.items())
    _control("start", "-w", "-t", "60", "-l", log, "-o", options)


def _control(action, *options, check=True):
    command = _as_owner(_program("pg_ctl"), action, "-D", CLUSTER, *options)
    log = HOME / "pg_ctl.log"
    with log.open("w") as output:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False, cwd="/")
    if check and done.returncode:
        server_log = HOME / "postgres.log"
        tail = "".join(server_log.read_text(errors="replace").splitlines(True)[-10:]) if server_log.exists() else ""
        raise Problem(f"PostgreSQL did not {action}.\n{log.read_text()}{tail}{HINT}")
    return done.returncode


def _program(name):
    """The newest PostgreSQL program of this name; Debian keeps the server's out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    if found:
        return found[-1]
    program = shutil.which(name)
    if not program:
        raise Problem(f"PostgreSQL's program {name} is missing. Install PostgreSQL's server.")
    return program


def _as_owner(*command):
    """The command, run by a user that PostgreSQL accepts: as root, its own one.

    That user may not pass through root's home folder, where the cache lies; the capability lets it.
    """
    command = [str(part) for part in command]
    if not as_root():
        return command
    switch = ["setpriv", f"--reuid={OS_USER}", f"--regid={OS_USER}", "--clear-groups"]
    if _can(switch, CACHE):
        return [*switch, *command]
    switch += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    if _can(switch, CACHE):
        return [*switch, *command]
    raise Problem(
        f"PostgreSQL's user '{OS_USER}' cannot reach {CACHE}.\n"
        "Set XDG_CACHE_HOME to a folder that everybody may pass through, and run this again."
    )


def _can(switch, folder):
    look = [*switch, "ls", "-d", f"{folder}/."]
    return subprocess.run(look, capture_output=True, check=False, cwd="/").returncode == 0


def psql(database, sql, what="Asking the database"):
    """Run SQL; returns the rows as lines, columns parted by a tab."""
    command = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]
    return run(command, what, env={**os.environ, **environment()}).splitlines()
