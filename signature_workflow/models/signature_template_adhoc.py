from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

SENDABLE = {
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}
# what salespeople change of a document of theirs; all else comes with its file
OWN_COLUMNS = {"name", "message", "expiry_days", "role_ids", "field_ids"}
# days after which a document that was begun and never sent is forgotten
KEPT_DAYS = 30


class SignatureTemplate(models.Model):
    """A file of a record, laid out for this one time, and the layout used again for its like."""

    _inherit = "signature.template"

    is_adhoc = fields.Boolean(
        "For one document",
        readonly=True,
        copy=False,
        help="Made from a file of one record; offered again for its like.",
    )
    attachment_id = fields.Many2one(
        "ir.attachment", "Made from the file", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    layout_id = fields.Many2one(
        "signature.template", "Layout of", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )

    @api.constrains("is_adhoc", "kind")
    def _check_is_adhoc(self):
        for template in self:
            if template.is_adhoc and template.kind not in SENDABLE.values():
                raise ValidationError(
                    self.env._("“%s” is for one document, which is a PDF or Word file.", template.name)
                )

    def _check_may_write(self, columns):
        """Raise AccessError if the user, who may write on their own document, may not change these of its columns."""
        is_manager = self.env.su or self.env.user.has_group("signature_workflow.group_manager")
        if not is_manager and set(columns) - OWN_COLUMNS:
            raise AccessError(self.env._("Only sales managers can make templates. Ask one to keep this layout."))

    @api.model
    def action_send_attachment(self, attachment_id):
        """Return the action that sends a file of a record for signature.

        That is the send dialog, when the fields of the file are known: because it has some itself, or because a
        document with the same pages was sent before. Otherwise it is the visual editor, which then leads there.
        """
        attachment = self.env["ir.attachment"].browse(attachment_id).exists()
        attachment.check_access("read")
        if attachment.mimetype not in SENDABLE or not (attachment.res_model and attachment.res_id):
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
        template = self.sudo().create(
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
        template = template.sudo(False)
        # fields that the file has itself are better than any others
        if not template.field_ids and (layout := template._similar_layouts()[:1]):
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
        """Take over what was filled in for another document: fields, roles, days to sign and message.

        What gets at the fields of the record stays behind: only a template may do that.
        """
        self.ensure_one()
        source = layout.copy_data()[0]
        placed = [
            (0, 0, {**values, "merge_path": False, "write_path": False})
            for __, __, values in source["field_ids"]
            if values["type"] != "merge"
        ]
        self.sudo().layout_id = layout
        self.write(
            {
                "role_ids": [(5,), *source["role_ids"]],
                "field_ids": [(5,), *placed],
                "expiry_days": source["expiry_days"],
                "message": source["message"],
            }
        )

    def _drop_layout(self):
        """Begin anew with the pages of this document."""
        self.field_ids = [(5,)]
        self.sudo().layout_id = False

    def action_keep(self):
        """Make the layout of one document a template that everybody can use."""
        self.is_adhoc = False

    @api.autovacuum
    def _gc_adhoc(self):
        """Forget documents that were begun and never sent."""
        begun = fields.Datetime.now() - timedelta(days=KEPT_DAYS)
        self.with_context(active_test=False).search(
            [("is_adhoc", "=", True), ("request_ids", "=", False), ("write_date", "<", begun)]
        ).unlink()
