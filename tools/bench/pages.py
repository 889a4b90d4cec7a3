"""The signing page and its document over HTTP, by one client, by four and by twenty."""

import re
import time
from statistics import median

from tools.bench import floor_addon, scene, web_server
from tools.bench.harness import Result, compare, middle
from tools.bench.samples import SCAN
from tools.postgres import psql

SHORT, LONG = 3, 300
FEW, MANY = 4, 20
ROUNDS = 7
SECONDS = 0.6
TROUBLE = re.compile(r"serializ|Traceback| (?:ERROR|CRITICAL) ", re.IGNORECASE)
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
WRITES = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname LIKE 'signature\\_%'"
CASES = {
    "page": (1, FEW),
    "long page": (FEW, MANY),
    "floor page": (1, FEW, MANY),
    **{f"{who}document of {pages}": (1, FEW) for pages in (SHORT, LONG) for who in ("", "floor ")},
    **{f"{who}document of {SCAN}": (FEW,) for who in ("", "floor ")},
}


def run(part, odoo):
    """Pages and documents of several lengths; then whether anything was written or went wrong."""
    paths = _paths(odoo)
    writes = rows_written(odoo)
    with web_server.running(odoo()) as server:
        done = _measure(server, paths)
        log = server.log
    writes = rows_written(odoo) - writes
    trouble = [line for line in log.splitlines() if TROUBLE.search(line)]
    return [
        *_compared(part, "signing page, against a minimal portal page", done, "page", "floor page", 1.3),
        *_compared(part, f"  of a document of {LONG} pages", done, "long page", "floor page", 1.3),
        _scaling(part, f"  {FEW} clients against one", done, "page", 1.8),
        _scaling(part, "  the same of the portal page, for information", done, "floor page"),
        *[
            line
            for kind in (SHORT, LONG, SCAN)
            for line in _compared(
                part,
                f"document of {kind}{'' if kind == SCAN else ' pages'}, against a bare stream",
                done,
                f"document of {kind}",
                f"floor document of {kind}",
                1.2,
            )
        ],
        Result(part, "rows written in the addon's tables by all these", writes, "rows", 0),
        Result(part, "errors and serialization failures in the log", len(trouble), "lines", 0),
    ]


def link(odoo, pages):
    """The path of a signer's page, and the attachment of the document, which has so many pages."""
    request_id = scene.sent_requests(odoo, scene.make(odoo, pages=pages), 1)[0]
    with odoo().env(commit=True) as env:
        request = env["signature.request"].browse(request_id)
        return f"/sign/{scene.token(request.signer_ids[0])}", request.original_id.id


def _paths(odoo):
    """The addresses to load, by case."""
    links = {kind: link(odoo, kind) for kind in (SHORT, LONG, SCAN)}
    with odoo().env(commit=True) as env:
        floor_addon.make_page(env)
    paths = {"page": links[SHORT][0], "long page": links[LONG][0], "floor page": "/bench/page"}
    for kind, (path, attachment) in links.items():
        paths[f"document of {kind}"] = f"{path}/document"
        paths[f"floor document of {kind}"] = f"/bench/document/{attachment}"
    return paths


def rows_written(odoo):
    """How many rows were ever written; whoever writes hands in the figures at the latest when it disconnects."""
    from odoo import sql_db

    sql_db.close_db(odoo().database)
    while psql(odoo().database, OTHERS) != ["0"]:
        time.sleep(0.1)
    return int(psql(odoo().database, WRITES)[0])


def _measure(server, paths):
    """The samples by case and number of clients."""
    for path in paths.values():  # both workers load the registry, and the scripts and styles are compiled
        server.get(path, FEW, 1)
    cases = [(name, clients) for name, numbers in CASES.items() for clients in numbers]
    samples = {case: [] for case in cases}
    for number in range(ROUNDS):
        for name, clients in cases if number % 2 else reversed(cases):
            samples[name, clients].append(server.get(paths[name], clients, SECONDS))
    return samples


def _compared(part, what, done, name, floor, limit):
    return [
        compare(part, f"{what}, {clients} at once", done[name, clients], done[floor, clients], limit)
        for clients in CASES[name]
    ]


def _scaling(part, what, done, name, limit=None):
    """How many times as many pages a second four clients get."""
    one, many = done[name, 1], done[name, FEW]
    value = median(alone.wall / together.wall for alone, together in zip(one, many, strict=True))
    note = f"{1 / middle(one).wall:.0f} a second alone, {1 / middle(many).wall:.0f} together; needs two idle cores"
    return Result(part, what, value, "x wall", limit, at_least=True, measured=middle(many), runs=len(many), note=note)
