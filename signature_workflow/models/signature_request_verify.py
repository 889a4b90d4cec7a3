import re
from datetime import UTC, datetime

from odoo import api, fields, models

from ..engine.errors import AuditError, LinkError

SHA256 = re.compile(r"[0-9a-f]{64}")
KNOWN_STATES = ("completed", "withdrawn")
# of a row only what is told
PUBLIC_COLUMNS = [
    "verify_code", "company_id", "state", "is_paper", "date_completed", "date_withdrawn", "seal_level",
    "timestamp_state", "date_timestamp", "key_id", "final_sha256", "is_test",
]  # fmt: skip
TRAIL_COLUMNS = [
    "request_id", "sequence", "kind", "date", "signer_id", "user_id", "ip", "user_agent", "data", "version", "salt",
    "details_sha256", "previous_hash", "hash",
]  # fmt: skip
# the line that tells how a document was completed
END_KINDS = ("sealed", "paper", "tested")
STAMPED_STATES = ("embedded", "later")


class SignatureRequest(models.Model):
    """What anybody may know of a signed copy: whether it is genuine, and what came of it."""

    _inherit = "signature.request"

    verify_address = fields.Char(
        "Can be checked at",
        compute="_compute_verify_address",
        help="Public: says whether a copy is genuine, and nothing of the document. It stands in the signed copy, too.",
    )

    @api.depends("verify_code", "state")
    def _compute_verify_address(self):
        for request in self:
            try:
                request.verify_address = request._verify_path() and request._verify_url()
            except LinkError:
                # the health page says what is wrong with the address of the server
                request.verify_address = False

    @api.model
    def _from_code(self, code):
        """Return the document (sudo) that was sealed under `code`, as of `links.read_code`, or none."""
        return self._known("verify_code", code)

    @api.model
    def _from_sha256(self, sha256):
        """Return the document (sudo) whose signed copy has this SHA-256, or none; any value may be asked for."""
        is_hash = isinstance(sha256, str) and SHA256.fullmatch(sha256)
        return self._known("final_sha256", sha256 if is_hash else "")

    @api.model
    def _known(self, column, value):
        requests = self.sudo().browse()
        if not value:
            return requests
        # a test is no evidence of anything
        known = [(column, "=", value), ("state", "in", KNOWN_STATES), ("is_test", "=", False)]
        return requests.search_fetch(known, PUBLIC_COLUMNS, order="id", limit=1)

    def _public_facts(self):
        """Return all that is public of a signed copy: never the document, its name, a person, a record, or a reason.

        Nothing is returned where the record of the document does not hold. Times are naive UTC. A paper has no seal,
        and nobody has counted who has signed it.
        """
        self.company_id.fetch(["name", "uses_default_logo"])
        said = self._recorded()
        return said and {
            "code": self.verify_code or "",
            "company": self.company_id.name,
            "is_paper": said["end"] == "paper",
            "signed": said["signed"],
            "approved": said["approved"],
            "date": said["date"],
            "status": "withdrawn" if said["state"] == "withdrawn" else "in_force",
            "date_withdrawn": said["date_withdrawn"],
            # those of before 19.0.1.3.0 do not say it
            "seal_level": said.get("seal_level", "b") or "",
            # that it is asked for is no fact of the trail, and claims nothing
            "timestamp": said["timestamp_state"] or ("pending" if self.timestamp_state == "pending" else "none"),
            "date_timestamp": said["date_timestamp"],
            "certificate": said.get("certificate") or "",
        }

    def _recorded(self):
        """Return what the audit trail says of a completed document, as of `_completion`.

        Nothing where the trail does not hold, or what is stored of the document says otherwise: who changes that by SQL
        would have to write the trail anew.
        """
        self.ensure_one()
        # one query, where reading the one2many takes two
        events = self.env["signature.event"].search_fetch([("request_id", "=", self.id)], TRAIL_COLUMNS)
        self.key_id.fetch(["fingerprint", "company_id"])
        said = {} if events._broken_line() else events._completion()
        stored = {
            "end": "tested" if self.is_test else "paper" if self.is_paper else "sealed",
            "state": self.state,
            "final_sha256": self.final_sha256,
            "seal_level": self.seal_level,
            "timestamp_state": self.timestamp_state in STAMPED_STATES and self.timestamp_state,
            "date_timestamp": self.date_timestamp and self.date_timestamp.replace(microsecond=0),
            "certificate": self.key_id.fingerprint,
            "verify_code": self.verify_code,
        }
        differs = any(name in said and said[name] != value for name, value in stored.items())
        foreign = self.key_id and self.key_id.company_id != self.company_id
        return {} if differs or foreign else said

    def _verify_path(self):
        """Return where the signed copy can be checked on this server, or nothing before it is sealed."""
        self.ensure_one()
        is_sealed = self.verify_code and self.state in KNOWN_STATES
        return f"/verify/{self.verify_code}" if is_sealed else ""


class SignatureEvent(models.Model):
    """What a whole trail, in its order, says."""

    _inherit = "signature.event"

    def _broken_line(self):
        """Return the number of the first line that does not hold, or 0.

        Neither does one whose details are gone without a later line saying that they were erased.
        """
        try:
            gone = self._verify_chain()
        except AuditError as error:
            return error.index + 1
        told = self._of_kind("erased")
        return next((place + 1 for place in gone if not any(event._tells_erased(self[place]) for event in told)), 0)

    def _tells_erased(self, line):
        """Tell whether this event says that the details of `line` were erased before."""
        return self.sequence > line.sequence and line.sequence in self._details_data().get("lines", [line.sequence])

    def _of_kind(self, *kinds):
        return self.filtered(lambda event: event.kind in kinds)

    def _completion(self):
        """Return how the document was completed, mostly by columns of the request; nothing unless it was so once.

        What documents of before 19.0.1.3.0 do not say of their seal is left out.
        """
        end, stamped, withdrawn = self._of_kind(*END_KINDS), self._of_kind("timestamped"), self._of_kind("withdrawn")
        if len(end) != 1 or len(stamped) > 1 or len(withdrawn) > 1:
            return {}
        data, later = end._details_data(), stamped._details_data() if stamped else {}
        if stamped and later.get("document_sha256") != data.get("document_sha256"):
            return {}
        time, is_seal = data.get("timestamp") or later.get("timestamp"), end.kind == "sealed"
        of_seal = {"level": "seal_level", "certificate_sha256": "certificate", "code": "verify_code"}
        return {
            "end": end.kind,
            "date": end.date,
            "signed": len(self._of_kind("signed").signer_id),
            "approved": len(self._of_kind("approved").signer_id),
            "state": "withdrawn" if withdrawn else "completed",
            "date_withdrawn": withdrawn.date,
            "final_sha256": data.get("document_sha256"),
            "timestamp_state": bool(time) and ("later" if stamped else "embedded"),
            "date_timestamp": bool(time)
            and datetime.fromisoformat(time).astimezone(UTC).replace(tzinfo=None, microsecond=0),
            **{name: data.get(key, False) for key, name in of_seal.items() if key in data or not is_seal},
        }
