from odoo import api, fields, models
from odoo.exceptions import ValidationError

# what is shorter can be guessed, what is longer is no code any more
ACCESS_CODE_LENGTHS = range(4, 101)


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
            if code and len("".join(code.split())) not in ACCESS_CODE_LENGTHS:
                raise ValidationError(
                    self.env._(
                        "The access code of “%(name)s” needs %(least)s to %(most)s letters or digits.",
                        name=partner.name,
                        least=ACCESS_CODE_LENGTHS[0],
                        most=ACCESS_CODE_LENGTHS[-1],
                    )
                )
