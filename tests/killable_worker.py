"""The cron worker in a process of its own, that can be killed, or lose its database, in the middle of its work.

Run as a program it loads Odoo once; then each line on its standard input names a point, or is empty, and a copy of
the process works until it is done or reaches the point. The answer is the exit status of that copy.
"""

import inspect
import json
import os
import pkgutil
import resource
import signal
import subprocess
import sys
from unittest.mock import patch

ADDON = "odoo.addons.signature_workflow.signature_workflow"
# model, or module or class of the engine, and method at which the worker dies: as it has done that, or is about to
POINTS = {
    "rendering": ("signature.template", "_build_document", "after"),
    "file write": ("ir.attachment", "_file_write", "after"),
    "first links": ("signature.request", "_send_next", "after"),
    "sealing": ("signature.request", "_seal", "after"),
    # the steps of sealing
    "drawn": ("engine.pdf.stamp", "apply", "after"),
    "timestamped": ("engine.sealing.timestamp.Timestamping", "async_timestamp", "after"),
    "signed": ("engine.sealing.api", "_seal", "after"),
    "checked": ("engine.sealing.api", "_check", "after"),
    "moved": ("signature.request", "_move", "after"),
    "noted": ("signature.event", "_append", "after"),
    "filed": ("signature.request", "_file_on_record", "after"),
    "planned": ("signature.reaction", "_plan", "after"),
    # what follows
    "kept": ("signature.request", "_keep_timestamp", "after"),
    "copies": ("signature.signer", "_send_copies", "after"),
    "told": ("signature.request", "_tell_end", "after"),
    "texted": ("sms.sms", "_send_with_api", "after"),
    "mailing": ("ir.mail_server", "send_email", "before"),
    "mailed": ("ir.mail_server", "send_email", "after"),
    "reacting": ("signature.reaction", "_apply", "after"),
}
COMMITS = ("first commit", "second commit", "third commit", "fourth commit")
# a file gets as long as this on a disk that is full
ROOM = 1024


class KillableWorker:
    """Used in `with`; `run` makes one run of the worker and of the queues of mails and SMS."""

    _process = None

    def __enter__(self):
        return self

    def _start(self):
        from odoo.tests.common import get_db_name
        from odoo.tools import config

        options = {"--addons-path": ",".join(config["addons_path"]), "--data-dir": config["data_dir"]}
        command = [sys.executable, __file__, "--database", get_db_name(), "--no-http", "--log-level", "critical"]
        command += [part for option in options.items() for part in option]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __exit__(self, *_exc):
        if self._process:
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait()

    def run(self, point="", how="kill", only=""):
        """Return whether the worker came to the end; `how` is kill or cut (from the database).

        With `only` it dies only at a record of that name. `how` may also be full (is the disk, from the beginning), or
        torn: the worker is killed in the middle of the first file that it writes.
        """
        if not self._process:
            self._start()
        self._process.stdin.write(json.dumps([point, how, only]) + "\n")
        self._process.stdin.flush()
        status = int(self._process.stdout.readline())
        return os.waitstatus_to_exitcode(status) == 0


def _main():
    import odoo.sql_db
    from odoo.orm.registry import Registry
    from odoo.tools import config

    config.parse_config(sys.argv[1:], setup_logging=True)
    registry = Registry(config["db_name"][0])
    odoo.sql_db.close_all()
    for line in sys.stdin:
        if child := os.fork():
            sys.stdout.write(f"{os.waitpid(child, 0)[1]}\n")
            sys.stdout.flush()
        else:
            _work(registry, *json.loads(line))
            os._exit(0)


def _work(registry, point, how, only):
    from odoo import SUPERUSER_ID, api

    if how == "cut":
        # where it breaks off is no news
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    registry.check_signaling()
    registry.clear_all_caches()
    if how in ("full", "torn"):
        # Python ignores the signal of the limit, and so gets an error instead
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL if how == "torn" else signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))
    if point in POINTS:
        _end_at(registry, *POINTS[point], how, only)
    elif point:
        _end_at_commit(*point.split(" ", 1))
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        env["signature.request"]._cron_process()
        env["signature.request"]._cron_timestamp()
        env["mail.mail"].process_email_queue()
        env["sms.sms"]._process_queue()
        env["sms.tracker"]._cron_signature_failures()


def _end_at(registry, owner, name, when, how, only):
    """Let the worker end before or after a method or function; with `only`, that of a record of this name."""
    owner = pkgutil.resolve_name(f"{ADDON}.{owner}") if owner.startswith("engine.") else registry[owner]
    original = getattr(owner, name)

    def end(self, record):
        if only and record.display_name != only:
            return
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        with registry.cursor() as cr:
            cr.execute("SELECT pg_terminate_backend(%s)", [self.env.cr._cnx.get_backend_pid()])

    def replaced(self, *args, **options):
        if when == "before":
            end(self, self)
        result = original(self, *args, **options)
        if when == "after":
            end(self, args[0] if only else self)
        return result

    async def replaced_later(self, *args, **options):
        result = await original(self, *args, **options)
        end(self, self)
        return result

    patch.object(owner, name, replaced_later if inspect.iscoroutinefunction(original) else replaced).start()


def _end_at_commit(when, number):
    """Let the worker end before or after one of its commits."""
    from odoo.sql_db import Cursor

    original, left = Cursor.commit, COMMITS.index(number)

    def commit(self):
        nonlocal left
        if not left and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        original(self)
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

    patch.object(Cursor, "commit", commit).start()


if __name__ == "__main__":
    _main()
