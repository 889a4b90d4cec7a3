from odoo import api, fields, models

# in the context of a caller that notes the change itself: nothing that comes from outside can be this object
NOTED = object()


class SignatureContent(models.AbstractModel):
    """What a template consists of: its change is a change of the template."""

    _name = "signature.content"
    _description = "Content of a signature template"

    template_id = fields.Many2one("signature.template", required=True, index=True, ondelete="cascade")

    def _note_change(self):
        if self.env.context.get("signature_content_noted") is not NOTED:
            self.template_id._content_changed()

    @api.model_create_multi
    def create(self, vals_list):
        created = super().create(vals_list)
        created._note_change()
        return created

    def write(self, vals):
        self._note_change()
        result = super().write(vals)
        if "template_id" in vals:
            # rules are checked before a write: here, for the template that it went to
            self.check_access("write")
            self._note_change()
        return result

    def unlink(self):
        self._note_change()
        return super().unlink()
