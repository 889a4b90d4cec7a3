from odoo import api, models
from odoo.exceptions import ValidationError


class ResCompany(models.Model):
    """What the settings of a company may say."""

    _inherit = "res.company"

    @api.constrains("signature_keep_years", "signature_purge_days")
    def _check_signature_retention(self):
        for company in self:
            if company.signature_keep_years < 0 or company.signature_purge_days < 0:
                raise ValidationError(
                    self.env._(
                        "%s cannot keep documents for less than no time. Enter 0 to keep them for ever.", company.name
                    )
                )
