"""Is it genuine? Judging a file with the engine, and the public page that a QR code leads to."""

import hashlib
from datetime import UTC, datetime

from signature_workflow.engine.sealing.api import stamp_and_seal
from signature_workflow.engine.sealing.verify import verify
from tools.bench import floor_addon, pages, samples, scene, signing, web_server
from tools.bench.harness import Result, compare, interleave

SHORT, LONG = 3, 300


def run(part, odoo):
    """The engine by itself, then the page over HTTP."""
    return [*_engine(part), *_page(part, odoo)]


def _engine(part):
    sealed = {count: _seal(count) for count in (SHORT, LONG)}
    long = sealed[LONG]
    cases = {
        "short": _verify(sealed[SHORT], long, times=2),
        "long": _verify(long, long, times=0),
        "once": _verify(sealed[SHORT], long, times=0),
    }
    done = interleave(cases)
    note = "twice the time of the short one, and the SHA-256 of the long one"
    floor = [one.__class__(one.wall, one.cpu) for one in done["short"]]
    return [
        compare(part, f"a file of {LONG} pages against twice {SHORT} pages", done["long"], floor, 1, note=note),
        compare(part, f"  against {SHORT} pages, for information", done["long"], done["once"]),
    ]


def _seal(count):
    return stamp_and_seal(
        samples.pdf(count),
        samples.stamps(),
        samples.identity()[1],
        fonts=samples.FONTS,
        moment=datetime.now(UTC),
        reason="Signed by Zoë, Saul",
        location="București",
        name="Bench SRL",
    ).data


def _verify(data, other, *, times):
    """Judge a file; or, as a floor, do so so many times and hash the other file besides."""
    trusted = [samples.identity()[0].certificate_der]

    def case(meter):
        with meter:
            for _time in range(times or 1):
                verdict = verify(data, trusted)
            if times:
                hashlib.sha256(other).digest()
        assert verdict.intact and verdict.trusted, verdict.problems

    return case


def _page(part, odoo):
    request = scene.sent_requests(odoo, scene.make(odoo), 1)[0]
    with odoo().env(commit=True) as env:
        document = env["signature.request"].browse(request)
        for signer in document.signer_ids:
            signer._submit(signing.answers(signer), "nonce", document.original_sha256, signing.ORIGIN)
        env["signature.request"]._cron_process()
        assert document.state == "completed", document.failure
        path = f"/verify/{document.verify_code}"
        floor_addon.make_page(env)
    return _over_http(part, odoo, path)


def _over_http(part, odoo, path):
    writes, paths = pages.rows_written(odoo), {"page": path, "floor": "/bench/page"}
    with web_server.running(odoo()) as server:
        for each in paths.values():  # both workers load the registry, and the scripts and styles are compiled
            server.get(each, pages.FEW, 1)
        samples_of = {name: [] for name in paths}
        for number in range(pages.ROUNDS):
            for name in sorted(paths, reverse=bool(number % 2)):
                samples_of[name].append(server.get(paths[name], 1, pages.SECONDS))
    writes = pages.rows_written(odoo) - writes
    return [
        compare(part, "verification page, against a minimal portal page", samples_of["page"], samples_of["floor"], 1.3),
        Result(part, "  rows written in the addon's tables by it", writes, "rows", 0),
    ]
