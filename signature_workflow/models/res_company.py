import base64

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import images
from ..engine.errors import ValueRefused
from .engine_messages import engine_message


class ResCompany(models.Model):
    """The company's stamp, its timestamp server, and how long it keeps documents."""

    _inherit = "res.company"

    # who can read it can forge it
    signature_stamp = fields.Image(
        "Company stamp",
        max_width=1024,
        max_height=1024,
        groups="signature_workflow.group_user,base.group_system",
        help="Stands in the stamp fields that colleagues fill, unless they choose another picture. PNG or JPEG.",
    )

    signature_tsa_url = fields.Char(
        "Timestamp server",
        groups="base.group_system",
        help="Address of an RFC 3161 server, http or https. Empty: sealed documents carry no trusted time.",
    )
    signature_tsa_certificates = fields.Text(
        "Certificates of the timestamp server",
        groups="base.group_system",
        help="PEM. Only timestamps by these, or issued under them, are accepted. Empty: any certificate.",
    )
    signature_keep_years = fields.Integer(
        "Keep signed documents for (years)",
        groups="base.group_system",
        help="Counted from the day of the signed copy; then they are deleted. A deal that enters the stage again later "
        "is sent the document anew. 0: for ever.",
    )
    signature_purge_days = fields.Integer(
        "Delete what came to nothing after (days)",
        groups="base.group_system",
        help="Drafts, cancelled, declined and expired documents, and tests. 0: never.",
    )
    signature_retention_from = fields.Date(
        "Nothing is deleted before",
        readonly=True,
        groups=fields.NO_ACCESS,
        help="So that a change of these numbers can be undone.",
    )

    @api.constrains("signature_stamp")
    def _check_signature_stamp(self):
        for company in self:
            try:
                company.sudo()._signature_picture()
            except ValueRefused as error:
                raise ValidationError(engine_message(self.env, error)) from error

    def _signature_picture(self):
        """Return the company's stamp as the engine's Picture, or None. Raises ValueRefused."""
        self.ensure_one()
        stamp = self.with_context(bin_size=False).signature_stamp
        return images.normalise(base64.b64decode(stamp)) if stamp else None
