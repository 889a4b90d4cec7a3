from odoo import fields, models


class SignatureTemplateRole(models.Model):
    """One role of a template and its turn; roles of the same turn sign side by side."""

    _name = "signature.template.role"
    _description = "Signature template role"
    _order = "sequence, id"

    template_id = fields.Many2one("signature.template", required=True, index=True, ondelete="cascade")
    role_id = fields.Many2one("signature.role", required=True, ondelete="restrict")
    sequence = fields.Integer(
        "Turn", default=1, help="1 signs first. Roles with the same number sign at the same time."
    )
    policy = fields.Selection(related="role_id.policy")

    _role_uniq = models.Constraint("UNIQUE (template_id, role_id)", "A role takes part once in a template.")
