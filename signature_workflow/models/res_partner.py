from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    signature_access_code = fields.Char(
        "Access code for documents",
        groups="signature_workflow.group_user",
        help="Agreed with this contact. Asked before a document is shown, where its template says so.",
    )
    is_signatory = fields.Boolean(
        "Signs for the company", help="This contact signs documents in the name of their company."
    )
