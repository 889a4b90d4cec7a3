import hashlib
import io
import socket
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from asn1crypto import keys, ocsp, tsp, x509
from freezegun import freeze_time
from odoo.tests import BaseCase
from odoo.tools import mute_logger
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from ..signature_workflow.engine.errors import EngineError, SealError, TimestampError
from ..signature_workflow.engine.sealing import api, http, longterm, pades, timestamp
from ..signature_workflow.engine.sealing.verify import verify
from . import pdf_samples, pki
from .engine_common import FONTS, run_tool
from .pki import openssl
from .timestamp_server import TimestampServer

DIGEST = hashlib.sha256(b"a document").digest()
PYHANKO = ("pyhanko.sign.validation.generic_cms", "pyhanko.sign.validation.pdf_embedded")


class TimestampCase(BaseCase):
    """A root, an authority under it, what that issues for a server and a seal, and the server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server = cls.enterClassContext(TimestampServer(cls.folder))
        cls.root = pki.Authority(cls.folder, "Test Root", crl_url=cls.server.base)
        cls.authority = pki.Authority(cls.folder, "Test Authority", issuer=cls.root, crl_url=cls.server.base)
        cls.tsa = cls.authority.issue("Test TSA", *pki.STAMPING)
        cls.sealing = cls.authority.issue("Test Seal", *pki.SIGNING)
        cls.identity = cls.identity_of(cls.sealing, cls.authority, cls.root)
        made = pades.make_identity(
            common_name="Made", organization="", country="", moment=datetime.now(UTC), validity_days=9
        )
        cls.made = pades.load_identity(made)

    def setUp(self):
        super().setUp()
        self.server.mood = "good"
        self.server.serve(self.tsa.certificate, self.tsa.key, self.authority.pem)

    @classmethod
    def identity_of(cls, issued, *chain):
        return pades.load_identity(pades.load_pkcs12(issued.pkcs12("secret", *chain), "secret", datetime.now(UTC)))

    def timestamping(self, *trusted, seconds=10):
        """Return a client that knows nothing yet of the server."""
        return timestamp.Timestamping(
            self.server.url, tuple(each.der for each in trusted or [self.root]), seconds=seconds
        )

    def seal(self, timestamping, identity=None):
        return api.stamp_and_seal(
            pdf_samples.simple(),
            (),
            identity or self.identity,
            fonts=FONTS,
            moment=datetime.now(UTC),
            reason="Signed",
            location="",
            name="Atelier",
            timestamping=timestamping,
        )

    def assertRefused(self, code, function, *arguments, kind=TimestampError):
        with mute_logger(*PYHANKO), self.assertRaises(EngineError) as caught:
            function(*arguments)
        self.assertEqual((type(caught.exception), caught.exception.code), (kind, code))
        return caught.exception

    def written(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path


class TestTimestamping(TimestampCase):
    """What a good server gives: checked by pyHanko, poppler, qpdf and openssl."""

    def test_a_seal_with_all_that_is_needed_to_check_it_later(self):
        before = datetime.now(UTC) - timedelta(seconds=5)
        sealed = self.seal(self.timestamping())
        self.assertEqual(sealed.level, "lt")
        self.assertTrue(before < sealed.timestamp < datetime.now(UTC) + timedelta(seconds=5))
        self.check_update(sealed.data)
        self.check_by_pyhanko(sealed)
        self.check_by_openssl(sealed.data)
        verdict = verify(sealed.data, [self.root.der], timestamp_trusted=[self.root.der])
        self.assertEqual((verdict.problems, verdict.level, verdict.timestamp), ((), "lt", sealed.timestamp))

    def check_update(self, data):
        original = pdf_samples.simple()
        self.assertEqual(data[: len(original)], original, "one update, appended")
        self.assertEqual(data[len(original) :].count(b"%%EOF"), 1)
        shown = run_tool("pdfsig", "FILE", pdf=data).stdout.decode()
        self.assertIn("Signature is Valid", shown)
        self.assertIn("Total document signed", shown)
        self.assertEqual(run_tool("qpdf", "--check", "FILE", pdf=data).returncode, 0)

    def check_by_pyhanko(self, sealed):
        """Only the root is trusted, nothing is fetched; later the file says itself that everything was good."""
        reader = PdfFileReader(io.BytesIO(sealed.data))
        (seal,) = reader.embedded_signatures
        alone = {"trust_roots": [x509.Certificate.load(self.root.der)], "allow_fetching": False}
        lasting = {**alone, "revocation_mode": "require", "moment": sealed.timestamp}
        store = DocumentSecurityStore.read_dss(reader)
        for make in (lambda: ValidationContext(**alone), lambda: store.as_validation_context(lasting)):
            status = validate_pdf_signature(seal, make(), ts_validation_context=make())
            self.assertTrue(status.bottom_line and status.docmdp_ok)
            self.assertTrue(status.timestamp_validity.trusted)
            self.assertEqual(status.timestamp_validity.timestamp, sealed.timestamp)

    def check_by_openssl(self, data):
        (seal,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
        start, length, resume, rest = seal.byte_range
        covered = self.written("covered", data[start : start + length] + data[resume : resume + rest])
        cms = self.written("seal.cms", seal.pkcs7_content)
        openssl(
            *("cms", "-verify", "-binary", "-inform", "DER", "-in", cms, "-content", covered),
            *("-CAfile", self.root.certificate, "-purpose", "any", "-out", "/dev/null"),
        )
        value = self.written("value", seal.signer_info["signature"].native)
        attributes = {attribute["type"].native: attribute for attribute in seal.signer_info["unsigned_attrs"]}
        token = self.written("token", attributes["signature_time_stamp_token"]["values"][0].dump())
        said = openssl(
            *("ts", "-verify", "-in", token, "-token_in", "-data", value),
            *("-CAfile", self.root.certificate, "-untrusted", self.authority.certificate),
        )
        self.assertIn(b"Verification: OK", said)

    def test_a_timestamp_of_a_finished_file(self):
        stamp = self.timestamping().timestamp_of_file(DIGEST)
        self.assertEqual((stamp.policy, stamp.certificate.subject), ("1.2.3.4.1", "CN=Test TSA"))
        self.assertLess(abs(datetime.now(UTC) - stamp.time), timedelta(seconds=30))
        said = openssl(
            *("ts", "-verify", "-data", self.written("file", b"a document")),
            *("-in", self.written("file.tsr", stamp.response_der)),
            *("-CAfile", self.root.certificate, "-untrusted", self.authority.certificate),
        )
        self.assertIn(b"Verification: OK", said)

    def test_a_key_made_here_needs_no_more_than_the_servers_chain(self):
        sealed = self.seal(self.timestamping(), self.made)
        self.assertEqual(sealed.level, "lt")
        trusted = [self.made.certificate_der]
        self.assertEqual(verify(sealed.data, trusted, timestamp_trusted=[self.root.der]).problems, ())

    def test_one_request_for_each_document(self):
        server, timestamping = self.server, self.timestamping()
        self.seal(timestamping)
        asked = server.asked(), server.asked("GET")
        reserved = timestamping.reserved
        for _document in range(3):
            data = self.seal(timestamping).data
        self.assertEqual((server.asked(), server.asked("GET")), (asked[0] + 3, asked[1]))
        self.assertAlmostEqual(timestamping.reserved, reserved, delta=16)
        (seal,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
        place = data[seal.byte_range[1] : seal.byte_range[2]].strip(b"<>")
        self.assertLess(len(place) - len(place.rstrip(b"0")), 2 * 2048, "no more room than needed")

    def test_without_lists_of_revoked_ones_there_is_the_time_at_least(self):
        bare = pki.Authority(self.folder, "Bare Root")
        tsa = bare.issue("Bare TSA", *pki.STAMPING)
        self.server.serve(tsa.certificate, tsa.key, bare.pem)
        sealed = self.seal(self.timestamping(bare))
        self.assertEqual(sealed.level, "t")
        self.assertNotIn(b"/DSS", sealed.data)
        self.assertTrue(sealed.timestamp)

    def test_a_list_that_is_not_served_is_not_waited_for(self):
        away = pki.Authority(self.folder, "Away Root", crl_url=closed_address())
        tsa = away.issue("Away TSA", *pki.STAMPING)
        self.server.serve(tsa.certificate, tsa.key, away.pem)
        self.assertEqual(self.seal(self.timestamping(away)).level, "t")

    def test_a_server_that_changes_its_certificate(self):
        timestamping = self.timestamping()
        self.assertEqual(self.seal(timestamping).level, "lt")
        other = self.authority.issue("Other TSA", *pki.STAMPING)
        self.server.serve(other.certificate, other.key, self.authority.pem)
        self.assertEqual(self.seal(timestamping).level, "t", "what is in the file is about the other certificate")
        self.assertEqual(self.seal(timestamping).level, "lt")

    def test_without_given_certificates_any_server_is_taken(self):
        timestamping = timestamp.Timestamping(self.server.url)
        self.server.serve(self.tsa.certificate, self.tsa.key, self.authority.pem, self.root.pem)
        asked = self.server.asked("GET")
        self.assertEqual(self.seal(timestamping, self.made).level, "t", "nobody trusts it")
        self.assertFalse(timestamping.is_trusted)
        self.assertEqual(self.server.asked("GET"), asked, "where its certificate leads to is not asked")

    def test_a_token_longer_than_the_place_for_it(self):
        timestamping = self.timestamping()
        self.seal(timestamping)
        timestamping.reserved = 0
        self.assertRefused("tsa_answer", self.seal, timestamping)
        self.assertEqual(self.seal(timestamping).level, "lt", "the place is longer now")


class TestOcsp(TimestampCase):
    """What issuers say of single certificates: a responder of openssl, and bad ones."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            cls.port = free.getsockname()[1]
        cls.issuer = pki.Authority(cls.folder, "Ocsp Root")
        where = f"authorityInfoAccess=OCSP;URI:http://127.0.0.1:{cls.port}/ocsp"
        cls.tsa = cls.issuer.issue("Ocsp TSA", *pki.STAMPING, where)
        cls.sealing = cls.issuer.issue("Ocsp Seal", *pki.SIGNING, where)
        cls.identity = cls.identity_of(cls.sealing, cls.issuer)

    def respond(self):
        """Run the responder of openssl, with what the issuer has revoked so far."""
        process = subprocess.Popen(
            [
                *("openssl", "ocsp", "-index", self.folder / "Ocsp-Root.index", "-port", str(self.port), "-nmin", "5"),
                *("-rsigner", self.issuer.certificate, "-rkey", self.issuer.key, "-CA", self.issuer.certificate),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.assertTrue(process.stdout.readline(), "it says when it listens")

    def test_good_ones(self):
        self.respond()
        sealed = self.seal(self.timestamping(self.issuer))
        self.assertEqual(sealed.level, "lt")
        verdict = verify(sealed.data, [self.issuer.der], timestamp_trusted=[self.issuer.der])
        self.assertEqual((verdict.problems, verdict.level), ((), "lt"))

    def test_a_revoked_one(self):
        revoked = self.issuer.issue(
            "Ocsp Revoked", *pki.STAMPING, f"authorityInfoAccess=OCSP;URI:http://127.0.0.1:{self.port}/ocsp"
        )
        self.issuer.revoke(revoked)
        self.respond()
        self.server.serve(revoked.certificate, revoked.key)
        self.assertRefused("tsa_untrusted", self.seal, self.timestamping(self.issuer))

    def test_answers_that_cannot_be_read_hold_nothing_up(self):
        broken = ocsp.OCSPResponse({"response_status": "successful"}).dump()
        self.assertEqual(broken, bytes.fromhex("30030a0100"))
        # a basic answer with nothing in it that can be read
        of_nothing = bytes.fromhex("30160a0100a011300f06092b060105050730010104023003")
        for answer in (broken, of_nothing, b"", b"\x30", bytes.fromhex("30030a0106")):
            with self.subTest(answer=answer.hex()):
                self.patch(longterm, "fetch", lambda *_arguments, answer=answer, **_options: answer)
                self.assertEqual(self.seal(self.timestamping(self.issuer)).level, "t")

    def patch(self, target, name, value):
        patcher = patch.object(target, name, value)
        patcher.start()
        self.addCleanup(patcher.stop)


class TestBadServers(TimestampCase):
    """Whatever a server does, there is an error with a code, in time, and no document with a wrong timestamp."""

    def test_bad_manners(self):
        for mood, code in (
            ("error", "tsa_refused"),
            ("redirect", "tsa_refused"),
            ("refuse", "tsa_refused"),
            ("garbage", "tsa_answer"),
            ("huge", "tsa_answer"),
            ("nonce", "tsa_mismatch"),
            ("digest", "tsa_mismatch"),
            ("forged", "tsa_untrusted"),
            ("hang_up", "tsa_unreachable"),
        ):
            with self.subTest(mood):
                self.server.mood = mood
                error = self.assertRefused(code, self.timestamping().timestamp_of_file, DIGEST)
                self.assertEqual(error.params["url"], self.server.url)
                self.assertRefused(code, self.seal, self.timestamping())

    def test_another_time(self):
        for hours in (-1, 1):
            with freeze_time(datetime.now(UTC) + timedelta(hours=hours), tick=True):
                self.assertRefused("tsa_time", self.timestamping().timestamp_of_file, DIGEST)

    def test_the_words_of_a_refusal(self):
        for mood, words in (("error", "HTTP 500"), ("redirect", "HTTP 302"), ("refuse", "bad_alg")):
            self.server.mood = mood
            error = self.assertRefused("tsa_refused", self.timestamping().timestamp_of_file, DIGEST)
            self.assertIn(words, error.params["reason"])

    def test_a_redirect_is_not_followed(self):
        self.server.mood = "redirect"
        asked = self.server.asked()
        self.assertRefused("tsa_refused", self.timestamping().timestamp_of_file, DIGEST)
        self.assertEqual((self.server.asked(), self.server.asked("GET")), (asked + 1, 0))

    def test_the_time_holds(self):
        for mood in ("slow", "drip"):
            with self.subTest(mood):
                self.server.mood = mood
                begun = time.monotonic()
                self.assertRefused("tsa_timeout", self.timestamping(seconds=0.5).timestamp_of_file, DIGEST)
                # slow takes four seconds, and drip a minute
                self.assertLess(time.monotonic() - begun, 3)

    def test_nobody_there(self):
        gone = timestamp.Timestamping(f"{closed_address()}/tsa")
        self.assertRefused("tsa_unreachable", gone.timestamp_of_file, DIGEST)
        self.assertRefused("tsa_unreachable", self.seal, gone)

    def test_addresses(self):
        for url in (
            "",
            "tsa.example.com",
            "ftp://tsa.example.com/",
            "file:///etc/passwd",
            "http://",
            "https://user:secret@tsa.example.com/",
            "http://tsa.example.com:99999/",
            "http://tsa.example.com/a b",
            "http://[::1",
        ):
            self.assertRefused("tsa_url", timestamp.load, url)
        for url in ("http://tsa.example.com", "https://tsa.example.com:8443/ts?policy=1", "http://[::1]:80/"):
            self.assertTrue(http.is_address(url), url)
        self.assertIs(timestamp.load("http://tsa.example.com"), timestamp.load("http://tsa.example.com"))

    def test_only_the_given_certificates_are_trusted(self):
        stranger = pki.Authority(self.folder, "Stranger")
        self.assertRefused("tsa_untrusted", self.seal, self.timestamping(stranger))
        self.assertTrue(self.seal(self.timestamping(self.authority)).timestamp, "an issuer below the root is enough")
        self.assertTrue(self.seal(self.timestamping(self.tsa)).timestamp, "and so is the server's own")

    def test_a_chain_with_a_hole(self):
        self.server.serve(self.tsa.certificate, self.tsa.key)
        self.assertRefused("tsa_untrusted", self.seal, self.timestamping())

    def test_an_expired_certificate(self):
        expired = self.authority.issue("Expired TSA", *pki.STAMPING, dates=("20200101000000Z", "20210101000000Z"))
        self.server.serve(expired.certificate, expired.key, self.authority.pem)
        self.assertRefused("tsa_untrusted", self.seal, self.timestamping())

    def test_a_revoked_server(self):
        revoked = self.authority.issue("Revoked TSA", *pki.STAMPING)
        self.authority.revoke(revoked)
        self.server.serve(revoked.certificate, revoked.key, self.authority.pem)
        self.assertRefused("tsa_untrusted", self.seal, self.timestamping())

    def test_a_revoked_seal(self):
        revoked = self.authority.issue("Revoked Seal", *pki.SIGNING)
        identity = self.identity_of(revoked, self.authority, self.root)
        self.authority.revoke(revoked)
        self.assertRefused("certificate_revoked", self.seal, self.timestamping(), identity, kind=SealError)

    def test_a_certificate_for_something_else(self):
        """openssl makes no timestamps with one, pyHanko does."""
        for name, uses in (
            ("None", []),
            ("Not Critical", ["extendedKeyUsage=timeStamping"]),
            ("More", ["extendedKeyUsage=critical,timeStamping,emailProtection"]),
            ("Good", ["extendedKeyUsage=critical,timeStamping"]),
        ):
            with self.subTest(name):
                rsa = ("RSA", "rsa_keygen_bits:2048")
                issued = self.authority.issue(f"Use {name}", *pki.STAMPING[:2], *uses, key=rsa)
                timestamping = self.timestamping()
                timestamping._post = self.made_by_pyhanko(issued)
                if name == "Good":
                    self.assertTrue(timestamping.timestamp_of_file(DIGEST).time)
                else:
                    self.assertRefused("tsa_untrusted", timestamping.timestamp_of_file, DIGEST)

    def made_by_pyhanko(self, issued):
        key = openssl("pkcs8", "-topk8", "-nocrypt", "-in", issued.key, "-outform", "DER")
        chain = SimpleCertificateStore.from_certs([x509.Certificate.load(self.authority.der)])
        maker = DummyTimeStamper(x509.Certificate.load(issued.der), keys.PrivateKeyInfo.load(key), certs_to_embed=chain)
        return lambda request: maker.request_tsa_response(tsp.TimeStampReq.load(request)).dump()

    def test_a_token_is_of_its_seal(self):
        """What pyHanko puts into the file is what was checked."""
        (seal,) = PdfFileReader(io.BytesIO(self.seal(self.timestamping()).data)).embedded_signatures
        (token,) = extract_tst_data_iter(seal.signer_info, signed=False)
        imprint = token["encap_content_info"]["content"].parsed["message_imprint"]["hashed_message"].native
        self.assertEqual(imprint, hashlib.sha256(seal.signer_info["signature"].native).digest())


def closed_address():
    """Return an address at which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"
