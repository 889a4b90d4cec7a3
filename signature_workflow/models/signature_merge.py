import re
from html import unescape
from typing import NamedTuple

from markupsafe import Markup, escape
from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import format_amount, format_date, format_datetime, formatLang, html2plaintext

PLACEHOLDER = re.compile(r"\{\{\s*([^{}<>]+?)\s*\}\}")
# a table alone in its paragraph takes the paragraph's place: HTML has none inside one
LONE_TABLE = re.compile(r"<p\b[^<>]*>\s*(\{\{\s*table;[^{}<>]+\}\})\s*(?:<br\s*/?>\s*)?</p>")
# what the dynamic placeholder of Odoo's editor leaves once Odoo has sanitized it, which quotes all attributes
ATTRIBUTES = r'(?:\s+(?!t-)[\w:.-]+(?:="[^"]*")?)*'
DYNAMIC = re.compile(rf'<t{ATTRIBUTES}\s+t-out="([^"]*)"{ATTRIBUTES}\s*(?:/>|>(.*?)</t\s*>)', re.DOTALL)
T_ATTRIBUTE = re.compile(rf"<\w+{ATTRIBUTES}\s+t-[^<>]*>")
EXPRESSION = re.compile(
    r"object\.(?P<path>[\w.]+)"
    r"|format_datetime\(object\.(?P<datetime>[\w.]+)(?:, tz=object\.(?P<customer>\w+)\.tz)?\)"
    r"(?: or '(?P<fallback>(?:[^'\\]|\\.)*)')?"
)
# what editors and word processors leave between words
INVISIBLE = {0xA0: " ", 0x200B: None, 0xFEFF: None}
UNREADABLE_TYPES = {"binary", "reference", "json", "properties", "properties_definition", "many2one_reference"}
NUMBER_TYPES = {"integer", "float", "monetary"}
# lines of quotations and invoices that are only text
TEXT_LINES = {"line_section", "line_subsection", "line_note"}
SAMPLE_ROWS = 2


class Value(NamedTuple):
    """A placeholder for one value: its path, whether it may be empty, and the text that stands for nothing."""

    path: str
    optional: bool
    fallback: str


class Table(NamedTuple):
    """A placeholder for a list of lines: the path to them, and `(path, heading)` of each column."""

    path: str
    optional: bool
    columns: list


class SignatureMerge(models.AbstractModel):
    """Merge fields: field paths such as `partner_id.name`, read from a record. Never code.

    In rich text they stand as `{{path}}`, or `{{path?}}` when the value may be empty; lists of lines as
    `{{table;path;columns=path:Heading,path}}`. What Odoo's own editor inserts is understood too.
    A `record` may be an empty recordset where only its model counts; its environment decides the language.
    """

    _name = "signature.merge"
    _description = "Merge fields of documents"

    # Paths ------------------------------------------------------------------

    @api.model
    def _follow(self, record, path):
        """Return `(records, field)` at the end of the dotted `path` from `record`.

        Raises UserError when the path does not exist or leads to a field kept for some groups, for the document is
        made with all rights. Its author needs the right to read each model on the way.
        """
        return self._steps(record, path)[-1]

    @api.model
    def _steps(self, record, path):
        """Return `(records, field)` of each name of the dotted `path`; raises UserError as `_follow` does."""
        records, steps = record, []
        for name in path.split("."):
            if steps:
                records = self._next_records(*steps[-1], path)
            field = records._fields.get(name)
            if not self._is_readable(records, field):
                raise UserError(
                    self.env._(
                        "The field path “%(path)s” cannot be used: %(model)s has no readable "
                        "field “%(name)s”. Correct it in the template.",
                        path=path,
                        model=records.env["ir.model"]._get(records._name).name,
                        name=name,
                    )
                )
            steps.append((records, field))
        return steps

    @api.model
    def _next_records(self, records, field, path):
        if not field.relational:
            raise UserError(
                self.env._(
                    "The field path “%(path)s” cannot be used: “%(name)s” is not a link to "
                    "another record. Correct it in the template.",
                    path=path,
                    name=field.name,
                )
            )
        return records[field.name]

    @api.model
    def _is_readable(self, records, field):
        if field is None or field.groups or field.type in UNREADABLE_TYPES or "password" in field.name:
            return False
        # the names of the linked records are values too
        linked = [records.env[field.comodel_name]] if field.relational else []
        return all(model.browse().has_access("read") for model in [records, *linked])

    @api.model
    def _title(self, record, path):
        """Return the labels of the fields of `path`, such as `Customer: Name`."""
        return ": ".join(field._description_string(records.env) for records, field in self._steps(record, path))

    @api.model
    def _label(self, record, path):
        """Return the name of `path` in messages, such as `Customer: Name (partner_id.name)`."""
        return f"{self._title(record, path)} ({path})"

    # Values -----------------------------------------------------------------

    @api.model
    def _read(self, record, path):
        """Return the text of `path` from `record`, in the language of the record's environment.

        Times are those of the customer's time zone, or of the user when it has none.
        """
        return self._text(record.sudo(), path, self._customer_tz(record.sudo()))

    @api.model
    def _customer_tz(self, record):
        names = record._mail_get_partner_fields()
        # not by a slice: it would read the partner of each document alone
        return next((partner.tz for partner in record[names[0]]), False) if names else False

    @api.model
    def _text(self, record, path, tz):
        records, field = self._follow(record, path)
        texts = (self._format(one, field, tz) for one in records)
        return ", ".join(text for text in texts if text)

    @api.model
    def _format(self, record, field, tz):
        value, env = record[field.name], record.env
        if field.type in NUMBER_TYPES or field.type == "boolean":
            return self._format_number(record, field, value)
        if not value:
            return ""
        if field.type == "date":
            return format_date(env, value)
        if field.type == "datetime":
            return format_datetime(env, value, tz=tz, dt_format="short")
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

    # Rich text --------------------------------------------------------------

    @api.model
    def _merge_html(self, html, record, replace_tag, sample=False):
        """Return `(html, empty)`: `html` with each placeholder replaced by escaped text, and the paths that were empty.

        `replace_tag(tag)` gives the Markup for each field tag, a placeholder with a `;` in it. A path that may be
        empty is not in `empty`. For a `sample` no values are read: labels such as `‹Customer: Name›` stand for them.
        Raises UserError for a placeholder that does not work.
        """
        empty, record = set(), record.sudo()
        tz = False if sample else self._customer_tz(record)

        def replace(match):
            placeholder = self._parse(match[1])
            if isinstance(placeholder, str):
                return str(replace_tag(placeholder))
            if isinstance(placeholder, Table):
                content = (
                    self._sample_table(record, placeholder) if sample else self._lines_table(record, placeholder, tz)
                )
            elif sample:
                content = f"‹{self._title(record, placeholder.path)}›"
            else:
                content = self._text(record, placeholder.path, tz) or placeholder.fallback
            if not content and not placeholder.optional:
                empty.add(placeholder.path)
            return str(escape(content)).replace("\n", "<br/>")

        html = LONE_TABLE.sub(r"\1", self._own_placeholders(html, record))
        return PLACEHOLDER.sub(replace, html), empty

    @api.model
    def _check_html(self, html, record):
        """Return the field tags of `html` in their order; raises UserError for a placeholder that will not work.

        The rights of the record's environment count: pass those of the author.
        """
        html, tags = self._own_placeholders(html, record), []
        for match in PLACEHOLDER.finditer(html):
            placeholder = self._parse(match[1])
            if isinstance(placeholder, str):
                tags.append(placeholder)
            elif isinstance(placeholder, Table):
                self._table_columns(record, placeholder)
            else:
                self._follow(record, placeholder.path)
        if left := re.search(r"\{\{.{0,60}|.{0,60}\}\}", html2plaintext(PLACEHOLDER.sub("", html)), re.DOTALL):
            raise UserError(
                self.env._(
                    "“%s” is not understood. A merge field is written without spaces or formatting inside, "
                    "between two braces on each side: {{name}}.",
                    left[0],
                )
            )
        return tags

    @api.model
    def _parse(self, source):
        """Return the Value or Table that the HTML between two pairs of braces stands for, or a field tag as text."""
        text = unescape(source).translate(INVISIBLE).strip()
        if text.startswith("table;"):
            return self._parse_table(text)
        path, bar, fallback = text.partition("|")
        if ";" in path:
            return text
        return Value(path.removesuffix("?").strip(), path.endswith("?"), fallback if bar else "")

    @api.model
    def _parse_table(self, text):
        __, path, *options = (part.strip() for part in text.split(";"))
        name, __, listed = "".join(options).partition("=")
        columns = [tuple(part.strip() for part in column.partition(":")[::2]) for column in listed.split(",")]
        if not path or name.strip() != "columns" or not all(column for column, __ in columns):
            raise UserError(
                self.env._(
                    "The table {{%s}} is not understood. It needs the path to its lines and the fields of its "
                    "columns, for example {{table;order_ids.order_line;columns=name:Description,price_subtotal}}.",
                    text,
                )
            )
        return Table(path.removesuffix("?").strip(), path.endswith("?"), columns)

    @api.model
    def _own_placeholders(self, html, record):
        """Return `html` with the dynamic placeholders of Odoo's editor, `<t t-out="object.name">`, written as ours."""

        def replace(match):
            expression = EXPRESSION.fullmatch(unescape(match[1]))
            if not expression or expression["customer"] not in (None, *record._mail_get_partner_fields()[:1]):
                return match[0]
            fallback = re.sub(r"<[^<>]*>", "", match[2] or "").strip()
            if expression["fallback"]:
                fallback = str(escape(re.sub(r"\\(.)", r"\1", expression["fallback"])))
            bar = "|" if fallback else ""
            fallback = fallback.replace("{", "&#123;").replace("}", "&#125;")
            return f"{{{{{expression['path'] or expression['datetime']}{bar}{fallback}}}}}"

        html = DYNAMIC.sub(replace, str(html or ""))
        if left := T_ATTRIBUTE.search(html):
            raise UserError(
                self.env._(
                    "“%s” cannot stand in a document: only fields can, such as {{partner_id.name}}. "
                    "Take it out of the text, or insert the field again.",
                    left[0],
                )
            )
        return html

    # Tables of lines ----------------------------------------------------------

    @api.model
    def _table_columns(self, record, table):
        """Return `(lines, columns)`; each column is `(path, heading, whether it holds numbers)`."""
        lines = self._next_records(*self._follow(record, table.path), table.path)
        columns = []
        for path, heading in table.columns:
            field = self._follow(lines, path)[1]
            columns.append((path, heading or field._description_string(lines.env), field.type in NUMBER_TYPES))
        return lines, columns

    @api.model
    def _lines_table(self, record, table, tz):
        """Return the Markup of a table with a row for each line, empty when there is none."""
        columns, rows = self._table_rows(record, table, tz)
        return self._table_html(columns, rows) if rows else Markup()

    @api.model
    def _table_rows(self, record, table, tz):
        """Return `(columns, rows)`: those of `_table_columns`, and the texts of each line, one for a mere title."""
        lines, columns = self._table_columns(record, table)
        rows = []
        for line in lines:
            if "display_type" in line._fields and line["display_type"] in TEXT_LINES:
                texts = (self._text(line, path, tz) for path, __, is_number in columns if not is_number)
                rows.append([next(filter(None, texts), "")])
            else:
                rows.append([self._text(line, path, tz) for path, __, __ in columns])
        return columns, rows

    @api.model
    def _sample_table(self, record, table):
        __, columns = self._table_columns(record, table)
        return self._table_html(columns, [[f"‹{heading}›" for __, heading, __ in columns]] * SAMPLE_ROWS)

    @api.model
    def _table_html(self, columns, rows):
        """Return the Markup of a table; a row of one text in a table of several columns goes across."""
        css = [Markup(' class="text-end"') if is_number else "" for __, __, is_number in columns]
        head = Markup().join(
            Markup("<th{}>{}</th>").format(css_class, heading)
            for css_class, (__, heading, __) in zip(css, columns, strict=True)
        )
        body = Markup().join(Markup("<tr>{}</tr>").format(self._row_html(css, row)) for row in rows)
        return Markup('<table class="sign-lines"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>').format(
            head, body
        )

    @api.model
    def _row_html(self, css, row):
        if len(row) < len(css):
            return Markup('<td colspan="{}"><strong>{}</strong></td>').format(len(css), row[0])
        return Markup().join(
            Markup("<td{}>{}</td>").format(css_class, text) for css_class, text in zip(css, row, strict=True)
        )
