from odoo import api, fields, models


class SignatureRequestCancel(models.TransientModel):
    """Cancel a request, and say why to those who open its links."""

    _name = "signature.request.cancel"
    _description = "Cancel a signature request"

    request_id = fields.Many2one("signature.request", required=True, readonly=True, ondelete="cascade")
    reason = fields.Text(help="Who opens a link of this document reads it; so do your colleagues.")

    @api.constrains("request_id")
    def _check_request_id(self):
        # Odoo checks with all rights, but it is the user's that count
        self.sudo(False).request_id.check_access("read")

    def action_cancel(self):
        """Cancel the request. Raises UserError when it is too late."""
        self.ensure_one()
        self.request_id.action_cancel((self.reason or "").strip())
        return {"type": "ir.actions.act_window_close"}
