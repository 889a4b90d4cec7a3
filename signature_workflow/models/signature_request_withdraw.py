from odoo import models
from odoo.exceptions import AccessError, UserError


class SignatureRequest(models.Model):
    """An acceptance that counts no more: the signed copy stays as evidence."""

    _inherit = "signature.request"

    def action_withdraw(self, reason):
        """Withdraw the acceptance of completed documents, for a `reason` that the signers read.

        Raises UserError when there is none, or nothing to withdraw; AccessError for all but sales managers.
        """
        if not self.env.user.has_group("signature_workflow.group_manager"):
            raise AccessError(self.env._("Only sales managers withdraw an acceptance. Ask one of them."))
        self._check_may_change()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the acceptance is withdrawn: the signers read it."))
        requests = self.sudo()
        requests._bump()
        who = {"withdrawn_by_id": self.env.uid, "date_withdrawn": self.env.cr.now(), "withdraw_reason": reason.strip()}
        real = requests.filtered(lambda request: not request.is_test)
        moved = real._move("withdrawn", **who)
        if moved != requests:
            raise UserError(
                self.env._(
                    "“%s” is not completed, so there is nothing to withdraw. Reload the page to see where it stands.",
                    (requests - moved)[:1].name,
                )
            )
        moved._close_todos()
        moved._drop_reactions()
        note = "\n".join([self.env._("The acceptance was withdrawn by %s.", self.env.user.name), reason.strip()])
        for request in moved:
            data = {"reason": reason.strip(), "by": self.env.user.name, "document_sha256": request.final_sha256}
            request._log_events("withdrawn", data=data, note=f"{request.name}\n{note}")
        moved._tell_signers("withdrawn")

    def _drop_reactions(self):
        """Let nothing more follow from these documents, but that the signers get their copies."""
        open_ones = self.reaction_ids.filtered(lambda reaction: reaction.kind != "copies" and reaction.state != "done")
        outcome = self.env._("Not done: the acceptance was withdrawn.")
        open_ones.write({"state": "done", "failure": False, "outcome": outcome})
