from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import formataddr

from ..engine import transitions
from .signature_policy import ACTING

# not more often than this is a new link sent to somebody
RESEND_PAUSE = timedelta(minutes=1)


class SignatureSigner(models.Model):
    """One person's part in a request. Several signers of one role are a group: who signs first signs for all."""

    _name = "signature.signer"
    _inherit = ["signature.document.access", "signature.policy"]
    _description = "Signer"
    _order = "request_id, sequence, id"

    role_id = fields.Many2one("signature.role", required=True, readonly=True, ondelete="restrict")
    sequence = fields.Integer("Turn", readonly=True)
    partner_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null", ondelete="restrict")
    user_id = fields.Many2one("res.users", "Colleague", readonly=True, index="btree_not_null")
    company_id = fields.Many2one(related="request_id.company_id")
    name = fields.Char(required=True, readonly=True)
    email = fields.Char(readonly=True)
    phone = fields.Char(readonly=True, help="In the form of E.164, such as +40721234567.")
    lang = fields.Char("Language", readonly=True)
    tz = fields.Char("Time zone", readonly=True)
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
    date_sent = fields.Datetime("Sent on", readonly=True)
    reminders = fields.Integer("Times reminded", readonly=True)
    date_remind = fields.Datetime("Next reminder", readonly=True)
    date_viewed = fields.Datetime("Opened on", readonly=True)
    date_signed = fields.Datetime("Signed on", readonly=True, help="Or approved.")
    ip = fields.Char("IP address", readonly=True)
    host_id = fields.Many2one("res.users", "In the presence of", readonly=True)
    nonce = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    # as text: what a browser sends need not be fit for a JSON column
    draft = fields.Text(readonly=True, groups=fields.NO_ACCESS, help="Filled in and not yet sent; nobody else sees it.")
    comment = fields.Text(readonly=True, help="What was said when the document was approved.")
    decline_reason_id = fields.Many2one(
        "signature.decline.reason", "Reason to decline", readonly=True, ondelete="restrict"
    )
    decline_reason = fields.Text(readonly=True)
    forwards = fields.Integer("Times forwarded", readonly=True)
    forwarded_by = fields.Char(readonly=True)
    field_ids = fields.One2many("signature.request.field", "signer_id", readonly=True)
    link_ids = fields.One2many("signature.link", "signer_id", groups=fields.NO_ACCESS)

    _remind_idx = models.Index("(date_remind) WHERE date_remind IS NOT NULL")

    @api.depends("state")
    def _compute_is_done(self):
        for signer in self:
            signer.is_done = signer.state in transitions.SIGNER_DONE

    @property
    def email_formatted(self):
        """The address as mail headers want it."""
        return formataddr((" ".join(self.name.split()), self.email))

    def _move(self, target, **vals):
        """Move to the state `target` those that may; return the ones that really moved."""
        sources = transitions.sources(transitions.SIGNER, target)
        moved = self.filtered(lambda signer: signer.state in sources)
        moved.write({"state": target, **vals})
        return moved

    def _acting(self):
        """Return those who sign or approve."""
        return self.filtered(lambda signer: signer.participation in ACTING)

    def _progress(self):
        """Return how much of the signing is done, such as "1/2"; a group, of whom one is enough, counts once."""
        acting = self._acting()
        parts = {(signer.request_id.id, signer.role_id.id) for signer in acting}
        left = {(signer.request_id.id, signer.role_id.id) for signer in acting if not signer.is_done}
        return f"{len(parts - left)}/{len(parts)}" if parts else ""

    @api.model
    def _left_domain(self, request):
        """Return the Domain of those of whom `request` still waits."""
        return (
            Domain("request_id", "=", request.id)
            & Domain("participation", "in", ACTING)
            & Domain("state", "not in", transitions.SIGNER_DONE)
        )

    def _own_fields_domain(self):
        """Return the Domain of the request fields that this signer fills: those of their role."""
        self.ensure_one()
        return Domain("request_id", "=", self.request_id.id) & Domain("signer_id.role_id", "=", self.role_id.id)

    def _released_by(self):
        """Return the signer who has signed for this one's group, or nobody."""
        self.ensure_one()
        same = [("request_id", "=", self.request_id.id), ("role_id", "=", self.role_id.id)]
        return self.search([*same, ("state", "in", ("signed", "approved"))], limit=1)

    # Buttons of the salesperson

    def action_resend(self):
        """Send a new link; the old ones stop working. Returns a notification that says so."""
        self.request_id._check_may_change()
        # everybody once, however often a call names them
        signers = (self | self).sudo()
        for signer in signers:
            signer.request_id._bump()
            if not signer._is_turn():
                raise UserError(self.env._("It is not %s's turn, so no link was sent.", signer.name))
            signer._go_by_hand()
            if signer.channel == "manual":
                raise UserError(self.env._("%s gets the link by hand: show it from the request.", signer.name))
            if signer.date_reminded and signer.date_reminded > fields.Datetime.now() - RESEND_PAUSE:
                raise UserError(
                    self.env._("%s was written to less than a minute ago. Give them a moment.", signer.name)
                )
            signer.link_ids._revoke("resent")
            signer.request_id._close_todos(signer)
            signer._send_links()
            signer._log_links(again=True)
        names = ", ".join(signers.mapped("name"))
        message = self.env._("%s gets a new link. The ones so far no longer work.", names)
        return self.env["signature.template"]._notification(message)

    def _is_turn(self):
        """Tell whether this signer has a link to a document that can be signed, or read, now."""
        self.ensure_one()
        return self.request_id.state == "sent" and self.state in ("sent", "viewed")

    def _change_person(self, reason, **vals):
        """Make somebody else play this part: what was filled in goes, the old links die, a new one goes out.

        `reason` is that of the revoked links; `vals` are name, email, phone, partner_id, user_id, lang, channel.
        """
        self.ensure_one()
        self.write({"forwarded_by": False, **vals, "draft": False, "date_viewed": False})
        if self.state == "viewed":
            self._move("sent")
        self.link_ids._revoke(reason)
        self.request_id._close_todos(self)
        self.env["signature.authentication"]._forget(self)
        if self._is_turn():
            self.date_sent = fields.Datetime.now()
            self._send_links()
        elif self.request_id.state == "held":
            (self & self.request_id._next_signers())._announce_held()
