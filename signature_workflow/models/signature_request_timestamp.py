from datetime import UTC, timedelta

from odoo import api, fields, models

from ..engine.errors import TimestampError
from .engine_messages import engine_message

# a server that has failed is left alone for so long: documents do not wait for it one after the other
PAUSE = timedelta(minutes=10)
# how long after which try the next one comes; the last one stays
INTERVALS = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(days=1))


class SignatureRequest(models.Model):
    """The trusted time of a sealed document: in the seal, or got later where the timestamp server had failed."""

    _inherit = "signature.request"

    timestamp_failure = fields.Char("Why not timestamped", readonly=True, copy=False)
    timestamp_tries = fields.Integer(readonly=True, copy=False)
    date_timestamp_try = fields.Datetime("Timestamp last asked for", readonly=True, copy=False)
    date_timestamp_next = fields.Datetime("Timestamp asked for again", readonly=True, copy=False)

    _timestamp_due_idx = models.Index("(company_id, date_timestamp_next) WHERE timestamp_state = 'pending'")

    def _timestamping(self):
        """Return the engine's Timestamping for the seal, or None: there is no server, or it failed a moment ago."""
        self.ensure_one()
        company = self.company_id.sudo()
        if not company.signature_tsa_url or self._timestamp_pauses():
            return None
        return company._timestamping()

    def _timestamp_pauses(self):
        """Tell whether the company's timestamp server has failed a moment ago.

        Read from the documents themselves: a mark on the company would be fought for by the workers.
        """
        failed = [
            ("company_id", "=", self.company_id.id),
            ("timestamp_state", "=", "pending"),
            ("date_timestamp_try", ">", fields.Datetime.now() - PAUSE),
        ]
        return bool(self.sudo().search_count(failed, limit=1))

    def _note_timestamp(self, sealed, error=None):
        """Note the level of the seal (the engine's Sealed), and plan the timestamp where it has none.

        `error` is the TimestampError with which the server failed, None when it was not asked.
        """
        self.ensure_one()
        self.seal_level = sealed.level
        if sealed.timestamp:
            self.timestamp_state = "embedded"
            self.date_timestamp = sealed.timestamp.astimezone(UTC).replace(tzinfo=None)
        elif self.company_id.sudo().signature_tsa_url:
            self.timestamp_state = "pending"
            told = self._for_sender()
            self._postpone_timestamp(
                engine_message(told.env, error)
                if error
                else told.env._("The timestamp server had failed a moment before, so it was not asked."),
                is_tried=bool(error),
            )
            # the address may have a secret in it
            params = {name: value for name, value in error.params.items() if name != "url"} if error else {}
            self._log_events("not_timestamped", data={"code": error.code if error else "tsa_paused", **params})
        else:
            self.timestamp_state = "none"

    @api.model
    def _cron_timestamp(self):
        """Ask again for the timestamps that are missing."""
        due = [("timestamp_state", "=", "pending"), ("date_timestamp_next", "<=", fields.Datetime.now())]
        if not self._queue_run(due, lambda request: request._timestamp_later()):
            self.env["ir.cron"]._commit_progress(remaining=1)
        self._wake_answered()

    @api.model
    def _wake_answered(self):
        """Have what waits asked for soon where the server has answered since: not while that answer is filed."""
        asleep = [("timestamp_state", "=", "pending"), ("date_timestamp_next", ">", fields.Datetime.now())]
        lasts = ["date_timestamp_try:max", "date_completed:max"]
        for company, last_try, last_sealed in self._read_group(asleep, ["company_id"], lasts):
            answered = [
                ("company_id", "=", company.id),
                ("timestamp_state", "in", ("embedded", "later")),
                ("date_timestamp", ">=", last_try or last_sealed),
            ]
            if self.search_count(answered, limit=1):
                company._wake_timestamps()

    def _timestamp_later(self):
        """Get a timestamp of the whole signed copy, and keep it beside that: what is sealed does not change."""
        self.ensure_one()
        company, told = self.company_id.sudo(), self._for_sender()
        if not company.signature_tsa_url:
            self._postpone_timestamp(
                told.env._("%s has no timestamp server any more. Enter one in the settings.", company.name)
            )
        elif self._timestamp_pauses():
            self._postpone_timestamp(self.timestamp_failure)
        else:
            try:
                timestamp = company._timestamping().timestamp_of_file(bytes.fromhex(self.final_sha256))
            except TimestampError as error:
                self._postpone_timestamp(engine_message(told.env, error), is_tried=True)
            else:
                self._keep_timestamp(timestamp)

    def _postpone_timestamp(self, failure, *, is_tried=False):
        """Plan when the server is asked again; `failure` says why it is needed."""
        now = fields.Datetime.now()
        for request in self:
            wait = INTERVALS[min(request.timestamp_tries, len(INTERVALS) - 1)]
            request.write(
                {
                    "timestamp_failure": failure,
                    "timestamp_tries": request.timestamp_tries + is_tried,
                    "date_timestamp_next": now + wait,
                    **({"date_timestamp_try": now} if is_tried else {}),
                }
            )

    def _keep_timestamp(self, timestamp):
        """File the engine's Timestamp of the signed copy."""
        self._bump()
        answer = self.env["ir.attachment"].create(
            {
                "name": f"{self.final_id.name}.tsr",
                "raw": timestamp.response_der,
                "mimetype": "application/timestamp-reply",
                "res_model": self._name,
                "res_id": self.id,
            }
        )
        self.write(
            {
                "timestamp_state": "later",
                "date_timestamp": timestamp.time.astimezone(UTC).replace(tzinfo=None),
                "timestamp_id": answer.id,
                "timestamp_failure": False,
                "date_timestamp_try": False,
                "date_timestamp_next": False,
            }
        )
        data = {
            "document_sha256": self.final_sha256,
            "timestamp": timestamp.time.astimezone(UTC).isoformat(),
            "certificate_sha256": timestamp.certificate.fingerprint_sha256,
        }
        self._log_events("timestamped", data=data)

    def _queue_failed(self, message):
        pending = self.filtered(lambda request: request.timestamp_state == "pending")
        # that was not the server
        pending._postpone_timestamp(message)
        # counted apart from the attempts of the queue, which end
        pending.attempts = 0
        return super(SignatureRequest, self - pending)._queue_failed(message)
