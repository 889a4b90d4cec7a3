import hashlib
import threading
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.addons.signature_workflow.signature_workflow.models.refused import SubmitRefused
from odoo.exceptions import AccessError
from odoo.orm.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger
from psycopg2.errors import SerializationFailure

from .common import BODY
from .test_codes import ORIGIN, CodeFixture

TABLES = ("signature_event", "signature_link", "signature_request_field", "signature_signer", "signature_request")
TRIES = 20


@tagged("post_install", "-at_install")
class TestCodeAttacks(CodeFixture):
    """A code is not got round."""

    def test_no_way_around(self):
        answers = self.answers(self.client)
        for path, values in (
            ("submit", {"values": answers, "nonce": "n", "document": self.request.original_sha256, "consent": True}),
            ("decline", {"reason": "No", "nonce": "n"}),
            ("forward", {"name": "Eve", "email": "eve@evil.example"}),
        ):
            error = self.call(f"{self.url}/{path}", **values).json()["result"]["error"]
            self.assertEqual(error["code"], "code", path)
        self.call(f"{self.url}/viewed")
        self.call(f"{self.url}/draft", draft={"1": "x"})
        self.env.invalidate_all()
        self.assertEqual((self.client.state, self.client.draft), ("sent", False))

    def test_get_sends_nothing(self):
        for tail in ("", "/document", "/status", "/picture/1"):
            self.url_open(f"{self.url}{tail}")
            self.url_open(f"{self.url}{tail}", method="HEAD")
        with mute_logger("odoo.http"):
            for tail in ("/code", "/code/check?code=123456"):
                self.assertGreaterEqual(self.url_open(f"{self.url}{tail}").status_code, 400)
        self.assertFalse(self.codes.search([("signer_id", "=", self.client.id)]))
        self.assertFalse(self.mailed())

    def test_five_tries_and_then_the_right_one_does_not_help(self):
        code = self.ask()
        self.assertEqual([self.refusal(self.other(code)) for _try in range(5)], ["code"] * 4 + ["used_up"])
        self.assertEqual(self.refusal(code), "used_up")

    def test_refused_tries_are_kept(self):
        code = self.ask()
        for _try in range(5):
            self.call(f"{self.url}/code/check", code=self.other(code))
        error = self.call(f"{self.url}/code/check", code=code).json()["result"]["error"]
        self.assertEqual(error["code"], "used_up")

    def test_code_works_once(self):
        code = self.ask()
        self.assertTrue(self.codes._check(self.client, code, ORIGIN)[0])
        self.assertEqual(self.refusal(code), "expired")

    def test_no_code_was_asked_for(self):
        self.assertEqual(self.refusal("000000"), "expired")

    def test_pass_is_of_one_signer(self):
        passed, __ = self.codes._check(self.client, self.ask(), ORIGIN)
        other = self.send()[0].signer_ids[0].sudo()
        self.assertTrue(self.codes._is_passed(self.client, passed))
        self.assertFalse(self.codes._is_passed(other, passed))
        for wrong in ("", None, passed[:-1] + "!", passed.swapcase(), "\ud800" * 43):
            self.assertFalse(self.codes._is_passed(self.client, wrong))

    def test_bad_input(self):
        self.ask()
        for code in (None, 123456, ["1"], {}, "", "   ", "1" * 101, "\ud800", "١" * 7, "\x00" * 6, "' OR 1=1"):
            answer = self.call(f"{self.url}/code/check", code=code).json()
            self.assertIn("error", answer["result"], code)
            self.assertIn(answer["result"]["error"]["code"], ("empty", "code", "used_up"))

    def test_nothing_stored_gives_the_code_away(self):
        code = self.ask()
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM signature_authentication WHERE signer_id = %s", [self.client.id])
        stored = str(self.env.cr.fetchall())
        self.assertNotIn(code, stored)
        self.assertNotIn(hashlib.sha256(code.encode()).hexdigest(), stored)
        self.assertNotIn(code, str(self.request.event_ids.mapped("data")))
        self.assertFalse(self.env["mail.message"].search([("body", "ilike", code)]))

    def test_colleagues_read_nothing(self):
        self.ask()
        for user in (self.salesman, self.manager, self.env.ref("base.user_admin")):
            with self.assertRaises(AccessError):
                self.codes.with_user(user).search([])

    def test_preview_asks_for_no_code(self):
        seen = self.client._seen_as()
        self.assertEqual(seen._page_state(), "ready")
        with self.assertRaises(SubmitRefused):
            self.codes._send(seen, ORIGIN)

    def test_codes_do_not_flood_an_address(self):
        requests = [self.request, *(self.send()[0] for _index in range(5))]
        for request in requests[:5]:
            self.codes._send(request.signer_ids[0].sudo(), ORIGIN)
        with self.assertRaises(SubmitRefused) as caught:
            self.codes._send(requests[5].signer_ids[0].sudo(), ORIGIN)
        self.assertEqual(caught.exception.code, "limit")


@tagged("post_install", "-at_install")
class TestManyTries(BaseCase):
    """Real transactions: twenty tries at the same instant are counted like twenty one after the other."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        # the main thread holds the registry's lock while tests run
        lock = patch.object(Registry, "_lock", DummyRLock())
        lock.start()
        self.addCleanup(lock.stop)
        self.addCleanup(self._clean)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            partner = env["res.partner"].create({"name": "Client", "email": "c@client.example"})
            role = {"role_id": env.ref("signature_workflow.role_client").id, "authentication": "email"}
            body = BODY.replace("<p>{{signature;role=Our company}}</p>", "")
            template = env["signature.template"].create({"name": "Coded", "body": body, "role_ids": [(0, 0, role)]})
            deal = env["crm.lead"].create({"name": "Deal", "type": "opportunity", "partner_id": partner.id})
            self.request_id = template._make_requests(deal).id
            self.made = [(record._name, record.ids) for record in (deal, template, partner)]
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["signature.request"]._cron_process()
            request = env["signature.request"].browse(self.request_id)
            self.assertEqual(request.state, "sent", request.failure)
            self.signer_id = request.signer_ids.id
            env["signature.authentication"]._send(request.signer_ids, {})

    def _clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["mail.mail"].search([("signature_signer_id", "!=", False)]).unlink()
            for table in TABLES:
                cr.execute(f"DELETE FROM {table}")  # noqa: S608
            env.invalidate_all()
            for model, ids in self.made:
                env[model].browse(ids).unlink()

    def _try(self, code, barrier, results):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            signer = env["signature.signer"].browse(self.signer_id)
            signer.fetch(["authentication"])
            barrier.wait(timeout=30)
            try:
                passed, refused = retrying(lambda: env["signature.authentication"]._check(signer, code, {}), env)
                results.append("in" if passed else refused.code)
            except SerializationFailure:
                # what Odoo answers when it has tried often enough: neither in, nor told anything
                results.append("busy")

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_many_tries_at_once(self):
        barrier, results = threading.Barrier(TRIES), []
        threads = [threading.Thread(target=self._try, args=(f"wrong {n}", barrier, results)) for n in range(TRIES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        self.assertEqual(len(results), TRIES)
        self.assertNotIn("in", results)
        looked_at = results.count("code")
        self.assertLessEqual(looked_at, 4)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            check = env["signature.authentication"].search([("signer_id", "=", self.signer_id)])
            request = env["signature.request"].browse(self.request_id)
            self.assertEqual(request.event_ids.mapped("kind").count("code_refused"), check.tries)
            self.assertEqual(check.tries, min(5, TRIES - results.count("busy")))
            request.event_ids._verify_chain()
