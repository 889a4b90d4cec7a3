from odoo import models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .signature_deadline import DEADLINE
from .signature_request import WAITING_STATES
from .signature_role import Person


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
        if old.state not in WAITING_STATES or old.is_test:
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
        people = self._chosen_people(self._people_asked())
        channels = {int(role): channel for role, channel in (self.channels or {}).items()}
        self.template_id._check_sending(record, self.signatory_id, people, channels=channels)

    def _correction_values(self, record):
        """Return the values of the corrected request that are not those of any document of this template."""
        # what the one before says of the one before that
        message = self.message.partition("\n")[2] if self.replaced_ids else self.message
        replaces = record.env._(
            "This replaces the document of %s, which can no longer be signed.",
            format_date(record.env, self.date_sent or self.create_date),
        )
        return {
            "people": self._people_asked() or False,
            "channels": self.channels,
            "message": "\n".join(filter(None, [replaces, message])),
            "stage_id": self.stage_id.id,
            "is_unlinked": self.is_unlinked,
            "cause_id": self.cause_id.id,
            **{name: self[name] for name in DEADLINE},
        }

    def _people_asked(self):
        """Return `people` as a request has them: those chosen before it was sent, and whoever was put in since.

        Of a part that was changed or forwarded all is kept as it is now: its contact may have another address.
        """
        people = dict(self.people or {})
        changed = self.event_ids.filtered(lambda event: event.kind in ("changed", "forwarded")).signer_id
        for role, signers in self.signer_ids.grouped("role_id").items():
            if signers & changed:
                people[str(role.id)] = signers._as_people()
        return people

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


class SignatureSigner(models.Model):
    _inherit = "signature.signer"

    def _as_people(self):
        """Return these signers, who share a part, as `people` of a request holds it."""
        return [
            {
                "partner_id": signer.partner_id.id,
                "user_id": signer.user_id.id,
                **{name: signer[name] for name in Person._fields[2:]},
            }
            for signer in self
        ]
