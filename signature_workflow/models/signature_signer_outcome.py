from odoo import models

from ..engine import sms


class SignatureSigner(models.Model):
    """What signers are told of their document besides that they are to sign it."""

    _inherit = "signature.signer"

    def _tell(self, template, text):
        """Tell each, without a link, what has become of the document: by SMS who gets links so, else by mail.

        `template` and `text` are as in `_send_by`, but that the method gets nothing. Returns to whom a message went.
        """
        by_text = self.filtered(lambda signer: signer.channel == "sms")
        by_mail = (self - by_text).filtered("email")
        if by_mail:
            by_mail._mail(self.env.ref(template))
        return by_mail | by_text._text({signer.id: getattr(signer, text)() for signer in by_text})

    def _reached(self):
        """Return these without those whom no message has reached: they know nothing of the document."""
        lost = set()
        for event in self.request_id.event_ids.sorted("sequence"):
            if event.kind == "undelivered" and event._data().get("is_request"):
                lost.update(event._addresses())
            elif event.kind in ("link_sent", "reminded"):
                lost.difference_update(event._addresses())

        def is_reached(signer):
            addresses = set(signer._addresses()[0][1:])
            return signer.date_viewed or signer.is_done or not addresses or addresses - lost

        return self.filtered(is_reached)

    def _announce_held(self):
        """Tell these signers of a held document what it waits for, with a link to read it."""
        self._send_with_link("signature_workflow.mail_template_announced", "_announced_text")

    def _announced_text(self, url):
        """Return the text message that says what the document waits for, with the link to read it."""
        self.ensure_one()
        env, company = self._texting_env(), self.request_id.company_id.name
        reason = self.request_id._hold_text(self.lang)
        return sms.fit(
            lambda name: env._(
                "%(company)s: %(document)s waits for %(reason)s before it can be signed. Read it: %(link)s",
                company=company,
                document=name,
                reason=reason,
                link=url,
            ),
            self.request_id.name,
        )

    def _cancelled_text(self):
        """Return the text message that says that the document was cancelled."""
        self.ensure_one()
        env, gaps = self._texting_env(), {"company": self.request_id.company_id.name}
        if self.request_id.replaced_by_id:
            return sms.fit(
                lambda name: env._(
                    "%(company)s: %(document)s was cancelled. A corrected version follows.", document=name, **gaps
                ),
                self.request_id.name,
            )
        return sms.fit(
            lambda name: env._(
                "%(company)s: %(document)s was cancelled. Nothing is needed from you.", document=name, **gaps
            ),
            self.request_id.name,
        )

    def _withdrawn_text(self):
        """Return the text message that says that what was signed counts no more."""
        self.ensure_one()
        env, company = self._texting_env(), self.request_id.company_id.name
        return sms.fit(
            lambda name: env._(
                "%(company)s has withdrawn its acceptance of %(document)s. You keep your signed copy.",
                company=company,
                document=name,
            ),
            self.request_id.name,
        )
