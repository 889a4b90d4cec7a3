"""The signing page and its document over HTTP: an Odoo with two workers, and clients in another process."""

import contextlib
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import psutil

from tools import odoo_server
from tools.bench import floor_addon, scene
from tools.bench.harness import Result, Sample, compare, middle
from tools.bench.samples import SCAN
from tools.paths import CACHE
from tools.postgres import psql
from tools.system import Child, answers, free_port

WORKERS, CLIENTS = 2, 4
ROUNDS = 7
SECONDS = 0.6
LOAD = Path(__file__).with_name("load.py")
TROUBLE = re.compile(r"serializ|Traceback| (?:ERROR|CRITICAL) ", re.IGNORECASE)
OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
WRITES = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables WHERE relname LIKE 'signature\\_%'"


def run(part, odoo):
    """Pages and documents, by one client and by four; then whether anything was written or went wrong."""
    paths = _paths(odoo)
    writes = _writes(odoo)
    with floor_addon.folder() as folder:
        done, log = _serve(odoo(), folder, paths)
    writes = _writes(odoo) - writes
    trouble = [line for line in log.splitlines() if TROUBLE.search(line)]
    errors = Result(part, "errors and serialization failures in the log", len(trouble), "lines", 0)
    return [
        *_compared(part, "signing page, against a minimal portal page", done, "page", "floor page", 1.3),
        _scaling(part, "  4 clients against one", done, "page", 1.8),
        _scaling(part, "  the same of the portal page, for information", done, "floor page"),
        *_compared(part, "document of 3 pages, against a bare stream", done, "document", "floor document", 1.2),
        *_compared(part, f"document of the {SCAN}, against a bare stream", done, "scan", "floor scan", 1.2),
        Result(part, "rows written in the addon's tables by all these", writes, "rows", 0),
        errors,
    ]


def _paths(odoo):
    """The addresses to load: the signer's page and documents, and their floors."""
    links, attachments = {}, {}
    for pages in (3, SCAN):
        request_id = scene.sent_requests(odoo, scene.make(odoo, pages=pages), 1)[0]
        with odoo().env(commit=True) as env:
            request = env["signature.request"].browse(request_id)
            signer = request.signer_ids[0]
            token = env["signature.link"]._make(signer, "email")[signer.id].rpartition("/")[2]
            links[pages], attachments[pages] = f"/sign/{token}", request.original_id.id
    with odoo().env(commit=True) as env:
        floor_addon.make_page(env)
    return {
        "page": links[3],
        "floor page": "/bench/page",
        "document": f"{links[3]}/document",
        "floor document": f"/bench/document/{attachments[3]}",
        "scan": f"{links[SCAN]}/document",
        "floor scan": f"/bench/document/{attachments[SCAN]}",
    }


def _writes(odoo):
    """How many rows were ever written; whoever writes hands in the figures at the latest when it disconnects."""
    from odoo import sql_db

    sql_db.close_db(odoo().database)
    while psql(odoo().database, OTHERS) != ["0"]:
        time.sleep(0.1)
    return int(psql(odoo().database, WRITES)[0])


@contextlib.contextmanager
def _server(odoo, folder, port):
    """Odoo with workers. It starts its process for live chat by its own script's name, which ``-m odoo`` has not."""
    script = Path(folder, "start.py")
    script.write_text("from odoo.cli.command import main\n\nmain()\n")
    options = {
        "--addons-path": f"{odoo_server.addons_path(odoo.setup)},{folder}",
        "--load": f"base,web,{floor_addon.NAME}",
        "--http-port": port,
        "--gevent-port": free_port(),
        "--workers": WORKERS,
        "--max-cron-threads": 0,
    }
    line = [odoo.setup.python, script, *odoo_server.common_options(odoo.setup, odoo.database)]
    line += [part for option in options.items() for part in option]
    with Child(f"odoo-{odoo.database}", line, env=odoo_server.environment(odoo.setup), cwd=CACHE) as child:
        child.wait_until(lambda: answers(port), "Odoo")
        yield child


def _serve(odoo, folder, paths):
    """Measure with a server of its own; returns the samples by path and number of clients, and the server's log."""
    port = free_port()
    with _server(odoo, folder, port) as server:
        for path in paths.values():  # both workers load the registry, and the scripts and styles are compiled
            _load(server, port, CLIENTS, path, 1)
        cases = [(name, clients) for name in paths for clients in (1, CLIENTS)]
        samples = {case: [] for case in cases}
        for number in range(ROUNDS):
            for name, clients in cases if number % 2 else reversed(cases):
                samples[name, clients].append(_load(server, port, clients, paths[name], SECONDS))
        return samples, server.log.read_text(errors="replace")


def _load(server, port, clients, path, seconds):
    """Seconds of wall time, and of CPU time of the server, for each request."""
    before = _cpu(server)
    command = [sys.executable, "-IS", LOAD, port, clients, seconds, path]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["requests"] and not answer["odd"], (path.partition("?")[0][:9], answer)
    count = answer["requests"]
    return Sample(answer["seconds"] / count, (_cpu(server) - before) / count)


def _cpu(server):
    processes = psutil.Process(server.process.pid).children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _compared(part, what, done, name, floor, limit):
    return [
        compare(part, f"{what}, {clients} at once", done[name, clients], done[floor, clients], limit)
        for clients in (1, CLIENTS)
    ]


def _scaling(part, what, done, name, limit=None):
    """How many times as many pages a second four clients get."""
    one, many = done[name, 1], done[name, CLIENTS]
    value = median(alone.wall / together.wall for alone, together in zip(one, many, strict=True))
    note = f"{1 / middle(one).wall:.0f} a second alone, {1 / middle(many).wall:.0f} together; needs two idle cores"
    return Result(part, what, value, "x wall", limit, at_least=True, measured=middle(many), runs=len(many), note=note)
