"""The cron that reminds: what those cost who are not due."""

import contextlib
from unittest.mock import patch

from tools.bench import scene
from tools.bench.harness import compare, count_queries, interleave

DUE, FEW, MANY = 100, 1_000, 100_000
RUNS = 7
TABLES = ("signature_request", "signature_signer")


def run(part, odoo):
    """The same signers are due, among few open documents, then among many."""
    here = scene.make(odoo)
    ids = scene.sent_requests(odoo, here, DUE)
    due = _first_signers(odoo, ids)
    samples = {}
    for total, before in ((FEW, DUE), (MANY, FEW)):
        _fill(odoo, ids[0], total - before)
        samples |= interleave({total: _case(odoo, due)}, runs=RUNS)
    note = "wall time, most of which is the database's; not in turn, as the rows are added in between"
    what = f"{DUE} reminders among {MANY:,} open documents against {FEW:,}"
    return [
        compare(part, what, samples[MANY], samples[FEW], 2, by="wall", note=note),
        count_queries(part, "  queries of that", samples[MANY], 0, floor=samples[FEW]),
    ]


def _first_signers(odoo, ids):
    with odoo().env() as env:
        return [request.signer_ids[0].id for request in env["signature.request"].browse(ids)]


def _fill(odoo, model_id, count):
    """Add so many copies of a request that was sent, with its signers, who are to be reminded next week."""
    with odoo().env(commit=True) as env:
        rows, signers = (_columns(env, table) for table in TABLES)
        others = ", ".join(name for name in signers if name not in ("request_id", "date_remind"))
        env.cr.execute(
            f"""
            WITH copied AS (
                INSERT INTO signature_request ({", ".join(rows)})
                     SELECT {", ".join(rows)} FROM signature_request, generate_series(1, %s) WHERE id = %s
                  RETURNING id)
            INSERT INTO signature_signer (request_id, date_remind, {others})
                 SELECT copied.id, now() AT TIME ZONE 'UTC' + interval '7 days', {others}
                   FROM copied, signature_signer WHERE request_id = %s""",
            [count, model_id, model_id],
        )
        env.cr.execute("ANALYZE " + ", ".join(TABLES))


def _columns(env, table):
    env.cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    return [name for (name,) in env.cr.fetchall() if name != "id"]


def _case(odoo, due):
    def case(meter):
        with contextlib.ExitStack() as stack:
            stack.enter_context(patch.object(odoo().model("mail.mail"), "send_after_commit", lambda _self: None))
            # whatever day it is
            signer = odoo().model("signature.signer")
            stack.enter_context(patch.object(signer, "_decent_moment", lambda _self, now, _days: now))
            with odoo().env(commit=True) as env:
                values = {"date_remind": "2020-01-01", "reminders": 0, "date_reminded": False}
                env["signature.signer"].browse(due).write(values)
            env = stack.enter_context(odoo().env())
            with meter:
                env["signature.signer"]._cron_remind()
            assert env["signature.signer"].browse(due).mapped("reminders") == [1] * len(due)

    return case
