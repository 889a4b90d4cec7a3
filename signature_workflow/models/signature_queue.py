import contextlib
import errno
import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL
from psycopg2 import errors as pg_errors

from ..engine.errors import EngineError
from .engine_messages import engine_message

_logger = logging.getLogger(__name__)

CONCURRENCY_ERRORS = (
    pg_errors.SerializationFailure,
    pg_errors.LockNotAvailable,
    pg_errors.DeadlockDetected,
)
# the disk, what this server may use of it, or what one file may take
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
MAX_ATTEMPTS = 3
# the crons that do the work side by side
WORKERS = ("ir_cron_process", "ir_cron_process_2")
# a worker takes no more than half of what waits, unless that were fewer
MIN_SHARE = 25


class SignatureQueue(models.AbstractModel):
    """Work that is done later, apart from the transaction that asked for it, and never lost.

    Each batch is worked in a transaction of its own. Records that a batch cannot do are done one by
    one, so that one poisonous document does not hold up the others. The attempt is counted and
    committed first: a record that kills the worker every time ends as failed, seen by a person.
    Several workers share the work: each locks what it does, and passes over what others have locked.
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
        """Wake the workers once this transaction is committed.

        One statement does what `_trigger` would do for each: every move of a deal into a rule's stage pays for it.
        """
        self.env.cr.execute(
            SQL(
                """INSERT INTO ir_cron_trigger (cron_id, call_at)
                        SELECT cron.id, now() AT TIME ZONE 'UTC'
                          FROM ir_cron cron JOIN ir_model_data data ON data.res_id = cron.id AND data.model = 'ir.cron'
                         WHERE cron.active AND data.module = 'signature_workflow' AND data.name IN %s""",
                WORKERS,
            )
        )
        self.env.cr.postcommit.add(self.env["ir.cron"]._notifydb)

    @api.model
    def _queue_run(self, domain, work, limit=1):
        """Do `work(batch)` for all records of `domain`, at most `limit` at a time; other workers may do the same.

        What was tried before in vain is done alone, so that it takes nothing else with it. Returns False when the
        time of the cron run is over and work may be left.
        """
        seen = []
        while batch := self._queue_claim([*domain, ("id", "not in", seen)], limit):
            seen += batch.ids
            batch._queue_attempt(domain, work)
            if not self.env["ir.cron"]._commit_progress(len(batch)):
                return False
        return True

    @api.model
    def _queue_claim(self, domain, limit):
        """Lock and return at most `limit` of the records that no other worker has, and leave it its share of them.

        What was tried before in vain comes last, one by one.
        """
        if limit > MIN_SHARE:
            count = self.search_count(domain, limit=2 * limit)
            if not count:
                return self.browse()
            limit = min(limit, max(MIN_SHARE, count // 2))
        query = self._search(domain, limit=limit)
        tried = SQL("COALESCE(%s, 0) > 0", SQL.identifier(self._table, "attempts"))
        query.order = SQL("%s, %s", tried, SQL.identifier(self._table, "id"))
        columns = query.select(SQL.identifier(self._table, "id"), tried)
        while True:
            try:
                # in one statement, so that hardly any time is left for another worker between finding and locking
                self.env.cr.execute(SQL("%s FOR NO KEY UPDATE SKIP LOCKED", columns), log_exceptions=False)
                rows = self.env.cr.fetchall()
                return self.browse([row[0] for row in rows if not row[1]] or [row[0] for row in rows[:1]])
            except CONCURRENCY_ERRORS:
                # what was found has just been done by another worker: look again
                self.env.cr.rollback()

    def _queue_attempt(self, domain, work):
        """Count the attempt, then do the work, each in a transaction of its own."""
        try:
            worn_out = self.filtered(lambda record: record.attempts >= MAX_ATTEMPTS)
            for record in worn_out:
                record._queue_give_up()
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
            self.try_lock_for_update(allow_referencing=True).filtered("attempts").attempts = 0
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
            # anything is caught here: a failure must end as something a person sees
            self.env.cr.rollback()
            if len(batch) > 1:
                for record in batch:
                    record._queue_work(domain, work)
                return
            batch._queue_give_up(error)
        self.env["ir.cron"]._commit_progress()

    def _queue_give_up(self, error=None):
        """Show a person what has failed: the `error`, or else that the server stopped each time."""
        told = self._for_sender()
        try:
            told._queue_failed(
                told._queue_message(error)
                if error
                else told.env._(
                    "The server stopped %(times)s times while working on this. Check the document and the server "
                    "log, then try again.",
                    times=MAX_ATTEMPTS,
                )
            )
            self.env.cr.flush()
        except CONCURRENCY_ERRORS:
            raise
        except Exception:
            # nor may this hold up the others; it is tried again by each run
            self.env.cr.rollback()
            _logger.exception("%s has failed, and could not be shown as failed", self)

    @api.model
    def _queue_message(self, error):
        if isinstance(error, UserError):
            return str(error)
        if isinstance(error, OSError) and error.errno in DISK_FULL:
            return self.env._("There is no room on the server's disk. Make some, then try again.")
        if isinstance(error, EngineError):
            return engine_message(self.env, error)
        _logger.exception("Signature work failed", exc_info=error)
        return self.env._(
            "Something unexpected happened (%(error)s). The server log has the details. Try again; "
            "if it fails again, show this message to your administrator.",
            error=type(error).__name__,
        )
