import re

from odoo import api, fields, models
from odoo.fields import Domain

# where those land who get no secret link: their own documents, after they have logged in
PORTAL_PATH = "/my/signatures/crm.lead/"
# what answers quote of a mail with a secret link
# which mail gateways write in their own links as %2Fsign%2F… or _sign_…, some of them with - as -2D and _ as -5F
LETTER = r"(?:-2D|-5F|[A-Za-z0-9_-])"
SECRET_PATH = re.compile(
    rf"(?:/|%2F|_)(?:sign(?:/|%2F|_)({LETTER}{{43}})|s(?:/|%2F|_)({LETTER}{{22}})(?![A-Za-z0-9-]))", re.IGNORECASE
)


class CrmLead(models.Model):
    """The link to sign, as a placeholder for the mails of a deal."""

    _inherit = "crm.lead"

    signature_link = fields.Char(
        "Link to sign",
        compute="_compute_signature_link",
        help="For mails of the deal: whoever is to sign gets their own secret link instead when the mail goes out.",
    )

    def _compute_signature_link(self):
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        for lead in self:
            lead.signature_link = f"{base}{PORTAL_PATH}{lead._origin.id}"

    @api.model
    def mail_allowed_qweb_expressions(self):
        return (*super().mail_allowed_qweb_expressions(), "object.signature_link")

    def _waits_for_documents(self):
        """Return those of these deals whose documents are still to be made, so that nobody has a part in them yet."""
        mine = [("res_model", "=", self._name), ("res_id", "in", self.ids), ("is_test", "=", False)]
        groups = self.env["signature.request"].sudo()._read_group([*mine, ("state", "=", "queued")], ["res_id"])
        return self.browse(res_id for (res_id,) in groups)

    def _signer_with_address(self, email):
        """Return the part (sudo) that `email`, normalized, has in an open document of this deal, or nothing.

        What is still to be done comes first, then the newest document.
        """
        self.ensure_one()
        parts = (
            self.env["signature.signer"]
            .sudo()
            .search(
                Domain("request_id.res_model", "=", self._name)
                & Domain("request_id.res_id", "=", self.id)
                & Domain("request_id.state", "in", ("held", "sent", "signed"))
                & Domain("request_id.is_test", "=", False)
                & Domain("participation", "!=", "copy")
                & Domain("email", "=", email)
            )
        )
        return parts.sorted(lambda part: (part.is_done, -part.request_id.id, part.sequence))[:1]


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _message_parse_extract_payload_postprocess(self, message, payload_dict):
        """Take secret links out of what comes in: answers quote the mail, and colleagues read them."""
        payload = super()._message_parse_extract_payload_postprocess(message, payload_dict)
        body, links = payload["body"], self.env["signature.link"]

        def without_secret(match):
            written = match[1] or match[2]
            # a token of ours may have "-5f" in it, too: then what follows was taken for a part of it
            plain = written[: 43 if match[1] else 22]
            decoded = written.replace("-5F", "_").replace("-2D", "-")
            token = plain if links._find(plain) else written if links._find(decoded) else ""
            if not token:
                return match[0]
            rest = match[0].partition(token)[2]
            return f"/my/signatures{rest}" if match[0].startswith("/") else match[0].replace(token, "")

        # it stays the markup, or the text, that it was
        return {**payload, "body": type(body)(SECRET_PATH.sub(without_secret, body))}
