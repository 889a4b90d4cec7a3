import base64
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.errors import EngineError
from ..engine.pdf.preview import preview
from .signature_queue import CONCURRENCY_ERRORS

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
            self._wake_preview()

    @api.model
    def _wake_preview(self):
        self.env.ref("signature_workflow.ir_cron_preview").sudo()._trigger()

    @api.model
    def _cron_preview(self):
        """Make the first pages that are due. They show examples, never a customer's data."""
        cron = self.env["ir.cron"]
        due = self.with_context(active_test=False).search([("preview_due", "=", True)])
        cron._commit_progress(remaining=len(due))
        for template in due:
            try:
                template.preview_due = False
                # committed before the work: a template that kills the worker does not hold up the others
                cron._commit_progress(1)
                template.preview = template._try_preview()
                left = cron._commit_progress()
            except CONCURRENCY_ERRORS:
                # somebody saves it at this moment: what is left is found by the next run
                self.env.cr.rollback()
                self._wake_preview()
                return
            if not left:
                return

    def _try_preview(self):
        """Return what `_make_preview` does, or False: of an unfinished template, whose form says what is missing."""
        try:
            return self._make_preview()
        except (UserError, EngineError, RecursionError) as error:
            # the last comes from WeasyPrint, for a text that is nested too deeply
            _logger.info("No preview of template %s: %s", self.id, error)
            return False

    def _make_preview(self):
        """Return the picture, base64-encoded; False for a report, which can only be shown with somebody's data."""
        self.ensure_one()
        if self.kind == "report":
            return False
        template = self.with_company(self.company_id or self.env.company)
        document = template._build_document(template.env[template.model], sample=True)
        return base64.b64encode(preview(document.pdf, width=WIDTH))
