"""``python -m tools.bench.memory``: how much memory sealing takes, in a process that does nothing else."""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from signature_workflow.engine.sealing.api import stamp_and_seal
from tools.bench import samples

RUNS = 7
KB = 1024


def main():
    """Print the growth of the greatest memory use from before the file is read, over the file's size."""
    path = Path(sys.argv[1])
    _seal(samples.pdf(3))
    before = _peak()
    _seal(path.read_bytes())
    grown = _peak() - before
    print(json.dumps({"ratio": grown / path.stat().st_size, "grown": grown}))


def _seal(pdf):
    return stamp_and_seal(
        pdf,
        samples.stamps(),
        samples.identity()[1],
        fonts=samples.FONTS,
        moment=datetime.now(UTC),
        reason="Signed by Zoë, Saul",
        location="București",
        name="Bench SRL",
    )


def _peak():
    # not getrusage: that remembers what the process was before it became this program
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * KB


if __name__ == "__main__":
    main()
