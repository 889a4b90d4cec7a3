import base64
import binascii
import re

from odoo import api, fields, models
from odoo.exceptions import UserError

# RFC 7292: a SEQUENCE that begins with the version 3
PKCS12 = re.compile(rb"\x30(?:[\x00-\x80]|\x81.|\x82..|\x83.{3}|\x84.{4})\x02\x01\x03", re.DOTALL)


class SignatureKeyImport(models.TransientModel):
    """Replace a company's sealing key by one from a PKCS#12 file.

    The file is read when the dialog is saved: neither key nor password is ever stored here, also not when they do
    not serve.
    """

    _name = "signature.key.import"
    _description = "Import a sealing key"

    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    file = fields.Binary("PKCS#12 file", store=False, attachment=False)
    file_name = fields.Char(store=False)
    password = fields.Char(store=False)
    key_id = fields.Many2one("signature.key", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        """Put the keys in use. Raises UserError when a file does not serve."""
        # before anything is done with the file
        self.check_access("create")
        return super().create([self._imported(vals) for vals in vals_list])

    def _imported(self, vals):
        company = self.env["res.company"].browse(vals.get("company_id") or self.env.company.id)
        company.check_access("read")
        try:
            data = base64.b64decode(vals.get("file") or b"")
        except binascii.Error:
            data = b""
        if not data:
            raise UserError(self.env._("Choose the file with the key of %s, ending in .p12 or .pfx.", company.name))
        if not PKCS12.match(data):
            raise UserError(
                self.env._("This is no PKCS#12 file. Choose the one with the key and its certificate, .p12 or .pfx.")
            )
        key = self.env["signature.key"]._import_pkcs12(company, data, vals.get("password") or "")
        return {"company_id": company.id, "key_id": key.id}

    def action_import(self):
        """Show the key that is in use now."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "signature.key",
            "res_id": self.key_id.id,
            "views": [(False, "form")],
        }
