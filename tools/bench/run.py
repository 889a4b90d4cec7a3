"""What ``./dev bench`` starts, with Odoo's Python and on a database of its own: see tools/benchmark.py."""

import functools
import sys
import time

from tools import benchmark
from tools.bench import (
    audit,
    cancelling,
    deal_moves,
    discovery,
    editor,
    pages,
    phone,
    registry,
    reminders,
    rendering,
    report,
    reports,
    sealing,
    sending,
    signing,
    submit,
    verification,
    workers,
)
from tools.bench.odoo_process import Odoo
from tools.system import complain, end_on_signals, say

PARTS = {
    "deal moves": deal_moves.run,
    "create and send": sending.run,
    "workers": workers.run,
    "reminders": reminders.run,
    "collect a signature": signing.run,
    "submit a signature": submit.run,
    "cancel": cancelling.run,
    "audit trail": audit.run,
    "seal": sealing.run,
    "verify": verification.run,
    "registry": registry.run,
    "rendering": rendering.run,
    "discovery": discovery.run,
    "reports": reports.run,
    "signing page": pages.run,
    "signing page on a phone": phone.run,
    "template editor": editor.run,
}
INTRODUCTION = """
Medians of the runs in brackets, after a warm-up; cases and their floors run in turn. A ratio ("x") is the median of
the rounds' ratios of CPU time, which other work on the machine disturbs less than wall time. Nothing leaves the
machine: mails are made, but not delivered, unless a line says so.
"""


def main():
    """Run the parts whose name contains the word."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    chosen = {name: run for name, run in PARTS.items() if word.lower() in name}
    if not chosen:
        complain(f"No benchmark has '{word}' in its name. There are: {', '.join(PARTS)}.")
        return 1
    end_on_signals()
    begun, results = time.monotonic(), []
    setup, database = benchmark.context()
    odoo = functools.cache(lambda: Odoo(setup, database))
    say(INTRODUCTION)
    for name, run in chosen.items():
        lines = run(name, odoo)
        report.show(lines)
        results += lines
    report.close(results, begun)
    return 0


if __name__ == "__main__":
    sys.exit(main())
