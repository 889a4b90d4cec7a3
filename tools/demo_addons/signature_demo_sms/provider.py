from odoo import models
from odoo.addons.sms.tools.sms_api import SmsApiBase


class MailedSmsApi(SmsApiBase):
    """Delivers each SMS as a mail, to be read and followed where the mails are."""

    def _send_sms_batch(self, messages, delivery_reports_url=False):
        server, results = self.env["ir.mail_server"].sudo(), []
        for message in messages:
            for to in message["numbers"]:
                number = to["number"]
                mail = server._build_email__(
                    email_from="SMS <sms@sms.example>",
                    email_to=[f"{number} <{number}@sms.example>"],
                    subject=f"SMS to {number}",
                    body=message["content"],
                )
                server.send_email(mail)
                results.append({"uuid": to["uuid"], "state": "success"})
        return results


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_sms_api_class(self):
        return MailedSmsApi


class SmsSms(models.Model):
    _inherit = "sms.sms"

    def _split_by_api(self):
        yield MailedSmsApi(self.env), self
