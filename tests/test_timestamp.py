import base64
import hashlib
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

from odoo import fields
from odoo.addons.signature_workflow.signature_workflow.engine.sealing import timestamp
from odoo.addons.signature_workflow.signature_workflow.engine.sealing.verify import verify
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2.errors import ForeignKeyViolation

from . import pki
from .common import SignatureCase
from .pki import openssl
from .test_seal import SealChecks
from .timestamp_server import TimestampServer


class TimestampCase(SealChecks, SignatureCase):
    """A company with a timestamp server, which runs as a process of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.server = cls.enterClassContext(TimestampServer(cls.folder))
        cls.root = pki.Authority(cls.folder, "Test Root", crl_url=cls.server.base)
        tsa = cls.root.issue("Test TSA", *pki.STAMPING)
        cls.server.serve(tsa.certificate, tsa.key)
        cls.company = cls.env.company
        cls.company.signature_tsa_certificates = cls.root.pem
        cls.company.signature_tsa_url = cls.server.url
        cls.admin = new_test_user(
            cls.env, "keeper", "base.group_system,base.group_user", email="keeper@company.example"
        )

    def setUp(self):
        super().setUp()
        self.server.mood = "good"
        timestamp.load.cache_clear()
        self.addCleanup(timestamp.load.cache_clear)

    def sealed(self, mood="good", **values):
        """Return a request that everybody has signed, sealed while the server is in this mood."""
        request = self.send(self._make_deal(**values))
        self.server.mood = mood
        self.complete(request)
        return request

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("signature_workflow.ir_cron_timestamp").method_direct_trigger()
        self.env.invalidate_all()

    def let_pass(self, requests, **time):
        """Have what is noted of the server be that much older."""
        for request in requests:
            for name in ("date_timestamp_try", "date_timestamp_next"):
                if request[name]:
                    request[name] -= timedelta(**time)
        self.env.flush_all()


@tagged("post_install", "-at_install")
class TestTimestamp(TimestampCase):
    """A trusted time in the seal; or after it, where the server failed."""

    def assertTimestamped(self, request):
        """Check the timestamp beside the signed copy by openssl."""
        self.assertEqual(request.timestamp_state, "later")
        (self.folder / "final.pdf").write_bytes(request.final_id.raw)
        (self.folder / "final.tsr").write_bytes(request.timestamp_id.raw)
        said = openssl(
            *("ts", "-verify", "-data", self.folder / "final.pdf", "-in", self.folder / "final.tsr"),
            *("-CAfile", self.root.certificate),
        )
        self.assertIn(b"Verification: OK", said)
        events = request.event_ids.sorted("sequence")
        self.assertEqual(events.mapped("kind")[-2:], ["not_timestamped", "timestamped"])
        events._verify_chain()

    def test_in_the_seal(self):
        request = self.sealed()
        self.assertEqual((request.seal_level, request.timestamp_state), ("lt", "embedded"))
        self.assertLess(abs(fields.Datetime.now() - request.date_timestamp), timedelta(minutes=1))
        self.assertNotIn("not_timestamped", request.event_ids.mapped("kind"))
        data = self.assertSealed(request)
        own = self.env["signature.key"]._get_active(self.company)._identity().certificate_der
        verdict = verify(data, [own], timestamp_trusted=[self.root.der])
        self.assertEqual((verdict.problems, verdict.level), ((), "lt"))
        self.assertEqual(verdict.timestamp.replace(tzinfo=None), request.date_timestamp)
        asked = self.server.asked()
        self.sealed(name="Second")
        self.assertEqual(self.server.asked(), asked + 1, "the worker knows the server by now")
        self.run_cron()
        self.assertEqual(self.server.asked(), asked + 1)

    def test_no_server(self):
        self.company.signature_tsa_url = False
        request = self.sealed()
        self.assertEqual((request.seal_level, request.timestamp_state), ("b", "none"))
        self.assertFalse(request.date_timestamp)
        self.assertNotIn("not_timestamped", request.event_ids.mapped("kind"))
        self.assertSealed(request)

    def test_a_server_that_fails_holds_nobody_up(self):
        first = self.sealed("error", name="First")
        asked = self.server.asked()
        second = self.sealed("error", name="Second")
        self.assertEqual(self.server.asked(), asked, "left alone for a while")
        for request, code in ((first, "tsa_refused"), (second, "tsa_paused")):
            self.assertEqual((request.seal_level, request.timestamp_state), ("b", "pending"))
            self.assertFalse(request.date_timestamp, "our own time never stands in for it")
            event = request.event_ids.filtered(lambda event: event.kind == "not_timestamped")
            self.assertIn(f'"code":"{code}"', event.data)
            self.assertNotIn(self.server.url, event.data)
            self.assertSealed(request)
        self.assertIn("HTTP 500", first.timestamp_failure)
        self.let_pass(first | second, minutes=11)
        third = self.sealed(name="Third")
        self.assertEqual(third.timestamp_state, "embedded", "after a while it is asked again")

    @mute_logger("pyhanko.sign.validation.generic_cms")
    def test_all_that_servers_do_ends_in_a_sealed_document(self):
        for mood in ("hang_up", "garbage", "huge", "nonce", "digest", "forged", "refuse", "redirect"):
            with self.subTest(mood):
                request = self.sealed(mood, name=mood)
                self.assertEqual(request.timestamp_state, "pending")
                self.assertNotIn("had failed", request.timestamp_failure)
                self.assertSealed(request)
                self.let_pass(request, minutes=11)

    def test_timestamped_later(self):
        request = self.sealed("error")
        before = request.final_id.raw
        self.run_cron()
        self.assertEqual(request.timestamp_state, "pending", "not before its time")
        self.server.mood = "good"
        self.let_pass(request, minutes=16)
        self.run_cron()
        self.assertTimestamped(request)
        self.assertEqual(request.seal_level, "b")
        self.assertEqual(request.final_id.raw, before)
        self.assertFalse(request.timestamp_failure)
        self.assertTrue(request.date_timestamp)
        with mute_logger("odoo.sql_db"), self.assertRaises(ForeignKeyViolation), self.env.cr.savepoint():
            request.timestamp_id.unlink()

    def test_asked_at_growing_intervals(self):
        request = self.sealed("error")
        for minutes in (15, 60, 240, 1440, 1440):
            wait = request.date_timestamp_next - fields.Datetime.now()
            self.assertLess(abs(wait - timedelta(minutes=minutes)), timedelta(minutes=1))
            self.let_pass(request, minutes=minutes - 2)
            asked = self.server.asked()
            self.run_cron()
            self.assertEqual(self.server.asked(), asked, "not before")
            self.let_pass(request, minutes=3)
            self.run_cron()
            self.assertEqual(self.server.asked(), asked + 1)
        self.assertEqual(request.event_ids.mapped("kind").count("not_timestamped"), 1)

    def test_many_wait_for_a_dead_server_once(self):
        requests = self.env["signature.request"]
        for number in range(4):
            requests |= self.sealed("error", name=str(number))
        self.let_pass(requests, minutes=20)
        asked = self.server.asked()
        self.run_cron()
        self.assertEqual(self.server.asked(), asked + 1, "one for all")
        self.assertTrue(all(request.date_timestamp_next > fields.Datetime.now() for request in requests))
        self.server.mood = "good"
        self.let_pass(requests[:1], hours=5)
        self.run_cron()
        self.assertEqual(requests[0].timestamp_state, "later")
        self.run_cron()
        self.assertEqual(set(requests.mapped("timestamp_state")), {"later"}, "it answers: the others are next")

    def test_a_server_that_is_not_set_any_more(self):
        request = self.sealed("error")
        self.company.signature_tsa_url = False
        self.let_pass(request, minutes=20)
        self.run_cron()
        self.assertEqual(request.timestamp_state, "pending")
        self.assertIn("no timestamp server any more", request.timestamp_failure)
        self.server.mood = "good"
        self.company.signature_tsa_url = self.server.url
        self.env.flush_all()
        self.run_cron()
        self.assertTimestamped(request)

    def test_another_company_is_not_held_up(self):
        self.sealed("error")
        other = self.env["res.company"].create({"name": "Other"})
        other.signature_tsa_certificates, other.signature_tsa_url = self.root.pem, self.server.url
        moved = self.send(self._make_deal(name="Of the other one"))
        moved.company_id = other
        self.server.mood = "good"
        self.complete(moved)
        self.assertEqual((moved.key_id.company_id, moved.timestamp_state), (other, "embedded"))
        self.assertEqual(self.sealed(name="Again ours").timestamp_state, "pending")

    def test_what_goes_wrong_otherwise_is_shown_too(self):
        request = self.sealed("error")
        self.let_pass(request, minutes=20)
        self.patch(type(self.company), "_timestamping", lambda company: 1 / 0)
        with mute_logger("odoo.addons.signature_workflow.signature_workflow.models.signature_queue"):
            self.run_cron()
        self.assertEqual((request.state, request.timestamp_state, request.attempts), ("completed", "pending", 0))
        self.assertIn("unexpected", request.timestamp_failure)
        self.assertGreater(request.date_timestamp_next, fields.Datetime.now())
        self.assertFalse(request._timestamp_pauses(), "that was not the server")

    def test_a_seal_with_its_time_wakes_what_waits(self):
        request = self.sealed("error")
        self.let_pass(request, minutes=11)
        request.date_timestamp_next += timedelta(hours=5)
        self.assertEqual(self.sealed(name="Second").timestamp_state, "embedded")
        self.run_cron()
        self.run_cron()
        self.assertTimestamped(request)

    def test_a_server_without_given_certificates_is_not_vouched_for(self):
        self.company.signature_tsa_certificates = False
        asked = self.server.asked("GET")
        request = self.sealed()
        self.assertEqual((request.seal_level, request.timestamp_state), ("t", "embedded"))
        self.assertEqual(self.server.asked("GET"), asked, "nothing is fetched from where it leads")
        said = subprocess.run(["pdftotext", "-", "-"], input=request.final_id.raw, capture_output=True, check=True)
        text = " ".join(said.stdout.decode().split())
        self.assertIn("time as 127.0.0.1 says", text)
        self.assertNotIn("confirmed", text)


@tagged("post_install", "-at_install")
class TestServerSettings(TimestampCase):
    def test_the_test_button(self):
        company = self.company.with_user(self.admin)
        said = company.action_test_timestamp()["params"]
        self.assertEqual(said["type"], "success")
        for words in ("UTC", "1.2.3.4.1", "CN=Test TSA"):
            self.assertIn(words, said["message"])
        self.server.mood = "error"
        with self.assertRaisesRegex(UserError, "refused: HTTP 500.* The address is saved all the same"):
            company.action_test_timestamp()
        company.signature_tsa_url = False
        with self.assertRaisesRegex(UserError, "Enter its address"):
            company.action_test_timestamp()
        with self.assertRaises(AccessError):
            self.company.with_user(self.manager).action_test_timestamp()

    def test_a_test_that_succeeds_wakes_what_waits(self):
        request = self.sealed("error")
        self.server.mood = "good"
        self.company.with_user(self.admin).action_test_timestamp()
        self.run_cron()
        self.assertEqual(request.timestamp_state, "later")

    def test_what_cannot_be_a_server_is_refused(self):
        for url in ("tsa.example.com", "ftp://tsa.example.com", "https://me:secret@tsa.example.com"):
            with self.assertRaisesRegex(ValidationError, "not the address of a timestamp server"):
                self.company.signature_tsa_url = url
        broken = base64.b64encode(b"no certificate").decode()
        for text in ("nonsense", f"-----BEGIN CERTIFICATE-----\n{broken}\n-----END CERTIFICATE-----"):
            with self.assertRaisesRegex(ValidationError, "cannot be read"):
                self.company.signature_tsa_certificates = text

    def test_given_certificates_decide(self):
        stranger = pki.Authority(self.folder, "Stranger")
        self.company.signature_tsa_certificates = stranger.pem
        with self.assertRaisesRegex(UserError, "not by a certificate that can be trusted"):
            self.company.with_user(self.admin).action_test_timestamp()
        self.company.signature_tsa_certificates = stranger.pem + self.root.pem
        self.company.with_user(self.admin).action_test_timestamp()

    def test_one_client_for_each_server(self):
        self.assertIs(self.company._timestamping(), self.company._timestamping())
        digest = hashlib.sha256(b"x").digest()
        self.assertTrue(self.company._timestamping().timestamp_of_file(digest).response_der)
