"""The table on the screen, and the same as JSON."""

import json
import os
import platform
import time
from dataclasses import asdict

from tools.paths import CACHE
from tools.system import say

FOLDER = CACHE / "bench"
HEAD = ("", "wall ms", "CPU ms", "queries", "floor CPU", "fl. queries", "result", "target")
WIDTHS = (58, 9, 9, 8, 9, 11, 19, 10)


def show(results):
    """Print the lines of one part as a table."""
    say(f"\n{results[0].part}")
    say(_line(HEAD))
    for result in results:
        say(_line(_cells(result)) + ("  ✗ missed" if result.missed else ""))
        if result.note:
            say(f"      {result.note}")


def close(results, begun):
    """Say what is missed, and write the JSON file."""
    judged = [result for result in results if result.limit is not None]
    missed = [result for result in judged if result.missed]
    say(f"\n{len(judged) - len(missed)} of {len(judged)} targets are met; {_machine()['load']}")
    for result in missed:
        figure = f"{_figure(result.value)} {result.unit} instead of {_figure(result.limit)}"
        say(f"  ✗ {result.part}: {result.what.strip()}: {figure}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.json"
    content = {"machine": _machine(), "seconds": time.monotonic() - begun}
    content["results"] = [{**asdict(result), "missed": result.missed} for result in results]
    path.write_text(json.dumps(content, indent=1))
    say(f"Took {time.monotonic() - begun:.0f} s. As JSON: {path}")


def _cells(result):
    own, floor = result.measured, result.floor
    sign = ">=" if result.at_least else "<="
    return (
        f"{result.what} ({result.runs})" if result.runs > 1 else result.what,
        _figure(own.wall * 1000) if own else "",
        _figure(own.cpu * 1000) if own else "",
        _figure(own.queries) if own and own.queries else "",
        _figure(floor.cpu * 1000) if floor else "",
        _figure(floor.queries) if floor and floor.queries else "",
        f"{_figure(result.value)} {result.unit}",
        f"{sign} {_figure(result.limit)}" if result.limit is not None else "",
    )


def _line(cells):
    first, *others = zip(cells, WIDTHS, strict=True)
    return f"  {first[0]:<{first[1]}}" + "".join(f" {text:>{width}}" for text, width in others)


def _figure(number):
    if number == int(number) or number >= 100:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _machine():
    cores = len(os.sched_getaffinity(0))
    load = f"{cores} cores, load {os.getloadavg()[0]:.1f}"
    return {"python": platform.python_version(), "system": platform.platform(), "load": load}
