from datetime import timedelta

from odoo import api, fields, models

from .refused import SubmitRefused

# Per channel: of what the messages are counted, in how many hours, and how many may go. Text messages cost money, and
# whoever holds a link can draw some from us; of e-mails, only those that visitors cause are counted.
LIMITS = {
    "sms": [
        ("address", 24, 10),
        ("signer_id.request_id", 24, 20),
        ("signer_id.request_id.user_id", 24, 500),
    ],
    "email": [
        ("address", 1, 5),
        ("signer_id.request_id", 24, 20),
        ("signer_id.request_id.user_id", 24, 2000),
    ],
}


class SignatureSending(models.Model):
    """One message that a visitor caused, or that costs money: counted, so that nobody is flooded."""

    _name = "signature.sending"
    _description = "Message sent for a signature"

    signer_id = fields.Many2one("signature.signer", required=True, readonly=True, index=True, ondelete="cascade")
    channel = fields.Selection([("email", "E-mail"), ("sms", "SMS")], required=True, readonly=True)
    address = fields.Char(required=True, readonly=True, index=True)
    date = fields.Datetime(required=True, readonly=True, index=True, default=fields.Datetime.now)

    @api.model
    def _check(self, signer, channel, address):
        """Count one message by `channel` to `address`, an e-mail address or a number in the form of E.164.

        Raises SubmitRefused when too many have gone.
        """
        request = signer.request_id
        counted = {
            "address": address,
            "signer_id.request_id": request.id,
            "signer_id.request_id.user_id": request.user_id.id,
        }
        sendings = self.sudo()
        for path, hours, limit in LIMITS[channel]:
            since = fields.Datetime.now() - timedelta(hours=hours)
            sent = [("channel", "=", channel), ("date", ">", since), (path, "=", counted[path])]
            if sendings.search_count(sent, limit=limit) >= limit:
                raise SubmitRefused("limit", self._limit_text(channel, path))
        sendings.create({"signer_id": signer.id, "channel": channel, "address": address})

    @api.model
    def _limit_text(self, channel, path):
        if path != "address":
            return self.env._("Too many messages have been sent today. Try again tomorrow, or ask the sender.")
        if channel == "sms":
            return self.env._("Too many SMS have gone to this number today. Try again tomorrow, or ask the sender.")
        return self.env._("Too many e-mails have gone to this address. Try again in an hour, or ask the sender.")

    @api.autovacuum
    def _gc_sendings(self):
        """Forget what no limit counts any more."""
        self.search([("date", "<", fields.Datetime.now() - timedelta(days=2))]).unlink()
