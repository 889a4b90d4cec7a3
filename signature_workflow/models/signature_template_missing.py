import base64

from odoo import models
from odoo.exceptions import UserError

from ..engine import docx
from .signature_merge import PLACEHOLDER, Table


class SignatureTemplate(models.Model):
    """What a record lacks for its document, found without making it."""

    _inherit = "signature.template"

    def _required_paths(self, lang):
        """Return the set of paths from the record that must not be empty in the document in the language `lang`."""
        self.ensure_one()
        if self.kind == "html":
            return self._required_in_text(self.with_context(lang=lang).body)
        placed = self.field_ids.filtered(lambda field: field.type == "merge" and field.required)
        asked = docx.placeholders(base64.b64decode(self.docx_file)).paths if self.kind == "docx" else ()
        return {path for path in asked if not path.endswith("?")} | set(placed.mapped("merge_path"))

    def _required_in_text(self, html):
        merge, paths = self.env["signature.merge"], set()
        for match in PLACEHOLDER.finditer(merge._own_placeholders(html, self.env[self.model])):
            placeholder = merge._parse(match[1])
            if isinstance(placeholder, str) or placeholder.optional:
                continue
            if isinstance(placeholder, Table) or not placeholder.fallback:
                paths.add(placeholder.path)
        return paths

    def _missing(self, record, paths):
        """Return the sentences that say what `record` lacks for its document, with the next step.

        `record` is in the language of its customer, `paths` are those of `_required_paths` for it. Nothing is made,
        and what is read is read for the whole batch that `record` is prefetched with.
        """
        self.ensure_one()
        merge, own = self.env["signature.merge"], record.sudo()
        try:
            self._check_not_empty(record, {path for path in paths if not merge._text(own, path, False)})
        except UserError as error:
            return [str(error)]
        if self.kind == "report" and not self._report_record(own):
            return [self._nothing_to_print(record)]
        return []

    def _nothing_to_print(self, record):
        """Return the sentence that says that `record` has nothing yet that this template's report prints."""
        return self.env._(
            "“%(template)s” prints %(kind)s of “%(record)s”, but there is none. Make it, then try again.",
            template=self.name,
            kind=self.env["ir.model"]._get(self.report_id.model).name,
            record=record.display_name,
        )
