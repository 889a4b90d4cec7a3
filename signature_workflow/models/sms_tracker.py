from odoo import api, fields, models

from .signature_queue import CONCURRENCY_ERRORS

FAILED = ("exception", "bounce", "canceled")
# the provider has not answered, or not understood: whether it has sent the message nobody knows
UNKNOWN = "sms_server"


class SmsTracker(models.Model):
    _inherit = "sms.tracker"

    signature_signer_id = fields.Many2one("signature.signer", readonly=True, index="btree_not_null", ondelete="cascade")
    signature_is_request = fields.Boolean(readonly=True, help="It asks for the signature.")
    signature_number = fields.Char("Number of the signer", readonly=True)
    signature_failure = fields.Char("Failure to be told", readonly=True)

    _signature_failure_idx = models.Index("(id) WHERE signature_failure IS NOT NULL")

    def _update_sms_notifications(self, notification_status, failure_type=False, failure_reason=False):
        """Keep why a message of ours did not arrive.

        The salesperson is told in another transaction: this one has sent other messages as well, and would send them
        once more if somebody signed at this moment.
        """
        result = super()._update_sms_notifications(notification_status, failure_type, failure_reason)
        ours = self.filtered("signature_signer_id")
        if ours and notification_status in FAILED:
            known = failure_type if failure_type != "unknown" else failure_reason
            ours.signature_failure = known or failure_reason or notification_status
            self._signature_trigger()
        return result

    @api.model
    def _signature_trigger(self):
        self.env.ref("signature_workflow.ir_cron_sms_failures").sudo()._trigger()

    @api.model
    def _cron_signature_failures(self):
        """Tell the salespeople of the text messages that did not arrive, of each once."""
        for tracker in self.search([("signature_failure", "!=", False)], order="id"):
            try:
                tracker._signature_tell()
            except CONCURRENCY_ERRORS:
                # somebody signed at this moment: the next run tells
                self.env.cr.rollback()
                self._signature_trigger()
            self.env["ir.cron"]._commit_progress(1)

    def _signature_tell(self):
        signer, number, reason = self.signature_signer_id, self.signature_number, self._signature_reason()
        # nothing follows from what may have arrived
        is_request = self.signature_is_request and self.signature_failure != UNKNOWN
        # whatever else the provider says of this message is not told again
        self.unlink()
        if signer.phone == number:
            signer._delivery_failed(reason, address=number, is_request=is_request)

    def _signature_reason(self):
        """Return why the message did not arrive, in the language of the salesperson."""
        self.ensure_one()
        env = self.signature_signer_id.request_id._for_sender().env
        kinds = {"canceled": env._("Cancelled")}
        for model in ("mail.notification", "sms.sms"):
            kinds |= dict(env[model]._fields["failure_type"]._description_selection(env))
        reason = kinds.get(self.signature_failure, self.signature_failure)
        if self.signature_failure == UNKNOWN:
            return env._("%s, and perhaps it has arrived all the same", reason)
        return reason
