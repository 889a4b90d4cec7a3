"""Cancelling documents that wait, one and many at once; the worker tells their signers."""

from tools.bench import scene
from tools.bench.harness import compare, count_queries, inform, interleave

MANY = 25


def run(part, odoo):
    """What the person who cancels waits for; then what the worker does with each."""
    here = scene.make(odoo)
    ids = scene.sent_requests(odoo, here, MANY)
    samples = interleave({"one": _cancel(odoo, ids[:1]), "many": _cancel(odoo, ids)})
    each = [sample.per(MANY) for sample in samples["many"]]
    telling = interleave({"tell": _tell(odoo, ids)})["tell"]
    return [
        count_queries(part, "cancelling a document", samples["one"]),
        count_queries(part, f"  {MANY} at once", samples["many"], floor=samples["one"], limit=MANY),
        compare(part, f"  {MANY} at once, each, against one", each, samples["one"], 0.5),
        inform(part, "  telling its signers, by the worker, each", [sample.per(MANY) for sample in telling]),
    ]


def _cancel(odoo, ids):
    def case(meter):
        with odoo().env() as env, meter:
            env["signature.request"].browse(ids).action_cancel("No longer wanted")
            env.cr.flush()

    return case


def _tell(odoo, ids):
    def case(meter):
        with odoo().env() as env:
            env["signature.request"].browse(ids).action_cancel("No longer wanted")
            told = env["signature.reaction"].search([("kind", "=", "tell"), ("request_id", "in", ids)])
            assert len(told) == len(ids)
            env.cr.flush()
            env.invalidate_all()
            with meter:
                for reaction in told:
                    reaction._for_sender()._apply()
                env.cr.flush()

    return case
