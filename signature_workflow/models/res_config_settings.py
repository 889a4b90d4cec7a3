from odoo import api, fields, models
from odoo.tools import format_date


class ResConfigSettings(models.TransientModel):
    """The settings of a company that have to do with signatures; what they mean stands in res.company."""

    _inherit = "res.config.settings"

    signature_tsa_url = fields.Char(related="company_id.signature_tsa_url", readonly=False)
    signature_tsa_certificates = fields.Text(related="company_id.signature_tsa_certificates", readonly=False)
    signature_keep_years = fields.Integer(related="company_id.signature_keep_years", readonly=False)
    signature_purge_days = fields.Integer(related="company_id.signature_purge_days", readonly=False)
    signature_retention_preview = fields.Char(compute="_compute_signature_retention_preview")

    @api.depends("company_id", "signature_keep_years", "signature_purge_days")
    def _compute_signature_retention_preview(self):
        for settings in self:
            settings.signature_retention_preview = settings._signature_retention_text()

    def _signature_retention_text(self):
        """Return what the next run would delete with the numbers as they stand, saved or not."""
        years, days = max(self.signature_keep_years, 0), max(self.signature_purge_days, 0)
        if not (years or days):
            return self.env._("Nothing is deleted: all documents are kept for ever.")
        counts = self.company_id._retention_preview(years, days)
        text = self.env._(
            "The next run deletes signed documents: %(completed)s, and documents that came to nothing: %(nothing)s.",
            completed=counts["completed"],
            nothing=counts["nothing"],
        )
        if first := counts["from"]:
            text += " " + self.env._("The first run with these numbers is on %s.", format_date(self.env, first))
        if counts["held"]:
            text += " " + self.env._("Kept by legal hold: %s.", counts["held"])
        return text

    def action_signature_test_timestamp(self):
        """Ask the timestamp server that is set up, and say what it answers."""
        return self.company_id.action_test_timestamp()

    def action_signature_company(self):
        """Open the company, where its stamp is."""
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.company",
            "res_id": self.company_id.id,
            "views": [(False, "form")],
        }
