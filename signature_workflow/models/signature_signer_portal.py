from odoo import api, models
from odoo.fields import Domain

from .signature_policy import ACTING

ENDED = ("declined", "expired", "cancelled", "withdrawn")
COPIED = ("completed", "withdrawn")


class SignatureSigner(models.Model):
    """What people find of their documents in their own account."""

    _inherit = "signature.signer"

    @api.model
    def _account_domain(self, user):
        """Return the Domain of the parts that `user` sees in the account: their own, once they were asked.

        Who only gets the signed copy sees it when it is there; for whom another of the group has signed, nothing.
        What is held is seen by those who were told.
        """
        own = Domain("user_id", "=", user.id) if user._is_internal() else Domain("partner_id", "=", user.partner_id.id)
        told = Domain("request_id.state", "=", "held") & Domain("link_ids", "!=", False)
        asked = Domain("state", "!=", "waiting") | Domain("request_id.state", "in", COPIED) | told
        needed = Domain("state", "!=", "skipped") | Domain("request_id.is_paper", "=", True)
        return own & asked & needed & Domain("request_id.is_test", "=", False)

    @api.model
    def _account_filters(self):
        """Return `{name: Domain}` of the ways in which the account groups documents."""
        waiting = (
            Domain("state", "in", ("sent", "viewed"))
            & Domain("request_id.state", "=", "sent")
            & Domain("participation", "in", ACTING)
        )
        going_on = Domain("request_id.state", "in", ("held", "paper", "sent", "signed", "failed"))
        return {
            "all": Domain.TRUE,
            "waiting": waiting,
            "progress": going_on & ~waiting,
            "done": Domain("request_id.state", "=", "completed"),
            "ended": Domain("request_id.state", "in", ENDED),
        }

    @api.model
    def _waiting_domain(self, user):
        """Return the Domain of the parts that wait for `user` to sign or approve."""
        return self._account_domain(user) & self._account_filters()["waiting"]

    def _account_action(self):
        """Return what this person may do now: "sign", "approve", "view", "open" the copy behind a code, or ""."""
        self.ensure_one()
        if self.request_id.state in COPIED and self.authentication != "link":
            return "open"
        if self.request_id.state == "held":
            return "view"
        if self.request_id.state != "sent" or self.state not in ("sent", "viewed"):
            return ""
        return self.participation

    def _account_link(self, origin):
        """Return the URL of a new secret link, for its owner, who has logged in."""
        self.ensure_one()
        self.request_id._bump()
        login = {"to": [["portal", self.env.user.login]]}
        self.request_id._log_events("link_sent", signer=self, data=login, origin=origin)
        return self.env["signature.link"]._make(self, "portal")[self.id]
