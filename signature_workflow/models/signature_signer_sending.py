from odoo import SUPERUSER_ID, fields, models

from .signature_request import WAITING_STATES


class SignatureSigner(models.Model):
    """How signers get their links and copies, and what happens when one does not arrive."""

    _inherit = "signature.signer"

    def _sender_email(self):
        """Return who the mails to this signer come from: the salesperson, else the company."""
        self.ensure_one()
        sender = self.request_id.user_id.partner_id
        sender = sender if sender.email else self.request_id.company_id.partner_id
        return sender.email_formatted

    def _dispatch(self):
        """Hand each waiting signer of self a new link; return those who got one."""
        self._go_by_hand()
        signers = self._move("sent", date_sent=fields.Datetime.now())
        signers._send_links()
        signers._plan_reminder()
        return signers

    def _send_links(self):
        """Ask each with a new link in the way chosen for them; where that is by hand, ask the salesperson for it."""
        self._send_with_link("signature_workflow.mail_template_request", "_request_text", is_request=True)
        # colleagues find it in the top bar
        for signer in self.filtered(lambda signer: signer.channel == "manual" and not signer.user_id):
            request = signer.request_id._for_sender()
            request._add_todo(
                request.env._("%s gets the document by hand", signer.name),
                request.env._(
                    "“%s” waits for them. Open the request: show the QR code, copy the link, or hand over your device.",
                    request.name,
                ),
                signer,
            )

    def _send_with_link(self, template, text, *, is_request=False):
        """Send each a new link in the way chosen for them, but for those who get it by hand; else as `_send_by`."""
        for way, signers in self.grouped("channel").items():
            signers._send_by(way, template, text, is_request=is_request)

    def _send_by(self, way, template, text, *, is_request=False):
        """Send each a link besides those that they have, by the channel `way`; return those to whom one went.

        `template` is the external id of the mail's, `text` the name of the method that returns the text message for
        a URL. With `is_request` this is what asks for the signature: without it the document is undelivered.
        """
        link, reached = self.env["signature.link"], self.browse()
        if way in ("email", "both"):
            mail = self.env.ref(template).with_context(signature_links=link._make(self, "email"))
            self._mail(mail, is_request=is_request)
            reached = self
        if way in ("sms", "both"):
            urls = link._make(self, "sms")
            bodies = {signer.id: getattr(signer, text)(urls[signer.id]) for signer in self}
            reached |= self._text(bodies, is_request=is_request)
        return reached

    def _log_links(self, again=False):
        """Note in the trail and in the chatter whom links have gone to: nothing goes to those who get it by hand."""
        reached = self.filtered(lambda signer: signer.channel != "manual")
        requests, notes = reached.request_id, {}
        for request, mine in reached.grouped("request_id").items():
            env, gaps = request._for_sender().env, {"document": request.name, "names": ", ".join(mine.mapped("name"))}
            if again:
                notes[request.id] = env._("“%(document)s” was sent to %(names)s once more.", **gaps)
            else:
                notes[request.id] = env._("“%(document)s” was sent to %(names)s.", **gaps)
        self.env["signature.event"]._append(
            requests, "link_sent", data=lambda request: {"to": (reached & request.signer_ids)._addresses()}
        )
        requests._log_notes(notes)

    def _addresses(self):
        """Return `[[channel, address], ...]` of where messages to these signers go."""
        ways = {"email": ("email",), "sms": ("phone",), "both": ("email", "phone"), "manual": ()}
        return [[signer.channel, *(signer[column] for column in ways[signer.channel])] for signer in self]

    def _mail(self, template, *, is_request=False, **values):
        """Queue a mail made of `template` to each signer; the mail queue is woken once this is committed.

        The mails belong to no record: a colleague who may read the request must not read the link. Nor may whoever
        presses the button, so they are OdooBot's, and the message that Odoo keeps beside each has no text.
        """
        mails = template.with_user(SUPERUSER_ID).send_mail_batch(
            self.ids,
            email_values={"model": False, "res_id": False, **values},
            email_layout_xmlid="signature_workflow.mail_layout",
        )
        for mail, signer in zip(mails, self, strict=True):
            about = {"signature_signer_id": signer.id, "signature_address": signer.email}
            mail.write({**about, "signature_is_request": is_request})
        mails.mail_message_id.body = False
        # not from here: a mail server that hangs up must not look like a failure of this work
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _send_copies(self):
        """Send the signed copy: by mail the file, by SMS a link to it. Returns where it went, as text.

        The mail is the one that the template names. Whom neither reaches is left to the salesperson.
        """
        people = self.filtered(lambda signer: signer.state != "skipped")
        usual = "signature_workflow.mail_template_completed"
        for request, mine in people.filtered("email").grouped("request_id").items():
            # a test shows what is sent also where no confirmation is
            template = request.template_id.copies_mail_id or self.env.ref(usual)
            mine._mail(template, attachment_ids=[(4, request.final_id.id)])
        by_text = people.filtered(lambda signer: not signer.email and signer.channel == "sms")
        urls = self.env["signature.link"]._make(by_text, "sms")
        texted = by_text._text({signer.id: signer._copy_text(urls[signer.id]) for signer in by_text})
        for signer in people.filtered(lambda signer: not signer.email) - by_text:
            request = signer.request_id._for_sender()
            request._add_todo(
                request.env._("Give %s their copy", signer.name),
                request.env._("“%s” is completed, and they have no e-mail address to send it to.", request.name),
                signer,
            )
        return ", ".join([*people.filtered("email").mapped("email"), *texted.mapped("phone")])

    def _delivery_failed(self, reason, address=None, *, is_request=False):
        """Give the salesperson a to-do for each signer whose message, to `address` or their e-mail, did not arrive.

        What rules say of documents that are not delivered follows only where it was the one that asks to sign.
        """
        for signer in self:
            request = signer.request_id._for_sender()
            request._bump()
            if request.state == "completed":
                step = request.env._("Send them the signed copy from the record yourself.")
            elif request.state == "held":
                step = request.env._("Change the address on the request: they get a new link then.")
            elif request.state == "sent":
                step = request.env._("Correct the address or choose another way, then send it again from the request.")
            else:
                step = request.env._("Tell them yourself.")
            note = request.env._(
                "The message about “%(document)s” could not be sent to %(address)s: %(reason)s. %(step)s",
                document=request.name,
                address=address or signer.email,
                reason=reason,
                step=step,
            )
            data = {"reason": str(reason), "to": address or signer.email or "", "is_request": is_request}
            request._log_events("undelivered", signer=signer, data=data, note=note)
            request._add_todo(request.env._("Message not delivered: %s", signer.name), note, signer)
            if is_request and request.state in WAITING_STATES:
                request._react("undelivered")
