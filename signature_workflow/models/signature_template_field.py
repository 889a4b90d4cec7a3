from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..engine import values
from ..engine.errors import PlacementError, ValueRefused
from ..engine.placement import Box
from .engine_messages import engine_message

FIELD_TYPES = [
    ("signature", "Signature"),
    ("initials", "Initials"),
    ("stamp", "Stamp"),
    ("name", "Name"),
    ("company", "Company"),
    ("position", "Position"),
    ("email", "E-mail"),
    ("phone", "Phone"),
    ("date_signed", "Date signed"),
    ("text", "Text"),
    ("multiline", "Multi-line text"),
    ("number", "Number"),
    ("date", "Date"),
    ("checkbox", "Checkbox"),
    ("radio", "Radio button"),
    ("choice", "Choice"),
    ("file", "File from the signer"),
    ("merge", "Merge value"),
]
# what a default or a merge value can be used for
PREFILLED = {
    "name",
    "company",
    "position",
    "email",
    "phone",
    "text",
    "multiline",
    "number",
    "date",
    "checkbox",
    "choice",
}
# width and height, in PDF points, of a field that is dropped on a page
SIZES = {
    "signature": (150, 45),
    "initials": (60, 30),
    "stamp": (110, 70),
    "multiline": (220, 60),
    "checkbox": (14, 14),
    "radio": (14, 14),
    "date_signed": (90, 20),
    "date": (90, 20),
    "number": (90, 20),
}
DEFAULT_SIZE = (150, 20)
SIDES = ("x", "y", "width", "height")
EDITED_TEXTS = ("name", "help", "default_value", "merge_path", "write_path", "options", "group", "pattern")
EDITED = ("type", "role_id", "required", "readonly", "page", *SIDES, *EDITED_TEXTS)


class SignatureTemplateField(models.Model):
    """A typed box on a page. Positions are in percent of the page as displayed, from top left."""

    _name = "signature.template.field"
    _inherit = ["signature.content"]
    _description = "Signature template field"
    _order = "page, y, x, id"

    role_id = fields.Many2one("signature.role", ondelete="restrict")
    type = fields.Selection(FIELD_TYPES, required=True, default="signature")
    name = fields.Char("Label", translate=True, help="What the signer reads beside the field.")
    help = fields.Char(translate=True, help="What the signer reads when filling the field.")
    required = fields.Boolean(default=True)
    readonly = fields.Boolean(help="The signer sees the default and cannot change it.")
    default_value = fields.Char("Default", help="What stands in the field when the signer opens the document.")
    merge_path = fields.Char(
        "Merge field",
        help="Path of the field whose value is printed, or with which the field is filled, such as partner_id.name",
    )
    write_path = fields.Char(
        "Write back to",
        help="Path of the field that gets the answer once the document is completed, such as partner_id.phone",
    )
    options = fields.Text("Choices", translate=True, help="One choice a line.")
    group = fields.Char(help="Radio buttons of one role with the same group: one of them can be chosen.")
    pattern = fields.Char(
        help="What the answer looks like: 9 is a digit, A a letter, * either; other characters stand for themselves."
    )
    model = fields.Char(related="template_id.model")
    page = fields.Integer(default=1, required=True, help="Page number. -1 is the last page, -2 the one before it.")
    x = fields.Float("Left (%)", digits=(6, 3), default=10, required=True)
    y = fields.Float("Top (%)", digits=(6, 3), default=80, required=True)
    width = fields.Float("Width (%)", digits=(6, 3), default=30, required=True)
    height = fields.Float("Height (%)", digits=(6, 3), default=6, required=True)

    @api.constrains("type", "role_id", "merge_path", "write_path", "options", "group", "default_value", "pattern")
    def _check_type(self):
        for field in self:
            if field.template_id.is_adhoc and (field.type == "merge" or field.merge_path or field.write_path):
                raise ValidationError(
                    self.env._(
                        "“%s” gets at the fields of the record, which only a template may do. Ask a sales manager to "
                        "keep this layout as a template first.",
                        field.display_name,
                    )
                )
            if field.type == "merge" and not field.merge_path:
                raise ValidationError(self.env._("Choose the merge field that “%s” prints.", field.display_name))
            # Odoo checks with all rights, but it is the author's that count
            author = self.sudo(False).env
            if field.merge_path:
                author["signature.merge"]._follow(author[field.template_id.model], field.merge_path)
            if field.write_path:
                author["signature.merge"]._check_write_path(
                    author[field.template_id.model], field.write_path, field.type
                )
            if field.type != "merge" and not field.role_id:
                raise ValidationError(self.env._("Choose the role that fills “%s”.", field.display_name))
            if field.type == "choice" and not field._choices():
                raise ValidationError(
                    self.env._("Enter what can be chosen in “%s”, one choice a line.", field.display_name)
                )
            if field.default_value and field.type in PREFILLED - {"checkbox"}:
                field._check_default()
            if field.type == "radio" and not field.group:
                raise ValidationError(self.env._("Name the group of the radio button “%s”.", field.display_name))

    def _check_default(self):
        try:
            values.parse(self.type, self.default_value, options=self._choices(), pattern=self.pattern or "")
        except ValueRefused as error:
            raise ValidationError(
                self.env._(
                    "The default of “%(field)s” cannot be used: %(problem)s",
                    field=self.display_name,
                    problem=engine_message(self.env, error),
                )
            ) from error

    @api.constrains("page", "x", "y", "width", "height", "template_id")
    def _check_box(self):
        for field in self:
            # without a file yet (a report), only the place on the page can be checked
            if not field._lies_on(len(field.template_id.page_sizes or ()) or max(abs(field.page), 1)):
                raise ValidationError(
                    self.env._(
                        "“%(field)s” does not lie on the document: page %(page)s, %(x)s %% from "
                        "the left, %(y)s %% from the top. Move it onto one of the pages.",
                        field=field.display_name,
                        page=field.page,
                        x=field.x,
                        y=field.y,
                    )
                )

    @api.depends("name", "type")
    def _compute_display_name(self):
        types = dict(self._fields["type"]._description_selection(self.env))
        for field in self:
            field.display_name = field.name or types.get(field.type, "")

    def _to_box(self):
        self.ensure_one()
        return Box(self.page, self.x, self.y, self.width, self.height)

    def _choices(self):
        """Return the choices of a list, in their order."""
        self.ensure_one()
        return [line.strip() for line in (self.options or "").splitlines() if line.strip()]

    def _lies_on(self, page_count):
        """Tell whether the box lies on a document of so many pages."""
        try:
            self._to_box().resolved(page_count)
        except PlacementError:
            return False
        return True

    def _spec(self):
        """Return what this field asks for, in the words of its columns."""
        self.ensure_one()
        names = (
            "type",
            "help",
            "required",
            "readonly",
            "group",
            "pattern",
            "default_value",
            "merge_path",
            "write_path",
        )
        values = {name: self[name] for name in names}
        return values | {"role_id": self.role_id.id, "name": self.display_name, "options": "\n".join(self._choices())}

    def _editor_values(self):
        """Return what the visual editor knows of this field."""
        self.ensure_one()
        values = {name: self[name] or "" for name in EDITED_TEXTS}
        values |= {name: self[name] for name in ("id", "type", "required", "readonly", "page", *SIDES)}
        return values | {"role_id": self.role_id.id or False}

    def _changed(self, values):
        """Return those of the editor's `values` that differ from this field's."""
        now = self._editor_values()
        return {
            key: values[key]
            for key in now
            if key != "id" and key in values and not self._is_same(key, now[key], values[key])
        }

    @api.model
    def _is_same(self, key, one, other):
        if key in SIDES:
            # as many decimals as are kept
            return abs(one - other) < 0.0005
        return one == (other or type(one)())
