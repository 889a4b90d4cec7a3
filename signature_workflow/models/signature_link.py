import secrets

from odoo import api, fields, models

from ..engine import links


class SignatureLink(models.Model):
    """A secret link that was handed out. The token itself is never stored, only its hash."""

    _name = "signature.link"
    _description = "Signature link"

    signer_id = fields.Many2one("signature.signer", required=True, readonly=True, index=True, ondelete="cascade")
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    channel = fields.Selection(
        [
            ("email", "E-mail"),
            ("sms", "SMS"),
            ("template", "E-mail of the record"),
            ("shown", "Shown to the salesperson"),
            ("in_person", "In person"),
            ("portal", "Own account"),
        ],
        required=True,
        readonly=True,
    )
    revoked = fields.Selection(
        [
            ("resent", "A newer one was sent"),
            ("forwarded", "Forwarded to somebody else"),
            ("changed", "Person or address changed"),
            ("returned", "The device was given back"),
        ],
        "No longer works because",
        readonly=True,
    )

    _token_hash_uniq = models.UniqueIndex("(token_hash)")

    @api.model
    def _make(self, signers, channel):
        """Make a link for each signer, the only place where that is done.

        Returns `{signer id: URL}`. The URL is known now and never again. Whoever makes the link is kept with it:
        in person, that is the host.
        """
        short = channel == "sms"
        tokens = {signer.id: links.new_token(secrets.token_urlsafe, short=short) for signer in signers}
        self.sudo().create(
            [
                {"signer_id": signer, "token_hash": links.token_hash(token), "channel": channel}
                for signer, token in tokens.items()
            ]
        )
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        return {signer: links.sign_url(base, token) for signer, token in tokens.items()}

    @api.model
    def _find(self, token):
        """Return the link (sudo) that carries `token`, live or revoked, or an empty recordset."""
        if not links.is_well_formed(token):
            return self.sudo()
        known = [("token_hash", "=", links.token_hash(token))]
        return self.sudo().search_fetch(known, ["signer_id", "revoked", "channel", "create_uid"])

    def _revoke(self, reason):
        """Let the live ones of these links work no more."""
        self.filtered(lambda link: not link.revoked).revoked = reason
