from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import docx
from ..engine.errors import EngineError
from ..engine.pdf.stamp import Stamp, stamp_pdf
from ..engine.placement import Box
from .engine_messages import engine_message
from .fonts import font_set

# so many of the newest records are looked at for an example of a report
SAMPLES = 50
# and so many are tried for a test
TRIED = 5


class SignatureTemplate(models.Model):
    """From a template or a file of a record to the send dialog, and examples of what it sends."""

    _inherit = "signature.template"

    has_converter = fields.Boolean(compute="_compute_has_converter", help="LibreOffice is installed on the server.")

    @api.depends("kind")
    def _compute_has_converter(self):
        self.has_converter = docx.is_available()

    # Examples

    def _localized(self, record, user, company=None):
        """Return `record` in the language of its customer, and in `company` or its own."""
        if not company and "company_id" in record._fields:
            company = record["company_id"]
        record = record.with_company(company or self.company_id or self.env.company)
        partner = self.env["signature.role"]._customer(record)
        return record.with_context(lang=partner.lang or user.lang or self.env.lang)

    def _sample_record(self, record_id=False):
        """Return the record to show the document of: the one asked for, else the newest; empty if there is none."""
        self.ensure_one()
        model = self.env[self.model]
        if record_id:
            record = model.browse(int(record_id)).exists()
            record.check_access("read")
        elif self.kind == "report":
            newest = model.search([], order="id desc", limit=SAMPLES)
            record = newest.filtered(self._has_readable_report)[:1]
        else:
            record = model.browse()
        return self._localized(record, self.env.user) if record else record

    def _has_readable_report(self, record):
        source = self._report_record(record.sudo()).with_env(self.env)
        return bool(source) and source.has_access("read")

    def _sample_document(self, record_id=False):
        """Return `(record, Document)` as an example; the document's fields are those that the text itself has.

        Raises UserError when there is nothing to show yet.
        """
        record = self._sample_record(record_id)
        if self.kind == "report" and not record:
            raise UserError(
                self.env._(
                    "There is nothing yet that “%s” could print as an example. Make one, then try again.", self.name
                )
            )
        return record, self._shown_document(record, sample=True)

    def _shown_document(self, record, sample=False):
        """Return what `_build_document` does, for somebody who looks at it. Raises UserError only."""
        try:
            return self._build_document(record, sample)
        except EngineError as error:
            raise UserError(engine_message(self.env, error)) from error

    def _with_places(self, document, sample=False):
        """Return the PDF of a Document with the places of its fields drawn; a `sample` lacks those placed by hand."""
        count = len(document.page_sizes)
        places = [
            (Box(*(field[side] for side in ("page", "x", "y", "width", "height"))), field["name"])
            for field in document.fields
        ]
        if sample:
            placed = self.field_ids.filtered(lambda field: field._lies_on(count))
            places += [(field._to_box(), field.merge_path or field.display_name) for field in placed]
        stamps = [Stamp(box, "place", label or "") for box, label in places]
        return stamp_pdf(document.pdf, stamps, fonts=font_set()) if stamps else document.pdf

    # Sending

    @api.model
    def _last_used(self, model):
        """Return the template that this user, or else anybody, last sent for a record of `model`."""
        requests = self.env["signature.request"].sudo()
        sent = [
            ("template_id.model", "=", model),
            ("template_id.is_adhoc", "=", False),
            ("template_id.active", "=", True),
            ("is_test", "=", False),
        ]
        for mine in ([("create_uid", "=", self.env.uid)], []):
            for request in requests.search([*sent, *mine], order="id desc", limit=20):
                template = request.template_id.with_env(self.env)
                if template.has_access("read"):
                    return template
        return self.search([("model", "=", model), ("is_adhoc", "=", False)], limit=1)

    def action_send_for(self, res_model, res_id):
        """Return the action of the send dialog for a record, with this template chosen."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send for signature"),
            "res_model": "signature.request.send",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "dialog_size": "extra-large",
                "default_res_model": res_model,
                "default_res_id": res_id,
                "default_template_id": self.id,
            },
        }

    def action_open_editor(self):
        """Return the action of the visual editor."""
        self.ensure_one()
        return self._editor_action()

    def _editor_action(self, **params):
        return {
            "type": "ir.actions.client",
            "tag": "signature_workflow.template_editor",
            "name": self.name,
            "params": {"template_id": self.id, **params},
        }

    def action_preview(self):
        """Show the document as an example, in a tab of its own."""
        self.ensure_one()
        self._sample_document()
        return {
            "type": "ir.actions.act_url",
            "url": f"/signature_workflow/template/{self.id}/document?places=1",
            "target": "new",
        }

    def action_send_test(self):
        """Send the document of the newest record to oneself, as every signer would get it."""
        self.ensure_one()
        newest = self.env[self.model].search([], order="id desc", limit=SAMPLES)
        problem = self.env._("There is no record yet that “%s” could be made from. Make one, then try it.", self.name)
        candidates = newest.filtered(lambda each: self.kind != "report" or self._has_readable_report(each))
        for record in candidates[:TRIED]:
            try:
                self._check_sending(self._localized(record, self.env.user), self.env.user, is_test=True)
            except UserError as error:
                problem = str(error)
            else:
                return self._send_test(record)
        raise UserError(problem)

    def _check_sending(self, record, signatory, overrides=None, is_test=False, channels=None):
        """Make the document of `record` once, as a check before anything is queued.

        Returns the values of its signers. Raises UserError saying who or what is missing.
        """
        document = self._shown_document(record)
        if self.is_adhoc:
            # the usual roles were put in beforehand; who has no field in this document does not take part
            asked = {values["role_id"] for values in document.fields}
            self.role_ids.filtered(lambda line: line.participation == "sign" and line.role_id.id not in asked).unlink()
        user = self._responsible(record, signatory)
        signers, problems = self._find_signers(record, user, signatory, overrides, is_test, channels)
        if problems:
            raise UserError("\n".join(problems))
        request = self.env["signature.request"].new({"template_id": self.id, "page_sizes": document.page_sizes})
        request._check_roles_have_fields(signers, document)
        for values in document.fields:
            field = {key: value for key, value in values.items() if key != "role_id"}
            self.env["signature.request.field"].new({**field, "request_id": request})._check_known()
        return signers

    def _send_test(self, record, **values):
        """Queue a test of the document of `record`, and return a notification that says where it goes."""
        if not self.env.user.email:
            raise UserError(self.env._("You have no e-mail address. Enter it in your preferences, then try again."))
        self._make_requests(record, is_test=True, user_id=self.env.uid, **values)
        return self._notification(
            self.env._(
                "A test of “%(document)s”, made from “%(record)s”, is on its way to %(email)s.",
                document=self.name,
                record=record.display_name,
                email=self.env.user.email,
            )
        )

    @api.model
    def _notification(self, message, **params):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "message": message, **params},
        }
