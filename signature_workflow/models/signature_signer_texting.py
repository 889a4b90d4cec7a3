from odoo import models

from ..engine import sms
from .refused import SubmitRefused


class SignatureSigner(models.Model):
    """What signers get as text messages."""

    _inherit = "signature.signer"

    def _text(self, bodies, *, is_request=False):
        """Queue a text message to each signer; `bodies` is by signer id. Returns to whom.

        What a limit holds back is told of; nothing follows from that. `is_request` is as in `_send_by`.
        """
        texted = self.browse()
        for signer in self:
            try:
                signer.request_id._for_sender().env["signature.sending"]._check(signer, "sms", signer.phone)
            except SubmitRefused as refused:
                signer._delivery_failed(str(refused).rstrip("."), address=signer.phone)
            else:
                signer._queue_text(bodies[signer.id], is_request=is_request)
                texted |= signer
        return texted

    def _queue_text(self, body, *, is_request=False):
        """Queue a text message to this signer, who is in no chatter: colleagues must not read the link or the code."""
        self.ensure_one()
        # Odoo chooses the provider by the company
        messages = self.env["sms.sms"].sudo().with_company(self.request_id.company_id)
        message = messages.create({"number": self.phone, "body": body, "signature_signer_id": self.id})
        # reports of delivery come to the tracker, also when the message itself is gone
        tracker = {"sms_uuid": message.uuid, "signature_signer_id": self.id, "signature_number": self.phone}
        self.env["sms.tracker"].sudo().create({**tracker, "signature_is_request": is_request})

    def _copy_call(self):
        """Return what has happened to the document, as the beginning of a subject."""
        self.ensure_one()
        return self.env._("Approved") if self.request_id._is_approval() else self.env._("Signed")

    def _call(self):
        """Return what is asked of this signer, as the beginning of a subject."""
        self.ensure_one()
        calls = {"sign": self.env._("Please sign"), "approve": self.env._("Please approve")}
        return calls.get(self.participation) or self.env._("Please read")

    def _request_text(self, url):
        """Return the text message that asks this signer to sign, approve or read, with their link."""
        self.ensure_one()
        env, company = self._texting_env(), self.request_id.company_id.name

        def compose(name):
            gaps = {"company": company, "document": name, "link": url}
            if self.participation == "sign":
                return env._("%(company)s: please sign %(document)s %(link)s", **gaps)
            if self.participation == "approve":
                return env._("%(company)s: please approve %(document)s %(link)s", **gaps)
            return env._("%(company)s: please read %(document)s %(link)s", **gaps)

        return sms.fit(compose, self.request_id.name)

    def _copy_text(self, url):
        """Return the text message with the link to the signed copy."""
        self.ensure_one()
        env, company = self._texting_env(), self.request_id.company_id.name

        def compose(name):
            gaps = {"company": company, "document": name, "link": url}
            if self.request_id._is_approval():
                return env._("%(company)s: %(document)s is approved. Your copy: %(link)s", **gaps)
            return env._("%(company)s: %(document)s is signed. Your copy: %(link)s", **gaps)

        return sms.fit(compose, self.request_id.name)

    def _code_text(self, code):
        """Return the text message with a one-time code; the code stands first, to be read on a locked screen."""
        self.ensure_one()
        env, company = self._texting_env(), self.request_id.company_id.name

        def compose(name):
            return env._(
                "%(code)s is your code to open %(document)s. Do not share it. %(company)s",
                code=code,
                document=name,
                company=company,
            )

        return sms.fit(compose, self.request_id.name)

    def _texting_env(self):
        """Return the environment in the language of this signer, where that is still in use."""
        return self.with_context(lang=self.env["res.lang"]._get_code(self.lang or "") or self.env.lang).env
