from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError

RETENTION = ("signature_keep_years", "signature_purge_days")
# after a change of these nothing is deleted for so long
RETENTION_PAUSE = timedelta(days=7)


class ResCompany(models.Model):
    """What the settings of a company may say."""

    _inherit = "res.company"

    @api.constrains(*RETENTION)
    def _check_signature_retention(self):
        for company in self:
            if company.signature_keep_years < 0 or company.signature_purge_days < 0:
                raise ValidationError(
                    self.env._(
                        "A number below 0 is not possible for %s. Enter 0 to keep documents for ever.", company.name
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        for company in companies.sudo():
            if any(company._retention_numbers()):
                company._retention_changed((0, 0))
        return companies

    def write(self, vals):
        changed = self.sudo() if any(name in vals for name in RETENTION) else self.browse()
        before = {company: company._retention_numbers() for company in changed}
        result = super().write(vals)
        for company, numbers in before.items():
            if company._retention_numbers() != numbers:
                company._retention_changed(numbers)
        return result

    def _retention_numbers(self):
        """Return the years and the days after which documents are deleted, 0 being never."""
        self.ensure_one()
        return tuple(self[name] for name in RETENTION)

    def _retention_changed(self, before):
        """Let nobody's documents be deleted for some days, and note on the company's contact who changed what."""
        self.signature_retention_from = fields.Date.today() + RETENTION_PAUSE
        years, days = self._retention_numbers()
        note = self.env._(
            "%(user)s changed how long %(company)s keeps documents for signature. Signed ones: %(years)s years "
            "(before: %(years_before)s). What came to nothing: %(days)s days (before: %(days_before)s). 0 is for "
            "ever. Nothing is deleted before %(date)s.",
            user=self.env.user.name,
            company=self.name,
            years=years,
            years_before=before[0],
            days=days,
            days_before=before[1],
            date=self.signature_retention_from,
        )
        self.partner_id._message_log(body=note, author_id=self.env.user.partner_id.id)
