import secrets

from odoo import api, fields, models

from ..engine import links


class SignatureLink(models.Model):
    """A secret link that was handed out. The token itself is never stored, only its hash."""

    _name = "signature.link"
    _description = "Signature link"

    signer_id = fields.Many2one("signature.signer", required=True, readonly=True, index=True, ondelete="cascade")
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    channel = fields.Selection([("email", "E-mail")], required=True, readonly=True)
    revoked = fields.Boolean(readonly=True)

    _token_hash_uniq = models.UniqueIndex("(token_hash)")

    @api.model
    def _make(self, signers, channel):
        """Make a link for each signer, the only place where that is done.

        Returns `{signer id: URL}`. The URL is known now and never again.
        """
        tokens = {signer.id: links.new_token(secrets.token_urlsafe) for signer in signers}
        self.sudo().create(
            [
                {"signer_id": signer, "token_hash": links.token_hash(token), "channel": channel}
                for signer, token in tokens.items()
            ]
        )
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        return {signer: links.sign_url(base, token) for signer, token in tokens.items()}

    @api.model
    def _find_signer(self, token):
        """Return the signer (sudo) whose live link carries `token`, or an empty recordset."""
        if not links.is_well_formed(token):
            return self.env["signature.signer"].sudo()
        live = [("token_hash", "=", links.token_hash(token)), ("revoked", "=", False)]
        return self.sudo().search_fetch(live, ["signer_id"]).signer_id
