from odoo import api, fields, models


class SignatureContent(models.AbstractModel):
    """What a template consists of: its change is a change of the template."""

    _name = "signature.content"
    _description = "Content of a signature template"

    template_id = fields.Many2one("signature.template", required=True, index=True, ondelete="cascade")

    @api.model_create_multi
    def create(self, vals_list):
        created = super().create(vals_list)
        created.template_id._content_changed()
        return created

    def write(self, vals):
        self.template_id._content_changed()
        return super().write(vals)

    def unlink(self):
        self.template_id._content_changed()
        return super().unlink()
