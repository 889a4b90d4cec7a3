import json

from odoo import fields, models

from ..engine import marks
from ..engine.pdf.stamp import Stamp
from ..engine.placement import Box
from .signature_template_field import FIELD_TYPES


class SignatureRequestField(models.Model):
    """A field of one sent document: its box never changes, its value comes from its signer."""

    _name = "signature.request.field"
    _inherit = ["signature.document.access"]
    _description = "Signature request field"
    _order = "page, y, x, id"

    signer_id = fields.Many2one("signature.signer", required=True, readonly=True, index=True, ondelete="restrict")
    type = fields.Selection(FIELD_TYPES, required=True, readonly=True)
    name = fields.Char(readonly=True)
    required = fields.Boolean(readonly=True)
    page = fields.Integer(required=True, readonly=True)
    x = fields.Float(readonly=True)
    y = fields.Float(readonly=True)
    width = fields.Float(readonly=True)
    height = fields.Float(readonly=True)
    value = fields.Text(readonly=True, help="What the signer gave; a signature as its strokes.")

    def _mark(self):
        """Return the engine's mark of a signed signature field, or None."""
        self.ensure_one()
        if self.type != "signature" or not self.value:
            return None
        return marks.parse(json.loads(self.value))

    def _to_stamps(self):
        """Return the engine's stamps of all filled fields."""
        stamps = []
        for field in self:
            value = field._mark() or field.value
            if field.type == "checkbox":
                value = field.value == "1"
            if value:
                box = Box(field.page, field.x, field.y, field.width, field.height)
                stamps.append(Stamp(box, field.type, value))
        return stamps
