from odoo import fields, models


class MailActivity(models.Model):
    _inherit = "mail.activity"

    signature_request_id = fields.Many2one(
        "signature.request",
        "Signature request",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    signature_signer_id = fields.Many2one(
        "signature.signer", "Signer", readonly=True, index="btree_not_null", ondelete="set null"
    )
