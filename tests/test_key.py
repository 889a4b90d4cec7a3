import base64
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12
from odoo import fields
from odoo.addons.signature_workflow.signature_workflow.engine.sealing.verify import verify
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import config, mute_logger

from . import pki
from .common import SignatureCase
from .pkcs12 import make_pkcs12
from .real_transactions import RealTransactionsCase
from .test_seal import SealChecks


class KeyCase(SealChecks, SignatureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keys = cls.env["signature.key"]
        cls.company = cls.env.company
        cls.admin = new_test_user(
            cls.env, "keeper", "base.group_system,base.group_user", email="keeper@company.example"
        )

    def use(self, data, password="secret"):  # noqa: S107
        """Import a file as an administrator does; return the key."""
        wizard = self.env["signature.key.import"].with_user(self.admin)
        with Form(wizard) as form:
            form.file = base64.b64encode(data)
            form.password = password
        action = form.record.action_import()
        return self.env[action["res_model"]].browse(action["res_id"])


@tagged("post_install", "-at_install")
class TestImport(KeyCase):
    """A certificate of one's own: what is wrong with it is said, and nothing of it stays where it does not belong."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.root = pki.Authority(folder, "Root")
        cls.first = pki.Authority(folder, "First Authority", issuer=cls.root)
        cls.second = pki.Authority(folder, "Second Authority", issuer=cls.first)
        cls.sealing = cls.second.issue("Our Seal", *pki.SIGNING)
        cls.folder = Path(folder)

    def assertRefused(self, words, data, password="secret"):  # noqa: S107
        before = self.keys._get_active(self.company)
        with self.assertRaisesRegex(UserError, words):
            self.use(data, password)
        self.assertEqual(self.keys._get_active(self.company), before)

    def test_a_whole_chain_in_any_order(self):
        for chain in (
            (self.second, self.first, self.root),
            (self.root, self.first, self.second),
            (self.first, self.root, self.second, self.stranger()),
        ):
            key = self.use(self.sealing.pkcs12("secret", *chain))
            self.assertTrue(key.is_complete)
            subjects = [line.split(" (")[0] for line in key.chain.splitlines()]
            self.assertEqual(subjects, ["CN=Second Authority", "CN=First Authority", "CN=Root"])
            self.assertEqual((key.name, key.issuer), ("CN=Our Seal", "CN=Second Authority"))
            self.assertFalse(key.problem)

    def stranger(self):
        return pki.Authority(self.folder, "Stranger")

    def test_what_is_sealed_is_trusted_under_the_root(self):
        key = self.use(self.sealing.pkcs12("secret", self.second, self.first, self.root))
        request = self.send()
        self.complete(request)
        self.assertEqual((request.key_id, key.request_count), (key, 1))
        self.assertEqual(verify(self.assertSealed(request), [self.root.der]).problems, ())
        action = key.action_view_requests()
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), request)

    def test_a_chain_that_ends_early_is_taken_and_said(self):
        for chain in ((), (self.second,), (self.first, self.root)):
            key = self.use(self.sealing.pkcs12("secret", *chain))
            self.assertFalse(key.is_complete)

    def test_a_chain_that_does_not_fit_is_refused(self):
        namesake_folder = self.enterContext(tempfile.TemporaryDirectory())
        namesake = pki.Authority(namesake_folder, "Second Authority")
        self.assertRefused("Second Authority.* did not issue", self.sealing.pkcs12("secret", namesake))
        ended = ("20200101000000Z", "20210101000000Z")
        authority = pki.Authority(self.folder, "Ended Authority", issuer=self.root, dates=ended)
        late = authority.issue("Late", *pki.SIGNING)
        self.assertRefused("Ended Authority", late.pkcs12("secret", authority, self.root))

    def test_who_is_no_authority_issues_nothing(self):
        pretender = self.root.issue("Pretender", *pki.SIGNING)
        forged = pki.Authority.__new__(pki.Authority)
        real = pki.Authority(self.folder, "Helper")
        forged.__dict__.update(real.__dict__ | {"certificate": pretender.certificate, "key": pretender.key})
        forged.config.write_text(pki.CONFIG.format(folder=self.folder, name="Pretender"))
        for ending, text in (("index", ""), ("serial", "1000\n")):
            (self.folder / f"Pretender.{ending}").write_text(text)
        made = forged.issue("Under Pretender", *pki.SIGNING)
        self.assertRefused("Pretender", made.pkcs12("secret", pretender, self.root))

    def test_what_is_wrong_is_said(self):
        expired = self.root.issue("Old Seal", *pki.SIGNING, dates=("20200101000000Z", "20210101000000Z"))
        early = self.root.issue("New Seal", *pki.SIGNING, dates=("20990101000000Z", "20991231000000Z"))
        unfit = self.root.issue("Lock", "keyUsage=critical,keyEncipherment")
        server = self.root.issue("Server", *pki.SIGNING, "extendedKeyUsage=serverAuth")
        weak = self.root.issue("Weak", *pki.SIGNING, key=("RSA", "rsa_keygen_bits:1024"))
        odd = self.root.issue("Odd", *pki.SIGNING, key=("ED25519", None))
        good = self.sealing.pkcs12("secret")
        for words, data, password in (
            ("Is the password right", good, "wrong"),
            ("This is no PKCS#12 file", b"nonsense", ""),
            ("This is no PKCS#12 file", self.sealing.der, ""),
            ("expired on January 1, 2021.", expired.pkcs12("secret"), "secret"),
            ("not valid before January 1, 2099", early.pkcs12("secret"), "secret"),
            ("not meant for", unfit.pkcs12("secret"), "secret"),
            ("not meant for", server.pkcs12("secret"), "secret"),
            ("too weak", weak.pkcs12("secret"), "secret"),
            ("Only RSA and elliptic", odd.pkcs12("secret"), "secret"),
            ("holds no key", keyless(self.sealing), ""),
        ):
            with self.subTest(words):
                self.assertRefused(words, data, password)

    def test_nothing_of_the_file_is_stored_in_the_dialog(self):
        data = make_pkcs12("Ours", b"a secret password")
        key = self.use(data, "a secret password")
        self.env.flush_all()
        self.env.cr.execute("SELECT to_jsonb(w)::text FROM signature_key_import w")
        stored = " ".join(row[0] for row in self.env.cr.fetchall())
        self.assertNotIn("a secret password", stored)
        self.assertNotIn(base64.b64encode(data).decode()[:40], stored)
        self.assertNotRegex(stored, '"(file|password)"')
        self.assertEqual(key.origin, "pkcs12")

    def test_only_administrators_import(self):
        with self.assertRaises(AccessError):
            self.env["signature.key.import"].with_user(self.manager).create({"file": base64.b64encode(b"x")})

    def test_an_empty_dialog(self):
        with self.assertRaisesRegex(UserError, "Choose the file"):
            self.env["signature.key.import"].with_user(self.admin).create({})


@tagged("post_install", "-at_install")
class TestKeep(KeyCase):
    """Old keys are kept and stay good; the secret, and the private part, go nowhere."""

    def test_the_private_key_goes_nowhere(self):
        key = self.keys._get_active(self.company)
        secret = key.sudo().private_key
        mine = key.with_user(self.admin)
        for attempt in (
            lambda: mine.read(["private_key"]),
            lambda: mine.web_read({"private_key": {}}),
            lambda: mine.export_data(["private_key"]),
            lambda: mine.search([("private_key", "like", secret[:10])]),
            mine.copy,
            lambda: mine.write({"private_key": "x"}),
            mine.unlink,
            lambda: mine.mapped("private_key"),
        ):
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_model", "odoo.models"):
                attempt()
        self.assertNotIn(secret[:40], str(mine.read()))
        self.assertNotIn("private_key", mine.fields_get())
        self.assertFalse(key.sudo().copy_data()[0].get("private_key"))
        with self.assertLogs(level="DEBUG") as logs:
            self.send()
            key._identity()
        self.assertNotIn(secret[:40], "\n".join(logs.output))

    def test_the_certificate_can_be_had(self):
        key = self.keys._get_active(self.company).with_user(self.admin)
        pem = base64.b64decode(key.certificate_file)
        self.assertEqual(x509.load_pem_x509_certificate(pem).fingerprint(SHA256()).hex(), key.fingerprint)
        self.assertNotIn(b"PRIVATE", pem)
        self.assertTrue(key.certificate_name.endswith(".pem"))

    def test_a_lost_secret(self):
        key = self.keys._get_active(self.company)
        with tempfile.TemporaryDirectory() as folder, patch.dict(config.options, {"data_dir": folder}):
            self.assertIn("cannot be opened", key._problem())
            self.assertFalse(list(Path(folder).iterdir()), "looking makes no new secret")
            self.assertIn("make a new key", key.problem)
            key.with_user(self.admin).action_make()
            new = self.keys._get_active(self.company)
            self.assertEqual((key.active, new.active, new._problem()), (False, True, ""))
            request = self.send()
            self.complete(request)
            self.assertSealed(request)
            with self.assertRaisesRegex(UserError, "cannot be opened"):
                key.with_user(self.admin).action_use()
        self.assertEqual(key._problem(), "")

    def test_a_key_is_used_again(self):
        old = self.keys._get_active(self.company)
        first = self.send()
        self.complete(first)
        new = self.use(make_pkcs12("New", b"pass"), "pass")
        self.assertEqual((old.active, new.active), (False, True))
        with self.assertRaises(AccessError):
            old.with_user(self.manager).action_use()
        old.with_user(self.admin).with_context(active_test=False).action_use()
        self.assertEqual((old.active, new.active), (True, False))
        second = self.send(self._make_deal(name="Second"))
        self.complete(second)
        self.assertEqual((first | second).key_id, old)
        self.assertSealed(first)
        self.assertSealed(second)

    def test_another_company_gets_its_own(self):
        other = self.env["res.company"].create({"name": "Other"})
        key = self.keys._get_active(other)
        self.assertEqual((key.company_id, key.name), (other, "CN=Other,O=Other"))
        self.assertNotEqual(key, self.keys._get_active(self.company))


@tagged("post_install", "-at_install")
class TestKeysThatEnd(KeyCase):
    """Somebody is told in time, once; what was made here is replaced by itself."""

    def run_cron(self):
        with self.enter_registry_test_mode(), self.mock_mail_gateway():
            self.env.ref("signature_workflow.ir_cron_key").method_direct_trigger()
            self.commit()
            self.run_crons()
        return [mail for mail in self._mails if "keeper@company.example" in str(mail["email_to"])]

    def ends_in(self, key, days):
        key.sudo().date_end = datetime.now() + timedelta(days=days)
        self.env.flush_all()

    def test_a_key_made_here_is_replaced(self):
        key = self.keys._get_active(self.company)
        self.assertFalse(self.keys._expiring() & key)
        self.ends_in(key, 61)
        self.assertFalse(self.run_cron())
        self.ends_in(key, 59)
        self.assertIn(key, self.keys._expiring())
        (mail,) = self.run_cron()
        new = self.keys._get_active(self.company)
        self.assertTrue(new.active and not key.active and new.date_end > fields.Datetime.now() + timedelta(days=3000))
        self.assertIn(new.fingerprint, mail["body"])
        self.assertFalse(self.keys._expiring() & (key | new))
        self.assertFalse(self.run_cron())

    def test_an_imported_key_is_warned_of_once(self):
        key = self.use(make_pkcs12("Ours", b"pass"), "pass")
        self.ends_in(key, 59)
        (mail,) = self.run_cron()
        self.assertIn("CN=Ours", mail["body"])
        self.assertIn("ends soon", mail["subject"])
        self.assertFalse(self.run_cron())
        self.assertTrue(key.active)
        self.assertIn(key, self.keys._expiring())

    def test_a_key_made_here_that_has_ended_does_not_stop_anybody(self):
        key = self.keys._get_active(self.company)
        self.ends_in(key, -1)
        request = self.send()
        self.complete(request)
        self.assertNotEqual(request.key_id, key)
        self.assertSealed(request)


@tagged("post_install", "-at_install")
class TestFirstKey(RealTransactionsCase):
    """Two workers that make the first key of a company at the same instant."""

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_first_key_at_once(self):
        with self.transaction() as env:
            company = env["res.company"].create({"name": "Fresh"})
            self.addCleanup(self.remove, company.id)

        def prepare(env, _number):
            fresh = env["res.company"].browse(company.id)
            # as a worker, which has read something by then
            fresh.mapped("name")
            return lambda: env["signature.key"]._get_active(fresh).id

        found = self.at_once(prepare, [(number,) for number in range(4)])
        self.assertEqual(len(set(found)), 1, found)

    def remove(self, company_id):
        with self.transaction() as env:
            env["signature.key"].with_context(active_test=False).search([("company_id", "=", company_id)]).unlink()
            env["res.company"].browse(company_id).active = False


def keyless(issued):
    """Return a PKCS#12 file without a key."""
    certificate = x509.load_pem_x509_certificate(issued.pem.encode())
    return pkcs12.serialize_key_and_certificates(b"none", None, None, [certificate], NoEncryption())
