from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

# which trigger listens to which event of `signature.rule.action`
TRIGGERS = {
    "signed": "on_signature_completed",
    "approved": "on_signature_completed",
    "declined": "on_signature_declined",
    "disapproved": "on_signature_declined",
    "expired": "on_signature_expired",
    "cancelled": "on_signature_cancelled",
}


class BaseAutomation(models.Model):
    """Automation rules of Odoo that listen to documents.

    They run as reactions do: later, once, and with the rights of the system, as rules based on time. No method of the
    model is patched for them.
    """

    _inherit = "base.automation"

    trigger = fields.Selection(
        selection_add=[
            ("on_signature_completed", "Document is signed by all"),
            ("on_signature_declined", "Document is declined"),
            ("on_signature_expired", "Document is not signed in time"),
            ("on_signature_cancelled", "Document is cancelled"),
        ],
        ondelete=dict.fromkeys(TRIGGERS.values(), "cascade"),
    )

    @api.constrains("trigger", "model_id")
    def _check_signature_trigger(self):
        for automation in self:
            if automation.trigger in TRIGGERS.values() and not automation.model_id.is_mail_thread:
                raise ValidationError(
                    self.env._(
                        "“%(automation)s” cannot wait for documents: none are made from %(model)s. Choose a model "
                        "with a chatter.",
                        automation=automation.name,
                        model=automation.model_id.name,
                    )
                )

    @api.constrains("trigger", "action_server_ids")
    def _check_signature_actions(self):
        for automation in self.filtered(lambda automation: automation.trigger == "on_unlink"):
            if "signature_request" in automation.action_server_ids.mapped("state"):
                raise ValidationError(
                    self.env._(
                        "“%s” runs when a record is deleted, so no document can be made from it any more. Choose "
                        "another trigger.",
                        automation.name,
                    )
                )

    @api.model
    @tools.ormcache("model_name", "event")
    def _signature_automation_ids(self, model_name, event):
        """Return the ids of the rules that wait for `event` of documents made from `model_name`; cached."""
        if event not in TRIGGERS:
            return ()
        listening = [("model_name", "=", model_name), ("trigger", "=", TRIGGERS[event])]
        return tuple(self.sudo().with_context(active_test=True).search(listening).ids)

    def _run_for(self, request):
        """Run this rule on the record of `request`; return the reaction's state and what was done."""
        if not self.active:
            return "done", self.env._("The automation rule was archived or deleted by then.")
        record = request._record().exists()
        if not record:
            return "done", self.env._("The record no longer exists.")
        automation = self.with_company(request.company_id).with_context(signature_request_id=request.id)
        chosen = automation._filter_post(record.with_env(automation.env))
        if not chosen:
            return "done", self.env._("“%s” is not meant for this record, so it did not run.", self.name)
        automation._process(chosen)
        return "done", self.env._("“%s” has run.", self.name)

    @api.model_create_multi
    def create(self, vals_list):
        automations = super().create(vals_list)
        self.env.registry.clear_cache()
        return automations

    def write(self, vals):
        result = super().write(vals)
        if set(vals).intersection(self.CRITICAL_FIELDS):
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
