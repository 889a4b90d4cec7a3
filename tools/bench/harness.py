"""Measuring: cases run in turn, medians of wall time, CPU time and SQL queries, and what they are judged by."""

import gc
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

MIN_RUNS = 7
MAX_RUNS = 41
SECONDS = 4
"""About how long the cases of one comparison run together; short ones run more often than MIN_RUNS."""


@dataclass(frozen=True)
class Sample:
    """One run: seconds of wall time, seconds of CPU time, SQL queries of all cursors of this process."""

    wall: float
    cpu: float
    queries: float = 0

    def per(self, count):
        """The share of one of ``count`` things that were done together."""
        return Sample(self.wall / count, self.cpu / count, self.queries / count)


@dataclass(frozen=True)
class Result:
    """A line of the table: what was measured, its floor if it has one, and the figure it is judged by.

    :param unit: ``x`` is a ratio of CPU times, ``x wall`` one of wall times
    :param limit: the target: at most, or with ``at_least`` at least; None: for information
    """

    part: str
    what: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False
    measured: Sample | None = None
    floor: Sample | None = None
    runs: int = 1
    note: str = ""

    @property
    def missed(self):
        """Whether the figure is on the wrong side of its target."""
        if self.limit is None:
            return False
        return self.value < self.limit if self.at_least else self.value > self.limit


class Meter:
    """What a case puts around the work that counts: ``with meter: …``; its set-up stays outside."""

    sample = None

    def __enter__(self):
        self._begun = time.perf_counter(), time.process_time(), _queries()

    def __exit__(self, *_exc):
        wall, cpu, queries = self._begun
        self.sample = Sample(time.perf_counter() - wall, time.process_time() - cpu, _queries() - queries)


Case = Callable[[Meter], None]


def interleave(cases: dict[str, Case], *, runs: int | None = None, warm: bool = False) -> dict[str, list[Sample]]:
    """Run each case once to warm up, then all in turn (A B, B A, A B …), so that a busy machine is fair to all.

    :param runs: instead of as many as fit into SECONDS
    :param warm: the same work has just been done, so no warm-up is needed
    """
    first = [] if warm else [_run(case) for case in cases.values()]
    if runs is None:
        runs = int(SECONDS / sum(sample.wall for sample in first))
        runs = min(max(runs, MIN_RUNS), MAX_RUNS)
    gc.collect()
    gc.freeze()  # Odoo's registry is large: collecting it by chance in one run would be noise
    samples = {name: [] for name in cases}
    for number in range(runs):
        order = list(cases) if number % 2 else list(reversed(cases))
        for name in order:
            samples[name].append(_run(cases[name]))
    return samples


def middle(samples: list[Sample]) -> Sample:
    """The medians of a case's runs."""
    return Sample(*(median(getattr(one, name) for one in samples) for name in ("wall", "cpu", "queries")))


def compare(part, what, samples, floor, limit=None, *, by="cpu", note=""):
    """A Result: the median, over the runs, of the ratio between a case and its floor in the same round."""
    ratios = (getattr(one, by) / getattr(other, by) for one, other in zip(samples, floor, strict=True))
    return Result(
        part=part,
        what=what,
        value=median(ratios),
        unit="x" if by == "cpu" else f"x {by}",
        limit=limit,
        measured=middle(samples),
        floor=middle(floor),
        runs=len(samples),
        note=note,
    )


def count_queries(part, what, samples, limit=None, *, floor=None, note=""):
    """A Result: the median number of queries, less those of the floor."""
    own, others = middle(samples), middle(floor) if floor else None
    return Result(
        part=part,
        what=what,
        value=own.queries - (others.queries if others else 0),
        unit="queries more" if floor else "queries",
        limit=limit,
        measured=own,
        floor=others,
        runs=len(samples),
        note=note,
    )


def inform(part, what, samples, *, note=""):
    """A Result without floor and target: CPU time."""
    own = middle(samples)
    return Result(part, what, own.cpu * 1000, "ms CPU", measured=own, runs=len(samples), note=note)


def _run(case):
    meter = Meter()
    gc.collect()
    case(meter)
    return meter.sample


def _queries():
    """How many queries this process has made: Odoo's own count, if there is an Odoo in it."""
    sql_db = sys.modules.get("odoo.sql_db")
    return sql_db.sql_counter if sql_db else 0
