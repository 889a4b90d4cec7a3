import contextlib
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from psycopg2 import errors as pg_errors

from ..engine.errors import EngineError
from .engine_messages import engine_message

_logger = logging.getLogger(__name__)

CONCURRENCY_ERRORS = (
    pg_errors.SerializationFailure,
    pg_errors.LockNotAvailable,
    pg_errors.DeadlockDetected,
)
MAX_ATTEMPTS = 3


class SignatureQueue(models.AbstractModel):
    """Work that is done later, apart from the transaction that asked for it, and never lost.

    Each batch is worked in a transaction of its own. Records that a batch cannot do are done one by
    one, so that one poisonous document does not hold up the others. The attempt is counted and
    committed first: a record that kills the worker every time ends as failed, seen by a person.
    """

    _name = "signature.queue"
    _description = "Queued signature work"

    attempts = fields.Integer(readonly=True, copy=False)
    failure = fields.Text("What went wrong", readonly=True, copy=False, help="What failed and what to do about it.")

    def _for_sender(self):
        """Return the record in the language of the person who is told of it."""
        raise NotImplementedError  # pragma: no cover

    def _queue_failed(self, message):
        """Show a person that the work on these records failed; `message` says what to do."""
        raise NotImplementedError  # pragma: no cover

    @api.model
    def _queue_trigger(self):
        """Wake the worker once this transaction is committed."""
        xmlid = "signature_workflow.ir_cron_process"
        self.env["ir.cron"].sudo().browse(
            self.env["ir.model.data"]._xmlid_to_res_id(xmlid, raise_if_not_found=True)
        )._trigger()

    @api.model
    def _queue_run(self, domain, work, limit=1):
        """Do `work(batch)` for all records of `domain`, at most `limit` at a time.

        What was tried before in vain is done alone, so that it takes nothing else with it. Returns False when the
        time of the cron run is over and work may be left.
        """
        seen = []
        for fresh, size in (("=", limit), ("!=", 1)):
            while batch := self.search(
                [*domain, ("attempts", fresh, 0), ("id", "not in", seen)], limit=size, order="id"
            ):
                seen += batch.ids
                batch._queue_attempt(domain, work)
                if not self.env["ir.cron"]._commit_progress(len(batch)):
                    return False
                if len(batch) < size:
                    break
        return True

    def _queue_attempt(self, domain, work):
        """Count the attempt, then do the work, each in a transaction of its own."""
        try:
            worn_out = self.filtered(lambda record: record.attempts >= MAX_ATTEMPTS)
            for record in worn_out:
                told = record._for_sender()
                told._queue_failed(
                    told.env._(
                        "The server stopped %(times)s times while working on this. Check the document and the server "
                        "log, then try again.",
                        times=MAX_ATTEMPTS,
                    )
                )
            batch = self - worn_out
            for attempts, records in batch.grouped("attempts").items():
                records.attempts = attempts + 1
            self.env["ir.cron"]._commit_progress()
            batch._queue_work(domain, work)
        except CONCURRENCY_ERRORS:
            # somebody signed or cancelled at this moment: what is left is found by the next run
            self.env.cr.rollback()
            self._queue_later()

    def _queue_later(self):
        """Leave the records to the next run; that they were in somebody's way does not count as an attempt."""
        with contextlib.suppress(*CONCURRENCY_ERRORS), self.env.cr.savepoint():
            self.exists().filtered("attempts").attempts = 0
        self._queue_trigger()
        self.env["ir.cron"]._commit_progress()

    def _queue_work(self, domain, work):
        """One transaction for all; when it fails, one for each."""
        # somebody may have cancelled since
        batch = self.try_lock_for_update(allow_referencing=True).filtered_domain(domain)
        if not batch:
            return
        try:
            work(batch)
            batch.filtered("attempts").attempts = 0
            # what the commit itself would do; the commit stays outside, for it cannot be undone
            self.env.cr.flush()
        except CONCURRENCY_ERRORS:
            raise
        except Exception as error:  # noqa: BLE001
            # the one place where anything is caught: a failure must end as something a person sees
            self.env.cr.rollback()
            if len(batch) > 1:
                for record in batch:
                    record._queue_work(domain, work)
                return
            told = batch._for_sender()
            told._queue_failed(told._queue_message(error))
        self.env["ir.cron"]._commit_progress()

    @api.model
    def _queue_message(self, error):
        if isinstance(error, UserError):
            return str(error)
        if isinstance(error, EngineError):
            return engine_message(self.env, error)
        _logger.exception("Signature work failed", exc_info=error)
        return self.env._(
            "Something unexpected happened (%(error)s). The server log has the details. Try again; "
            "if it fails again, show this message to your administrator.",
            error=type(error).__name__,
        )
