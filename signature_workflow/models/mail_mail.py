import re
import smtplib
from datetime import timedelta

from odoo import fields, models

from .signature_mail_link import PORTAL_PATH

# mails wait so long before it is looked again whether their documents are made
PATIENCE = timedelta(minutes=1)


class MailMail(models.Model):
    _inherit = "mail.mail"

    signature_signer_id = fields.Many2one(
        "signature.signer", readonly=True, index="btree_not_null", ondelete="set null"
    )
    signature_address = fields.Char("Address of the signer", readonly=True)
    signature_is_request = fields.Boolean(readonly=True, help="It asks for the signature.")

    def _postprocess_sent_message(self, success_pids, success_emails, failure_reason=False, failure_type=None):
        """Tell the salesperson of a mail that could not be sent: Odoo itself never tries it again, or deletes it."""
        ours = [
            (
                mail,
                mail.signature_signer_id,
                mail.signature_address,
                mail.signature_is_request,
                bool(mail.attachment_ids),
                mail.failure_reason,
            )
            for mail in self.sudo().filtered(lambda mail: failure_type and mail.signature_signer_id)
        ]
        result = super()._postprocess_sent_message(
            success_pids, success_emails, failure_reason=failure_reason, failure_type=failure_type
        )
        for mail, signer, address, is_request, is_copy, reason in ours:
            if signer.email == address:
                problem = failure_reason or reason or failure_type
                signer._delivery_failed(problem, address=address, is_request=is_request)
            if not is_copy:
                # it holds a secret link or a code, and *Send again* makes a new one
                mail.exists().unlink()
        return result

    def _send(self, auto_commit=False, **options):
        """Tell the salesperson also of the mail during which the server hung up: Odoo only marks it as failed."""
        try:
            return super()._send(auto_commit=auto_commit, **options)
        except smtplib.SMTPServerDisconnected:
            # those behind it are still to be sent, and those before it are told of
            under_way = self.exists().filtered(lambda mail: mail.state == "exception")[-1:]
            reason = self.env._("the mail server hung up, and perhaps the message has arrived all the same")
            # nothing follows from what may have arrived
            under_way.signature_is_request = False
            under_way._postprocess_sent_message([], [], failure_reason=reason, failure_type="mail_smtp")
            if auto_commit:
                self.env["ir.cron"]._commit_progress()
            raise

    # Secret links in mails of a deal

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """Keep mails back that lead to documents which are only being made; the mail queue sends them then."""
        held = self._too_early()
        if held:
            held.scheduled_date = fields.Datetime.now() + PATIENCE
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger(held[0].scheduled_date)
        return super(MailMail, self - held).send(auto_commit, raise_exception, post_send_callback)

    def _has_signature_link(self):
        """Tell whether the address to sign this mail's own deal stands in it."""
        self.ensure_one()
        return self.model == "crm.lead" and f"{PORTAL_PATH}{self.res_id}" in (self.body_html or "")

    def _too_early(self):
        mails = self.filtered(lambda mail: mail.state == "outgoing" and mail._has_signature_link())
        waiting = self.env["crm.lead"].browse(mails.mapped("res_id"))._waits_for_documents()
        return mails.filtered(lambda mail: mail.res_id in waiting.ids)

    def _prepare_outgoing_list(self, mail_server=False, doc_to_followers=None):
        """Give those who take part in a document of the deal their own secret link; it is stored nowhere."""
        outgoing = super()._prepare_outgoing_list(mail_server, doc_to_followers)
        if self._has_signature_link():
            lead = self.env["crm.lead"].sudo().browse(self.res_id)
            address = re.compile(rf"{re.escape(lead.signature_link)}(?!\d)")
            for each in outgoing:
                # copies count, too
                addresses = each["email_to_normalized"]
                if len(addresses) == 1 and address.search(each["body"]):
                    self._add_secret_link(each, address, lead._signer_with_address(addresses[0]))
        return outgoing

    def _add_secret_link(self, outgoing, address, signer):
        """Put a new link of `signer`, if any, in the place of the harmless `address`, a pattern."""
        if not signer:
            return
        signer.request_id._bump()
        signer.request_id._log_events("link_sent", signer=signer, data={"to": [["template", signer.email]]})
        url = self.env["signature.link"]._make(signer, "template")[signer.id]
        # Odoo would name the others in "To": who answers to all of them would hand them the link
        outgoing["headers"] = {name: text for name, text in outgoing["headers"].items() if name != "X-Msg-To-Add"}
        for key in ("body", "body_alternative"):
            outgoing[key] = address.sub(url, outgoing[key])
