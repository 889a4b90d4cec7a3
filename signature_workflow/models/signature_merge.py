import re
from html import unescape

from markupsafe import escape
from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date, format_datetime, formatLang, html2plaintext

PLACEHOLDER = re.compile(r"\{\{\s*([^{}<>]+?)\s*\}\}")


class SignatureMerge(models.AbstractModel):
    """Merge fields: field paths such as `partner_id.name`, read from a record. Never code."""

    _name = "signature.merge"
    _description = "Merge fields of documents"

    @api.model
    def _follow(self, record, path):
        """Return `(records, field)` at the end of the dotted `path` from `record`.

        Raises UserError when the path does not exist or leads to a field kept for some groups, for the document is
        made with all rights. Its author needs the right to read each model on the way.
        """
        records, names = record, path.split(".")
        for depth, name in enumerate(names, start=1):
            field = records._fields.get(name)
            if (
                field is None
                or field.groups
                or field.type in ("binary", "reference", "json")
                or not records.browse().has_access("read")
            ):
                raise UserError(
                    self.env._(
                        "The field path “%(path)s” cannot be used: %(model)s has no readable "
                        "field “%(name)s”. Correct it in the template.",
                        path=path,
                        model=records.env["ir.model"]._get(records._name).name,
                        name=name,
                    )
                )
            if depth == len(names):
                return records, field
            if not field.relational:
                raise UserError(
                    self.env._(
                        "The field path “%(path)s” cannot be used: “%(name)s” is not a link to "
                        "another record. Correct it in the template.",
                        path=path,
                        name=name,
                    )
                )
            records = records[name]
        raise AssertionError(path)  # pragma: no cover - split always gives a name

    @api.model
    def _read(self, record, path):
        """Return the text of `path` from `record`, in the language of the record's environment."""
        records, field = self._follow(record.sudo(), path)
        texts = (self._format(one, field) for one in records)
        return ", ".join(text for text in texts if text)

    @api.model
    def _format(self, record, field):
        value, env = record[field.name], record.env
        if field.type in ("boolean", "monetary", "float", "integer"):
            return self._format_number(record, field, value)
        if not value:
            return ""
        if field.type == "date":
            return format_date(env, value)
        if field.type == "datetime":
            return format_datetime(env, value, dt_format="short")
        if field.type == "selection":
            return dict(field._description_selection(env)).get(value, value)
        if field.relational:
            return ", ".join(value.mapped("display_name"))
        if field.type == "html":
            return html2plaintext(value)
        return str(value)

    @api.model
    def _format_number(self, record, field, value):
        """Return the text of a value that is never empty: 0 and False are values too."""
        env = record.env
        if field.type == "boolean":
            return env._("Yes") if value else env._("No")
        if field.type == "monetary":
            currency = record[field.get_currency_field(record)] or env.company.currency_id
            return format_amount(env, value, currency)
        digits = field.get_digits(env) or (16, 2) if field.type == "float" else (16, 0)
        return formatLang(env, value, digits=digits[1])

    @api.model
    def _merge_html(self, html, record, replace_tag):
        """Return `html` with each `{{path}}` replaced by its escaped text.

        `replace_tag(tag)` gives the Markup for each field tag, a placeholder with a `;` in it.
        Also returns the set of paths that were empty; `{{path?}}` marks one that may be.
        """
        empty = set()

        def replace(match):
            tag = unescape(match.group(1)).replace("\xa0", " ")
            if ";" in tag:
                return str(replace_tag(tag))
            path = tag.removesuffix("?").strip()
            text = self._read(record, path)
            if not text and not tag.endswith("?"):
                empty.add(path)
            return str(escape(text)).replace("\n", "<br/>")

        return PLACEHOLDER.sub(replace, str(html or "")), empty
