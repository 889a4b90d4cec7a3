import hashlib
import json

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize

from ..engine import transitions, values
from ..engine.errors import ValueRefused
from .engine_messages import engine_message
from .refused import SubmitRefused

CONSENT_VERSION = "2"
# a drawn signature in each of many fields, and some pages of text
DRAFT_LIMIT = 512 * 1024
FORWARD_LIMIT = 3
PERSON_LIMIT = 100


# what signing needs of the rows, which Odoo reads whole otherwise
SIGNING_SIGNER = ["request_id", "state", "nonce", "name", "email", "user_id", "partner_id"]
SIGNING_REQUEST = [
    "name", "state", "company_id", "user_id", "original_sha256", "page_sizes", "date_expire", "is_test",
    "res_model", "res_id",
]  # fmt: skip


class SignatureSigner(models.Model):
    """What the signer does."""

    _inherit = "signature.signer"

    def _record_view(self, origin):
        """Note that the signer has seen the document; done by a person's action, never by a GET."""
        self.ensure_one()
        if self.state != "sent" or self._page_state() not in ("ready", "reading"):
            return
        self.request_id._bump()
        if self._move("viewed", date_viewed=fields.Datetime.now()):
            self.request_id._log_events("viewed", signer=self, origin=origin)

    def _keep_draft(self, draft):
        """Keep what is filled in and not yet sent: any JSON of the page's, given back to this signer alone.

        It is checked when it is sent. Raises SubmitRefused.
        """
        self.ensure_one()
        self._check_may_act()
        try:
            text = json.dumps(draft, allow_nan=False)
        except ValueError:
            text = ""
        if not isinstance(draft, dict) or not 0 < len(text) <= DRAFT_LIMIT:
            raise SubmitRefused("malformed", self.env._("This page is out of date. Reload it and try again."))
        # two at once: the query that fails, and is logged, must not be the one with the draft
        self.env.cr.execute(SQL("SELECT 1 FROM signature_signer WHERE id = %s FOR NO KEY UPDATE", self.id))
        self.draft = text

    def _submit(self, answers, nonce, document_sha256, origin, comment=""):
        """Take this signer's answers and sign, or approve. Returns the page state that follows.

        `answers` is `{field id: decoded JSON}` of the signer's own fields and nothing else; the
        same `nonce` again gets the same answer. Raises SubmitRefused.
        """
        self.ensure_one()
        if not self._is_repeat(nonce):
            self._inspect_files(answers)
            self.request_id._bump()
            self._read_anew()
            if not self._is_repeat(nonce):
                self._check_may_act()
                self._sign(answers, nonce, document_sha256, origin, comment)
        return self._page_state()

    def _read_anew(self):
        """Read once what signing needs of each row."""
        self.fetch(SIGNING_SIGNER)
        self.request_id.fetch(SIGNING_REQUEST)
        # rows that are made ask for the user's company, notes for its mail domain, words for the sender's contact
        (self.env.user | self.request_id.user_id).fetch(["company_id", "partner_id"])
        self.env.company.fetch(["alias_domain_id"])

    def _is_repeat(self, nonce):
        return self.state in (*transitions.SIGNER_DONE, "declined") and self.nonce == nonce

    def _check_may_act(self):
        state = self._page_state()
        if state == "ready":
            return
        reasons = {
            "code": self.env._("Enter your code first: reload the page."),
            "reading": self.env._("This document is for you to read only."),
            "waiting": self.env._("It is not your turn yet. You will get a message when it is."),
            "declined": self.env._("This document was declined."),
            "expired": self.env._("The time to sign this document is over."),
            "cancelled": self.env._("This document was cancelled."),
            "held": self.env._("This document cannot be signed yet. You will get a message when it can."),
            "paper": self.env._("This document is to be signed on paper."),
            "withdrawn": self.env._("The acceptance of this document was withdrawn."),
            "preparing": self.env._("This document is being prepared. Try again in a moment."),
            "failed": self.env._("Something went wrong with this document; the sender knows."),
            "released": self.env._("%s has already done this for you.", self._released_by().name),
        }
        raise SubmitRefused(state, reasons.get(state) or self.env._("Your part of this document is done."))

    def _sign(self, answers, nonce, document_sha256, origin, comment):
        request, approves = self.request_id._for_sender(), self.participation == "approve"
        if document_sha256 != request.original_sha256:
            raise SubmitRefused(
                "document_changed",
                self.env._("The document has changed since you opened it. Reload the page."),
            )
        comment = self._words(comment) if approves else ""
        answers_sha256, consent = self._store_answers(answers), self._consent()
        done = {"date_signed": fields.Datetime.now(), "ip": origin.get("ip"), "nonce": nonce, "draft": False}
        self._move("approved" if approves else "signed", comment=comment, host_id=self._host().id, **done)
        if approves:
            note = request.env._("%(name)s approved “%(document)s”.", name=self.name, document=request.name)
        else:
            note = request.env._("%(name)s signed “%(document)s”.", name=self.name, document=request.name)
        request._log_events(
            self.state,
            signer=self,
            origin=origin,
            data={
                "document_sha256": document_sha256,
                "answers_sha256": answers_sha256,
                "consent_version": CONSENT_VERSION,
                "consent_lang": self.env.lang or "en_US",
                "consent_text": consent,
                "consent_sha256": hashlib.sha256(consent.encode()).hexdigest(),
                # it is for colleagues; the trail goes to everybody
                **({"comment_sha256": hashlib.sha256(comment.encode()).hexdigest()} if comment else {}),
                **self._way(),
            },
            note="\n".join(filter(None, [note, comment])),
        )
        request._close_todos(self)
        left = self._end_turn(request)
        if not left:
            request._move("signed")
        elif "waiting" in left.mapped("state"):
            request.to_dispatch = True
        else:
            return  # others of the same turn are at work: the worker has nothing to do
        request._queue_trigger()

    def _link(self):
        """Return the link by which this signer has come, or nothing."""
        return self.env["signature.link"].browse(self.env.context.get("signature_link"))

    def _host(self):
        """Return the user who has handed this signer the device, or nobody."""
        link = self._link()
        return link.create_uid if link.channel == "in_person" else link.create_uid.browse()

    def _way(self):
        """Return, for the trail, by whose hands the link came, where it was not sent to the signer."""
        link = self._link()
        if link.channel not in ("shown", "in_person"):
            return {}
        return {"link": link.channel, "link_by": link.create_uid.name}

    def _words(self, text):
        """Return the checked words of a signer; raises SubmitRefused."""
        try:
            return values.parse("multiline", text)
        except ValueRefused as error:
            raise SubmitRefused("value", engine_message(self.env, error)) from error

    def _end_turn(self, request):
        """Let go of the others of this signer's group; return the signers who are left."""
        left = self.search_fetch(self._left_domain(request), ["role_id", "name", "state"])
        released = left.filtered(lambda signer: signer.role_id == self.role_id)
        if released:
            released._release(self, request)
        return left - released

    def _release(self, winner, request):
        """Tell the trail that `winner` has signed for these others of the group; the fields of the role are theirs."""
        self.env["signature.request.field"].search(winner._own_fields_domain()).signer_id = winner
        for signer in self._move("skipped", draft=False):
            request._close_todos(signer)
            request._log_events("skipped", signer=signer, data={"signed_by": winner.name})
        note = request.env._(
            "%(name)s has done the part of %(others)s too: their links to “%(document)s” are closed.",
            name=winner.name,
            others=", ".join(self.mapped("name")),
            document=request.name,
        )
        request._log_notes({request.id: note})

    def _decline(self, words, nonce, origin, reason_id=False):
        """Decline, or disapprove, with a reason; the request ends and its sender is told. Raises SubmitRefused."""
        self.ensure_one()
        if self._is_repeat(nonce):
            return self._page_state()
        request = self.request_id._for_sender()
        request._bump()
        self._check_may_act()
        reason = self.env["signature.decline.reason"].search([("id", "=", reason_id or 0)])
        words = self._words(words)
        if not words and (not reason or reason.needs_words):
            raise SubmitRefused("reason", self.env._("Say why you decline, so that it can be mended."))
        text = "\n".join(filter(None, [reason.with_env(request.env).name, words]))
        done = {"nonce": nonce, "ip": origin.get("ip"), "host_id": self._host().id, "draft": False}
        self._move("declined", decline_reason_id=reason.id, decline_reason=text, **done)
        request._move("declined", to_dispatch=False, decline_reason_id=reason.id)
        request._close_todos()
        gaps = {"name": self.name, "document": request.name, "reason": text}
        if self.participation == "approve":
            title = request.env._("Disapproved: %s", request.name)
            note = request.env._("%(name)s did not approve “%(document)s”: %(reason)s", **gaps)
        else:
            title = request.env._("Declined: %s", request.name)
            note = request.env._("%(name)s declined “%(document)s”: %(reason)s", **gaps)
        request._log_events("declined", signer=self, origin=origin, data={"reason": text, **self._way()}, note=note)
        request._add_todo(title, note)
        request._notify_sender(title, note)
        request._react("disapproved" if self.participation == "approve" else "declined")
        return self._page_state()

    def _forward(self, name, email, phone, origin):
        """Hand this part to the person of that name and e-mail address; their link goes out. Raises SubmitRefused.

        `phone` counts only where a code goes there.
        """
        self.ensure_one()
        self.request_id._bump()
        self._check_may_act()
        if not self.may_forward or self._host() or self.forwards >= FORWARD_LIMIT:
            raise SubmitRefused("forward", self.env._("This document cannot be forwarded. Ask the sender."))
        before, person = self.name, self._new_person(name, email, phone)
        self.env["signature.sending"]._check(self, "email", person["email"])
        request = self.request_id._for_sender()
        forwarded = {"forwards": self.forwards + 1, "forwarded_by": before}
        self._change_person("forwarded", channel="email", **forwarded, **person)
        note = request.env._(
            "%(before)s has forwarded “%(document)s” to %(name)s (%(email)s).",
            before=before,
            document=request.name,
            name=self.name,
            email=self.email,
        )
        data = {"from": before, "to": [self.name, self.email]}
        request._log_events("forwarded", signer=self, origin=origin, data=data, note=note)
        request._log_events("link_sent", signer=self, data={"to": self._addresses()})
        request._notify_sender(request.env._("Forwarded: %s", request.name), note)
        return "forwarded"

    def _new_person(self, name, email, phone):
        """Return the values of who plays this part from now on. Raises SubmitRefused."""
        try:
            name, email = values.parse("name", name), email_normalize(values.parse("email", email))
            phone = values.parse("phone", phone or "")
        except ValueRefused as error:
            raise SubmitRefused("value", engine_message(self.env, error)) from error
        if len(name) > PERSON_LIMIT or any(part in name.lower() for part in ("@", "://", "www.")):
            # it stands in a mail that looks as if it came from the sender
            raise SubmitRefused("value", self.env._("Enter the name of a person, of at most 100 letters."))
        if not name or not email:
            raise SubmitRefused("value", self.env._("Enter the name and the e-mail address."))
        if email in self.request_id.signer_ids.mapped("email"):
            raise SubmitRefused("value", self.env._("%s already takes part in this document.", email))
        company = self.request_id.company_id
        known = Domain("email_normalized", "=", email) & Domain("company_id", "in", [False, company.id])
        partner = self.env["res.partner"].search(known, limit=1)
        phone = phone and self.env["res.partner"]._phone_format(number=phone, country=company.country_id)
        if self.authentication == "sms" and not phone:
            raise SubmitRefused("phone", self.env._("Enter the phone number that the code is sent to."))
        user = partner.user_ids.filtered(lambda user: not user.share)[:1]
        return {
            "name": name,
            "email": email,
            "phone": phone or False,
            "partner_id": partner.id,
            "user_id": user.id,
            "lang": partner.lang or self.lang,
            "tz": partner.tz or self.tz,
        }

    def _return_device(self, origin):
        """Close the link by which a device was handed over: it shows nothing any more.

        Returns the request, or none when the link is no such one.
        """
        link = self._link()
        if link.channel != "in_person":
            return self.request_id.browse()
        link._revoke("returned")
        self.request_id._log_events("returned", signer=self, origin=origin, data={"host": link.create_uid.name})
        return self.request_id
