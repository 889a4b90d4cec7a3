import base64
import contextlib
import os
import re
import secrets
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, config

from ..engine.errors import SealError
from ..engine.sealing import pades
from .engine_messages import engine_message

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
VALIDITY_DAYS = 3650
EXPIRING_DAYS = 60
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
    private_key = fields.Text(readonly=True, copy=False, groups=fields.NO_ACCESS, help="PKCS#8, encrypted")
    date_start = fields.Datetime("Valid from", readonly=True)
    date_end = fields.Datetime("Valid until", readonly=True)
    fingerprint = fields.Char("SHA-256 fingerprint", readonly=True)
    is_warned = fields.Boolean("Told that it ends", readonly=True)
    issuer = fields.Char(compute="_compute_chain")
    chain = fields.Text("Issued under", compute="_compute_chain")
    is_complete = fields.Boolean("Up to a root", compute="_compute_chain")
    certificate_file = fields.Binary("Certificate", compute="_compute_certificate_file")
    certificate_name = fields.Char(compute="_compute_certificate_file")
    problem = fields.Char(compute="_compute_problem")
    request_count = fields.Integer("Documents sealed", compute="_compute_request_count")
    in_use_id = fields.Many2one("signature.key", "Key in use", compute="_compute_in_use_id")

    _active_uniq = models.UniqueIndex("(company_id) WHERE active")

    @api.depends("certificates")
    def _compute_chain(self):
        for key in self:
            own, *chain = key._certificates()
            key.issuer = pades.describe_certificate(own).issuer
            infos = [pades.describe_certificate(der) for der in chain]
            key.chain = "\n".join(
                f"{info.subject} ({info.not_before:%Y-%m-%d} – {info.not_after:%Y-%m-%d})" for info in infos
            )
            key.is_complete = pades.is_complete(own, chain)

    @api.depends("certificates")
    def _compute_certificate_file(self):
        for key in self:
            key.certificate_file = base64.b64encode(key.certificates.encode())
            key.certificate_name = f"seal-{key.fingerprint[:16]}.pem"

    @api.depends("private_key", "date_end")
    def _compute_problem(self):
        for key in self:
            key.problem = key._problem()

    def _compute_request_count(self):
        requests = self.env["signature.request"].sudo()
        counts = dict(requests._read_group([("key_id", "in", self.ids)], ["key_id"], ["__count"]))
        for key in self:
            key.request_count = counts.get(key, 0)

    @api.depends("active", "company_id")
    def _compute_in_use_id(self):
        used = self.search([("company_id", "in", self.company_id.ids), ("active", "=", True)]).grouped("company_id")
        for key in self:
            key.in_use_id = used.get(key.company_id)

    def _certificates(self):
        """Return the key's own certificate and those of its issuers, as DER."""
        self.ensure_one()
        return [ssl.PEM_cert_to_DER_cert(pem) for pem in PEM.findall(self.certificates)]

    @api.model
    def _get_active(self, company):
        """Return the key in use of `company`, made now if there is none; one made here that has ended is replaced."""
        key = self.sudo().search([("company_id", "=", company.id), ("active", "=", True)], limit=1)
        if not key:
            # who comes second at the same instant gets a serialization failure, and finds the key when trying again
            self.env.cr.execute(SQL("UPDATE res_company SET write_date = write_date WHERE id = %s", company.id))
        if not key or (key.origin == "made" and key.date_end <= fields.Datetime.now()):
            return self._make(company)
        return key

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

    def _identity(self):
        """Return the engine's SealIdentity of this key. Raises SealError."""
        self.ensure_one()
        own, *chain = self._certificates()
        material = pades.KeyMaterial(
            private_key_der=pades.decrypt_key(base64.b64decode(self.sudo().private_key), self._secret()),
            certificate_der=own,
            chain_der=tuple(chain),
        )
        return pades.load_identity(material)

    def _problem(self):
        """Return why nothing can be sealed with this key, in a sentence with the next step; "" when it can."""
        self.ensure_one()
        path = self._secret_path()
        try:
            if path and not path.exists():
                # looking at it makes none
                raise SealError("secret_wrong")
            pades.check_dates(self._identity().certificate, datetime.now(UTC))
        except SealError as error:
            return engine_message(self.env, error)
        return ""

    @api.model
    def _secret_path(self):
        """Return the path of the file with the secret, or None when that stands in the configuration."""
        return None if config.get(SECRET_OPTION) else Path(config["data_dir"], "signature_workflow.secret")

    @api.model
    def _secret(self):
        """Return the secret that locks the keys: from the configuration, else a file beside the
        filestore, made at first use. It is never in the database, so a dump does not open a key.
        """
        path = self._secret_path()
        if path is None:
            return config[SECRET_OPTION].encode()
        if not path.exists():
            # written whole under another name first: who comes second, or after a crash, finds all or nothing
            draft = path.with_suffix(f".{secrets.token_hex(8)}")
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_bytes()

    # Keys that end

    @api.model
    def _expiring(self):
        """Return the keys in use that end within 60 days, or have ended."""
        soon = fields.Datetime.now() + timedelta(days=EXPIRING_DAYS)
        return self.sudo().search([("active", "=", True), ("date_end", "<=", soon)])

    @api.model
    def _cron_expiring(self):
        """Replace the keys made here that end, and tell the administrators once of each key."""
        for key in self._expiring():
            if key.origin == "made":
                new = self._make(key.company_id)
                key._tell_administrators(lambda told, new=new: told._renewed_words(new))
            elif not key.is_warned:
                key.is_warned = True
                key._tell_administrators(lambda told: told._expiring_words())
            self.env["ir.cron"]._commit_progress(1)

    def _renewed_words(self, new):
        subject = self.env._("New sealing key of %s", self.company_id.name)
        return subject, self.env._(
            "The sealing key of %(company)s ends on %(date)s, so a new one was made. Documents sealed so far stay "
            "valid. Who has marked the old certificate as trusted needs the new one, with the SHA-256 fingerprint "
            "%(fingerprint)s: Signatures / Configuration / Sealing keys.",
            company=self.company_id.name,
            date=f"{self.date_end:%Y-%m-%d}",
            fingerprint=new.fingerprint,
        )

    def _expiring_words(self):
        subject = self.env._("The sealing key of %s ends soon", self.company_id.name)
        return subject, self.env._(
            "The certificate “%(name)s” ends on %(date)s, and nothing can be sealed with it from then on. Get a new "
            "one from who issued it and import it, or make a key: Signatures / Configuration / Sealing keys. "
            "Documents sealed so far stay valid.",
            name=self.name,
            date=f"{self.date_end:%Y-%m-%d}",
        )

    def _tell_administrators(self, words):
        """Notify the administrators of the key's company; `words(key)` gives subject and text in the key's language."""
        self.ensure_one()
        everybody = self.env.ref("base.group_system").sudo().all_user_ids.filtered(lambda user: not user.share)
        users = everybody.filtered(lambda user: self.company_id in user.company_ids) or everybody
        for lang, readers in users.grouped("lang").items():
            subject, text = words(self.with_context(lang=lang))
            self.env["mail.thread"].message_notify(
                partner_ids=readers.partner_id.ids,
                subject=subject,
                body=text,
                author_id=self.env["signature.request"]._author_id(),
                email_from=self.company_id.partner_id.email_formatted
                or readers.partner_id.filtered("email")[:1].email_formatted,
            )

    # Buttons

    def _check_administrator(self):
        self.check_access("read")
        if not self.env.user.has_group("base.group_system"):
            raise AccessError(self.env._("Only an administrator changes sealing keys."))

    def action_make(self):
        """Make a new key for the companies of self, in place of the one in use."""
        self._check_administrator()
        for company in self.company_id:
            self._make(company)

    def action_use(self):
        """Seal with this key again, in place of the one in use."""
        self.ensure_one()
        self._check_administrator()
        if problem := self._problem():
            raise UserError(problem)
        key = self.sudo()
        in_use = self.sudo().search([("company_id", "=", key.company_id.id)])
        in_use.active = False
        in_use.flush_recordset()
        key.active = True

    def action_view_requests(self):
        """Open the documents that were sealed with this key."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_request_action")
        return action | {"domain": [("key_id", "=", self.id)], "context": {}}
