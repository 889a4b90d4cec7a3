"""What the worker does with queued requests: find the signers, store the document, make the mails."""

import contextlib
from unittest.mock import patch

from tools.bench import scene
from tools.bench.harness import compare, count_queries, inform, interleave

BATCH, LARGE = 200, 1000
LARGE_RUNS = 3
FLOOR_LIMIT = 0.86
"""60 ms (0.6 x of the peer's 100 ms) over the floor's 70 ms on the machine where the peer was measured."""


def run(part, odoo):
    """One document, then batches of them."""
    here = scene.make(odoo)
    return [*_one(part, odoo, here), *_batches(part, odoo, here)]


def _one(part, odoo, here):
    deal = scene.deals(odoo, here, 1)
    samples = interleave(
        {
            "floor": _floor(odoo),
            "send": _case(odoo, here, deal),
            "delivered": _case(odoo, here, deal, delivered=True),
            "idle": _idle(odoo),
        },
        runs=15,
    )
    return [
        count_queries(
            part, "one document to two signers", samples["send"], 24, note="the worker's whole run, all commits"
        ),
        compare(
            part, "  against one mail.thread record and two send_mail", samples["send"], samples["floor"], FLOOR_LIMIT
        ),
        inform(part, "  a run of the worker without work", samples["idle"]),
        inform(part, "  with delivery after the commit, to no mail server", samples["delivered"]),
    ]


def _batches(part, odoo, here):
    ids = scene.deals(odoo, here, LARGE)
    few, many = _case(odoo, here, ids[:BATCH]), _case(odoo, here, ids)
    batch = [sample.per(BATCH) for sample in interleave({"few": few})["few"]]
    # the large batch takes as long as all others together
    growth = interleave({"few": few, "many": many}, runs=LARGE_RUNS, warm=True)
    small = [sample.per(BATCH) for sample in growth["few"]]
    large = [sample.per(LARGE) for sample in growth["many"]]
    return [
        count_queries(part, f"{BATCH} documents to two signers, each", batch, 1.5),
        compare(part, f"  {LARGE}, each, against {BATCH}", large, small, 1.1),
        compare(part, f"  {LARGE}, each, against {BATCH}: queries", large, small, 1.1, by="queries"),
    ]


def _case(odoo, here, ids, *, delivered=False):
    """Bring deals into the stage, then measure the worker; all that it made is removed before."""

    def case(meter):
        _reset(odoo, here, ids)
        with contextlib.ExitStack() as stack:
            env = stack.enter_context(odoo().env())
            if not delivered:
                stack.enter_context(patch.object(odoo().model("mail.mail"), "send_after_commit", lambda _self: None))
            with meter:
                env["signature.request"]._cron_process()
            found = env["signature.request"].search([])
            assert found.mapped("state") == ["sent"] * len(ids), found.mapped("failure")

    return case


def _reset(odoo, here, ids):
    with odoo().env(commit=True, tracking_disable=True) as env:
        # with all its parts
        env.cr.execute("DELETE FROM signature_request")
        env.cr.execute("DELETE FROM ir_attachment WHERE res_model = 'signature.request'")
        env.cr.execute("TRUNCATE mail_mail, mail_message CASCADE")
        env.cr.execute("UPDATE crm_lead SET stage_id = %s", [here.fresh])
        env.invalidate_all()
        env["crm.lead"].browse(ids).write({"stage_id": here.ruled})


def _idle(odoo):
    def case(meter):
        with odoo().env() as env:
            env.cr.execute("DELETE FROM signature_request")
            with meter:
                env["signature.request"]._cron_process()

    return case


def _floor(odoo):
    """What Odoo itself takes for such a record and two such mails."""
    template = _floor_template(odoo)

    def case(meter):
        with odoo().env() as env, meter:
            record = env["res.partner"].create({"name": "Zoë", "email": "zoe@client.example", "lang": "en_US"})
            for _mail in range(2):
                env["mail.template"].browse(template).send_mail(
                    record.id, email_layout_xmlid="mail.mail_notification_light"
                )
            env.cr.commit()

    return case


def _floor_template(odoo):
    """The addon's own mail, but about a contact."""
    with odoo().env(commit=True) as env:
        body = env.ref("signature_workflow.mail_template_request").body_html
        for own, common in {
            "object.request_id._date_expire_text(object.lang)": "object.create_date",
            "object.request_id.date_expire": "object.create_date",
            "object.role_id.name": "object.name",
            "object.participation": "object.type",
            "object.forwarded_by": "object.ref",
            "object.request_id.message": "object.ref",
            "object.request_id.": "object.",
            "object.name or object.company_id.name": "object.name",
        }.items():
            body = body.replace(own, common)
        values = {
            "name": "Floor",
            "model_id": env["ir.model"]._get_id("res.partner"),
            "subject": "Please sign: {{ object.name }}",
            "email_from": "bench@company.example",
            "email_to": "{{ object.email_formatted }}",
            "lang": "{{ object.lang }}",
            "auto_delete": True,
            "body_html": body,
        }
        return env["mail.template"].create(values).id
