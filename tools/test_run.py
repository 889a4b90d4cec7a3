"""``./dev test``: runs the addon's tests on copies of a prepared database."""

import contextlib
import os
import shutil
import time
from dataclasses import dataclass

from tools import assets, database, mail, odoo_server, postgres, test_select
from tools.paths import ADDON, CACHE, LOGS
from tools.setup import prepare
from tools.system import Child, Problem, complain, free_port, say
from tools.test_log import TestLog


@dataclass(frozen=True)
class Run:
    """One start of Odoo with a choice of tests. The first of a chain installs the addon."""

    name: str
    tags: str


def main(options):
    """Run the tests; whatever happens, the numbers stand in the last line."""
    try:
        return _run_all(options)
    except Problem as problem:
        complain(problem)
        say("\n0 passed, 1 failed")
        return 1


def _run_all(options):
    begun = time.monotonic()
    chains = plan(options.word, browser=not options.no_browser)
    if not chains:
        raise Problem(f"No test has '{options.word}' in the name of its file, class or method.")
    setup = prepare(options, browser=any(run.name != "python" for chain in chains for run in chain))
    mails = CACHE / "mail" / f"test-{os.getpid()}"
    with postgres.cluster(), mail.catcher(mails) as catcher:
        database.drop_leftovers()
        template = database.template(setup)
        logs = []
        _side_by_side(_run_chain(setup, template, catcher, chain, logs) for chain in chains)
    shutil.rmtree(mails, ignore_errors=True)
    forgotten = [] if options.word else test_select.forgotten()
    return report(logs, forgotten, time.monotonic() - begun)


def plan(word, *, browser):
    """The chains of runs: each chain has a database of its own, and chains go side by side."""
    chosen = test_select.matching(word)
    tours = [method for method in chosen if method.browser] if browser else []
    suites = test_select.hoot_suites(word) if browser else []
    chains = []
    if not all(method.browser for method in chosen):
        chains.append([Run("python", ",".join(test_select.plain_tags(word)))])
    in_browser = []
    if tours or suites:
        # Hoot's suite belongs to an addon that is not being installed then, so it needs a run of its own.
        in_browser.append(Run("tours", ",".join(method.tag for method in tours) or f"/{ADDON}:none"))
    if suites:
        in_browser.append(Run("hoot", f"/web:WebSuite.test_unit_desktop[{','.join(suites)}]"))
    return [*chains, in_browser] if in_browser else chains


def _side_by_side(chains):
    """Advance all chains in turn; on the way out, also by Ctrl-C, each ends what it started."""
    with contextlib.ExitStack() as stack:
        chains = [stack.enter_context(contextlib.closing(chain)) for chain in chains]
        while chains:
            chains = [chain for chain in chains if next(chain, "over") != "over"]
            time.sleep(0.1)


def _run_chain(setup, template, catcher, chain, logs):
    """Run a chain on a copy of the template; yields while Odoo works."""
    with database.temporary_copy(template) as name:
        assets.restore(name, f"{template}-{chain[0].name}")
        for number, run in enumerate(chain):
            log = TestLog(run.name, LOGS / f"test-{run.name}-{os.getpid()}.log")
            logs.append(log)
            yield from _run(setup, name, catcher, run, log, install=not number)
        if all(log.finished for log in logs):
            assets.keep(name, f"{template}-{chain[0].name}")


def _run(setup, name, catcher, run, log, *, install):
    options = ["--test-tags", run.tags, "--stop-after-init", "--http-port", free_port(), "--max-cron-threads", 0]
    options += ["--screenshots", LOGS / "screenshots"]
    if install:
        options += ["--init", ADDON, "--skip-auto-install"]
    addresses = {"SIGNATURE_TEST_SMTP_PORT": str(catcher.smtp), "SIGNATURE_TEST_MAIL_URL": catcher.url}
    env = {**odoo_server.environment(setup), **addresses}
    say(f"• Tests: {run.name} …")
    line = odoo_server.command(setup, name, *options)
    with Child(log.path.stem, line, env=env, cwd=CACHE) as child, child.log.open(errors="replace") as file:
        while child.running():
            log.read(file)
            yield
        log.read(file)
    log.close()
    log.status = child.process.returncode


def report(logs, forgotten, seconds):
    """Say what failed and what else went wrong, and the numbers in the last line."""
    passed, failed = 0, len(forgotten)
    for name in forgotten:
        say(f"\n✗ tests/{name} does not run: tests/__init__.py does not import it.")
    for log in logs:
        problems = log.other_problems()
        for problem in problems:
            say(f"\n✗ {log.name}: {problem}")
        if problems:
            say(f"  The whole log: {log.path}")
        for name, reason in log.skipped.items():
            say(f"  skipped: {name}: {reason}")
        passed += log.counts()[0]
        failed += log.counts()[1] + len(problems)
    names = sorted({name for log in logs for name in log.failed_tests()})
    if names:
        say("\nFailed:\n" + "\n".join(f"  {name}" for name in names))
        say("Logs: " + "  ".join(str(log.path) for log in logs))
    if not passed and not failed:
        say("\n✗ No test ran.")
        failed = 1
    say(f"\nTook {seconds:.0f} s.\n{passed} passed, {failed} failed")
    return 1 if failed else 0
