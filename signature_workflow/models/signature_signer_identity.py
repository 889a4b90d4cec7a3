from odoo import models

from .refused import SubmitRefused

# the document can be read then
IDENTIFIED_STATES = ("held", "sent", "signed", "completed", "withdrawn")


class SignatureSigner(models.Model):
    """How a signer shows who they are, where the link alone is not enough."""

    _inherit = "signature.signer"

    def _is_identified(self):
        """Tell whether this visitor may see the document: the link is enough, or a code was entered here."""
        self.ensure_one()
        if self.authentication == "link":
            return True
        return self.env["signature.authentication"]._is_passed(self, self.env.context.get("signature_passed"))

    def _is_reached_themselves(self):
        """Tell whether this visitor has come by a link that was sent to the addresses of the contact."""
        self.ensure_one()
        contact = self.partner_id
        own_mail = not self.email or self.email in (contact.email_normalized, contact.email)
        own_phone = not self.phone or self.phone == contact.phone_sanitized
        return own_mail and own_phone and self._link().channel not in ("shown", "in_person")

    def _check_may_identify(self):
        """Raise SubmitRefused unless a code may be asked for: nobody pays for what is over, or only a preview."""
        self.ensure_one()
        is_open = self.request_id.state in IDENTIFIED_STATES and self.authentication != "link"
        if not is_open or self.env.context.get("signature_preview"):
            whom = self._whom_to_ask()
            raise SubmitRefused("closed", self.env._("This document is closed. Questions? Ask %s.", whom))

    def _code_values(self):
        """Return what the page says of the code that it asks for; `address` is empty for a code agreed on."""
        return {"method": self.authentication, "address": self._masked_address()}

    def _code_address(self):
        """Return where a code is sent, or nothing for a code agreed on."""
        self.ensure_one()
        return {"email": self.email, "sms": self.phone}.get(self.authentication) or ""

    def _masked_address(self):
        """Return where a code goes, so that its owner knows it and nobody else learns it; empty for access codes."""
        address = self._code_address()
        if address and self.authentication == "email":
            name, __, domain = address.rpartition("@")
            return f"{name[:1]}…@{domain}"
        return address and f"{address[:3]}…{address[-2:]}"

    def _whom_to_ask(self):
        """Return the sender's name and how to reach them."""
        sender = self._sender_values()
        ways = ", ".join(filter(None, [sender["email"], sender["phone"]]))
        return f"{sender['name'] or sender['company']} ({ways})" if ways else sender["name"] or sender["company"]

    def _send_code(self, code):
        """Send a one-time code to the address that was agreed on when the document was sent."""
        self.ensure_one()
        if self.authentication == "sms":
            self._queue_text(self._code_text(code))
        else:
            template = self.env.ref("signature_workflow.mail_template_code")
            self._mail(template.with_context(signature_codes={self.id: code}))
