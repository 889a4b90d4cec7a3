import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import audit

KINDS = [
    ("created", "Document made"),
    ("held", "Held"),
    ("released", "Released"),
    ("link_sent", "Link sent"),
    ("reminded", "Reminded"),
    ("warned", "Told that the time runs out"),
    ("extended", "More time given"),
    ("link_shown", "Link shown to the salesperson"),
    ("handed_over", "Device handed over"),
    ("returned", "Device given back"),
    ("undelivered", "Not delivered"),
    ("viewed", "Viewed"),
    ("code_sent", "Code sent"),
    ("code_refused", "Wrong code"),
    ("identified", "Identity checked"),
    ("signed", "Signed"),
    ("approved", "Approved"),
    ("skipped", "Not needed any more"),
    ("declined", "Declined"),
    ("forwarded", "Forwarded"),
    ("changed", "Changed"),
    ("sealed", "Sealed"),
    ("to_paper", "Continues on paper"),
    ("paper", "Signed on paper"),
    ("replaces", "Replaces another document"),
    ("left", "Left as it is, with other values"),
    ("unlinked", "Unlinked from the record"),
    ("linked", "Linked again"),
    ("withdrawn", "Acceptance withdrawn"),
    ("timestamped", "Timestamped"),
    ("not_timestamped", "Not timestamped"),
    ("legal_hold", "Put on legal hold"),
    ("hold_lifted", "Legal hold lifted"),
    ("erased", "Personal data erased"),
    ("tested", "Test finished"),
    ("written", "Written back"),
    ("failed", "Failed"),
    ("retried", "Tried again"),
    ("cancelled", "Cancelled"),
    ("expired", "Expired"),
]


class SignatureEvent(models.Model):
    """One line of the audit trail: append-only, each carrying the hash of the one before."""

    _name = "signature.event"
    _inherit = ["signature.document.access"]
    _description = "Signature event"
    _order = "request_id, sequence"
    _log_access = False

    signer_id = fields.Many2one("signature.signer", readonly=True, ondelete="restrict")
    sequence = fields.Integer(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True, help="UTC")
    user_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    ip = fields.Char("IP address", readonly=True)
    user_agent = fields.Char("Device", readonly=True)
    data = fields.Text(readonly=True, help="Canonical JSON of what belongs to this event.")
    version = fields.Integer(required=True, readonly=True)
    previous_hash = fields.Char(required=True, readonly=True)
    hash = fields.Char(required=True, readonly=True)

    _sequence_uniq = models.UniqueIndex("(request_id, sequence)")

    @api.model
    def _append(self, requests, kind, *, signer=None, data=None, origin=None):
        """Add one event to the trail of each request.

        `data` is a dict for all of them, or a function that gives the dict for a request;
        `origin` is `{"ip", "user_agent"}` of the visitor.
        """
        if not requests:
            return self.browse()
        heads = self._heads(requests)
        now = fields.Datetime.now()
        values_list = []
        for request in requests:
            sequence, previous = heads.get(request.id, (0, audit.GENESIS))
            values = {
                "request_id": request.id,
                "sequence": sequence + 1,
                "kind": kind,
                "date": fields.Datetime.to_string(now),
                "signer_id": signer.id if signer else False,
                "user_id": self.env.uid,
                "ip": (origin or {}).get("ip", False),
                "user_agent": (origin or {}).get("user_agent", "")[:500] or False,
                "data": audit.canonical((data(request) if callable(data) else data) or {}).decode(),
                "version": 1,
                "previous_hash": previous,
            }
            values["hash"] = audit.chain_hash(previous, self._payload(values), 1)
            values_list.append(values)
        return self.sudo().create(values_list)

    @api.model
    def _heads(self, requests):
        """Return `{request id: (sequence, hash)}` of the last event of each."""
        self.flush_model()
        self.env.cr.execute(
            """SELECT DISTINCT ON (request_id) request_id, sequence, hash
                 FROM signature_event WHERE request_id IN %s
             ORDER BY request_id, sequence DESC""",
            [requests._ids],
        )
        return {row[0]: row[1:] for row in self.env.cr.fetchall()}

    @api.model
    def _payload(self, values):
        """Return what the hash of an event covers."""
        payload = {
            name: values[name] or None
            for name in ("request_id", "sequence", "kind", "date", "signer_id", "user_id", "ip", "user_agent")
        }
        return payload | {"data": json.loads(values["data"])}

    def _verify_chain(self):
        """Verify the trail of one request. Raises the engine's AuditError naming the bad line."""
        audit.verify(
            {
                "previous": event.previous_hash,
                "hash": event.hash,
                "version": event.version,
                "payload": self._payload(
                    {
                        "request_id": event.request_id.id,
                        "sequence": event.sequence,
                        "kind": event.kind,
                        "date": fields.Datetime.to_string(event.date),
                        "signer_id": event.signer_id.id,
                        "user_id": event.user_id.id,
                        "ip": event.ip,
                        "user_agent": event.user_agent,
                        "data": event.data,
                    }
                ),
            }
            for event in self.sorted("sequence")
        )

    def write(self, vals):
        if self:
            raise UserError(self.env._("The audit trail cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The audit trail cannot be deleted."))
