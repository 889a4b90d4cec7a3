from odoo import api, fields, models
from odoo.exceptions import ValidationError

ACCESS_CODE_LENGTH = 4


class ResPartner(models.Model):
    _inherit = "res.partner"

    signature_access_code = fields.Char(
        "Access code for documents",
        groups="signature_workflow.group_user",
        copy=False,
        help="Agreed with this contact. Asked before a document is shown, where its template says so.",
    )
    is_signatory = fields.Boolean(
        "Signs for the company", help="This contact signs documents in the name of their company."
    )

    @api.constrains("signature_access_code")
    def _check_signature_access_code(self):
        for partner in self.sudo():
            code = partner.signature_access_code or ""
            if code and len("".join(code.split())) < ACCESS_CODE_LENGTH:
                raise ValidationError(
                    self.env._(
                        "The access code of “%(name)s” is too short: use at least %(length)s letters or digits.",
                        name=partner.name,
                        length=ACCESS_CODE_LENGTH,
                    )
                )
