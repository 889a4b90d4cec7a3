from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..engine import docx
from ..engine.errors import EngineError
from .engine_messages import engine_message

SENDABLE = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}
# so many of the newest records are looked at for an example of a report
SAMPLES = 50


class SignatureTemplate(models.Model):
    """From a template or a file of a record to the send dialog, and examples of what it sends."""

    _inherit = "signature.template"

    attachment_id = fields.Many2one(
        "ir.attachment", "Made from the file", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    layout_id = fields.Many2one(
        "signature.template", "Layout of", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )

    has_converter = fields.Boolean(compute="_compute_has_converter", help="LibreOffice is installed on the server.")

    @api.depends("kind")
    def _compute_has_converter(self):
        self.has_converter = docx.is_available()

    # Examples

    def _localized(self, record, user):
        """Return `record` in the language of its customer, and in its own company."""
        names = record._mail_get_partner_fields()
        partner = record[names[0]] if names else self.env["res.partner"]
        company = record["company_id"] if "company_id" in record._fields else False
        record = record.with_company(company or self.company_id or self.env.company)
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
            record = newest.filtered(self._report_record)[:1]
        else:
            record = model.browse()
        return self._localized(record, self.env.user) if record else record

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

    # Sending

    @api.model
    def _last_used(self, model):
        """Return the template that this user, or else anybody, last sent for a record of `model`."""
        domain = [("model", "=", model), ("is_adhoc", "=", False)]
        requests = self.env["signature.request"].sudo()
        sent = [("template_id.active", "=", True), ("is_test", "=", False)]
        sent += [(f"template_id.{name}", operator, value) for name, operator, value in domain]
        for mine in ([("create_uid", "=", self.env.uid)], []):
            for request in requests.search([*sent, *mine], order="id desc", limit=20):
                template = request.template_id.with_env(self.env)
                if template.has_access("read"):
                    return template
        return self.search(domain, limit=1)

    def action_send_for(self, res_model, res_id):
        """Return the action of the send dialog for a record, with this template chosen."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send for signature"),
            "res_model": "signature.request.send",
            "views": [(False, "form")],
            "target": "new",
            "context": {
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
            "url": f"/signature_workflow/template/{self.id}/document",
            "target": "new",
        }

    def action_send_test(self):
        """Send the document of the newest record to oneself, as every signer would get it."""
        self.ensure_one()
        newest = self.env[self.model].search([], order="id desc", limit=SAMPLES)
        record = newest.filtered(lambda each: self.kind != "report" or self._report_record(each))[:1]
        if not record:
            raise UserError(
                self.env._("There is no record yet that “%s” could be made from. Make one, then try it.", self.name)
            )
        return self._send_test(record)

    def _send_test(self, record, **values):
        """Queue a test of the document of `record`, and return a notification that says where it goes."""
        if not self.env.user.email:
            raise UserError(self.env._("You have no e-mail address. Enter it in your preferences, then try again."))
        self._make_requests(record, is_test=True, user_id=self.env.uid, **values)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "A test of “%(document)s” is on its way to %(email)s.",
                    document=self.name,
                    email=self.env.user.email,
                ),
            },
        }

    @api.model
    def action_send_attachment(self, attachment_id):
        """Return the action that sends a file of a record for signature.

        That is the send dialog, when the fields of the file are known: because it has some itself, or because a
        document with the same pages was sent before. Otherwise it is the visual editor, which then leads there.
        """
        attachment = self.env["ir.attachment"].browse(attachment_id).exists()
        attachment.check_access("read")
        if attachment.mimetype not in SENDABLE or not attachment.res_id:
            raise UserError(
                self.env._(
                    "“%s” cannot be sent for signature: only PDF and Word files of a record can.", attachment.name
                )
            )
        record = self.env[attachment.res_model].browse(attachment.res_id)
        record.check_access("write")
        template = self._adhoc(attachment, record)
        if template.field_ids or template.kind == "docx":
            return template.action_send_for(record._name, record.id)
        return template._editor_action(next={"res_model": record._name, "res_id": record.id})

    @api.model
    def _adhoc(self, attachment, record):
        """Return the template for this one file: the one that was begun before, or a new one."""
        begun = self.search(
            [("attachment_id", "=", attachment.id), ("create_uid", "=", self.env.uid), ("is_adhoc", "=", True)]
        ).filtered(lambda template: not template.request_count)
        if begun:
            return begun[0]
        kind = SENDABLE[attachment.mimetype]
        template = self.create(
            {
                "name": attachment.name.rpartition(".")[0] or attachment.name,
                "is_adhoc": True,
                "kind": kind,
                f"{kind}_file": attachment.with_context(bin_size=False).datas,
                f"{kind}_name": attachment.name,
                "model_id": self.env["ir.model"]._get_id(record._name),
                "company_id": record["company_id"].id if "company_id" in record._fields else self.env.company.id,
                "attachment_id": attachment.id,
            }
        )
        if layout := template._similar_layouts()[:1]:
            template._use_layout(layout)
        return template

    def _similar_layouts(self):
        """Return templates whose file has the same pages, and fields on them; the one used last comes first."""
        self.ensure_one()
        if not self.layout_key:
            return self.browse()
        alike = self.with_context(active_test=False).search(
            [
                ("layout_key", "=", self.layout_key),
                ("field_ids", "!=", False),
                ("id", "!=", self.id),
                ("model", "=", self.model),
            ]
        )
        used = (
            self.env["signature.request"]
            .sudo()
            ._read_group([("template_id", "in", alike.ids), ("is_test", "=", False)], ["template_id"], ["id:max"])
        )
        latest = {template.id: request_id for template, request_id in used}
        return alike.filtered(lambda template: template.id in latest).sorted(lambda template: -latest[template.id])

    def _use_layout(self, layout):
        """Take over what was filled in for another document: fields, roles, days to sign and message."""
        self.ensure_one()
        self.check_access("write")
        source = layout.copy_data()[0]
        taken = {key: source[key] for key in ("expiry_days", "message") if key in source}
        self.write(
            {
                "layout_id": layout.id,
                "role_ids": [(5,), *source["role_ids"]],
                "field_ids": [(5,), *source["field_ids"]],
                **taken,
            }
        )

    def write(self, vals):
        if "is_adhoc" in vals and not (self.env.su or self.env.user.has_group("signature_workflow.group_manager")):
            raise AccessError(self.env._("Only sales managers can make templates. Ask one to keep this layout."))
        return super().write(vals)

    def action_keep(self):
        """Make the layout of one document a template that everybody can use."""
        self.is_adhoc = False
