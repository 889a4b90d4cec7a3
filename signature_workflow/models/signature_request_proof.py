from odoo import fields, models

from ..engine import links


class SignatureRequest(models.Model):
    """What stands up later: the seal, its time, and the address at which anybody can check it."""

    _inherit = "signature.request"

    verify_code = fields.Char(
        "Verification code", readonly=True, copy=False, help="Printed into the signed copy; opens nothing of it."
    )
    key_id = fields.Many2one("signature.key", "Sealing key", readonly=True, ondelete="restrict")
    seal_level = fields.Selection(
        [("b", "PAdES B-B"), ("t", "PAdES B-T"), ("lt", "PAdES B-LT")],
        "Seal",
        readonly=True,
        help="B-B: sealed. B-T: with a trusted time. B-LT: also with all that is needed to check it later.",
    )
    timestamp_state = fields.Selection(
        [
            ("none", "No timestamp server"),
            ("embedded", "Timestamped in the seal"),
            ("pending", "Not timestamped yet"),
            ("later", "Timestamped after sealing"),
        ],
        "Timestamp",
        readonly=True,
        index="btree_not_null",
    )
    date_timestamp = fields.Datetime(
        "Time of the timestamp", readonly=True, help="As the timestamp server says, in UTC."
    )
    timestamp_id = fields.Many2one(
        "ir.attachment",
        "Timestamp of the signed copy",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="RFC 3161 answer over the SHA-256 of the whole file, where the seal itself has none.",
    )

    _verify_code_uniq = models.UniqueIndex("(verify_code) WHERE verify_code IS NOT NULL")
    _final_sha256_idx = models.Index("(final_sha256) WHERE final_sha256 IS NOT NULL")

    def _verify_url(self):
        """Return the public address at which the signed copy can be checked."""
        self.ensure_one()
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        return links.verify_url(base, self.verify_code)
