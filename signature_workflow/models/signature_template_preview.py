import base64
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.errors import EngineError
from ..engine.pdf.preview import preview

_logger = logging.getLogger(__name__)

# pixels; a card of the gallery is half as wide
WIDTH = 640


class SignatureTemplate(models.Model):
    """First pages for the gallery, made in the background whenever a template has changed."""

    _inherit = "signature.template"

    preview = fields.Binary("First page", attachment=True, readonly=True, copy=False)
    preview_due = fields.Boolean(readonly=True, copy=False)

    @api.model_create_multi
    def create(self, vals_list):
        templates = super().create(vals_list)
        templates._ask_for_preview()
        return templates

    def _content_changed(self):
        self._ask_for_preview()
        return super()._content_changed()

    def _ask_for_preview(self):
        due = self.filtered(lambda template: not template.preview_due)
        if due:
            due.preview_due = True
            self.env.ref("signature_workflow.ir_cron_preview").sudo()._trigger()

    @api.model
    def _cron_preview(self):
        """Make the first pages that are due. They show examples, never a customer's data."""
        due = self.with_context(active_test=False).search([("preview_due", "=", True)])
        for template in due:
            template.preview_due = False
            try:
                template.preview = template._make_preview()
            except (UserError, EngineError) as error:
                # an unfinished template has no picture; its form says what is missing
                template.preview = False
                _logger.info("No preview of template %s: %s", template.id, error)
            self.env["ir.cron"]._commit_progress(1)

    def _make_preview(self):
        """Return the picture, base64-encoded; False for a report, which can only be shown with somebody's data."""
        self.ensure_one()
        if self.kind == "report":
            return False
        document = self._build_document(self.env[self.model], sample=True)
        return base64.b64encode(preview(document.pdf, width=WIDTH))
