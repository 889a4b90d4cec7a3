"""One more line of the audit trail, at its beginning and after a thousand others."""

from tools.bench import scene
from tools.bench.harness import compare, count_queries, interleave

SHORT, LONG = 1, 1000
LINES = 20
"""So many are written one by one in a run: a single one is too short to be measured."""
ORIGIN = {"ip": "192.0.2.7", "user_agent": "Bench"}


def run(part, odoo):
    """What a line costs, by the length of the trail before it."""
    here = scene.make(odoo)
    requests = dict(zip((SHORT, LONG), scene.sent_requests(odoo, here, 2), strict=True))
    _lengthen(odoo, requests[LONG])
    samples = interleave({length: _case(odoo, request) for length, request in requests.items()})
    short, long = ([sample.per(LINES) for sample in samples[length]] for length in (SHORT, LONG))
    return [
        count_queries(part, "a line of the audit trail", short, 2, note="one that finds the last line, one that adds"),
        count_queries(part, f"  after {LONG:,} lines", long, 2),
        compare(part, f"  after {LONG:,} lines against the first ones", long, short, 1.1),
    ]


def _lengthen(odoo, request):
    with odoo().env(commit=True) as env:
        for _line in range(LONG):
            env["signature.event"]._append(env["signature.request"].browse(request), "viewed", origin=ORIGIN)
        env.cr.execute("ANALYZE signature_event")


def _case(odoo, request):
    def case(meter):
        with odoo().env() as env:
            events, documents = env["signature.event"], env["signature.request"].browse(request)
            # who writes is known by then
            events._append(documents, "viewed", origin=ORIGIN)
            with meter:
                for line in range(LINES):
                    events._append(documents, "viewed", data={"line": line}, origin=ORIGIN)
                env.cr.flush()

    return case
