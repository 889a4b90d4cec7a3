import base64
import logging
import re
from html import unescape
from typing import NamedTuple

from markupsafe import Markup
from odoo import api, models
from odoo.exceptions import UserError

from ..engine.errors import PlacementError
from ..engine.pdf.inspect import inspect
from ..engine.pdf.stamp import Stamp, stamp_pdf
from ..engine.render import html_to_pdf
from .fonts import font_set
from .signature_merge import PLACEHOLDER
from .signature_template_field import FIELD_TYPES

# it would write half a dozen lines for each document
logging.getLogger("weasyprint").setLevel(logging.WARNING)

IMAGE_URL = re.compile(r"/web/(?:image|content)/(\d+)\b")
TAG_TYPES = {name for name, __ in FIELD_TYPES} - {"merge"}
TRUE_WORDS = {"1", "true", "yes"}


class Document(NamedTuple):
    """A generated document: PDF bytes, page sizes in points, and the fields to be filled."""

    pdf: bytes
    page_sizes: list
    fields: list


class SignatureTemplate(models.Model):
    _inherit = "signature.template"

    def _build_document(self, record):
        """Make this template's document from `record`.

        The record's environment decides the language. Returns a Document whose fields are values
        for `signature.request.field` with a `role_id` in place of the signer.
        Raises UserError or EngineError that say what is missing.
        """
        self.ensure_one()
        return getattr(self, f"_build_document_{self.kind}")(record)

    def _check_placeholders(self):
        """Refuse a text with a merge field or tag that will not work, or that its author may not read."""
        self.ensure_one()
        for found in PLACEHOLDER.findall(str(self.body or "")):
            tag = unescape(found).replace("\xa0", " ")
            if ";" in tag:
                self._parse_tag(tag)
            else:
                self.env["signature.merge"]._follow(self.env[self.model], tag.removesuffix("?").strip())

    def _build_document_html(self, record):
        localized, tags = self.with_context(lang=record.env.lang), []

        def replace_tag(tag):
            tags.append(localized._parse_tag(tag))
            return Markup('<a href="sign:{}" class="sign-{}">{}</a>').format(
                len(tags) - 1, tags[-1]["type"].replace("date_signed", "date"), "\u200b"
            )

        body, empty = self.env["signature.merge"]._merge_html(localized.body, record, replace_tag)
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
        fields = [{**tags[int(anchor.key)], **self._box_values(anchor.box)} for anchor in rendered.anchors]
        return Document(rendered.pdf, [[p.width, p.height] for p in rendered.pages], fields)

    def _build_document_pdf(self, record):
        if not self.pdf_file:
            raise UserError(self.env._("The template “%s” has no PDF yet. Upload one.", self.name))
        return self._place_fields(record, base64.b64decode(self.pdf_file), self.page_sizes)

    def _build_document_report(self, record):
        source = self._report_record(record)
        if not source:
            raise UserError(
                self.env._(
                    "“%(template)s” prints %(kind)s of “%(record)s”, but there is none. Make it, then try again.",
                    template=self.name,
                    kind=self.env["ir.model"]._get(self.report_id.model).name,
                    record=record.display_name,
                )
            )
        report = self.report_id.sudo().with_context(lang=record.env.lang)
        pdf, __ = report._render_qweb_pdf(self.report_id, res_ids=source.ids)
        return self._place_fields(record, pdf, [[page.width, page.height] for page in inspect(pdf).pages])

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

    def _place_fields(self, record, pdf, page_sizes):
        """Print the merge values on the pages; the other fields stay to be filled."""
        stamps, fields, empty = [], [], set()
        for field in self.with_context(lang=record.env.lang).field_ids:
            try:
                box = field._to_box().resolved(len(page_sizes))
            except PlacementError as error:
                raise UserError(
                    self.env._(
                        "The field “%(field)s” stands on page %(page)s, but the document has "
                        "%(count)s pages. Move the field in the template “%(template)s”.",
                        field=field.display_name,
                        page=field.page,
                        count=len(page_sizes),
                        template=self.name,
                    )
                ) from error
            if field.type == "merge":
                text = self.env["signature.merge"]._read(record, field.merge_path)
                if text:
                    stamps.append(Stamp(box, "merge", text))
                elif field.required:
                    empty.add(field.merge_path)
            else:
                fields.append(
                    {
                        "role_id": field.role_id.id,
                        "type": field.type,
                        "name": field.display_name,
                        "required": field.required,
                        **self._box_values(box),
                    }
                )
        self._check_not_empty(record, empty)
        return Document(stamp_pdf(pdf, stamps, fonts=font_set()) if stamps else pdf, page_sizes, fields)

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
        labels = []
        for path in sorted(paths):
            records, field = self.env["signature.merge"]._follow(record.sudo(), path)
            label = records.env["ir.model.fields"]._get(records._name, field.name)
            labels.append(f"{label.field_description} ({path})")
        raise UserError(
            self.env._(
                "“%(record)s” lacks what “%(template)s” needs: %(fields)s. Fill it in, then try again.",
                record=record.display_name,
                template=self.name,
                fields=", ".join(labels),
            )
        )

    def _parse_tag(self, tag):
        """Return the field values of a tag such as `signature;role=Client;required=true`.

        The first word is the field's name; its type is that word, or what `type=` says.
        """
        name, *pairs = (part.strip() for part in tag.split(";"))
        options = {
            key.strip().casefold(): value.strip()
            for key, equals, value in (pair.partition("=") for pair in pairs)
            if equals
        }
        kind = options.get("type", name).casefold()
        role = self.role_ids.role_id.filtered(lambda role: role._matches(options.get("role", "")))[:1]
        if kind not in TAG_TYPES or not role:
            raise UserError(
                self.env._(
                    "The tag {{%(tag)s}} in “%(template)s” is not understood. It needs one of the "
                    "types %(types)s and one of the roles %(roles)s, for example "
                    "{{signature;role=%(role)s}}.",
                    tag=tag,
                    template=self.name,
                    types=", ".join(sorted(TAG_TYPES)),
                    roles=", ".join(self.role_ids.role_id.mapped("name")),
                    role=self.role_ids.role_id[:1].name or self.env._("Client"),
                )
            )
        labels = dict(self.env["signature.template.field"]._fields["type"]._description_selection(self.env))
        return {
            "role_id": role.id,
            "type": kind,
            "name": labels[kind] if name.casefold() == kind else name,
            "required": options.get("required", "true").casefold() in TRUE_WORDS,
        }

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
