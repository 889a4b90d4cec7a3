import base64
import logging
import re
from typing import NamedTuple

from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import docx
from ..engine.errors import EngineError, TagError
from ..engine.pdf.discover import discover
from ..engine.pdf.inspect import inspect
from ..engine.pdf.renderers import fits
from ..engine.pdf.stamp import Stamp, stamp_pdf
from ..engine.render import html_to_pdf
from ..engine.tags import parse_tag
from .engine_messages import engine_message
from .fonts import font_set

# it would write half a dozen lines for each document
logging.getLogger("weasyprint").setLevel(logging.WARNING)

IMAGE_URL = re.compile(r"/web/(?:image|content)/(\d+)\b")


class Document(NamedTuple):
    """A generated document: PDF bytes, page sizes in points, and the fields to be filled."""

    pdf: bytes
    page_sizes: list
    fields: list


class SignatureTemplate(models.Model):
    _inherit = "signature.template"

    def _build_document(self, record, sample=False):
        """Make this template's document from `record`.

        As a `sample`, merge values may be missing, the record may be empty, and fields placed by hand are left out.

        The record's environment decides the language. Returns a Document whose fields are values
        for `signature.request.field` with a `role_id` in place of the signer.
        Raises UserError or EngineError that say what is missing.
        """
        self.ensure_one()
        return getattr(self, f"_build_document_{self.kind}")(record, sample)

    def _check_placeholders(self):
        """Refuse a text with a merge field or tag that will not work, or that its author may not read."""
        self.ensure_one()
        merge, record = self.env["signature.merge"], self.env[self.model]
        for tag in self._check_html() if self.kind == "html" else self._check_docx():
            values = self._tag_values(tag)
            if values["merge_path"]:
                merge._follow(record, values["merge_path"])
            if values["write_path"]:
                merge._check_write_path(record, values["write_path"], values["type"])

    def _check_html(self):
        """Return the field tags of the text in all languages; raises UserError for a merge field that will not work."""
        tags, record = [], self.env[self.model]
        for lang, __ in self.env["res.lang"].get_installed():
            tags += self.env["signature.merge"]._check_html(self.with_context(lang=lang).body, record)
        return tags

    def _check_docx(self):
        """Return the field tags of the Word file; raises UserError for what will not work."""
        if not self.docx_file:
            return ()
        try:
            asked = docx.placeholders(base64.b64decode(self.docx_file))
        except EngineError as error:
            raise UserError(engine_message(self.env, error)) from error
        reaching = [*asked.paths, *filter(self._reaches_record, asked.tags)]
        if reaching and self.is_adhoc:
            raise UserError(
                self.env._(
                    "“%(file)s” asks for fields of the record (%(fields)s), which only a template may do. Ask a sales "
                    "manager to make a template of it.",
                    file=self.docx_name,
                    fields=", ".join(reaching),
                )
            )
        for path in asked.paths:
            self.env["signature.merge"]._follow(self.env[self.model], path.removesuffix("?"))
        return asked.tags

    def _build_document_html(self, record, sample=False):
        localized, tags = self.with_context(lang=record.env.lang), []

        def replace_tag(tag):
            tags.append(localized._tag_values(tag))
            return self._anchor(tag, tags[-1]["type"], len(tags) - 1)

        merge = self.env["signature.merge"]
        body, empty = merge._merge_html(localized.body, record, replace_tag, sample=sample)
        self._check_not_empty(record, empty)
        html = self.env["ir.qweb"]._render(
            "signature_workflow.document_letterhead",
            {"company": record.env.company, "body": Markup(body)},  # noqa: S704
            lang=record.env.lang,
        )
        rendered = html_to_pdf(
            str(html),
            fonts=font_set(),
            resources=self._read_image,
            lang=(record.env.lang or "en").replace("_", "-"),
            title=localized.name,
        )
        return self._anchored(record, rendered, lambda key: tags[int(key)])

    def _build_document_pdf(self, record, sample=False):
        if not self.pdf_file:
            raise UserError(self.env._("The template “%s” has no PDF yet. Upload one.", self.name))
        document = Document(base64.b64decode(self.pdf_file), self.page_sizes, [])
        return document if sample else self._place_fields(record, document)

    def _build_document_docx(self, record, sample=False):
        if not self.docx_file:
            raise UserError(self.env._("The template “%s” has no Word file yet. Upload one.", self.name))
        data, merge = base64.b64decode(self.docx_file), self.env["signature.merge"]
        values, empty = {}, set()
        for path in docx.placeholders(data).paths:
            plain = path.removesuffix("?")
            values[path] = f"‹{merge._label(record, plain)}›" if sample else merge._read(record, plain)
            if not values[path] and path == plain:
                empty.add(path)
        self._check_not_empty(record, empty)
        return self._discovered(record, docx.to_pdf(docx.merge(data, values)), sample)

    def _build_document_report(self, record, sample=False):
        # with all rights, so that whoever looks at it sees what the worker will send; and who may not see it, nothing
        source = self._report_record(record.sudo()).sudo(record.env.su)
        if source:
            source.check_access("read")
        else:
            raise UserError(self._nothing_to_print(record))
        if self.report_engine == "weasyprint":
            rendered = self.env["signature.report"]._print(self.report_id, source.with_context(lang=record.env.lang))
            document = self._anchored(record, rendered, self.with_context(lang=record.env.lang)._tag_values)
            return document if sample else self._place_fields(record, document)
        report = self.report_id.sudo().with_context(lang=record.env.lang)
        pdf, __ = report._render_qweb_pdf(self.report_id, res_ids=source.ids)
        # not searched for tags: a report prints what customers have written, too
        sizes = [[page.width, page.height] for page in inspect(pdf).pages]
        document = Document(pdf, sizes, [])
        return document if sample else self._place_fields(record, document)

    def _anchored(self, record, rendered, spec_of):
        """Return the document of a rendering; `spec_of(key)` says what field an anchor stands for."""
        fields = [self._request_values(spec_of(anchor.key), record, anchor.box) for anchor in rendered.anchors]
        return Document(rendered.pdf, [[page.width, page.height] for page in rendered.pages], fields)

    def _discovered(self, record, pdf, sample):
        """Return the document of a PDF in which the fields are written as tags."""
        discovery, localized = discover(pdf), self.with_context(lang=record.env.lang)
        fields = [
            self._request_values(localized._tag_values(found.text), record, found.box)
            for found in discovery.found
            if found.source == "tag"
        ]
        sizes = [[page.width, page.height] for page in discovery.info.pages]
        document = Document(discovery.pdf, sizes, fields)
        return document if sample else self._place_fields(record, document)

    def _report_record(self, record):
        """Follow `report_path` from `record` to the newest record that the report prints."""
        target = record
        for name in (self.report_path or "").split("."):
            field = target._fields.get(name) if name else None
            if name and not (field and field.relational):
                raise UserError(
                    self.env._(
                        "“%(path)s” does not lead from %(model)s to another record. Correct it in "
                        "the template “%(template)s”.",
                        path=self.report_path,
                        model=self.model_id.name,
                        template=self.name,
                    )
                )
            target = target[name] if name else target
        return target.sorted("id", reverse=True)[:1]

    def _place_fields(self, record, document):
        """Print the merge values on the pages and add the fields that were placed by hand."""
        sizes, stamps, fields, empty = document.page_sizes, [], list(document.fields), set()
        for field in self.with_context(lang=record.env.lang).field_ids:
            if not field._lies_on(len(sizes)):
                raise UserError(
                    self.env._(
                        "The field “%(field)s” stands on page %(page)s, but the document has "
                        "%(count)s pages. Move the field in the template “%(template)s”.",
                        field=field.display_name,
                        page=field.page,
                        count=len(sizes),
                        template=self.name,
                    )
                )
            box = field._to_box().resolved(len(sizes))
            if field.type == "merge":
                text = self.env["signature.merge"]._read(record, field.merge_path)
                if text:
                    self._check_fits(field, text, box, sizes)
                    stamps.append(Stamp(box, "merge", text))
                elif field.required:
                    empty.add(field.merge_path)
            else:
                fields.append(self._request_values(field._spec(), record, box))
        self._check_not_empty(record, empty)
        pdf = stamp_pdf(document.pdf, stamps, fonts=font_set()) if stamps else document.pdf
        return Document(pdf, sizes, fields)

    def _check_fits(self, field, text, box, sizes):
        width, height = sizes[box.page - 1]
        if not fits("merge", text, width * box.width / 100, height * box.height / 100, font_set()):
            raise UserError(
                self.env._(
                    "“%(text)s” does not fit into the field “%(field)s” on page %(page)s. Make the field larger in the "
                    "template “%(template)s”, or the text shorter.",
                    text=text,
                    field=field.display_name,
                    page=box.page,
                    template=self.name,
                )
            )

    def _request_values(self, spec, record, box):
        """Return the values of a `signature.request.field`; `spec` has the columns of a template field."""
        values = dict(spec, required=spec["required"] and not spec["readonly"], **self._box_values(box))
        default, path = values.pop("default_value"), values.pop("merge_path")
        values["value"] = (path and record and self._prefill(record, path, spec["type"])) or default
        return values

    def _prefill(self, record, path, kind):
        """Return what a field of type `kind` is filled with from `path`, as an answer is stored; empty for nothing."""
        merge = self.env["signature.merge"]
        records, field = merge._follow(record.sudo(), path)
        raw = records[:1][field.name]
        if kind == "checkbox":
            return "1" if raw else False
        if kind == "date":
            return (
                raw and fields.Date.to_string(fields.Date.to_date(raw)) if field.type in ("date", "datetime") else False
            )
        if kind == "number":
            return f"{raw:.10f}".rstrip("0").rstrip(".") if field.type in ("integer", "float", "monetary") else False
        return merge._read(record, path)

    @api.model
    def _box_values(self, box):
        return {
            "page": box.page,
            "x": box.x,
            "y": box.y,
            "width": box.width,
            "height": box.height,
        }

    def _check_not_empty(self, record, paths):
        if not paths:
            return
        merge, model = self.env["signature.merge"], self.env[self.model]
        labels = [merge._label(model, path) for path in sorted(paths)]
        raise UserError(
            self.env._(
                "“%(record)s” lacks what “%(template)s” needs: %(fields)s. Fill it in, then try again.",
                record=record.display_name,
                template=self.name,
                fields=", ".join(labels),
            )
        )

    def _tag_values(self, text):
        """Return the columns of a template field for a tag such as `signature;role=Client;required=true`.

        Raises UserError when the tag is not understood.
        """
        try:
            tag = parse_tag(text)
        except TagError:
            tag = None
        wanted = tag.options.get("role", "") if tag else ""
        role = self.role_ids.role_id.filtered(lambda role: role._matches(wanted))[:1]
        if not role or tag.type == "merge":
            raise UserError(self._tag_problem(text))
        labels = dict(self.env["signature.template.field"]._fields["type"]._description_selection(self.env))
        return {
            "role_id": role.id,
            "type": tag.type,
            "name": labels[tag.type] if tag.name.casefold().replace(" ", "_") == tag.type else tag.name,
            "required": tag.required,
            "readonly": tag.readonly,
            "help": tag.options.get("help", False),
            "options": "\n".join(tag.choices),
            "group": tag.options.get("group", False),
            "pattern": tag.options.get("pattern", False),
            "default_value": tag.options.get("default", False),
            "merge_path": tag.options.get("merge", False),
            "write_path": tag.options.get("write", False),
        }

    @api.model
    def _anchor(self, text, kind, key):
        """Return the Markup that keeps the place of a field in a text; the stylesheet knows its usual size."""
        sides = zip(("width", "height"), parse_tag(text).size, strict=True)
        style = "".join(f"{side}:{points}pt;" for side, points in sides if points)
        return Markup('<a href="sign:{}" class="sign-{}" style="{}">\u200b</a>').format(
            key, "date" if kind == "date_signed" else kind, style
        )

    @api.model
    def _reaches_record(self, text):
        """Tell whether a tag reads or writes a field of the record; one that is not understood does neither."""
        try:
            return bool({"merge", "write"} & parse_tag(text).options.keys())
        except TagError:
            return False

    def _tag_problem(self, text):
        roles = self.role_ids.role_id
        types = [kind for kind, __ in self.env["signature.template.field"]._fields["type"].selection if kind != "merge"]
        return self.env._(
            "The tag {{%(tag)s}} in “%(template)s” is not understood. It needs one of the "
            "types %(types)s and one of the roles %(roles)s, for example "
            "{{signature;role=%(role)s}}.",
            tag=text,
            template=self.name,
            types=", ".join(types),
            roles=", ".join(roles.mapped("name")),
            role=roles[:1].name or self.env._("Client"),
        )

    def _read_image(self, url):
        """Give the renderer an image of this template's text as `(bytes, mimetype)`.

        Raises LookupError for anything else: the renderer asks for whatever the text names.
        """
        match = IMAGE_URL.search(url)
        attachment = self.env["ir.attachment"].sudo().browse(int(match[1]) if match else [])
        if not attachment.exists() or not attachment.mimetype.startswith("image/"):
            raise LookupError(url)
        own = attachment.res_model == self._name and attachment.res_id in (0, self.id)
        if not (own or attachment.public):
            raise LookupError(url)
        return attachment.raw, attachment.mimetype
