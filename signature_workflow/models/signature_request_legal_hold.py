from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

# what a file is, and where: of a copy on legal hold nobody changes it
PLACE = {"res_model", "res_id"}
CONTENT = {"raw", "datas", "db_datas", "type", "url", "res_field"}


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
                    "On legal hold: %(documents)s. Nothing of it is changed, deleted or erased. Lift the hold first, "
                    "if it is not needed any more.",
                    documents=", ".join(dict.fromkeys(held.mapped("name"))),
                )
            )

    def _all_files(self):
        """Return the attachments (sudo) that belong to these documents themselves."""
        own = [("res_model", "=", self._name), ("res_id", "in", self.ids)]
        return self.env["ir.attachment"].sudo().search(own) | self.sudo().field_ids.attachment_id

    def _mark_filed(self, files):
        """Return `files`, marked as copies of this document that were filed on its record by itself."""
        files.sudo().signature_request_id = self.id
        return files

    def _filed_copies(self):
        """Return the attachments (sudo) that were filed on the records of these documents when they were completed.

        Nobody else's, whatever their bytes: somebody may have put the same file there. Copies of before 19.0.1.3.0 are
        known by their bytes, and by the transaction in which they and the signed copy were made.
        """
        files = self.env["ir.attachment"].sudo()
        copies = files.search([("signature_request_id", "in", self.ids)])
        for request in (self.sudo() - copies.signature_request_id).filtered("final_id"):
            same = request._same_files()
            copies |= same.filtered(lambda file, final=request.final_id: file.create_date == final.create_date)
        return copies

    def _same_files(self):
        """Return the attachments (sudo) of the record that are, byte for byte, files of this document."""
        self.ensure_one()
        wanted = set((self._all_files() - self.sudo().original_id).mapped("checksum"))
        place = [("res_model", "=", self.res_model), ("res_id", "=", self.res_id)]
        return self.env["ir.attachment"].sudo().search([*place, ("checksum", "in", list(wanted))])


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    signature_request_id = fields.Many2one(
        "signature.request",
        "Filed copy of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        # who could set it could have any file deleted with the document
        groups=fields.NO_ACCESS,
    )

    def write(self, vals):
        moved = vals.keys() & PLACE
        if vals.keys() & CONTENT:
            self._held_documents()._check_no_legal_hold()
        elif moved:
            # to the record of the document they may go: deals are merged
            self._held_documents().filtered(
                lambda request: any(request[name] != vals[name] for name in moved)
            )._check_no_legal_hold()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_legal_hold(self):
        """Keep the copies of what is on legal hold: the record's own files are copies of the request's."""
        self._held_documents()._check_no_legal_hold()

    def _held_documents(self):
        """Return the documents (sudo) on legal hold of which these files are copies on the record."""
        files, held = self.sudo(), self.env["signature.request"].sudo()
        there = [(file.res_model, file.res_id) for file in files if file.res_model and file.res_id]
        marked = files.signature_request_id.filtered("legal_hold")
        if there:
            held = held.search(
                [
                    ("legal_hold", "=", True),
                    ("res_model", "in", list({model for model, __ in there})),
                    ("res_id", "in", list({res_id for __, res_id in there})),
                ]
            )
        return marked | held.filtered(lambda request: request._same_files() & files)
