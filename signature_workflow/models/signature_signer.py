import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import formataddr

from ..engine import transitions, values
from ..engine.errors import ValueRefused
from .engine_messages import engine_message

CONSENT_VERSION = "1"


class SubmitRefused(UserError):
    """What a signer sent is not accepted; `code` says why, `field_id` where (or False)."""

    def __init__(self, code, message, field_id=False):
        super().__init__(message)
        self.code = code
        self.field_id = field_id


class SignatureSigner(models.Model):
    """One person's part in a request. Several signers of one role are a group: who signs first signs for all."""

    _name = "signature.signer"
    _inherit = ["signature.document.access"]
    _description = "Signer"
    _order = "request_id, sequence, id"

    role_id = fields.Many2one("signature.role", required=True, readonly=True, ondelete="restrict")
    sequence = fields.Integer("Turn", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", readonly=True)
    company_id = fields.Many2one(related="request_id.company_id")
    name = fields.Char(required=True, readonly=True)
    email = fields.Char(required=True, readonly=True)
    lang = fields.Char(readonly=True)
    tz = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("waiting", "Waiting for their turn"),
            ("sent", "Sent"),
            ("viewed", "Viewed"),
            ("signed", "Signed"),
            ("approved", "Approved"),
            ("declined", "Declined"),
            ("skipped", "Not needed any more"),
        ],
        required=True,
        readonly=True,
        default="waiting",
        index=True,
    )
    is_done = fields.Boolean(compute="_compute_is_done")
    date_sent = fields.Datetime(readonly=True)
    date_viewed = fields.Datetime(readonly=True)
    date_signed = fields.Datetime("Signed on", readonly=True)
    ip = fields.Char("IP address", readonly=True)
    nonce = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    decline_reason = fields.Text(readonly=True)
    field_ids = fields.One2many("signature.request.field", "signer_id", readonly=True)
    link_ids = fields.One2many("signature.link", "signer_id", groups=fields.NO_ACCESS)

    @api.depends("state")
    def _compute_is_done(self):
        for signer in self:
            signer.is_done = signer.state in transitions.SIGNER_DONE

    @property
    def email_formatted(self):
        """The address as mail headers want it."""
        return formataddr((self.name, self.email))

    def _sender_email(self):
        """Return who the mails to this signer come from: the salesperson, else the company."""
        self.ensure_one()
        sender = self.request_id.user_id.partner_id
        sender = sender if sender.email else self.request_id.company_id.partner_id
        return sender.email_formatted

    def _move(self, target, **vals):
        """Move to the state `target` those that may; return the ones that really moved."""
        sources = transitions.sources(transitions.SIGNER, target)
        moved = self.filtered(lambda signer: signer.state in sources)
        moved.write({"state": target, **vals})
        return moved

    def _progress(self):
        """Return how much of the signing is done, such as "1/2"; a group, of whom one is enough, counts once."""
        parts = {(signer.request_id.id, signer.role_id.id) for signer in self}
        left = {(signer.request_id.id, signer.role_id.id) for signer in self if not signer.is_done}
        return f"{len(parts - left)}/{len(parts)}" if parts else ""

    # Sending

    def _dispatch(self):
        """Hand each signer of self a new link by e-mail; colleagues get a to-do as well."""
        signers = self._move("sent", date_sent=fields.Datetime.now())
        signers._mail_links()
        for turn, chunk in signers.grouped(lambda signer: signer.user_id).items():
            if turn:
                in_their_words = self.with_context(lang=turn.lang).env
                chunk.request_id._add_todo(
                    turn,
                    in_their_words._("Your signature is needed"),
                    in_their_words._("You have an e-mail with your personal link to the document."),
                )
        return signers

    def _mail_links(self):
        urls = self.env["signature.link"]._make(self, "email")
        template = self.env.ref("signature_workflow.mail_template_request")
        self._mail(template.with_context(signature_links=urls))

    def _mail(self, template, **values):
        """Queue a mail made of `template` to each signer; the mail queue is woken once this is committed.

        The mails belong to no record: a colleague who may read the request must not read the link.
        """
        mails = template.send_mail_batch(
            self.ids,
            email_values={"model": False, "res_id": False, **values},
            email_layout_xmlid="signature_workflow.mail_layout",
        )
        for mail, signer in zip(mails, self, strict=True):
            mail.signature_signer_id = signer
        # not from here: a mail server that hangs up must not look like a failure of this work
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def action_resend(self):
        """Send a new link; the old ones stop working."""
        self.request_id._check_may_change()
        for signer in self.sudo():
            signer.request_id._bump()
            if signer.request_id.state != "sent" or signer.state not in ("sent", "viewed"):
                raise UserError(self.env._("It is not %s's turn to sign, so no link was sent.", signer.name))
            signer.link_ids.revoked = True
            signer._mail_links()
            signer.request_id._log_events(
                "link_sent",
                signer=signer,
                data={"channel": "email", "to": [signer.email]},
                note=self.env._(
                    "“%(document)s” was sent to %(names)s once more.",
                    document=signer.request_id.name,
                    names=signer.name,
                ),
            )

    def _delivery_failed(self, reason):
        """Give the salesperson a to-do for each signer whose mail could not be sent."""
        for signer in self:
            request = signer.request_id._for_sender()
            request._bump()
            if request.state == "completed":
                step = request.env._("Send them the signed copy from the record yourself.")
            else:
                step = request.env._("Correct the address or the mail server, then send it again from the request.")
            note = request.env._(
                "The mail about “%(document)s” could not be sent to %(email)s: %(reason)s. %(step)s",
                document=request.name,
                email=signer.email,
                reason=reason,
                step=step,
            )
            request._log_events("undelivered", signer=signer, data={"reason": str(reason)}, note=note)
            request._add_todo(None, request.env._("Mail not delivered: %s", signer.name), note)

    # What the signer does

    def _record_view(self, origin):
        """Note that the signer has seen the document; done by a person's action, never by a GET."""
        self.ensure_one()
        if self.state != "sent" or self.request_id.state != "sent":
            return
        self.request_id._bump()
        if self._move("viewed", date_viewed=fields.Datetime.now()):
            self.request_id._log_events("viewed", signer=self, origin=origin)

    def _submit(self, answers, nonce, document_sha256, origin):
        """Take this signer's answers and sign. Returns the page state that follows.

        `answers` is `{field id: decoded JSON}` of the signer's own fields and nothing else; the
        same `nonce` again gets the same answer. Raises SubmitRefused.
        """
        self.ensure_one()
        if not self._is_repeat(nonce):
            self._inspect_files(answers)
            self.request_id._bump()
            if not self._is_repeat(nonce):
                self._check_may_act()
                self._sign(answers, nonce, document_sha256, origin)
        return self._page_state()

    def _is_repeat(self, nonce):
        return self.state in (*transitions.SIGNER_DONE, "declined") and self.nonce == nonce

    def _check_may_act(self):
        state = self._page_state()
        if state == "ready":
            return
        reasons = {
            "waiting": self.env._("It is not your turn yet. You will get an e-mail when it is."),
            "declined": self.env._("This document was declined."),
            "expired": self.env._("The time to sign this document is over."),
            "cancelled": self.env._("This document was cancelled."),
            "preparing": self.env._("This document is being prepared. Try again in a moment."),
            "failed": self.env._("Something went wrong with this document; the sender knows."),
            "released": self.env._("%s has already signed for you.", self._released_by().name),
        }
        raise SubmitRefused(state, reasons.get(state) or self.env._("You have already signed this document."))

    def _sign(self, answers, nonce, document_sha256, origin):
        request = self.request_id._for_sender()
        if document_sha256 != request.original_sha256:
            raise SubmitRefused(
                "document_changed",
                self.env._("The document has changed since you opened it. Reload the page."),
            )
        answers_sha256 = self._store_answers(answers)
        self._move("signed", date_signed=fields.Datetime.now(), ip=origin.get("ip"), nonce=nonce)
        request._log_events(
            "signed",
            signer=self,
            origin=origin,
            data={
                "document_sha256": document_sha256,
                "answers_sha256": answers_sha256,
                "consent_version": CONSENT_VERSION,
                "consent_sha256": hashlib.sha256(self._consent().encode()).hexdigest(),
            },
            note=request.env._("%(name)s signed “%(document)s”.", name=self.name, document=request.name),
        )
        if self._end_turn(request):
            request.to_dispatch = True
        else:
            request._move("signed")
        request._queue_trigger()

    def _end_turn(self, request):
        """Let go of the others of this signer's group, close the to-dos; return the signers who are left."""
        left = self.search_fetch(
            [("request_id", "=", request.id), ("state", "not in", transitions.SIGNER_DONE)],
            ["role_id", "user_id", "state", "name"],
        )
        released = left.filtered(lambda signer: signer.role_id == self.role_id)
        if released:
            released._release(self, request)
        left -= released
        # a person may have another role to play at this turn
        busy = left.filtered(lambda signer: signer.state != "waiting").user_id
        for user in (self | released).user_id - busy:
            request._close_todos(user)
        return left

    def _release(self, winner, request):
        """Tell the trail that `winner` has signed for these others of the group; the fields of the role are theirs."""
        self.env["signature.request.field"].search(winner._own_fields_domain()).signer_id = winner
        for signer in self._move("skipped"):
            request._log_events("skipped", signer=signer, data={"signed_by": winner.name})
        note = request.env._(
            "%(name)s signed for %(others)s too: their links to “%(document)s” are closed.",
            name=winner.name,
            others=", ".join(self.mapped("name")),
            document=request.name,
        )
        request._log_notes({request.id: note})

    def _released_by(self):
        """Return the signer who has signed for this one's group, or nobody."""
        self.ensure_one()
        same = [("request_id", "=", self.request_id.id), ("role_id", "=", self.role_id.id)]
        return self.search([*same, ("state", "in", ("signed", "approved"))], limit=1)

    def _own_fields_domain(self):
        """Return the Domain of the request fields that this signer fills: those of their role."""
        self.ensure_one()
        return Domain("request_id", "=", self.request_id.id) & Domain("signer_id.role_id", "=", self.role_id.id)

    def _decline(self, reason, nonce, origin):
        """Decline with a reason; the request ends and its sender is told. Raises SubmitRefused."""
        self.ensure_one()
        if self._is_repeat(nonce):
            return self._page_state()
        request = self.request_id._for_sender()
        request._bump()
        self._check_may_act()
        try:
            reason = values.parse("multiline", reason)
        except ValueRefused as error:
            raise SubmitRefused("value", engine_message(self.env, error)) from error
        if not reason:
            raise SubmitRefused("reason", self.env._("Say why you decline, so that it can be mended."))
        self._move("declined", decline_reason=reason, nonce=nonce, ip=origin.get("ip"))
        request._move("declined", to_dispatch=False)
        request._close_todos()
        note = request.env._(
            "%(name)s declined “%(document)s”: %(reason)s",
            name=self.name,
            document=request.name,
            reason=reason,
        )
        request._log_events("declined", signer=self, origin=origin, data={"reason": reason}, note=note)
        request._add_todo(None, request.env._("Declined: %s", request.name), note)
        return self._page_state()
