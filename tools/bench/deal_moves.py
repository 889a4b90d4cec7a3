"""What a stage rule costs the person who moves deals."""

import contextlib
from unittest.mock import patch

from tools.bench import scene
from tools.bench.harness import compare, count_queries, interleave

MANY = 500
INTERFACE = {"lang": "en_US", "tz": "UTC", "allowed_company_ids": [1]}
"""The context that the web client always sends."""


def run(part, odoo):
    """Many deals and one deal, into a stage without a rule, with one, and past it."""
    here = scene.make(odoo)
    ids = scene.deals(odoo, here, MANY)
    return [
        *_many(part, odoo, here, ids),
        *_three_rules(part, odoo, ids),
        *_one(part, odoo, here, ids[0]),
        *_automation(part, odoo, here, ids),
    ]


def _many(part, odoo, here, ids):
    quiet = {"tracking_disable": True}
    samples = interleave(
        {
            "none": _case(odoo, here, ids, here.ruled, rules=False, **quiet),
            "ruled": _case(odoo, here, ids, here.ruled, **quiet),
            "other": _case(odoo, here, ids, here.other, **quiet),
            "none, other": _case(odoo, here, ids, here.other, rules=False, **quiet),
        }
    )
    return [
        compare(part, f"{MANY} deals into a stage with a rule, untracked", samples["ruled"], samples["none"], 1.4),
        count_queries(part, "  queries of that", samples["ruled"], 10, floor=samples["none"]),
        count_queries(part, "  into another stage", samples["other"], 0, floor=samples["none, other"]),
    ]


def _three_rules(part, odoo, ids):
    """A stage of its own, so that the others keep their one rule."""
    here = scene.make(odoo)
    with odoo().env(commit=True) as env:
        rule = env["signature.rule"].search([("stage_id", "=", here.ruled)])
        for _number in range(2):
            rule.copy({"template_id": rule.template_id.copy().id})
    quiet = {"tracking_disable": True}
    samples = interleave(
        {
            "none": _case(odoo, here, ids, here.ruled, rules=False, **quiet),
            "ruled": _case(odoo, here, ids, here.ruled, **quiet),
        }
    )
    return [
        compare(part, f"{MANY} deals into a stage with three rules, untracked", samples["ruled"], samples["none"], 2),
        count_queries(part, "  queries of that", samples["ruled"], 16, floor=samples["none"]),
    ]


def _one(part, odoo, here, deal):
    samples = interleave(
        {
            "none": _case(odoo, here, [deal], here.ruled, rules=False),
            "ruled": _case(odoo, here, [deal], here.ruled),
            "quiet none": _case(odoo, here, [deal], here.ruled, rules=False, tracking_disable=True),
            "quiet ruled": _case(odoo, here, [deal], here.ruled, tracking_disable=True),
        },
        runs=21,
    )
    return [
        compare(part, "one deal, dragged (tracked)", samples["ruled"], samples["none"], 1.2),
        count_queries(part, "  queries of that", samples["ruled"], 6, floor=samples["none"]),
        compare(part, "one deal, untracked", samples["quiet ruled"], samples["quiet none"], 1.2),
        count_queries(part, "  queries of that", samples["quiet ruled"], 6, floor=samples["quiet none"]),
    ]


def _automation(part, odoo, here, ids):
    """For information: what Odoo's own automation costs, with a rule that does nothing."""
    plain = {
        "many": _case(odoo, here, ids, here.other, rules=False, tracking_disable=True),
        "one": _case(odoo, here, ids[:1], here.other, rules=False),
    }
    before = interleave(plain, runs=7)
    with _empty_automation(odoo, here.other):
        after = interleave(plain, runs=7)
    note = "for information; not in turn with its floor, as a rule changes the process"
    return [
        compare(part, f"{MANY} deals with an empty base_automation rule", after["many"], before["many"]),
        compare(part, "one deal with an empty base_automation rule", after["one"], before["one"], note=note),
    ]


@contextlib.contextmanager
def _empty_automation(odoo, stage):
    with odoo().env(commit=True) as env:
        field = env["ir.model.fields"]._get("crm.lead", "stage_id")
        automation = env["base.automation"].create(
            {
                "name": "Does nothing",
                "model_id": field.model_id.id,
                "trigger": "on_stage_set",
                "trigger_field_ids": [(6, 0, field.ids)],
                "trg_field_ref": stage,
                "filter_domain": f"[('stage_id', '=', {stage})]",
                "action_server_ids": [
                    (0, 0, {"name": "Nothing", "model_id": field.model_id.id, "state": "code", "code": "pass"})
                ],
            }
        )
    try:
        yield
    finally:
        with odoo().env(commit=True) as env:
            env["base.automation"].browse(automation.id).unlink()


def _case(odoo, here, ids, stage, *, rules=True, **context):
    """Move deals as the kanban view does, up to the commit, which is then not made."""

    def case(meter):
        with contextlib.ExitStack() as stack:
            env = stack.enter_context(odoo().env(here.salesman, **INTERFACE, **context))
            env["signature.rule"]._plans()
            if not rules:
                stack.enter_context(patch.object(odoo().model("signature.rule"), "_plans", lambda _self: {}))
            with meter:
                leads = env["crm.lead"].browse(ids)
                if len(ids) == 1:
                    leads.web_save({"stage_id": stage}, {"stage_id": {}})
                else:
                    leads.write({"stage_id": stage})
                env.cr.flush()

    return case
