import dataclasses
import io
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from odoo.tests import BaseCase
from odoo.tools import mute_logger
from pypdf import PdfReader

from ..signature_workflow.engine import marks
from ..signature_workflow.engine.errors import SealError
from ..signature_workflow.engine.pdf.stamp import Stamp
from ..signature_workflow.engine.placement import Box
from ..signature_workflow.engine.sealing import api, pades
from ..signature_workflow.engine.sealing.verify import verify
from . import pdf_samples
from .engine_common import FONTS, MOMENT, material, run_tool, seal, text_of, wave

STAMPS = (
    Stamp(Box(1, 10, 70, 30, 7), "signature", wave()),
    Stamp(Box(1, 50, 70, 30, 7), "signature", marks.Typed("Ștefan Țăranu")),
    Stamp(Box(1, 10, 80, 30, 3), "name", "Éloïse Lefèvre"),
    Stamp(Box(-1, 50, 80, 20, 3), "date_signed", "14.03.2026"),
    Stamp(Box(1, 10, 85, 3, 2), "checkbox", True),
)
DER = serialization.Encoding.DER
PYHANKO_LOGGERS = (
    "pyhanko.sign.diff_analysis.policies",
    "pyhanko.sign.validation.generic_cms",
    "pyhanko.sign.validation.pdf_embedded",
)
SECRET = b"0123456789abcdef0123456789abcdef"


@mute_logger(*PYHANKO_LOGGERS)
def judge(pdf, *trusted):
    return verify(pdf, trusted or [material().certificate_der], MOMENT + timedelta(days=1))


class SealCase(BaseCase):
    def assertRefused(self, code, function, *arguments, **options):
        with self.assertRaises(SealError) as caught:
            function(*arguments, **options)
        self.assertEqual(caught.exception.code, code)
        return caught.exception


class TestSeal(SealCase):
    def test_all_kinds_of_files_are_sealed(self):
        """Independent validators agree: pyHanko, poppler and qpdf."""
        for make in (
            pdf_samples.simple,
            pdf_samples.many,
            pdf_samples.nested,
            pdf_samples.object_streams,
            pdf_samples.hybrid,
            pdf_samples.cropped,
            pdf_samples.form,
            pdf_samples.scan_13mb,
        ):
            with self.subTest(make.__name__):
                original = make()
                pdf = seal(original, STAMPS)
                self.assertEqual(pdf[: len(original)], original, "one update, appended")
                self.assertEqual(pdf[len(original) :].count(b"%%EOF"), 1)
                verdict = judge(pdf)
                self.assertEqual(verdict.problems, ())
                self.assertTrue(verdict.intact and verdict.trusted and verdict.certified and verdict.whole)
                shown = run_tool("pdfsig", "FILE", pdf=pdf).stdout.decode()
                self.assertIn("Signature is Valid", shown)
                self.assertIn("Total document signed", shown)
                self.assertIn("ETSI.CAdES.detached", shown)
                checked = run_tool("qpdf", "--check", "FILE", pdf=pdf)
                self.assertEqual(checked.returncode, 0, checked.stderr.decode())
                self.assertIn("Éloïse Lefèvre", text_of(pdf))

    def test_the_seal_says_when_why_where_and_who(self):
        pdf = seal(pdf_samples.simple(), contact="office@a.test")
        (field,) = PdfReader(io.BytesIO(pdf)).root_object["/AcroForm"]["/Fields"]
        value = field.get_object()["/V"]
        self.assertEqual(value["/M"], "D:20260314092653Z")
        self.assertEqual(value["/Reason"], "Everybody has signed")
        self.assertEqual(value["/Location"], "București")
        self.assertEqual(value["/Name"], "Atelier Ștefănescu SRL")
        self.assertEqual(value["/ContactInfo"], "office@a.test")
        self.assertEqual(value["/SubFilter"], "/ETSI.CAdES.detached")
        transform = value["/Reference"][0]["/TransformParams"]
        self.assertEqual((transform["/P"], transform["/V"]), (1, "/1.2"))

    def test_empty_remarks_are_left_out(self):
        pdf = seal(pdf_samples.simple(), reason="", location="", name="")
        self.assertNotRegex(pdf, rb"/(Reason|Location|ContactInfo)")

    def test_the_hash_is_that_of_the_file(self):
        sealed = api.stamp_and_seal(
            pdf_samples.simple(),
            STAMPS,
            pades.load_identity(material()),
            fonts=FONTS,
            moment=MOMENT,
            reason="",
            location="",
            name="",
        )
        digest = hashes.Hash(hashes.SHA256())
        digest.update(sealed.data)
        self.assertEqual(sealed.sha256, digest.finalize().hex())

    def test_a_form_is_kept(self):
        pdf = seal(pdf_samples.form())
        names = [field.get_object()["/T"] for field in PdfReader(io.BytesIO(pdf)).root_object["/AcroForm"]["/Fields"]]
        self.assertEqual(names, ["city", "Seal"])

    def test_a_field_may_already_have_our_name(self):
        pdf = seal(pdf_samples.form().replace(b"/T (city)", b"/T (Seal)"))
        self.assertEqual(judge(pdf).problems, ())
        self.assertIn(b"/T (Seal2)", pdf)

    def test_keys_of_other_kinds_seal_too(self):
        for key in (
            rsa.generate_private_key(65537, 2048),
            ec.generate_private_key(ec.SECP384R1()),
        ):
            other = certify(key)
            pdf = seal(pdf_samples.simple(), STAMPS, identity=pades.load_identity(other))
            self.assertEqual(judge(pdf, other.certificate_der).problems, ())

    def test_a_sealed_file_is_not_sealed_again(self):
        self.assertRefused("already_signed", seal, seal(pdf_samples.simple()))

    def test_expired_certificates_do_not_seal(self):
        later = MOMENT + timedelta(days=3651)
        error = self.assertRefused("certificate_expired", seal, pdf_samples.simple(), moment=later)
        self.assertIn("2036-03-11", error.params["not_after"])
        earlier = MOMENT - timedelta(days=1)
        self.assertRefused("certificate_not_yet_valid", seal, pdf_samples.simple(), moment=earlier)
        naive = MOMENT.replace(tzinfo=None)
        self.assertRefused("moment_naive", seal, pdf_samples.simple(), moment=naive)

    def test_damaged_files_are_not_sealed(self):
        for data in (b"", b"hello", pdf_samples.truncated()):
            self.assertRefused("document_unreadable", seal, data)

    def test_a_wrong_key_is_found_before_anybody_gets_the_file(self):
        identity = pades.load_identity(material())
        stranger = pades.load_identity(certify(ec.generate_private_key(ec.SECP256R1())))
        mixed = dataclasses.replace(identity, signer=stranger.signer)
        error = self.assertRefused("seal_invalid", seal, pdf_samples.simple(), identity=mixed)
        self.assertEqual(error.params["problem"], "certificate")


class TestKeys(SealCase):
    def test_a_made_identity_is_described(self):
        info = pades.describe_certificate(material().certificate_der)
        self.assertIn("CN=Atelier Ștefănescu SRL", info.subject)
        self.assertEqual(info.subject, info.issuer)
        self.assertEqual(info.not_before, MOMENT)
        self.assertEqual(info.not_after, MOMENT + timedelta(days=3650))
        self.assertRegex(info.fingerprint_sha256, r"\A[0-9a-f]{64}\Z")

    def test_a_made_certificate_signs_and_nothing_else(self):
        certificate = x509.load_der_x509_certificate(material().certificate_der)
        self.assertEqual(certificate.version, x509.Version.v3)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
        self.assertTrue(usage.critical)
        self.assertTrue(usage.value.digital_signature and usage.value.content_commitment)
        self.assertFalse(usage.value.key_cert_sign)
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        self.assertFalse(basic.value.ca)

    def test_names_are_optional_or_fitting(self):
        arguments = {"organization": "", "country": "", "moment": MOMENT, "validity_days": 1}
        made = pades.make_identity(common_name="A", serial=7, **arguments)
        info = pades.describe_certificate(made.certificate_der)
        self.assertEqual((info.subject, info.serial), ("CN=A", 7))
        for changes in ({"country": "Romania"}, {"common_name": "x" * 65}):
            changed = {"common_name": "A", **arguments, **changes}
            self.assertRefused("certificate_invalid", pades.make_identity, **changed)

    def test_an_identity_is_loaded_once(self):
        copy = dataclasses.replace(material())
        self.assertIs(pades.load_identity(copy), pades.load_identity(material()))

    def test_keys_do_not_show_in_logs(self):
        for value in (material(), pades.load_identity(material())):
            self.assertNotIn(repr(material().private_key_der)[2:20], repr(value))
            self.assertNotIn("private_key_der", repr(value))

    def test_material_that_does_not_fit_is_refused(self):
        good = material()
        other = certify(ec.generate_private_key(ec.SECP256R1()))
        for code, changes in (
            ("key_invalid", {"private_key_der": b"x"}),
            ("certificate_invalid", {"certificate_der": b"x"}),
            ("key_mismatch", {"certificate_der": other.certificate_der}),
        ):
            self.assertRefused(code, pades.load_identity, dataclasses.replace(good, **changes))

    def test_stored_keys_open_with_their_secret_only(self):
        key = material().private_key_der
        stored = pades.encrypt_key(key, SECRET)
        self.assertNotIn(key, stored)
        self.assertNotEqual(stored, pades.encrypt_key(key, SECRET))
        self.assertEqual(pades.decrypt_key(stored, SECRET), key)
        self.assertRefused("secret_wrong", pades.decrypt_key, stored, b"another secret, long enough")
        self.assertRefused("secret_missing", pades.decrypt_key, stored, b"")
        self.assertRefused("secret_missing", pades.encrypt_key, key, b"short")
        for position in range(len(stored)):
            changed = stored[:position] + bytes([stored[position] ^ 1]) + stored[position + 1 :]
            self.assertRefused("secret_wrong", pades.decrypt_key, changed, SECRET)
        for length in (0, 3, 10, 31, 40):
            self.assertRefused("secret_wrong", pades.decrypt_key, stored[:length], SECRET)

    def test_pkcs12_files_are_loaded_with_their_chain(self):
        root_key = ec.generate_private_key(ec.SECP256R1())
        root = load(certify(root_key, name="Root", authority=True))
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = load(certify(key, issuer=(root, root_key)))
        data = pack(key, certificate, [root])
        loaded = pades.load_pkcs12(data, "pässword", MOMENT)
        self.assertEqual(loaded.chain_der, (root.public_bytes(DER),))
        pdf = seal(pdf_samples.simple(), STAMPS, identity=pades.load_identity(loaded))
        self.assertEqual(judge(pdf, root.public_bytes(DER)).problems, ())
        with mute_logger(*PYHANKO_LOGGERS):
            expired = verify(pdf, [root.public_bytes(DER)], MOMENT + timedelta(days=5000))
        self.assertEqual((expired.intact, expired.problems), (True, ("untrusted",)))

    def test_unusable_pkcs12_files_are_refused(self):
        key = ec.generate_private_key(ec.SECP256R1())
        good = pack(key, load(certify(key)))
        load_it = pades.load_pkcs12
        self.assertRefused("pkcs12_unreadable", load_it, good, "wrong", MOMENT)
        self.assertRefused("pkcs12_unreadable", load_it, b"hello", "pässword", MOMENT)
        keyless = pack(None, None, [load(certify(key))])
        self.assertRefused("pkcs12_incomplete", load_it, keyless, "pässword", MOMENT)
        later = MOMENT + timedelta(days=5000)
        self.assertRefused("certificate_expired", load_it, good, "pässword", later)
        earlier = MOMENT - timedelta(days=5000)
        self.assertRefused("certificate_not_yet_valid", load_it, good, "pässword", earlier)
        for code, other, options in (
            ("key_too_small", rsa.generate_private_key(65537, 1024), {}),  # noqa: S505
            ("key_type", ed25519.Ed25519PrivateKey.generate(), {}),
            ("key_usage", ec.generate_private_key(ec.SECP256R1()), {"signing": False}),
        ):
            with self.subTest(code):
                data = pack(other, load(certify(other, **options)))
                self.assertRefused(code, load_it, data, "pässword", MOMENT)


def certify(key, *, name="Test", issuer=None, authority=False, signing=True) -> pades.KeyMaterial:
    """Return ``key`` with a certificate, signed by itself or by ``issuer``."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    issuing, issuing_key = issuer or (None, key)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuing.subject if issuing else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(MOMENT - timedelta(days=1))
        .not_valid_after(MOMENT + timedelta(days=1000))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signing,
                content_commitment=signing,
                key_encipherment=not signing,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(issuing_key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    encoded = key.private_bytes(DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pades.KeyMaterial(encoded, certificate.public_bytes(DER))


def load(made: pades.KeyMaterial) -> x509.Certificate:
    return x509.load_der_x509_certificate(made.certificate_der)


def pack(key, certificate, others=None) -> bytes:
    return pkcs12.serialize_key_and_certificates(
        b"test",
        key,
        certificate,
        others,
        serialization.BestAvailableEncryption("pässword".encode()),
    )
