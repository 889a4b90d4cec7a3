from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import clean_context

from .signature_policy import ACTING

ENTRIES = "signature_workflow.stage_entries"
# whose signers are not counted
UNCOUNTED = ("cancelled", "declined", "expired", "withdrawn")


class CrmLead(models.Model):
    _inherit = "crm.lead"

    signature_request_ids = fields.One2many(
        "signature.request",
        "res_id",
        "Signature requests",
        domain=[("res_model", "=", "crm.lead"), ("is_test", "=", False)],
    )
    signature_state = fields.Selection(
        [
            ("failed", "Failed"),
            ("paper", "To be signed on paper"),
            ("waiting", "Waiting for signatures"),
            ("held", "Waiting for payment or a condition"),
            ("declined", "Declined"),
            ("expired", "Not signed in time"),
            ("withdrawn", "Acceptance withdrawn"),
            ("signed", "Signed"),
            ("cancelled", "Cancelled"),
        ],
        compute="_compute_signature_state",
        compute_sudo=True,
        help="What has to be known first, of all documents of the deal.",
    )
    signature_progress = fields.Char("Signatures", compute="_compute_signature_state", compute_sudo=True)
    signature_failure = fields.Text(compute="_compute_signature_state", compute_sudo=True)
    signature_count = fields.Integer("Documents", compute="_compute_signature_count", compute_sudo=True)

    @api.depends("signature_request_ids")
    def _compute_signature_count(self):
        for lead in self:
            lead.signature_count = len(lead.signature_request_ids)

    @api.depends(
        "signature_request_ids.state",
        "signature_request_ids.is_unlinked",
        "signature_request_ids.signer_ids.state",
        "signature_request_ids.reaction_ids.state",
    )
    def _compute_signature_state(self):
        order = [key for key, __ in self._fields["signature_state"].selection]
        names = {"completed": "signed", "draft": "waiting", "queued": "waiting", "sent": "waiting", "signed": "waiting"}
        by_lead, reactions, signers = self._signature_parts()
        for lead in self:
            mine = by_lead.get(lead._origin.id, self.env["signature.request"])
            failed = mine.filtered(lambda request: request.state == "failed")
            undone = reactions.filtered(lambda reaction, mine=mine: reaction.request_id in mine)
            states = {names.get(request.state, request.state) for request in mine} | ({"failed"} if undone else set())
            lead.signature_state = min(states, key=order.index) if states else False
            lead.signature_progress = signers.filtered(lambda s, mine=mine: s.request_id in mine)._progress()
            lead.signature_failure = "\n".join([*failed.mapped("failure"), *undone.mapped("failure")])

    def _signature_parts(self):
        """Return the requests that count, by the id of their deal, their failed reactions, and who acts in them.

        Only what a card shows is read: the rows are wide, and a pipeline shows hundreds of cards.
        """
        asked = [
            ("res_model", "=", self._name),
            ("res_id", "in", self._origin.ids),
            ("is_test", "=", False),
            ("is_unlinked", "=", False),
        ]
        requests = self.env["signature.request"].search_fetch(asked, ["res_id", "state", "failure"])
        failed = [("request_id", "in", requests.ids), ("state", "=", "failed")]
        counted = requests.filtered(lambda request: request.state not in UNCOUNTED).ids
        acting = [("request_id", "in", counted), ("participation", "in", ACTING)]
        return (
            requests.grouped("res_id"),
            self.env["signature.reaction"].search_fetch(failed, ["request_id", "failure"]),
            self.env["signature.signer"].search_fetch(acting, ["request_id", "role_id", "participation", "state"]),
        )

    def action_retry_signatures(self):
        """Try again what has failed on these deals: requests and what should follow from them."""
        requests = self.signature_request_ids
        requests.filtered(lambda request: request.state == "failed").action_retry()
        requests.reaction_ids.filtered(lambda reaction: reaction.state == "failed").action_retry()

    # Stage entries: every way into a stage ends in one of these three methods

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        watched = self.env["signature.rule"]._plans()
        leads._note_entries({lead.id: (False, lead.active) for lead in leads if lead.stage_id.id in watched})
        return leads

    def write(self, vals):
        if self.env["signature.rule"]._plans():
            if vals.get("type") == "opportunity":
                # a lead that becomes a deal enters the stage that it is in
                self._note_entries({lead.id: (False, lead.active) for lead in self if lead.type == "lead"})
            if not {"stage_id", "active"}.isdisjoint(vals):
                self._note_entries({lead.id: (lead.stage_id.id, lead.active) for lead in self})
        return super().write(vals)

    def _write_multi(self, vals_list):
        """Note what `write` does not see: stages that were recomputed after a team change."""
        noted = self.env.cr.precommit.data.get(ENTRIES, {})
        moved = [
            lead.id for lead, vals in zip(self, vals_list, strict=True) if "stage_id" in vals and lead.id not in noted
        ]
        if moved and self.env["signature.rule"]._plans():
            # the rows still hold the stage of before
            self.env.cr.execute("SELECT id, stage_id, active FROM crm_lead WHERE id IN %s", [tuple(moved)])
            self._note_entries({lead: (stage or False, active) for lead, stage, active in self.env.cr.fetchall()})
        return super()._write_multi(vals_list)

    def _note_entries(self, before):
        """Have stages entered and left looked at once, when the transaction is about to commit.

        `before` is `{deal id: (stage id or False, whether it is active)}`; what was noted first counts.
        """
        if not before:
            return
        precommit = self.env.cr.precommit
        if ENTRIES not in precommit.data:
            precommit.data[ENTRIES] = {}
            rules = self.env["signature.rule"].with_context(clean_context(self.env.context)).sudo()
            precommit.add(lambda: rules._process_entries(precommit.data.pop(ENTRIES)))
        noted = precommit.data[ENTRIES]
        for lead_id, stood in before.items():
            noted.setdefault(lead_id, stood)

    def _signature_contact(self):
        self.ensure_one()
        return {
            "name": self.contact_name or self.partner_name,
            "email": self.email_from,
            "lang": self.lang_code,
            "phone": self.phone_sanitized,
        }

    def _merge_dependences(self, opportunities):
        """The merged deals go; their documents stay with the deal that is kept."""
        # before their copies follow them: what is on legal hold moves with its document only
        opportunities._all_signature_requests().write({"res_id": self.id})
        return super()._merge_dependences(opportunities)

    def _all_signature_requests(self):
        """Return the requests of these deals, tests included (sudo)."""
        return self.env["signature.request"].sudo().search([("res_model", "=", self._name), ("res_id", "in", self.ids)])

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signatures(self):
        requests = self._all_signature_requests()
        if requests.filtered(lambda request: not request.is_test).original_id:
            raise UserError(
                self.env._(
                    "A deal with signed or sent documents cannot be deleted: they are evidence. Archive it instead."
                )
            )
        requests._move("cancelled")
        noted = self.env.cr.precommit.data.get(ENTRIES, {})
        for lead_id in self.ids:
            noted.pop(lead_id, None)

    def action_sign(self):
        """Open the send dialog with the document that was sent last, and the people of this deal."""
        self.ensure_one()
        return self.env["signature.template"].action_send_for(self._name, self.id)

    def action_view_signatures(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_request_action")
        action["domain"] = [("res_model", "=", self._name), ("res_id", "=", self.id)]
        action["context"] = {}
        if len(self.signature_request_ids) == 1:
            action["views"] = [(False, "form")]
            action["res_id"] = self.signature_request_ids.id
        return action
