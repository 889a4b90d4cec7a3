import hashlib
import os
import ssl
from datetime import UTC, datetime

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ..engine.errors import SealError, TimestampError
from ..engine.sealing import pades, timestamp
from .engine_messages import engine_message
from .signature_key import PEM

SERVER = ("signature_tsa_url", "signature_tsa_certificates")
# seconds by which the clock of this server may differ without a word
CLOCK = 60


class ResCompany(models.Model):
    """The timestamp server of a company."""

    _inherit = "res.company"

    @api.constrains(*SERVER)
    def _check_signature_tsa(self):
        for company in self.sudo():
            text = company.signature_tsa_certificates or ""
            try:
                for der in company._tsa_certificates():
                    pades.describe_certificate(der)
            except (SealError, ValueError) as error:
                raise ValidationError(self._tsa_certificates_words()) from error
            if text.strip() and not company._tsa_certificates():
                raise ValidationError(self._tsa_certificates_words())
            try:
                company._timestamping()
            except TimestampError as error:
                raise ValidationError(engine_message(self.env, error)) from error

    def _tsa_certificates_words(self):
        return self.env._(
            "The certificates of the timestamp server cannot be read. Paste each in PEM, from "
            "-----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----."
        )

    def _tsa_certificates(self):
        """Return the certificates of the timestamp server as DER."""
        self.ensure_one()
        return tuple(ssl.PEM_cert_to_DER_cert(pem) for pem in PEM.findall(self.signature_tsa_certificates or ""))

    def _timestamping(self):
        """Return the engine's Timestamping of this company, or None where no server is set.

        One object for each worker of the server, which keeps the connection.
        """
        self.ensure_one()
        if not self.signature_tsa_url:
            return None
        return timestamp.load(self.signature_tsa_url, self._tsa_certificates())

    def write(self, vals):
        result = super().write(vals)
        if any(name in vals for name in SERVER):
            for company in self.sudo().filtered("signature_tsa_url"):
                company._wake_timestamps()
        return result

    def _wake_timestamps(self):
        """Have the missing timestamps asked for soon: the server answers, or there is another one."""
        self.ensure_one()
        now = fields.Datetime.now()
        asleep = [
            ("company_id", "=", self.id),
            ("timestamp_state", "=", "pending"),
            ("date_timestamp_next", ">", now),
        ]
        # who is at one of them is not waited for
        if requests := self.env["signature.request"].sudo().search(asleep).try_lock_for_update():
            requests.write({"date_timestamp_next": now, "date_timestamp_try": False})
            self.env.ref("signature_workflow.ir_cron_timestamp").sudo()._trigger()

    def action_test_timestamp(self):
        """Ask the timestamp server for a timestamp of nothing; return a notification of what it says."""
        self.ensure_one()
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only an administrator tests the timestamp server."))
        server = self._timestamping()
        if server is None:
            raise UserError(self.env._("%s has no timestamp server. Enter its address first.", self.name))
        try:
            stamp = server.timestamp_of_file(hashlib.sha256(os.urandom(16)).digest())
        except TimestampError as error:
            raise UserError(
                self.env._(
                    "%s The address is saved all the same; until it works, documents are sealed without trusted time.",
                    engine_message(self.env, error),
                )
            ) from error
        self._wake_timestamps()
        differs = abs((datetime.now(UTC) - stamp.time).total_seconds()) > CLOCK
        return self.env["signature.template"]._notification(
            self._timestamp_words(stamp, differs), type="warning" if differs else "success", sticky=True
        )

    def _timestamp_words(self, stamp, differs):
        words = self.env._(
            "The timestamp server answers: %(time)s UTC, under the policy %(policy)s, by %(subject)s, whose "
            "certificate ends on %(end)s.",
            time=f"{stamp.time.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
            policy=stamp.policy,
            subject=stamp.certificate.subject,
            end=f"{stamp.certificate.not_after:%Y-%m-%d}",
        )
        if differs:
            words += " " + self.env._("The clock of this server differs by more than a minute: set it right.")
        return words
