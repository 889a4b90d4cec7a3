"""Reads Odoo's log of a test run: what ran, what failed, and what else went wrong."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from tools.system import say

ENTRY = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \d+ ([A-Z]+) (\S+) (\S+): (.*)$")
FAILURE = re.compile(r"^(FAIL|ERROR): (?:Subtest )?(\S+(?: \(odoo\.\S+\))?)")
HOOT_PASSED = re.compile(r"Passed (\d+) tests \(")
HOOT_FAILED = re.compile(r"Failed (\d+) tests \((\d+) passed")
NO_BROWSER = ("chrome", "websocket-client")
SUMMARIES = ("odoo.tests.result", "odoo.modules.loading", "odoo.modules.module_graph")


@dataclass
class Entry:
    """One message of the log, with the lines that follow it."""

    level: str
    logger: str
    text: str
    test: str


@dataclass
class TestLog:
    """The state of a run, fed line by line."""

    name: str
    path: Path
    started: list = field(default_factory=list)
    skipped: dict = field(default_factory=dict)
    failures: list = field(default_factory=list)
    troubles: list = field(default_factory=list)
    hoot: tuple = (0, 0)
    finished: bool = False
    status: int = 0
    _entry: Entry = None
    _class: str = ""

    def read(self, file):
        """Take in the lines that have come since the last time."""
        for line in file:
            self.feed(line)

    def feed(self, line):
        """Take in one line."""
        line = line.rstrip("\n")
        found = ENTRY.match(line)
        if not found:
            if self._entry:
                self._entry.text += "\n" + line
            return
        self.close()
        level, _database, logger, text = found.groups()
        self._entry = Entry(level, logger, text.rstrip(), self.started[-1] if self.started else "")
        if text.startswith("Starting ") and ".tests." in logger:
            self._start(logger.rpartition(".")[2], text.split()[1])

    def close(self):
        """The last message is complete: sort it."""
        entry, self._entry = self._entry, None
        if entry is None:
            return
        failure = FAILURE.match(entry.text)
        self.finished |= entry.logger == "odoo.tests.result"
        if entry.level in ("ERROR", "CRITICAL"):
            if failure and (".tests." in entry.logger or entry.logger.startswith("odoo.tests")):
                self.failures.append((_qualified(entry, failure[2]), entry.text))
                say(f"\n{entry.text}\n")
            elif entry.logger not in SUMMARIES or "Some modules" in entry.text:
                self.troubles.append(entry)
        elif entry.text.startswith("skipped ") and ".tests." in entry.logger:
            self._skip(entry)
        elif ".browser" in entry.logger and "[HOOT]" in entry.text:
            self._count_hoot(entry.text)

    def _start(self, file, test):
        self.started.append(f"{file}.{test}")
        cls = f"{file}.{test.split('.')[0]}"
        if cls != self._class:
            self._class = cls
            say(f"    {cls}")

    def _skip(self, entry):
        name, _, reason = entry.text.removeprefix("skipped ").partition(" : ")
        name = _qualified(entry, name)
        if any(word in reason.lower() for word in NO_BROWSER):
            self.failures.append((name, f"{name}: the browser could not be used: {reason}"))
            say(f"\n{name}: {reason}\n")
        else:
            self.skipped[name] = reason

    def _count_hoot(self, text):
        passed, failed = HOOT_PASSED.search(text), HOOT_FAILED.search(text)
        if passed:
            self.hoot = (int(passed[1]), 0)
        elif failed:
            self.hoot = (int(failed[2]), int(failed[1]))

    def failed_tests(self):
        """The tests that failed, each once."""
        return set(dict(self.failures))

    def other_problems(self):
        """What went wrong outside of the tests: errors in the log that no failing test explains, a crash."""
        failed = self.failed_tests()
        found = [f"{entry.level} {entry.logger}: {entry.text}" for entry in self.troubles if entry.test not in failed]
        if not found and not self.finished:
            found.append(f"Odoo ended with status {self.status} before the tests were over.\n" + self.tail())
        elif not found and not failed and self.status:
            found.append(f"Odoo ended with status {self.status}.\n" + self.tail())
        return found

    def tail(self):
        """The end of the log file."""
        return "\n".join(self.path.read_text(errors="replace").splitlines()[-15:])

    def counts(self):
        """How many passed and how many failed; of Hoot's suite, its tests count."""
        failed, ran = self.failed_tests(), set(self.started) - set(self.skipped)
        numbers = [len(ran - failed), len(failed)]
        if any(self.hoot):
            suite = {name for name in ran if ".WebSuite." in name}
            numbers = [len(ran - failed - suite) + self.hoot[0], len(failed - suite) + self.hoot[1]]
        return tuple(numbers)


def _qualified(entry, name):
    """A test's name with its file: two files may have classes of the same name."""
    return name if " (" in name else f"{entry.logger.rpartition('.')[2]}.{name}"
