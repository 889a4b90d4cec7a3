import io
from datetime import UTC, datetime, timedelta

from asn1crypto import cms
from odoo.tests import BaseCase
from odoo.tools import mute_logger
from pyhanko.pdf_utils.reader import PdfFileReader

from ..signature_workflow.engine.sealing import pades, timestamp
from ..signature_workflow.engine.sealing.verify import verify
from . import pdf_samples
from .engine_common import MOMENT, material, run_tool, seal
from .tampering import WAYS, flip_at, gap, swap_content
from .test_engine_certificate import EVIDENCE, STAMPS, certificate
from .test_engine_timestamp import TimestampCase

PYHANKO_LOGGERS = (
    "pyhanko.sign.diff_analysis.policies",
    "pyhanko.sign.validation.generic_cms",
    "pyhanko.sign.validation.pdf_embedded",
)


@mute_logger(*PYHANKO_LOGGERS)
def judge(pdf, *trusted):
    return verify(pdf, trusted or [material().certificate_der], MOMENT + timedelta(days=1))


class TestTampering(BaseCase):
    """What is said of a sealed file in which somebody has changed something."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pdf = seal(pdf_samples.simple(2), STAMPS)

    def assertBroken(self, pdf, *problems):
        self.assertNotEqual(pdf, self.pdf)
        verdict = judge(pdf)
        self.assertFalse(verdict.intact and verdict.trusted and verdict.certified)
        self.assertFalse(verdict.intact and verdict.level)
        if problems:
            self.assertTrue(set(problems) & set(verdict.problems), verdict.problems)

    def test_the_file_itself_is_fine(self):
        verdict = judge(self.pdf)
        self.assertEqual((verdict.problems, verdict.level, verdict.timestamp), ((), "b", None))
        self.assertIn("Atelier Ștefănescu SRL", verdict.signer.subject)

    def test_each_way_is_found(self):
        for tamper, problems in WAYS.items():
            with self.subTest(tamper.__name__):
                self.assertBroken(tamper(self.pdf), *problems)

    def test_changed_bytes_everywhere(self):
        # the zeros behind the signature are in no byte range
        start, end = gap(self.pdf)
        for position in range(11, len(self.pdf), 997):
            if not start <= position < end:
                with self.subTest(position):
                    self.assertBroken(flip_at(self.pdf, position))

    def test_a_valid_signature_is_not_enough(self):
        """poppler finds such a file valid; the difference analysis does not."""
        swapped = swap_content(self.pdf)
        shown = run_tool("pdfsig", "FILE", pdf=swapped).stdout.decode()
        self.assertIn("Signature is Valid", shown)
        self.assertBroken(swapped, "changed")

    def test_the_original_without_its_seal(self):
        self.assertBroken(pdf_samples.simple(2), "not_sealed")

    def test_a_cut_file(self):
        self.assertBroken(self.pdf[:-200])
        self.assertBroken(self.pdf[: len(self.pdf) // 2])

    def test_a_seal_of_somebody_else(self):
        """Same names, other key."""
        forged = pades.make_identity(
            common_name="Atelier Ștefănescu SRL",
            organization="Atelier Ștefănescu SRL",
            country="RO",
            moment=MOMENT,
            validity_days=3650,
        )
        verdict = judge(seal(pdf_samples.simple(2), STAMPS, identity=pades.load_identity(forged)))
        self.assertEqual((verdict.intact, verdict.trusted, verdict.problems), (True, False, ("untrusted",)))

    def test_any_bytes_get_a_verdict(self):
        for data in (b"", b"hello", b"%PDF-1.7\n", bytes(range(256)) * 20, pdf_samples.encrypted()):
            verdict = judge(data)
            self.assertFalse(verdict.intact or verdict.trusted or verdict.level)
            self.assertIsNone(verdict.signer)
            self.assertTrue(verdict.problems)


class TestWholeFile(TimestampCase):
    """A seal with everything that may come with it: certificate pages, evidence, timestamp, and what proves both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.serve(cls.tsa.certificate, cls.tsa.key, cls.authority.pem)
        cls.pdf, cls.other = (cls.sealed(name) for name in ("One", "Other"))

    @classmethod
    def sealed(cls, name):
        return seal(
            pdf_samples.simple(2),
            STAMPS,
            identity=cls.identity,
            moment=datetime.now(UTC),
            name=name,
            certificate=certificate(),
            attachments=(EVIDENCE,),
            timestamping=timestamp.Timestamping(cls.server.url, (cls.root.der,)),
        )

    @mute_logger(*PYHANKO_LOGGERS)
    def judge(self, pdf, *, servers=None):
        return verify(pdf, [self.root.der], timestamp_trusted=[self.root.der] if servers is None else servers)

    def test_it_is_fine(self):
        verdict = self.judge(self.pdf)
        self.assertEqual((verdict.problems, verdict.level), ((), "lt"))
        self.assertTrue(verdict.intact and verdict.trusted and verdict.certified and verdict.whole)
        self.assertLess(abs(verdict.timestamp - datetime.now(UTC)), timedelta(minutes=10))

    def test_each_way_of_tampering_is_found(self):
        for tamper, problems in WAYS.items():
            with self.subTest(tamper.__name__):
                verdict = self.judge(tamper(self.pdf))
                self.assertFalse(verdict.intact or verdict.level)
                self.assertTrue(problems & set(verdict.problems), verdict.problems)

    def test_a_server_that_nobody_knows(self):
        verdict = self.judge(self.pdf, servers=[])
        self.assertTrue(verdict.intact and verdict.trusted)
        self.assertEqual((verdict.problems, verdict.level), (("timestamp_untrusted",), "t"))

    def test_the_timestamp_of_another_seal(self):
        verdict = self.judge(self.with_timestamp_of_other())
        self.assertTrue(verdict.intact and verdict.trusted)
        self.assertIn("timestamp", verdict.problems)
        self.assertEqual((verdict.level, verdict.timestamp), ("b", None))

    def with_timestamp_of_other(self):
        """What stands beside the signature is not signed, so the file is sealed as before."""
        own, other = (PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0] for pdf in (self.pdf, self.other))
        info = cms.ContentInfo.load(own.pkcs7_content)
        info["content"]["signer_infos"][0]["unsigned_attrs"] = other.signer_info["unsigned_attrs"]
        start, end = gap(self.pdf)
        digits = info.dump(force=True).hex().encode().ljust(end - start - 2, b"0")
        return self.pdf[: start + 1] + digits + self.pdf[end - 1 :]
