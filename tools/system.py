"""The machine: messages, commands, child processes, locks, ports and Debian packages."""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

from tools.paths import CACHE, LOGS

HEARTBEAT = 20
"""Seconds after which a long step says that it is still at work."""

ENDING_WITH_US = ["setpriv", "--pdeathsig", "TERM"]
"""Before a command: it ends when this process does, even when that is killed."""


class Problem(Exception):
    """Something that the person at the keyboard must know: what failed, and what to do about it."""


def say(text=""):
    """Print at once, also into a pipe."""
    print(text, flush=True)


@contextlib.contextmanager
def step(what, detail=lambda: ""):
    """Announce a long step, give signs of life while it lasts, and say how long it took."""
    begun, over = time.monotonic(), threading.Event()

    def beat():
        while not over.wait(HEARTBEAT):
            say(f"  … {what}: {time.monotonic() - begun:.0f} s {detail()}".rstrip())

    say(f"• {what} …")
    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        over.set()
    say(f"  {what}: done in {time.monotonic() - begun:.0f} s")


def run(command, what, *, hint="", input="", **options):
    """Run a command quietly; when it fails, raise what it said as a Problem. Returns its output."""
    done = subprocess.run(
        [*ENDING_WITH_US, *(str(part) for part in command)],
        input=input,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
        **options,
    )
    if done.returncode:
        tail = "\n".join("    " + line for line in done.stdout.strip().splitlines()[-15:])
        raise Problem(f"{what} failed (exit status {done.returncode}).\n{tail}\n{hint}".rstrip())
    return done.stdout


class Child:
    """A program that runs beside us in its own process group, and ends with us at the latest."""

    def __init__(self, name, command, **options):
        self.name = name
        self.log = LOGS / f"{name}.log"
        LOGS.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*ENDING_WITH_US, *(str(part) for part in command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.stop()

    def running(self):
        """Whether the program is still there."""
        return self.process.poll() is None

    def stop(self, patience=10):
        """End the program and what it started: politely, then not."""
        if self.running():
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patience)
        self._signal(signal.SIGKILL)
        self.process.wait()

    def _signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def tail(self, lines=15):
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def wait_until(self, ready, what, seconds=90):
        """Wait for ``ready()`` to be true; a Problem when the program ends first or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running() or time.monotonic() > deadline:
                raise Problem(f"{what} did not start. The end of {self.log}:\n{self.tail()}")
            time.sleep(0.1)


def tidy_logs(days=2):
    """Remove old logs."""
    for path in LOGS.glob("*.log"):
        if path.stat().st_mtime < time.time() - days * 86400:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(name, busy=""):
    """Hold a lock file, so that two commands do not set up the same thing at once.

    When another one holds it: wait, or with a text for ``busy`` give up with that text.
    """
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if busy:
                raise Problem(busy) from None
            say("• Another ./dev is setting things up; waiting for it …")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def port_is_free(port):
    """Whether nobody listens on this port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(wanted=0):
    """The wanted port, or the next free one; any free one without a wish."""
    if not wanted:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]
    port = next(port for port in range(wanted, wanted + 200) if port_is_free(port))
    if port != wanted:
        say(f"  Port {wanted} is taken by another program; using {port}.")
    return port


def answers(port):
    """Whether somebody accepts connections on this port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def as_root():
    """Whether we are root."""
    return os.geteuid() == 0


def need_debian(packages):
    """Install the Debian packages that are missing, and say which."""
    if not shutil.which("dpkg-query"):
        say("  This is no Debian; hoping that these are here: " + " ".join(packages))
        return
    missing = [package for package in packages if not _installed(package)]
    if not missing:
        return
    if not as_root() and not shutil.which("sudo"):
        raise Problem(f"Missing: {' '.join(missing)}. Install them as root, then run this command again.")
    front = [] if as_root() else ["sudo"]
    apt = [*front, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "Dpkg::Use-Pty=0"]
    hint = "Check the network and the machine's Debian sources, or install by hand: " + " ".join(missing)
    with step("Installing from Debian: " + " ".join(missing)):
        run([*apt, "update"], "Reading Debian's package lists", hint=hint)
        run([*apt, "install", "-y", "--no-install-recommends", *missing], "Installing", hint=hint)


def _installed(package):
    query = ["dpkg-query", "-W", "-f", "${Status}", package]
    found = subprocess.run(query, capture_output=True, text=True, check=False)
    return found.stdout.endswith(" installed")


def end_on_signals():
    """Let each way of being ended run the same way out, so that nothing stays behind."""

    def interrupt(_number, _frame):
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


def complain(text):
    """Print a message for the person, on the error output."""
    print(f"\n✗ {text}", file=sys.stderr, flush=True)
