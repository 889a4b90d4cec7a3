import re

from odoo import api, fields, models

from ..engine.errors import LinkError

SHA256 = re.compile(r"[0-9a-f]{64}")
KNOWN_STATES = ("completed", "withdrawn")
# of a row only what is told
PUBLIC_COLUMNS = [
    "verify_code", "company_id", "state", "is_paper", "date_completed", "date_withdrawn", "seal_level",
    "timestamp_state", "date_timestamp", "key_id",
]  # fmt: skip


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

        Times are naive UTC. A paper has no seal, and nobody has counted who has signed it.
        """
        self.ensure_one()
        # one query, where reading the one2many takes two
        signers = self.env["signature.signer"].search_fetch([("request_id", "=", self.id)], ["state"])
        states = signers.mapped("state")
        self.company_id.fetch(["name", "uses_default_logo"])
        self.key_id.fetch(["fingerprint"])
        return {
            "code": self.verify_code or "",
            "company": self.company_id.name,
            "is_paper": self.is_paper,
            "signed": states.count("signed"),
            "approved": states.count("approved"),
            "date": self.date_completed,
            "status": "withdrawn" if self.state == "withdrawn" else "in_force",
            "date_withdrawn": self.date_withdrawn,
            "seal_level": self.seal_level or "",
            "timestamp": self.timestamp_state or "none",
            "date_timestamp": self.date_timestamp,
            "certificate": self.key_id.fingerprint or "",
        }

    def _verify_path(self):
        """Return where the signed copy can be checked on this server, or nothing before it is sealed."""
        self.ensure_one()
        is_sealed = self.verify_code and self.state in KNOWN_STATES
        return f"/verify/{self.verify_code}" if is_sealed else ""
