from odoo import api, fields, models


class SignatureRequestPaper(models.TransientModel):
    """Take the scan of a document that was signed on paper."""

    _name = "signature.request.paper"
    _description = "Signed on paper"

    request_id = fields.Many2one("signature.request", required=True, readonly=True, ondelete="cascade")
    attachment_ids = fields.Many2many("ir.attachment", string="Scan", help="One PDF, or a picture of each page.")

    @api.constrains("request_id")
    def _check_request_id(self):
        # Odoo checks with all rights, but it is the user's that count
        self.sudo(False).request_id.check_access("read")

    def action_file(self):
        """File the scan as the signed copy. Raises UserError when it is not accepted, or it is too late."""
        self.ensure_one()
        files = self.attachment_ids
        self.request_id._sign_on_paper([file.raw for file in files])
        files.filtered(lambda file: file.res_model == self._name).unlink()
        return {"type": "ir.actions.act_window_close"}
