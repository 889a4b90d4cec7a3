"""A signer finishes over HTTP: the queries of the whole request, and how long it takes beside a bare JSON write."""

import json
from statistics import median, quantiles

from tools.bench import scene, signing, web_server
from tools.bench.harness import Result, compare, count_queries, interleave

QUERIES_RUNS = 7
CLIENTS = 4
ROUNDS, EACH = 8, 15
FLOOR = "/bench/write"


def run(part, odoo):
    """Each submit is that of another signer."""
    here = scene.make(odoo, turns=(1, 1))
    first, last = interleave(_cases(odoo, here), runs=QUERIES_RUNS).values()
    requests = [pair[0] for pair in _submits(odoo, here, ROUNDS * EACH + CLIENTS)]
    with web_server.running(odoo()) as server:
        own, floor = _measure(server, requests)
    return [
        count_queries(part, "a signature, not the last, with all that Odoo asks for a request", first, 30),
        count_queries(part, "  the last one", last, 30),
        compare(part, f"a signature against a bare JSON write, {CLIENTS} at once, CPU", own[0], floor[0]),
        _slowest(part, "  95 of 100 take at most, against the same of the write", own[1], floor[1], 3),
    ]


def _submits(odoo, here, count):
    """For so many requests, what each of the two signers posts: path and body."""
    ids = scene.sent_requests(odoo, here, count)
    with odoo().env(commit=True) as env:
        return [[_submit(signer) for signer in request.signer_ids] for request in env["signature.request"].browse(ids)]


def _submit(signer):
    params = {
        "values": signing.answers(signer),
        "nonce": "nonce",
        "document": signer.request_id.original_sha256,
        "consent": True,
    }
    return f"/sign/{scene.token(signer)}/submit", {"jsonrpc": "2.0", "method": "call", "params": params}


def _cases(odoo, here):
    """Both signers of a request, within this process, where the queries can be counted."""
    pairs = iter(_submits(odoo, here, 2 * (QUERIES_RUNS + 1)))

    def first(meter):
        one, _other = next(pairs)
        with meter:
            _post(odoo, *one)

    def last(meter):
        one, other = next(pairs)
        _post(odoo, *one)
        with meter:
            _post(odoo, *other)

    return {"first": first, "last": last}


def _post(odoo, path, body):
    from odoo.http import root
    from werkzeug.test import EnvironBuilder, run_wsgi_app

    odoo()
    content, status, _headers = run_wsgi_app(root, EnvironBuilder(path, method="POST", json=body).get_environ())
    result = json.loads(b"".join(content)).get("result", {})
    assert status.startswith("200") and result.get("state") in ("signed", "sealing"), result


def _measure(server, requests):
    """The Samples of the rounds, and the latencies of all requests: of the submits, and of the floor."""
    own, floor = ([], []), ([], [])
    write = [FLOOR, requests[0][1]]
    server.post(requests[:CLIENTS], CLIENTS)
    server.post([write] * CLIENTS * 2, CLIENTS)
    rest = requests[CLIENTS:]
    for number in range(ROUNDS):
        both = [(own, rest[number * EACH : (number + 1) * EACH]), (floor, [write] * EACH)]
        for kept, posts in both if number % 2 else reversed(both):
            sample, latencies = server.post(posts, CLIENTS)
            kept[0].append(sample)
            kept[1].extend(latencies)
    return own, floor


def _slowest(part, what, own, floor, limit):
    tails = [quantiles(latencies, n=20)[-1] * 1000 for latencies in (own, floor)]
    middles = [median(latencies) * 1000 for latencies in (own, floor)]
    note = "{:.0f} ms against {:.0f}; the middle {:.0f} against {:.0f}".format(*tails, *middles)
    return Result(part, what, tails[0] / tails[1], "x wall", limit, runs=len(own), note=note)
