from odoo import fields, models


class SignatureRuleRun(models.Model):
    """One entry of a deal into a stage, for one rule: unique, so that nothing is sent twice."""

    _name = "signature.rule.run"
    _inherit = ["signature.document.access"]
    _description = "Signature rule run"
    _order = "id desc"

    rule_id = fields.Many2one("signature.rule", required=True, readonly=True, ondelete="restrict")
    lead_id = fields.Many2one("crm.lead", required=True, readonly=True, index=True, ondelete="cascade")
    entry = fields.Integer(required=True, readonly=True, help="Counts the entries that sent a document, from 1.")

    _entry_uniq = models.UniqueIndex("(rule_id, lead_id, entry)")
