import logging

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

from .res_company_settings import RETENTION_PAUSE
from .signature_queue import CONCURRENCY_ERRORS

_logger = logging.getLogger(__name__)

# nobody goes on with these; a failed document is still open: somebody may try it again
NOTHING_STATES = ("draft", "cancelled", "declined", "expired")
SEALED_STATES = ("completed", "withdrawn")
# so many are deleted in one transaction
BATCH = 20
# in the context of whoever may delete: nothing that comes from outside can be this object
DOOMED = object()


class ResCompany(models.Model):
    _inherit = "res.company"

    def _retention_preview(self, keep_years, purge_days):
        """Return how many documents of this company a run would delete today with these two numbers, 0 being never.

        `{"nothing": those that came to nothing, "completed": those kept long enough, "held": those of both that stay
        because they are on legal hold, "from": the date before which nothing is deleted by these numbers, or False}`.
        """
        self.ensure_one()
        company, today = self.sudo(), fields.Date.today()
        first = company.signature_retention_from
        if (keep_years, purge_days) != company._retention_numbers():
            first = today + RETENTION_PAUSE
        requests = self.env["signature.request"].sudo()
        nothing, completed = requests._retention_domains(self, keep_years, purge_days)
        return {
            "nothing": requests.search_count(nothing & Domain("legal_hold", "=", False)),
            "completed": requests.search_count(completed & Domain("legal_hold", "=", False)),
            "held": requests.search_count((nothing | completed) & Domain("legal_hold", "=", True)),
            "from": first and first > today and first,
        }


class SignatureRequest(models.Model):
    """How long documents are kept."""

    _inherit = "signature.request"

    @api.model
    def _retention_domains(self, company, keep_years, purge_days):
        """Return the Domains of what came to nothing and of what was completed long enough ago, legal hold or not."""
        now, mine = fields.Datetime.now(), Domain("company_id", "=", company.id)
        # what a worker is at is not over
        mine &= Domain("reaction_ids", "not any", [("state", "=", "pending")])
        nothing = completed = Domain.FALSE
        if purge_days > 0:
            since = now - relativedelta(days=purge_days)
            nothing = (
                mine
                & (
                    Domain("state", "in", NOTHING_STATES)
                    | (Domain("state", "=", "completed") & Domain("is_test", "=", True))
                )
                & Domain("create_date", "<", since)
                & Domain("event_ids", "not any", [("date", ">=", since)])
            )
        if keep_years > 0:
            since = now - relativedelta(years=keep_years)
            completed = mine & Domain("state", "in", SEALED_STATES) & Domain("date_completed", "<", since)
        return nothing, completed

    @api.model
    def _cron_retention(self):
        """Delete what the companies keep no longer; what cannot be deleted is shown to the salesperson."""
        numbers = Domain("signature_keep_years", ">", 0) | Domain("signature_purge_days", ">", 0)
        # who has mistyped one has some days to mend it
        resting = Domain("signature_retention_from", ">", fields.Date.today())
        for company in self.env["res.company"].search(numbers & ~resting):
            for over in self._retention_domains(company, *company._retention_numbers()):
                if not self._retention_run(over & Domain("legal_hold", "=", False)):
                    # time is over: the next run, which this asks for, goes on
                    self.env["ir.cron"]._commit_progress(remaining=1)
                    return

    @api.model
    def _retention_run(self, over):
        """Delete all of the Domain `over`, each batch in a transaction of its own; return whether there was time."""
        latest = 0
        while not over.is_false() and (batch := self.search(over & Domain("id", ">", latest), order="id", limit=BATCH)):
            latest = batch[-1].id
            if not batch._retention_attempt(over):
                return False
        return True

    def _retention_attempt(self, over):
        """Delete all of self or, where that fails, each by itself, so that one does not keep the others.

        Commits; returns whether there is time left.
        """
        try:
            with self.env.cr.savepoint():
                self._retention_delete(over)
        except CONCURRENCY_ERRORS:
            # somebody is at one of them at this moment: the next run finds it
            self.env.cr.rollback()
        except Exception as error:  # noqa: BLE001
            # anything is caught here: a failure must end as something a person sees
            if len(self) > 1:
                return all(request._retention_attempt(over) for request in self)
            self._retention_failed(error)
        return bool(self.env["ir.cron"]._commit_progress(len(self)))

    def _retention_delete(self, over):
        """Delete those of self that are still of the Domain `over`, and say so in the chatter of their records."""
        self._bump()
        doomed = self.search(over & Domain("id", "in", self.ids))
        notes = {}
        for request in doomed.filtered(lambda request: request._record().sudo().exists()):
            told = request._for_sender()
            notes[request.id] = told.env._(
                "“%(document)s” of %(date)s was deleted by the retention rule of %(company)s.",
                document=request.name,
                date=format_date(told.env, request.date_completed or request.create_date),
                company=request.company_id.name,
            )
        self.browse(notes)._log_notes(notes)
        doomed._delete_for_good()

    def _retention_failed(self, error):
        """Show the salesperson that the document cannot be deleted, and why."""
        told = self._for_sender()
        try:
            with self.env.cr.savepoint():
                message = told._queue_message(error)
                _logger.warning("%s could not be deleted by the retention rule: %s", self, message)
                told._tell_once(told.env._("Not deleted by the retention rule: %s", self.name), message)
        except CONCURRENCY_ERRORS:
            self.env.cr.rollback()
        except Exception:
            # nor may this hold up the others
            _logger.exception("%s could not be shown as not deleted", self)

    def _tell_once(self, summary, text):
        """Give the salesperson a to-do or, where the record can have none, a message; not a second time."""
        todos = self.env["mail.activity"].sudo()
        messages = self.env["mail.message"].sudo()
        about = [("model", "=", self._name), ("res_id", "=", self.id), ("subject", "=", summary)]
        if todos.search_count([("signature_request_id", "=", self.id), ("summary", "=", summary)], limit=1):
            return
        if messages.search_count(about, limit=1) or self._add_todo(summary, text):
            return
        self.env["mail.thread"].message_notify(
            model=self._name,
            res_id=self.id,
            partner_ids=self._looks_after().partner_id.ids,
            subject=summary,
            body=text,
            author_id=self._author_id(),
        )

    def _delete_for_good(self):
        """Delete these documents with all that belongs to them, also the copies on their records.

        What is left is what the records say of them in their chatter. Raises UserError for what is on legal hold.
        """
        self._check_no_legal_hold()
        everything = self.sudo().with_context(active_test=False)
        batches, own_documents = everything.batch_id, everything.template_id.filtered("is_adhoc")
        files = everything._all_files() | everything._filed_copies()
        everything.signer_ids._delete_messages()
        everything.env["mail.activity"].search([("signature_request_id", "in", self.ids)]).unlink()
        everything.with_context(signature_doomed=DOOMED).unlink()
        files.exists().unlink()
        batches.filtered(lambda batch: not batch.request_ids).unlink()
        own_documents.filtered(lambda template: not template.request_ids).unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if self.env.context.get("signature_doomed") is DOOMED:
            return None
        return super()._unlink_never()


class SignatureSigner(models.Model):
    _inherit = "signature.signer"

    def _delete_messages(self):
        """Delete the mails and text messages to these signers that are still kept."""
        theirs = [("signature_signer_id", "in", self.ids)]
        for name in ("mail.mail", "sms.sms", "sms.tracker"):
            self.env[name].sudo().search(theirs).unlink()
