import base64

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..engine.errors import PdfRefused
from ..engine.pdf.inspect import inspect
from .engine_messages import engine_message


class SignatureTemplate(models.Model):
    """What document is made from a record, who signs it, and where."""

    _name = "signature.template"
    _description = "Signature template"
    _inherit = ["mail.thread"]
    _order = "sequence, name, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
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
        [("html", "Rich text"), ("pdf", "PDF file"), ("report", "Odoo report")],
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
    report_id = fields.Many2one("ir.actions.report", ondelete="restrict")
    report_path = fields.Char(
        "Record of the report",
        help="Path from the record to the one that the report prints, such as order_ids for the "
        "latest quotation of a deal. Empty: the record itself.",
    )
    role_ids = fields.One2many("signature.template.role", "template_id", "Roles", copy=True)
    field_ids = fields.One2many("signature.template.field", "template_id", "Fields", copy=True)
    expiry_days = fields.Integer(
        "Days to sign", default=30, help="After so many days the links stop working. 0: never."
    )
    request_ids = fields.One2many("signature.request", "template_id", "Requests")
    request_count = fields.Integer(compute="_compute_request_count")

    @api.depends("request_ids")
    def _compute_request_count(self):
        counts = dict(
            self.env["signature.request"]._read_group([("template_id", "in", self.ids)], ["template_id"], ["__count"])
        )
        for template in self:
            template.request_count = counts.get(template, 0)

    @api.constrains("expiry_days")
    def _check_expiry_days(self):
        if any(template.expiry_days < 0 for template in self):
            raise ValidationError(self.env._("The days to sign cannot be negative."))

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

    @api.constrains("model_id")
    def _check_model_id(self):
        for template in self:
            if template.model != "crm.lead" and self.env["signature.rule"].search_count(
                [("template_id", "=", template.id)], limit=1
            ):
                raise ValidationError(self.env._("A stage rule sends “%s”, so it is made from deals.", template.name))

    @api.constrains("body", "model_id", "kind")
    def _check_body(self):
        for template in self.filtered(lambda template: template.kind == "html"):
            # Odoo checks with all rights, but it is the author's that count
            template.sudo(False)._check_placeholders()

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            vals.update(self._inspected(vals))
        return super().create(vals_list)

    def write(self, vals):
        result = super().write(vals | self._inspected(vals))
        if "active" in vals:
            self.env.registry.clear_cache()
        if vals.get("pdf_file"):
            self.field_ids._check_box()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for template in self:
            if template.request_count:
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

    @api.model
    def _inspected(self, vals):
        """Pass an uploaded PDF through the engine's door and return the sizes of its pages.

        Raises UserError for a file that is not accepted.
        """
        if "pdf_file" not in vals:
            return {}
        if not vals["pdf_file"]:
            return {"page_sizes": False}
        data = base64.b64decode(vals["pdf_file"])
        try:
            pages = inspect(data).pages
        except PdfRefused as error:
            raise UserError(engine_message(self.env, error)) from error
        return {"page_sizes": [[page.width, page.height] for page in pages]}

    def action_view_requests(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_request_action")
        return action | {"domain": [("template_id", "=", self.id)], "context": {}}

    def _make_requests(self, records, *, signatory=None, rule=None):
        """The one entry point: queue a request for each of `records`; return the requests.

        Nothing is rendered or sent here: the worker does that once this transaction is committed.
        `signatory` is the user who signs for our company, `rule` the stage rule that asks.
        """
        self.ensure_one()
        if records._name != self.model:
            raise UserError(
                self.env._(
                    "The template “%(template)s” is for %(model)s.",
                    template=self.name,
                    model=self.model_id.name,
                )
            )
        requests = (
            self.env["signature.request"]
            .sudo()
            .create([self._prepare_request_values(record, signatory, rule) for record in records])
        )
        self.env["signature.request"]._queue_trigger()
        return requests

    def _prepare_request_values(self, record, signatory, rule):
        company = record["company_id"] if "company_id" in record._fields else False
        company = company or (rule and rule.company_id) or self.company_id
        return {
            "name": self._document_name(record),
            "template_id": self.id,
            "res_model": record._name,
            "res_id": record.id,
            "user_id": self._responsible(record, signatory).id,
            "signatory_id": signatory.id if signatory else False,
            "rule_id": rule.id if rule else False,
            "company_id": (company or self.env.company).id,
            "state": "queued",
        }

    def _document_name(self, record):
        return self.env._("%(document)s – %(record)s", document=self.name, record=record.display_name)

    def _responsible(self, record, signatory):
        """Return the user who sends and gets the to-dos: the record's salesperson, else somebody who can be reached."""
        if "user_id" in record._fields and record["user_id"]:
            return record["user_id"]
        team = record["team_id"] if "team_id" in record._fields else False
        for user in ((team and team.user_id), signatory, self.env.user, self.create_uid):
            if user and user.active and user._is_internal() and user.id != SUPERUSER_ID:
                return user
        return self.env.ref("base.user_admin")
