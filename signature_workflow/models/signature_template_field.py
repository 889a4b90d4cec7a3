from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine.errors import PlacementError
from ..engine.placement import Box

FIELD_TYPES = [
    ("signature", "Signature"),
    ("name", "Name"),
    ("date_signed", "Date signed"),
    ("text", "Text"),
    ("checkbox", "Checkbox"),
    ("merge", "Merge value"),
]


class SignatureTemplateField(models.Model):
    """A typed box on a page. Positions are in percent of the page as displayed, from top left."""

    _name = "signature.template.field"
    _description = "Signature template field"
    _order = "page, y, x, id"

    template_id = fields.Many2one("signature.template", required=True, index=True, ondelete="cascade")
    role_id = fields.Many2one("signature.role", ondelete="restrict")
    type = fields.Selection(FIELD_TYPES, required=True, default="signature")
    name = fields.Char("Label", translate=True, help="What the signer reads beside the field.")
    required = fields.Boolean(default=True)
    merge_path = fields.Char("Merge field", help="Path of the field whose value is printed, such as partner_id.name")
    model = fields.Char(related="template_id.model")
    page = fields.Integer(default=1, required=True, help="Page number. -1 is the last page, -2 the one before it.")
    x = fields.Float("Left (%)", digits=(6, 3), default=10, required=True)
    y = fields.Float("Top (%)", digits=(6, 3), default=80, required=True)
    width = fields.Float("Width (%)", digits=(6, 3), default=30, required=True)
    height = fields.Float("Height (%)", digits=(6, 3), default=6, required=True)

    @api.constrains("type", "role_id", "merge_path")
    def _check_type(self):
        for field in self:
            if field.type == "merge" and not field.merge_path:
                raise ValidationError(self.env._("Choose the merge field that “%s” prints.", field.display_name))
            if field.type == "merge":
                author = self.sudo(False).env
                author["signature.merge"]._follow(author[field.template_id.model], field.merge_path)
            elif not field.role_id:
                raise ValidationError(self.env._("Choose the role that fills “%s”.", field.display_name))

    @api.constrains("page", "x", "y", "width", "height", "template_id")
    def _check_box(self):
        for field in self:
            count = len(field.template_id.page_sizes or ())
            try:
                # without a file yet (a report), only the place on the page can be checked
                field._to_box().resolved(count or max(abs(field.page), 1))
            except PlacementError as error:
                raise ValidationError(
                    self.env._(
                        "“%(field)s” does not lie on the document: page %(page)s, %(x)s %% from "
                        "the left, %(y)s %% from the top. Move it onto one of the pages.",
                        field=field.display_name,
                        page=field.page,
                        x=field.x,
                        y=field.y,
                    )
                ) from error

    @api.depends("name", "type")
    def _compute_display_name(self):
        types = dict(self._fields["type"]._description_selection(self.env))
        for field in self:
            field.display_name = field.name or types.get(field.type, "")

    def _to_box(self):
        self.ensure_one()
        return Box(self.page, self.x, self.y, self.width, self.height)
