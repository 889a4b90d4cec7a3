from odoo import fields, models


class SignatureDeclineReason(models.Model):
    """Why people decline, to choose from on the signing page."""

    _name = "signature.decline.reason"
    _description = "Reason to decline"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    needs_words = fields.Boolean("Own words needed", help="Whoever chooses it has to say more.")
