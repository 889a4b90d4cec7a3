import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, get_lang

from ..engine import images, marks, values
from ..engine.errors import ValueRefused
from ..engine.pdf import renderers
from ..engine.pdf.stamp import Stamp
from ..engine.placement import Box
from .fonts import font_set
from .signature_template_field import FIELD_TYPES

TICKED_TYPES = ("checkbox", "radio")
MARK_TYPES = ("signature", "initials")
# the value of a field whose picture is its attachment
PICTURE = "picture"
# what would be of no use, or break the page, in another form than answers are stored in
STRICT_TYPES = ("number", "date", "choice")
TRUE_WORDS = ("1", "true", "yes")
# as long as dates get
SAMPLE_DATE = "2028-12-28"


class SignatureRequestField(models.Model):
    """A field of one sent document: its box never changes, its value comes from its signer."""

    _name = "signature.request.field"
    _inherit = ["signature.document.access"]
    _description = "Signature request field"
    _order = "page, y, x, id"

    signer_id = fields.Many2one("signature.signer", required=True, readonly=True, index=True, ondelete="restrict")
    type = fields.Selection(FIELD_TYPES, required=True, readonly=True)
    name = fields.Char(readonly=True)
    help = fields.Char(readonly=True)
    required = fields.Boolean(readonly=True)
    readonly = fields.Boolean(readonly=True)
    options = fields.Text(readonly=True)
    group = fields.Char(readonly=True)
    pattern = fields.Char(readonly=True)
    write_path = fields.Char(readonly=True)
    page = fields.Integer(required=True, readonly=True)
    x = fields.Float(readonly=True)
    y = fields.Float(readonly=True)
    width = fields.Float(readonly=True)
    height = fields.Float(readonly=True)
    value = fields.Text(readonly=True, help="What the signer gave; a signature as its strokes.")
    attachment_id = fields.Many2one(
        "ir.attachment",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The picture of a stamp, or the file of the signer.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Make the fields of documents; `value` is what stands in a field before its signer comes.

        Raises UserError for a default that cannot be used, and for what is too long for its box: better
        before the document is sent than when somebody signs it.
        """
        created = super().create(vals_list)
        for field in created:
            field._check_known()
        return created

    def _check_known(self):
        """Bring the default into the form of answers; raises UserError as `create` does."""
        self.ensure_one()
        if self.value:
            self.value = self._usable_default()
        for text in self._known_texts():
            if not self._fits(text):
                raise UserError(
                    self.env._(
                        "“%(text)s” does not fit into the field “%(field)s” on page %(page)s. "
                        "Make the field larger, or the text shorter.",
                        text=self._printed(text),
                        field=self.name,
                        page=self.page,
                    )
                )

    def _usable_default(self):
        """Return the default of this field in the form in which answers are stored."""
        if self.type in TICKED_TYPES:
            return "1" if self.value.casefold() in TRUE_WORDS else False
        if self.type not in STRICT_TYPES:
            return self.value
        try:
            return values.parse(self.type, self.value, options=self._choices())
        except ValueRefused as error:
            raise UserError(
                self.env._(
                    "The default “%(value)s” of the field “%(field)s” cannot be used. Write numbers like "
                    "1234.5, dates like 2026-12-31, and a choice as it stands in the list.",
                    value=self.value,
                    field=self.name,
                )
            ) from error

    def _known_texts(self):
        """Return the texts that will, or may, stand in this field, as far as they are known before signing."""
        if self.type in TICKED_TYPES:
            return []
        if self.type in ("date", "date_signed"):
            return [SAMPLE_DATE]
        return self._choices() or [self.value or ""]

    def _choices(self):
        """Return the entries of a list, in their order."""
        self.ensure_one()
        return [line.strip() for line in (self.options or "").splitlines() if line.strip()]

    def _mark(self):
        """Return the engine's mark of a filled signature or initials field, or None."""
        self.ensure_one()
        if self.type not in MARK_TYPES or not self.value:
            return None
        if self.value == PICTURE:
            return images.read(self.attachment_id.raw)
        return marks.parse(json.loads(self.value))

    def _printed(self, value):
        """Return a stored text, number or date as the signer of this field writes it."""
        self.ensure_one()
        lang = get_lang(self.env, self.signer_id.lang)
        if value and self.type == "date":
            return format_date(self.env, value, lang_code=lang.code)
        if value and self.type == "number":
            digits = len(value.partition(".")[2])
            # a float holds the fifteen digits that a number may have
            return self.env["res.lang"].browse(lang.id).format(f"%.{digits}f", float(value), grouping=True)
        return value

    def _fits(self, value):
        """Tell whether a stored text can be read in its box, whole."""
        self.ensure_one()
        page_width, page_height = self.request_id.page_sizes[self.page - 1]
        size = page_width * self.width / 100, page_height * self.height / 100
        return renderers.fits(self.type, self._printed(value) or "", *size, font_set())

    def _to_stamps(self):
        """Return the engine's stamps of all filled fields."""
        stamps = []
        for field in self.filtered("value"):
            box = Box(field.page, field.x, field.y, field.width, field.height)
            stamps.append(Stamp(box, field.type, field._stamp_value()))
        return stamps

    def _stamp_value(self):
        if self.type in TICKED_TYPES:
            return self.value == "1"
        if self.type == "stamp":
            return images.read(self.attachment_id.raw)
        if self.type == "file":
            return self._shortened_name()
        return self._mark() or self._printed(self.value)

    def _shortened_name(self):
        """Return the name of a file, less of its middle than the box has no room for."""
        name, kept = self.value, len(self.value) // 2
        while kept > 2 and not self._fits(name):
            kept -= 1
            name = f"{self.value[:kept]}…{self.value[-kept:]}"
        return name
