from odoo import fields, models


class SmsSms(models.Model):
    _inherit = "sms.sms"

    signature_signer_id = fields.Many2one(
        "signature.signer", readonly=True, index="btree_not_null", ondelete="set null"
    )

    def _get_sms_company(self):
        return self.signature_signer_id.request_id.company_id or super()._get_sms_company()

    def _send(self, unlink_failed=False, unlink_sent=True, raise_exception=False):
        """Send ours by the provider of their company, and keep none of their secrets.

        Odoo's cron hands over all messages at once and expects them to be of one company.
        """
        ours, options = self.filtered("signature_signer_id"), (unlink_failed, unlink_sent, raise_exception)
        if not ours or self.env.context.get("sms_api"):
            result = super()._send(*options)
        else:
            result = super(SmsSms, self - ours)._send(*options) if self - ours else None
            for sms_api, messages in ours._split_by_api():
                super(SmsSms, messages.with_context(sms_api=sms_api))._send(*options)
        ours._drop_secrets()
        return result

    def _drop_secrets(self):
        """Forget links and codes once they are sent, and messages that failed: those are sent anew, with new ones.

        The rows that were sent stay as long as Odoo keeps them: reports of some providers are checked against them.
        """
        tried = self.exists().filtered(lambda sms: sms.state != "outgoing")
        failed = tried.filtered(lambda sms: sms.state == "error")
        (tried - failed).body = False
        failed.unlink()
