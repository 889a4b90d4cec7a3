from odoo import api, fields, models
from odoo.exceptions import ValidationError


class IrActionsServer(models.Model):
    """Server actions that ask for a signature, and what every action knows of the document that it follows from."""

    _inherit = "ir.actions.server"

    state = fields.Selection(
        selection_add=[("signature_request", "Request Signature"), ("followers",)],
        ondelete={"signature_request": "cascade"},
    )
    signature_template_id = fields.Many2one(
        "signature.template",
        "Document",
        compute="_compute_signature_template_id",
        store=True,
        readonly=False,
        ondelete="restrict",
        domain="[('model_id', '=', model_id), ('is_adhoc', '=', False)]",
    )
    signature_signatory_id = fields.Many2one(
        "res.users",
        "Signs for us",
        domain=[("share", "=", False)],
        ondelete="restrict",
        help="Who signs for our company. Empty: the record's salesperson.",
    )

    @api.depends("model_id", "state")
    def _compute_signature_template_id(self):
        for action in self:
            if action.state != "signature_request" or action.signature_template_id.model_id != action.model_id:
                action.signature_template_id = False

    @api.constrains("state", "signature_template_id")
    def _check_signature_template_id(self):
        for action in self:
            if action.state == "signature_request" and not action.signature_template_id:
                raise ValidationError(self.env._("Choose the document that “%s” is to send.", action.name))

    def _name_depends(self):
        return [*super()._name_depends(), "signature_template_id"]

    def _generate_action_name(self):
        if self.state == "signature_request" and self.signature_template_id:
            return self.env._("Request signature: %s", self.signature_template_id.name)
        return super()._generate_action_name()

    @api.depends("state")
    def _compute_available_model_ids(self):
        asking = self.filtered(lambda action: action.state == "signature_request")
        if asking:
            asking.available_model_ids = self.env["ir.model"].search(
                [("is_mail_thread", "=", True), ("transient", "=", False)]
            )
        return super(IrActionsServer, self - asking)._compute_available_model_ids()

    @api.model
    def _warning_depends(self):
        return [*super()._warning_depends(), "signature_template_id.active", "signature_template_id.model_id"]

    def _get_warning_messages(self):
        warnings = super()._get_warning_messages()
        template = self.signature_template_id
        if self.state != "signature_request":
            return warnings
        if self.model_id.transient or not self.model_id.is_mail_thread:
            warnings.append(
                self.env._("Documents cannot be made from %s. Choose a model with a chatter.", self.model_id.name)
            )
        elif template and template.model_id != self.model_id:
            warnings.append(
                self.env._(
                    "The document “%(document)s” is made from %(model)s. Choose another one.",
                    document=template.name,
                    model=template.model_id.name,
                )
            )
        if template and not template.active:
            warnings.append(
                self.env._("The document “%s” is archived. Choose another one, or restore it.", template.name)
            )
        return warnings

    def _get_eval_context(self, action=None):
        eval_context = super()._get_eval_context(action)
        eval_context["signature_request"] = self.env["signature.request"]._cause().with_env(self.env)
        return eval_context

    def _run_action_signature_request_multi(self, eval_context=None):
        """Queue the document for all records, with the rights of whoever runs the action; they are told so."""
        records = eval_context["records"] or eval_context["record"]
        if not records:
            return False
        template = self.signature_template_id.with_env(records.env)
        template.check_access("read")
        records.check_access("write")
        requests = template._make_requests(records, signatory=self.signature_signatory_id.with_env(records.env))
        if not requests:
            return False
        return template._notification(
            template.env._(
                "“%(document)s” is being sent for %(count)s records.", document=template.name, count=len(requests)
            )
        )
