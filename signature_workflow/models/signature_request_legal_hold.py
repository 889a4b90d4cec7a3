from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError


class SignatureRequest(models.Model):
    """Documents that a dispute needs: nothing of them is deleted or erased until a manager lifts the hold."""

    _inherit = "signature.request"

    legal_hold = fields.Boolean("On legal hold", readonly=True)
    legal_hold_reason = fields.Text("Reason of the legal hold", readonly=True)
    legal_hold_by_id = fields.Many2one("res.users", "On legal hold by", readonly=True)
    date_legal_hold = fields.Datetime("On legal hold since", readonly=True)

    _legal_hold_idx = models.Index("(res_model, res_id) WHERE legal_hold")

    def _change_legal_hold(self, lift, reason):
        """Put these documents on legal hold, or `lift` it, for a `reason` that colleagues read.

        Returns those for which that changed something. Raises UserError without a reason; AccessError for all but
        managers who see the documents.
        """
        if not self.env.user.has_group("signature_workflow.group_manager"):
            raise AccessError(self.env._("Only sales managers decide on a legal hold. Ask one of them."))
        self.check_access("read")
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Give the reason: it stays in the audit trail."))
        requests = self.sudo()
        requests._bump()
        changed = requests.filtered(lambda request: request.legal_hold == lift)
        now = fields.Datetime.now()
        held = {"legal_hold_reason": reason, "legal_hold_by_id": self.env.uid, "date_legal_hold": now}
        changed.write({"legal_hold": not lift, **(dict.fromkeys(held, False) if lift else held)})
        changed._log_events("hold_lifted" if lift else "legal_hold", data={"reason": reason, "by": self.env.user.name})
        words = {
            request.id: self.env._("The legal hold on “%(document)s” was lifted: %(reason)s", **gaps)
            if lift
            else self.env._("“%(document)s” was put on legal hold: %(reason)s", **gaps)
            for request in changed
            if (gaps := {"document": request.name, "reason": reason})
        }
        changed._log_notes(words)
        return changed

    def _check_no_legal_hold(self):
        """Raise UserError, naming them, when some of these documents are on legal hold."""
        if held := self.filtered("legal_hold"):
            raise UserError(
                self.env._(
                    "On legal hold: %(documents)s. Nothing of it is deleted or erased. Lift the hold first, if it is "
                    "not needed any more.",
                    documents=", ".join(dict.fromkeys(held.mapped("name"))),
                )
            )

    def _all_files(self):
        """Return the attachments (sudo) that belong to these documents themselves."""
        own = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        return self.env["ir.attachment"].sudo().search(own) | self.sudo().field_ids.attachment_id

    def _filed_copies(self):
        """Return the attachments (sudo) of the records that are, byte for byte, the files of these documents."""
        copies = self.env["ir.attachment"].sudo()
        checksums = {
            request: set((request._all_files() - request.sudo().original_id).mapped("checksum")) for request in self
        }
        for request, wanted in checksums.items():
            place = [("res_model", "=", request.res_model), ("res_id", "=", request.res_id)]
            copies |= copies.search([*place, ("checksum", "in", list(wanted))])
        return copies


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_legal_hold(self):
        """Keep the copies of what is on legal hold: the record's own files are copies of the request's."""
        places = {(file.res_model, file.res_id) for file in self.sudo() if file.res_model and file.res_id}
        held = self.env["signature.request"].sudo()
        if places:
            held = held.search(
                [
                    ("legal_hold", "=", True),
                    ("res_model", "in", list({model for model, __ in places})),
                    ("res_id", "in", list({res_id for __, res_id in places})),
                ]
            )
        if kept := held.filtered(lambda request: request._filed_copies() & self.sudo()):
            kept._check_no_legal_hold()
