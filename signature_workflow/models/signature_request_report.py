from odoo import api, fields, models


class SignatureRequest(models.Model):
    """What lists show of declined documents."""

    _inherit = "signature.request"

    date_declined = fields.Datetime("Declined on", compute="_compute_declined", compute_sudo=True)
    decline_text = fields.Char("Reason to decline", compute="_compute_declined", compute_sudo=True)

    @api.depends("state")
    def _compute_declined(self):
        self.date_declined = self.decline_text = False
        declined = self.filtered(lambda request: request.state == "declined")
        for event in declined.env["signature.event"].search(
            [("request_id", "in", declined.ids), ("kind", "=", "declined")]
        ):
            event.request_id.date_declined = event.date
            event.request_id.decline_text = event.signer_id.decline_reason
