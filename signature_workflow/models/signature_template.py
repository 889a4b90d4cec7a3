from collections import Counter, defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

ENDED_STATES = ("completed", "declined", "expired", "cancelled", "withdrawn")
# what makes the document; a change of it after a document was sent begins a new version
CONTENT = {"kind", "body", "pdf_file", "docx_file", "report_id", "report_path", "report_engine"}


class SignatureTemplate(models.Model):
    """What document is made from a record, who signs it, and where."""

    _name = "signature.template"
    _description = "Signature template"
    _inherit = ["mail.thread", "signature.deadline", "signature.hold"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    version = fields.Integer(
        readonly=True, default=1, copy=False, help="Counts the changes made after a document had been sent."
    )
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company")
    model_id = fields.Many2one(
        "ir.model",
        string="Made from",
        required=True,
        ondelete="cascade",
        domain=[("is_mail_thread", "=", True), ("transient", "=", False)],
        default=lambda self: self.env["ir.model"]._get("crm.lead"),
    )
    model = fields.Char(related="model_id.model", store=True)
    kind = fields.Selection(
        [("html", "Rich text"), ("pdf", "PDF file"), ("docx", "Word file"), ("report", "Odoo report")],
        string="Document",
        required=True,
        default="html",
    )
    body = fields.Html(sanitize="email_outgoing", translate=True)
    pdf_file = fields.Binary("PDF", attachment=True)
    pdf_name = fields.Char("File name")
    page_sizes = fields.Json(
        readonly=True, help="Width and height of each page of the PDF as displayed, in PDF points."
    )
    docx_file = fields.Binary("Word file", attachment=True)
    docx_name = fields.Char()
    report_id = fields.Many2one("ir.actions.report", ondelete="restrict")
    report_engine = fields.Selection(
        [("weasyprint", "Built in"), ("odoo", "Odoo's own (wkhtmltopdf)")],
        string="Printed by",
        required=True,
        default="weasyprint",
    )
    report_path = fields.Char(
        "Record of the report",
        help="Path from the record to the one that the report prints, such as order_ids for the "
        "latest quotation of a deal. Empty: the record itself.",
    )
    role_ids = fields.One2many(
        "signature.template.role",
        "template_id",
        "Roles",
        copy=True,
        default=lambda self: self._default_role_ids(),
    )
    field_ids = fields.One2many("signature.template.field", "template_id", "Fields", copy=True)
    copies_mail_id = fields.Many2one(
        "mail.template",
        "Confirmation e-mail",
        domain=[("model", "=", "signature.signer")],
        ondelete="restrict",
        default=lambda self: self.env.ref("signature_workflow.mail_template_completed", raise_if_not_found=False),
        help="Takes the signed copy to everybody once all have signed. Empty: none is sent.",
    )
    message = fields.Text(
        "Message to the signers", translate=True, help="Stands in the mail that asks for a signature."
    )
    request_ids = fields.One2many("signature.request", "template_id", "Requests")
    request_count = fields.Integer("Times used", compute="_compute_request_count")
    signed_rate = fields.Integer(
        "Signed (%)", compute="_compute_request_count", help="Of the documents that have come to an end."
    )

    @api.model
    def _default_role_ids(self):
        """Begin with those whom most documents have: the customer, then our company."""
        xmlids = ("signature_workflow.role_client", "signature_workflow.role_company")
        roles = filter(None, (self.env.ref(xmlid, raise_if_not_found=False) for xmlid in xmlids))
        return [(0, 0, {"role_id": role.id, "sequence": turn}) for turn, role in enumerate(roles, 1)]

    @api.depends("request_ids.state")
    def _compute_request_count(self):
        groups = self.env["signature.request"]._read_group(
            [("template_id", "in", self.ids), ("is_test", "=", False)], ["template_id", "state"], ["__count"]
        )
        counts = defaultdict(Counter)
        for template, state, count in groups:
            counts[template][state] += count
        for template in self:
            states = counts[template]
            ended = sum(states[state] for state in ENDED_STATES)
            template.request_count = states.total()
            template.signed_rate = round(100 * states["completed"] / ended) if ended else 0

    @api.constrains("kind", "model_id", "report_id", "report_path")
    def _check_report(self):
        for template in self.filtered(lambda template: template.kind == "report"):
            if not template.report_id:
                raise ValidationError(self.env._("Choose the report that “%s” prints.", template.name))
            model = template._report_record(self.env[template.model])._name
            groups = template.report_id.group_ids
            if not self.env[model].sudo(False).has_access("read") or (
                groups and not groups & self.env.user.all_group_ids
            ):
                raise ValidationError(
                    self.env._(
                        "You have no access to the report “%s”, so a template cannot use it.", template.report_id.name
                    )
                )
            if model != template.report_id.model:
                raise ValidationError(
                    self.env._(
                        "The report “%(report)s” prints %(wanted)s, but the template leads to "
                        "%(found)s. Choose the field that leads to it, such as order_ids.",
                        report=template.report_id.name,
                        wanted=self.env["ir.model"]._get(template.report_id.model).name,
                        found=self.env["ir.model"]._get(model).name,
                    )
                )

    @api.constrains("copies_mail_id")
    def _check_copies_mail_id(self):
        for mail in self.copies_mail_id:
            if mail.model != "signature.signer":
                raise ValidationError(self.env._("“%s” is not written to signers. Choose another e-mail.", mail.name))

    @api.constrains("model_id")
    def _check_model_id(self):
        for template in self:
            if template.model != "crm.lead" and self.env["signature.rule"].search_count(
                [("template_id", "=", template.id)], limit=1
            ):
                raise ValidationError(self.env._("A stage rule sends “%s”, so it is made from deals.", template.name))

    @api.constrains("body", "docx_file", "model_id", "kind")
    def _check_body(self):
        for template in self.filtered(lambda template: template.kind in ("html", "docx")):
            # Odoo checks with all rights, but it is the author's that count
            template.sudo(False)._check_placeholders()

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals:
            self.env.registry.clear_cache()
        if CONTENT & vals.keys():
            self._content_changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for template in self:
            if self.env["signature.request"].sudo().search_count([("template_id", "=", template.id)], limit=1):
                raise UserError(
                    self.env._(
                        "“%s” has been sent, so it cannot be deleted. Archive it instead.",
                        template.name,
                    )
                )

    def copy_data(self, default=None):
        return [
            dict(vals, name=self.env._("%s (copy)", template.name))
            for template, vals in zip(self, super().copy_data(default), strict=True)
        ]

    def _content_changed(self):
        """Begin a new version of those templates of which a document has been made.

        What has been sent does not change: a request keeps its own document and its own fields.
        """
        made = [("template_id", "in", self.ids), ("template_version", ">", 0)]
        used = self.env["signature.request"].sudo()._read_group(made, ["template_id"], ["template_version:max"])
        for template, latest in used:
            if template.version <= latest:
                own = template.sudo()
                own.version = latest + 1
                own._message_log(body=self.env._("Version %s: documents sent so far keep theirs.", latest + 1))

    def action_view_requests(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_request_action")
        return action | {"domain": [("template_id", "=", self.id)], "context": {}}
