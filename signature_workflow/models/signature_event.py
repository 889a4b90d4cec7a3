import contextlib
import json
import secrets

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


# What an insider with SQL may do to the trail: erase the details of a line, and delete a request as a whole.
GUARD = """
CREATE OR REPLACE FUNCTION signature_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    erased signature_event%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        erased := OLD;
        erased.ip := NULL;
        erased.user_agent := NULL;
        erased.data := NULL;
        erased.salt := NULL;
        IF OLD.version = 2 AND NEW IS NOT DISTINCT FROM erased THEN
            RETURN NEW;
        END IF;
    ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM signature_request WHERE id = OLD.request_id) THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'The audit trail of signatures is append-only: % is refused.', TG_OP;
END
$$;
DROP TRIGGER IF EXISTS signature_event_guard_rows ON signature_event;
CREATE TRIGGER signature_event_guard_rows BEFORE UPDATE OR DELETE ON signature_event
    FOR EACH ROW EXECUTE FUNCTION signature_event_guard();
DROP TRIGGER IF EXISTS signature_event_guard_table ON signature_event;
CREATE TRIGGER signature_event_guard_table BEFORE TRUNCATE ON signature_event
    FOR EACH STATEMENT EXECUTE FUNCTION signature_event_guard();
"""
DETAILS = ("ip", "user_agent", "data")


class SignatureEvent(models.Model):
    """One line of the audit trail: append-only, each carrying the hash of the one before.

    The database refuses changes, too. Lines of version 1 carry all in their hash; in later ones the details can be
    erased, see `engine.audit`.
    """

    _name = "signature.event"
    _inherit = ["signature.document.access"]
    _description = "Signature event"
    _order = "request_id, sequence"
    _log_access = False

    signer_id = fields.Many2one("signature.signer", readonly=True, index="btree_not_null", ondelete="restrict")
    sequence = fields.Integer(required=True, readonly=True)
    kind = fields.Selection(KINDS, required=True, readonly=True)
    date = fields.Datetime(required=True, readonly=True, help="UTC")
    user_id = fields.Many2one("res.users", readonly=True, ondelete="restrict")
    ip = fields.Char("IP address", readonly=True)
    user_agent = fields.Char("Device", readonly=True)
    data = fields.Text(readonly=True, help="Canonical JSON of what belongs to this event.")
    version = fields.Integer(required=True, readonly=True)
    # who knows it could guess at erased details
    salt = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    details_sha256 = fields.Char(readonly=True, help="Over the salt, IP address, device and data.")
    previous_hash = fields.Char(required=True, readonly=True)
    hash = fields.Char(required=True, readonly=True)

    _sequence_uniq = models.UniqueIndex("(request_id, sequence)")

    def init(self):
        """Have the database refuse what the ORM refuses; at installation and at each upgrade.

        It also refuses to fill a new column of old lines: one with a default needs a migration script.
        """
        self.env.cr.execute(GUARD)

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
                "version": audit.VERSION,
                "salt": secrets.token_hex(16),
                "previous_hash": previous,
            }
            values["details_sha256"] = audit.details_hash(values["salt"], self._details(values))
            values["hash"] = audit.chain_hash(previous, self._payload(values))
            values_list.append(values)
        return self.sudo().create(values_list)

    @api.model
    def _heads(self, requests):
        """Return `{request id: (sequence, hash)}` of the last event of each."""
        self.flush_model()
        # by the index, one row for each request, however long its trail is
        self.env.cr.execute(
            """SELECT request.id, head.sequence, head.hash
                 FROM unnest(%s) AS request(id),
                      LATERAL (SELECT sequence, hash FROM signature_event
                                WHERE request_id = request.id ORDER BY sequence DESC LIMIT 1) head""",
            [requests.ids],
        )
        return {row[0]: row[1:] for row in self.env.cr.fetchall()}

    @api.model
    def _details(self, values):
        """Return what an event says that may be about a person."""
        details = {name: values[name] or None for name in DETAILS}
        # what is no JSON was tampered with: as it is, it does not fit the hash
        with contextlib.suppress(TypeError, ValueError, RecursionError):
            details["data"] = json.loads(values["data"])
        return details

    @api.model
    def _payload(self, values):
        """Return what the hash of an event covers."""
        names = ("request_id", "sequence", "kind", "date", "signer_id", "user_id")
        payload = {name: values[name] or None for name in names}
        if values["version"] == 1:
            return payload | self._details(values)
        return payload | {"details": values["details_sha256"]}

    def _lines(self):
        """Return the events as `engine.audit.verify` and the evidence file take them, first event first."""
        return [event._line() for event in self.sudo().sorted("sequence")]

    def _line(self):
        self.ensure_one()
        values = {
            "request_id": self.request_id.id,
            "signer_id": self.signer_id.id,
            "user_id": self.user_id.id,
            "date": fields.Datetime.to_string(self.date),
            **{name: self[name] for name in ("sequence", "kind", "version", "details_sha256", *DETAILS)},
        }
        has_details = self.version != 1 and any(self[name] for name in ("salt", *DETAILS))
        return {
            "version": self.version,
            "previous": self.previous_hash,
            "hash": self.hash,
            "payload": self._payload(values),
            "salt": self.salt or None,
            "details": self._details(values) if has_details else None,
        }

    def _verify_chain(self):
        """Verify the trail of one request; return the positions, from 0, of the events whose details were erased.

        Raises the engine's AuditError naming the bad line.
        """
        return audit.verify(self._lines())

    def _erase(self):
        """Erase the details of these events, for ever: the trail still holds. Returns those that it has erased.

        The caller notes it as an event. Lines of version 1, of before 19.0.1.3.0, cannot be erased and stay.
        """
        if not self:
            return self
        self.flush_recordset()
        self.env.cr.execute(
            """UPDATE signature_event SET ip = NULL, user_agent = NULL, data = NULL, salt = NULL
                WHERE id IN %s AND version = 2 AND salt IS NOT NULL RETURNING id""",
            [self._ids],
        )
        erased = self.browse(row[0] for row in self.env.cr.fetchall())
        erased.invalidate_recordset([*DETAILS, "salt"])
        return erased

    def write(self, vals):
        if self:
            raise UserError(self.env._("The audit trail cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The audit trail cannot be deleted."))
