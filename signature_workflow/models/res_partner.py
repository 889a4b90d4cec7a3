from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    is_signatory = fields.Boolean(
        "Signs for the company", help="This contact signs documents in the name of their company."
    )
