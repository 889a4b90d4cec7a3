import base64
import contextlib
import os
import re
import secrets
import ssl
from datetime import UTC, datetime
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import config

from ..engine.errors import SealError
from ..engine.sealing import pades
from .engine_messages import engine_message

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
VALIDITY_DAYS = 3650
SECRET_OPTION = "signature_workflow_secret"  # noqa: S105 - the option's name, not a secret


class SignatureKey(models.Model):
    """A company's sealing key. The private part is stored encrypted; the secret lies elsewhere."""

    _name = "signature.key"
    _description = "Sealing key"
    _order = "active desc, id desc"

    name = fields.Char("Subject", required=True, readonly=True)
    active = fields.Boolean(default=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="restrict")
    origin = fields.Selection([("made", "Made here"), ("pkcs12", "Uploaded (PKCS#12)")], required=True, readonly=True)
    certificates = fields.Text(readonly=True, help="X.509, PEM: the key's own certificate, then its issuers.")
    private_key = fields.Text(readonly=True, groups=fields.NO_ACCESS, help="PKCS#8, encrypted")
    date_start = fields.Datetime("Valid from", readonly=True)
    date_end = fields.Datetime("Valid until", readonly=True)
    fingerprint = fields.Char("SHA-256 fingerprint", readonly=True)

    _active_uniq = models.UniqueIndex("(company_id) WHERE active")

    @api.model
    def _get_active(self, company):
        """Return the key in use of `company`, made now if there is none."""
        key = self.sudo().search([("company_id", "=", company.id)], limit=1)
        return key or self._make(company)

    @api.model
    def _make(self, company):
        """Make a P-256 key with a certificate of its own for `company` and put it in use."""
        material = pades.make_identity(
            common_name=company.name[:64],
            organization=company.name[:64],
            country=company.country_id.code or "",
            moment=datetime.now(UTC),
            validity_days=VALIDITY_DAYS,
        )
        return self._store(company, material, "made")

    @api.model
    def _store(self, company, material, origin):
        info = pades.describe_certificate(material.certificate_der)
        encrypted = pades.encrypt_key(material.private_key_der, self._secret())
        old = self.sudo().search([("company_id", "=", company.id)])
        old.active = False
        old.flush_recordset()
        return self.sudo().create(
            {
                "name": info.subject,
                "company_id": company.id,
                "origin": origin,
                "certificates": "".join(
                    ssl.DER_cert_to_PEM_cert(der) for der in (material.certificate_der, *material.chain_der)
                ),
                "private_key": base64.b64encode(encrypted).decode(),
                "date_start": info.not_before.replace(tzinfo=None),
                "date_end": info.not_after.replace(tzinfo=None),
                "fingerprint": info.fingerprint_sha256,
            }
        )

    @api.model
    def _import_pkcs12(self, company, data, password):
        """Put the key of a PKCS#12 file (bytes) in use for `company`; the old one is kept.

        Raises UserError when the file, its dates or its usage do not serve.
        """
        try:
            material = pades.load_pkcs12(data, password, datetime.now(UTC))
        except SealError as error:
            raise UserError(engine_message(self.env, error)) from error
        return self._store(company, material, "pkcs12")

    @api.model
    def _get_identity(self, company):
        """Return the engine's SealIdentity of the key in use. Raises SealError."""
        key = self._get_active(company)
        own, *chain = (ssl.PEM_cert_to_DER_cert(pem) for pem in PEM.findall(key.certificates))
        material = pades.KeyMaterial(
            private_key_der=pades.decrypt_key(base64.b64decode(key.private_key), self._secret()),
            certificate_der=own,
            chain_der=tuple(chain),
        )
        return pades.load_identity(material)

    @api.model
    def _secret(self):
        """Return the secret that locks the keys: from the configuration, else a file beside the
        filestore, made at first use. It is never in the database, so a dump does not open a key.
        """
        if configured := config.get(SECRET_OPTION):
            return configured.encode()
        path = Path(config["data_dir"], "signature_workflow.secret")
        if not path.exists():
            # written whole under another name first: who comes second, or after a crash, finds all or nothing
            draft = path.with_suffix(f".{secrets.token_hex(8)}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_bytes()

    def action_make(self):
        """Make a new key for the companies of self, in place of the one in use."""
        self.check_access("read")
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only an administrator makes sealing keys."))
        for company in self.company_id:
            self._make(company)
