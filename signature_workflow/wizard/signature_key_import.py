import base64

from odoo import fields, models


class SignatureKeyImport(models.TransientModel):
    """Replace a company's sealing key by one from a PKCS#12 file."""

    _name = "signature.key.import"
    _description = "Import a sealing key"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    file = fields.Binary("PKCS#12 file", required=True, attachment=False)
    file_name = fields.Char()
    password = fields.Char()

    def action_import(self):
        """Put the key in use. Raises UserError when the file does not serve."""
        self.ensure_one()
        data, password = base64.b64decode(self.file), self.password or ""
        self.env["signature.key"]._import_pkcs12(self.company_id, data, password)
        # neither key nor password may wait here for the clean-up of wizards
        self.unlink()
        return self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_key_action")
