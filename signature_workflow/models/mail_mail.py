from odoo import fields, models


class MailMail(models.Model):
    _inherit = "mail.mail"

    signature_signer_id = fields.Many2one(
        "signature.signer", readonly=True, index="btree_not_null", ondelete="set null"
    )

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        """Tell the salesperson of a mail that could not be sent: Odoo itself never tries it again."""
        result = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
        if failure_type:
            for mail in self.sudo().exists().filtered("signature_signer_id"):
                mail.signature_signer_id._delivery_failed(failure_reason or mail.failure_reason or failure_type)
                if mail.signature_signer_id.request_id.state != "completed":
                    # it holds a secret link, and *Send again* makes a new one
                    mail.unlink()
        return result
