"""The mail catcher: takes every mail over real SMTP, shows it on a page, and gives it out over HTTP."""

import contextlib
from dataclasses import dataclass

from tools import python_env
from tools.system import Child, answers, free_port


@dataclass(frozen=True)
class Catcher:
    """Where a running catcher listens."""

    smtp: int
    web: int

    @property
    def url(self):
        """The page with the mails; the HTTP interface has the same root."""
        return f"http://localhost:{self.web}"


@contextlib.contextmanager
def catcher(folder, *, smtp=0, web=0):
    """A catcher that keeps its mails in a folder, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    smtp, web = free_port(smtp), free_port(web)
    program = python_env.node_modules() / "maildev/bin/maildev"
    options = ["--ip", "127.0.0.1", "--smtp", smtp, "--web", web, "--mail-directory", folder]
    with Child(f"mail-{smtp}", [python_env.node(), program, *options]) as child:
        child.wait_until(lambda: answers(smtp) and answers(web), "The mail catcher", seconds=30)
        yield Catcher(smtp, web)
