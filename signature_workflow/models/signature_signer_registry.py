from odoo import api, fields, models

from ..engine import mark_image
from .fonts import font_set
from .signature_request_field import MARK_TYPES, PICTURE


class SignatureSigner(models.Model):
    """The registry: every signature and approval received, with its mark."""

    _inherit = "signature.signer"

    mark_url = fields.Char(
        "Mark", compute="_compute_mark_url", compute_sudo=True, help="Address of a small picture of the signature."
    )
    template_id = fields.Many2one(related="request_id.template_id", string="Template")
    salesperson_id = fields.Many2one(related="request_id.user_id", string="Salesperson")
    record_name = fields.Char(related="request_id.record_name", string="Record")
    document_state = fields.Selection(related="request_id.state", string="State of the document")

    _registry_idx = models.Index("(date_signed DESC, id DESC) WHERE state IN ('signed', 'approved')")

    @api.depends("field_ids.value", "date_signed")
    def _compute_mark_url(self):
        self.mark_url = False
        # of the initials and the signature, and of several, the first signature
        filled = self.env["signature.request.field"].search_fetch(
            [
                ("signer_id", "in", self.filtered("date_signed").ids),
                ("type", "in", MARK_TYPES),
                ("value", "!=", False),
            ],
            ["signer_id", "type", "value", "attachment_id"],
            order="type desc, page, y, id",
        )
        for signer, fields_of_signer in filled.grouped("signer_id").items():
            signer.mark_url = fields_of_signer[0]._mark_url()

    def action_open_record(self):
        return self.request_id.action_open_record()

    def action_download(self):
        """Download the signed copy."""
        return self.request_id.action_download()

    def action_export_evidence(self):
        """Export the evidence of the documents of these signatures."""
        return self.request_id.action_export_evidence()


class SignatureRequestField(models.Model):
    _inherit = "signature.request.field"

    def _mark_url(self):
        """Return the address of a small picture of a filled signature or initials field."""
        self.ensure_one()
        if self.value == PICTURE:
            # twice as fine as it is shown
            return f"/web/image/{self.attachment_id.id}/{2 * mark_image.WIDTH}x{2 * mark_image.HEIGHT}"
        return mark_image.data_uri(self._mark(), font_set())
