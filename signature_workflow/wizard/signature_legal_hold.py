from odoo import api, fields, models


class SignatureLegalHold(models.TransientModel):
    """Put documents on legal hold, or lift it, with a reason: chosen ones, or all of a contact."""

    _name = "signature.legal.hold"
    _description = "Legal hold"

    request_ids = fields.Many2many("signature.request", string="Documents", readonly=True)
    action = fields.Selection(
        [("hold", "Put on legal hold"), ("lift", "Lift the legal hold")],
        "What to do",
        required=True,
        default="hold",
    )
    reason = fields.Text(required=True, help="It stays in the audit trail, and colleagues read it.")

    @api.model
    def default_get(self, fields):
        """Take the documents of the selection: requests themselves, or those in which contacts take part."""
        values = super().default_get(fields)
        model, ids = self.env.context.get("active_model"), self.env.context.get("active_ids") or []
        requests = self.env["signature.request"]
        if model == requests._name:
            requests = requests.browse(ids)
        elif model == "res.partner":
            requests = requests.search([("signer_ids.partner_id", "child_of", ids), ("is_test", "=", False)])
        if requests and requests == requests.filtered("legal_hold"):
            values["action"] = "lift"
        return values | {"request_ids": [(6, 0, requests.ids)]}

    @api.constrains("request_ids")
    def _check_request_ids(self):
        # Odoo checks with all rights, but it is the user's that count
        self.sudo(False).request_ids.check_access("read")

    def action_apply(self):
        """Do it. Returns a notification that says for how many documents that changed something."""
        self.ensure_one()
        lift = self.action == "lift"
        count = len(self.request_ids._change_legal_hold(lift, self.reason))
        if lift:
            message = self.env._("Documents no longer on legal hold: %s.", count)
        else:
            message = self.env._("Documents put on legal hold: %s.", count)
        kind = "success" if count else "info"
        following = {"type": "ir.actions.act_window_close"}
        return self.env["signature.template"]._notification(message, type=kind, next=following)
