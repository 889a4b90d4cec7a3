from odoo import api, fields, models


class SignatureRequestCorrect(models.TransientModel):
    """Send a corrected document instead of one that waits: what has changed, and what is lost."""

    _name = "signature.request.correct"
    _description = "Send a corrected document"

    request_id = fields.Many2one("signature.request", required=True, readonly=True, ondelete="cascade")
    drift = fields.Text(related="request_id.drift", related_sudo=False)
    signed = fields.Char(compute="_compute_signed", help="Who has answered already and will be asked again.")

    @api.constrains("request_id")
    def _check_request_id(self):
        # Odoo checks with all rights, but it is the user's that count
        self.sudo(False).request_id.check_access("read")

    @api.depends("request_id")
    def _compute_signed(self):
        for correct in self:
            done = correct.request_id.signer_ids.filtered(lambda signer: signer.state in ("signed", "approved"))
            correct.signed = ", ".join(done.mapped("name"))

    def action_send(self):
        """Cancel the document and send the corrected one. Raises UserError saying what is missing."""
        self.ensure_one()
        new = self.request_id.action_resend_corrected()
        text = self.env._("The corrected “%s” is on its way.", new.name)
        return self.env["signature.template"]._notification(text, next={"type": "ir.actions.act_window_close"})
