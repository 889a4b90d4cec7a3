from odoo import api, fields, models


class SignatureRequestWithdraw(models.TransientModel):
    """Withdraw the acceptance of a signed document, and say why to those who have signed it."""

    _name = "signature.request.withdraw"
    _description = "Withdraw an acceptance"

    request_id = fields.Many2one("signature.request", required=True, readonly=True, ondelete="cascade")
    reason = fields.Text(required=True, help="The signers read it; so do your colleagues.")

    @api.constrains("request_id")
    def _check_request_id(self):
        # Odoo checks with all rights, but it is the user's that count
        self.sudo(False).request_id.check_access("read")

    def action_withdraw(self):
        """Withdraw the acceptance. Raises UserError when there is nothing to withdraw."""
        self.ensure_one()
        self.request_id.action_withdraw(self.reason)
        return {"type": "ir.actions.act_window_close"}
