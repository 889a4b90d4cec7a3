import hashlib

from odoo import models
from odoo.exceptions import UserError

from ..engine import scan, text
from ..engine.errors import EngineError
from .engine_messages import engine_message
from .signature_policy import ACTING

# a scan of the signed paper ends it
SCANNED_STATES = ("sent", "held", "paper", "failed")


class ScanRefused(UserError):
    """A scan is not accepted; the web client says so beside the file."""


class SignatureRequest(models.Model):
    """Documents that are signed on paper."""

    _inherit = "signature.request"

    def _wants_paper(self, signers):
        """Tell whether one of `signers`, values of signers, does not sign electronically."""
        self.ensure_one()
        acting = [values["partner_id"] for values in signers if values["participation"] in ACTING]
        partners = self.env["res.partner"].browse(filter(None, acting))
        return not self.is_test and bool(partners._on_paper())

    def _ask_for_paper(self):
        """Ask the salesperson to have these documents signed on paper; nothing is sent, and no time runs out."""
        self.write({"date_sent": False, "date_expire": False, "date_warn": False})
        for request in self:
            names = ", ".join(request.signer_ids._acting().partner_id._on_paper().mapped("name"))
            request._for_sender()._plan_paper(names)

    def _plan_paper(self, names):
        """Note that this document, in state `paper`, is signed on paper because of `names`; give the to-do."""
        self.signer_ids.date_remind = False
        gaps = {"document": self.name, "names": names}
        if names:
            title = self.env._("%s signs on paper", names)
            note = self.env._("%(names)s signs on paper only, so “%(document)s” was not sent.", **gaps)
        else:
            title = self.env._("To be signed on paper: %s", self.name)
            note = self.env._("“%(document)s” is to be signed on paper.", **gaps)
        self._log_notes({self.id: note})
        step = self.env._(
            "Print “%s”, have it signed, then open the request, choose Signed on paper, and upload the scan.", self.name
        )
        self._add_todo(title, step)

    def action_continue_on_paper(self):
        """Have this document signed on paper: its links say so, and ask for nothing any more."""
        self._check_may_change()
        requests = self.sudo()
        requests._bump()
        waiting = requests.filtered(lambda request: request.state in ("sent", "held") and not request.is_test)
        moved = waiting._move("paper", to_dispatch=False)
        if moved != requests:
            raise UserError(
                self.env._(
                    "“%s” does not wait to be signed any more. Reload the page to see where it stands.",
                    (requests - moved)[:1].name,
                )
            )
        moved._close_todos()
        moved._log_events("to_paper")
        for request in moved:
            request._for_sender()._plan_paper("")

    # The scan

    def _sign_on_paper(self, files):
        """File a scan, the bytes of files as of `engine.scan.to_pdf`, as the signed copy; the worker does what follows.

        Raises ScanRefused for the files, and UserError when the document cannot be signed any more.
        """
        self.ensure_one()
        self._check_may_change()
        data = self._scan_pdf(files)
        request = self.sudo()
        request._bump()
        if request.is_test or not request.original_id or request.state not in SCANNED_STATES:
            raise UserError(
                self.env._(
                    "“%s” cannot be signed on paper any more. Reload the page to see where it stands.", request.name
                )
            )
        left = request.signer_ids._acting().filtered(lambda signer: not signer.is_done)
        self._check_may_scan(left)
        left._move("skipped", draft=False, date_remind=False)
        request.is_paper = True
        sha256 = hashlib.sha256(data).hexdigest()
        request._move(
            "completed",
            failure=False,
            to_dispatch=False,
            final_id=request._file_pdf(request, data).id,
            final_sha256=sha256,
            date_completed=self.env.cr.now(),
            **request._hours_to_sign(),
        )
        request._log_events("paper", data={"document_sha256": sha256})
        request._close_todos()
        request._file_scan(data)
        request._react("approved" if request._is_approval() else "signed")

    def _check_may_scan(self, left):
        """Refuse the scan of what must not be signed yet; `left` are the signers who have done nothing so far."""
        if self.env.su or self.env.user.has_group("signature_workflow.group_manager"):
            return
        if self.state == "held":
            raise UserError(
                self.env._("“%s” is held, so it cannot be signed yet. Ask a sales manager to release it.", self.name)
            )
        if approvers := left.filtered(lambda signer: signer.participation == "approve"):
            raise UserError(
                self.env._(
                    "%(names)s has not approved “%(document)s” yet. Wait for it, or ask a sales manager to file the "
                    "scan.",
                    names=", ".join(approvers.mapped("name")),
                    document=self.name,
                )
            )

    def _scan_pdf(self, files):
        """Return the PDF that `files` are kept as. Raises ScanRefused."""
        try:
            return scan.to_pdf(files)
        except EngineError as error:
            messages = {
                "file_empty": self.env._("Choose the scan of “%s”.", self.name),
                "file_type": self.env._("Choose one PDF, or PNG and JPEG pictures of the pages."),
                "already_signed": self.env._(
                    "This PDF carries a digital signature, so it is no scan. Print it to a new PDF and use that one."
                ),
                "too_many_files": self.env._(
                    "Choose at most %s pictures, or make one PDF of them.", error.params.get("limit")
                ),
            }
            message = messages.get(error.code) or engine_message(self.env, error)
            raise ScanRefused(self.env._("%(document)s: %(problem)s", document=self.name, problem=message)) from error

    def _file_scan(self, data):
        """Put a copy of the scan on the record, in the name of who has uploaded it."""
        record = self._record().exists()
        if record and "message_ids" in record._fields:
            record.message_post(
                body=self.env._("“%s” was signed on paper.", self.name),
                attachment_ids=self._mark_filed(self._file_pdf(record, data)).ids,
                subtype_xmlid="mail.mt_note",
            )

    # What a person has answered who moves the record on

    def _answer_move(self, answer):
        """Do with these documents what `answer` says: `{"action": keep|cancel|paper, "reason", "scan": [base64, ...]}`.

        Only one is signed on paper at a time. Raises ScanRefused, or UserError.
        """
        match answer["action"]:
            case "keep":
                self.sudo()._log_notes(
                    {
                        request.id: self.env._(
                            "“%s” goes on waiting to be signed, although the deal was moved.", request.name
                        )
                        for request in self
                    }
                )
            case "cancel":
                self.action_cancel(str(answer.get("reason") or "").strip())
            case "paper":
                self._sign_on_paper([self._decode_scan(file) for file in answer.get("scan") or ()])

    def _decode_scan(self, file):
        """Return the bytes of a file that a browser has sent as base64. Raises ScanRefused."""
        try:
            data = text.from_base64(file, limit=scan.MAX_BYTES)
        except EngineError as error:
            raise ScanRefused(engine_message(self.env, error)) from error
        if data is None:
            raise ScanRefused(
                self.env._("The file is too large: at most %s MB are accepted.", scan.MAX_BYTES // 1024**2)
            )
        return data


class SignatureSigner(models.Model):
    _inherit = "signature.signer"

    def _go_by_hand(self):
        """Have those of self who by now sign on paper only be asked by the salesperson, not by messages."""
        marked = self._acting().filtered(lambda signer: signer.partner_id._on_paper() and signer.channel != "manual")
        marked.channel = "manual"
