from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .signature_deadline import DEADLINE
from .signature_request import WAITING_STATES


class SignatureRequest(models.Model):
    """A corrected document instead of one that waits."""

    _inherit = "signature.request"

    def action_correct(self):
        """Ask whether to send a corrected document; return the action of that dialog."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send a corrected document"),
            "res_model": "signature.request.correct",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_request_id": self.id},
        }

    def action_resend_corrected(self):
        """Cancel this document and send it anew with the values of today, to the same people; return the new request.

        Nothing follows from this cancelling: what waited for the old document waits for the new one. Raises UserError
        saying what is missing, before anything is cancelled, or that it is too late.
        """
        self.ensure_one()
        self._check_may_change()
        old = self.sudo()
        record = old._record().exists()
        if not record:
            raise UserError(self.env._("The record of “%s” no longer exists. Cancel the request instead.", self.name))
        template, rule = old.template_id, old.rule_id
        localized = template._localized(record, old.user_id, old.company_id)
        old._check_correction(localized)
        old._bump()
        if old.state not in WAITING_STATES:
            raise UserError(
                self.env._("“%s” does not wait any more. Reload the page to see where it stands.", self.name)
            )
        new = template._make_requests(
            record, signatory=old.signatory_id, rule=rule, **old._correction_values(localized)
        )
        old._replace_by(new, localized.env._("A corrected version follows."))
        return new

    def _check_correction(self, record):
        """Make the corrected document once; raises UserError saying what is missing."""
        people, channels = self._people_asked()
        overrides = {int(role): self.env["res.partner"].browse(partner) for role, partner in people.items()}
        channels = {int(role): channel for role, channel in channels.items()}
        self.template_id._check_sending(record, self.signatory_id, overrides, channels=channels)

    def _correction_values(self, record):
        """Return the values of the corrected request that are not those of any document of this template."""
        people, channels = self._people_asked()
        replaces = record.env._(
            "This replaces the document of %s, which can no longer be signed.",
            format_date(record.env, self.date_sent),
        )
        return {
            "people": people or False,
            "channels": channels or False,
            "message": "\n".join(filter(None, [replaces, self.message])),
            "stage_id": self.stage_id.id,
            "cause_id": self.cause_id.id,
            **{name: self[name] for name in DEADLINE},
        }

    def _people_asked(self):
        """Return `(people, channels)` as a request has them: those chosen before it was sent, and put in since."""
        people, channels = dict(self.people or {}), dict(self.channels or {})
        changed = self.event_ids.filtered(lambda event: event.kind == "changed").signer_id
        for role, signers in self.signer_ids.grouped("role_id").items():
            # of a group, each is asked in their own way
            if len(signers) == 1 and signers in changed:
                channels[str(role.id)] = signers.channel
                if signers.partner_id:
                    people[str(role.id)] = signers.partner_id.id
        return people, channels

    def _replace_by(self, new, reason):
        self._move("cancelled", to_dispatch=False, cancel_reason=reason, replaced_by_id=new.id)
        self._close_todos()
        told = self._for_sender()
        note = told.env._(
            "%(name)s sent a corrected “%(document)s”; the one before was cancelled.",
            name=self.env.user.name,
            document=self.name,
        )
        told._log_events("cancelled", data={"reason": reason, "replaced_by": new.id}, note=note)
        new._log_events("replaces", data={"request": self.id})
        self._tell_signers("cancelled")
