"""``./dev test``: runs the addon's tests on copies of a prepared database."""

import contextlib
import os
import shutil
import time
from dataclasses import dataclass

from tools import assets, database, mail, odoo_server, postgres, python_env, test_select
from tools.paths import ADDON, CACHE, LOGS
from tools.setup import prepare
from tools.system import Child, Problem, complain, free_port, say, tidy_logs
from tools.test_log import TestLog


@dataclass(frozen=True)
class Run:
    """One start of Odoo with a choice of tests."""

    name: str
    tags: list


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
    tidy_logs()
    chains = plan(options.word, browser=not options.no_browser)
    if not chains:
        raise Problem(f"No test has '{options.word}' in the name of its file, class or method.")
    browser = any(run.name in ("tours", "hoot") for chain in chains for run in chain)
    setup = prepare(options, browser=browser, word=True)
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
    tours = [method.tag for method in test_select.matching(word) if method.browser and browser]
    suites = test_select.hoot_suites(word) if browser else []
    chains = [
        [Run("odoo", test_select.plain_tags(word, engine=False))],
        [
            Run("engine", test_select.plain_tags(word, engine=True)),
            Run("tours", tours),
            Run("hoot", [f"/web:WebSuite.test_unit_desktop[{','.join(suites)}]"] if suites else []),
        ],
    ]
    chains = [[run for run in chain if run.tags] for chain in chains]
    return [chain for chain in chains if chain]


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
        if chain[0].name == "hoot":
            odoo_server.install_addon(setup, name)
        for run in chain:
            log = TestLog(run.name, LOGS / f"test-{run.name}-{os.getpid()}.log")
            logs.append(log)
            yield from _run(setup, name, catcher, run, log, first=run == chain[0])
        if all(log.finished for log in logs):
            assets.keep(name, f"{template}-{chain[0].name}")


def _run(setup, name, catcher, run, log, *, first):
    options = [
        "--test-tags",
        ",".join(run.tags),
        "--stop-after-init",
        "--http-port",
        free_port(),
        "--max-cron-threads",
        0,
    ]
    options += ["--screenshots", LOGS / "screenshots"]
    if (
        run.name != "hoot"
    ):  # its suite belongs to another addon, and Odoo tests what it installs or updates, if anything
        options += ["--init" if first else "--update", ADDON, "--skip-auto-install"]
    helpers = {
        "SIGNATURE_TEST_SMTP_PORT": str(catcher.smtp),
        "SIGNATURE_TEST_MAIL_URL": catcher.url,
        "SIGNATURE_TEST_AXE": str(python_env.node_modules() / "axe-core/axe.min.js"),
    }
    env = {**odoo_server.environment(setup), **helpers}
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
