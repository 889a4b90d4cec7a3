"""The records that the parts in Odoo work on."""

import base64
from dataclasses import dataclass

from tools.bench import samples


@dataclass(frozen=True)
class Scene:
    """Ids: a stage without and one with a rule, and who takes part."""

    fresh: int
    ruled: int
    other: int
    team: int
    partner: int
    salesman: int
    signatory: int
    template: int


def make(odoo, *, pages=3, turns=(1, 1)):
    """A stage whose rule sends a PDF file of so many pages, without merge fields, to a client and our signatory."""
    with odoo().env(commit=True, tracking_disable=True) as env:
        fresh, ruled, other = env["crm.stage"].create(
            [{"name": n, "sequence": 100} for n in ("Fresh", "Ruled", "Other")]
        )
        salesman, signatory = (_user(env, name, pages, turns) for name in ("saul", "ceo"))
        scene = Scene(
            fresh=fresh.id,
            ruled=ruled.id,
            other=other.id,
            team=env["crm.team"].create({"name": "Bench team"}).id,
            partner=env["res.partner"].create({"name": "Zoë", "email": "zoe@client.example", "lang": "en_US"}).id,
            salesman=salesman.id,
            signatory=signatory.id,
            template=_template(env, pages, turns).id,
        )
        env["signature.rule"].create(
            {
                "stage_id": scene.ruled,
                "template_id": scene.template,
                "signatory_id": scene.signatory,
                "action_ids": [(0, 0, {"event": "signed", "kind": "won"})],
                "company_id": False,
            }
        )
    return scene


def _user(env, name, pages, turns):
    return env["res.users"].create(
        {
            "name": name.title(),
            "login": f"{name}-{pages}-{turns}-{env['res.users'].search_count([])}",
            "email": f"{name}@company.example",
            "group_ids": [(6, 0, [env.ref("sales_team.group_sale_salesman_all_leads").id])],
            "tz": "UTC",
        }
    )


def _template(env, pages, turns):
    client, company = (env.ref(f"signature_workflow.role_{name}").id for name in ("client", "company"))
    fields = [
        {"role_id": client, "type": "signature", "name": "Signature", "page": -1, "y": 70, "height": 8},
        {"role_id": client, "type": "name", "name": "Name", "page": -1, "y": 80, "height": 3},
        {"role_id": client, "type": "date_signed", "name": "Date", "page": -1, "y": 84, "height": 3},
        {"role_id": client, "type": "text", "name": "PO", "page": -1, "y": 88, "height": 3},
        {"role_id": client, "type": "checkbox", "name": "I agree", "page": -1, "y": 92, "width": 3, "height": 3},
        {"role_id": company, "type": "signature", "name": "Ours", "page": -1, "x": 60, "y": 70, "height": 8},
    ]
    roles = zip((client, company), turns, strict=True)
    return env["signature.template"].create(
        {
            "name": f"Agreement of {pages} pages",
            "kind": "pdf",
            "pdf_file": base64.b64encode(samples.pdf(pages)),
            "role_ids": [(0, 0, {"role_id": role, "sequence": turn}) for role, turn in roles],
            "field_ids": [(0, 0, values) for values in fields],
        }
    )


def deals(odoo, scene, count):
    """The ids of so many new deals in the stage without a rule."""
    with odoo().env(commit=True, tracking_disable=True) as env:
        return (
            env["crm.lead"]
            .create(
                [
                    {
                        "name": f"Deal {number}",
                        "type": "opportunity",
                        "partner_id": scene.partner,
                        "user_id": scene.salesman,
                        "stage_id": scene.fresh,
                        "team_id": scene.team,
                    }
                    for number in range(count)
                ]
            )
            .ids
        )


def sent_requests(odoo, scene, count):
    """The ids of so many requests that have been sent, made the public way: deal, stage, worker."""
    ids = deals(odoo, scene, count)
    with odoo().env(commit=True, tracking_disable=True) as env:
        env["crm.lead"].browse(ids).write({"stage_id": scene.ruled})
    with odoo().env(commit=True) as env:
        env["signature.request"]._cron_process()
        requests = env["signature.request"].search([("res_model", "=", "crm.lead"), ("res_id", "in", ids)])
        states = requests.mapped("state")
        assert states == ["sent"] * count, (states, requests.mapped("failure"))
        return requests.ids


def token(signer):
    """The secret of a new link of a signer."""
    return signer.env["signature.link"]._make(signer, "email")[signer.id].rpartition("/")[2]
