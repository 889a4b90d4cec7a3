from odoo import fields, models


class SignatureRequestCancel(models.TransientModel):
    """Cancel a request, and say why to those who open its links."""

    _name = "signature.request.cancel"
    _description = "Cancel a signature request"

    request_id = fields.Many2one("signature.request", required=True, readonly=True, ondelete="cascade")
    reason = fields.Text(help="Who opens a link of this document reads it; so do your colleagues.")

    def action_cancel(self):
        """Cancel the request. Raises UserError when it is too late."""
        self.ensure_one()
        self.request_id.action_cancel((self.reason or "").strip())
        return {"type": "ir.actions.act_window_close"}
