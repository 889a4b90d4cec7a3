import hashlib

from odoo.addons.signature_workflow.signature_workflow.models.refused import SubmitRefused
from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BODY
from .real_transactions import RealTransactionsCase
from .test_codes import CODE, ORIGIN, CodeFixture

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
            ("draft", {"draft": {"values": {}}}),
        ):
            error = self.call(f"{self.url}/{path}", **values).json()["result"]["error"]
            self.assertEqual(error["code"], "code", path)
        self.call(f"{self.url}/viewed")
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

    def test_whoever_is_logged_in_reads_no_code(self):
        self._make_user("portal", "base.group_portal")
        for login in ("portal", "saul"):
            self.authenticate(login, f"{login}-password")
            with self.subTest(login), self.later(minutes=2 if login == "saul" else 0):
                self.assertNotIn("error", self.call(f"{self.url}/code").json()["result"])
                mail = self.env["mail.mail"].search([("signature_signer_id", "=", self.client.id)])
                self.assertRegex(mail.body_html, CODE)
                self.assertFalse(mail.mail_message_id.body)
                user = self.env["res.users"].search([("login", "=", login)])
                self.assertFalse(mail.mail_message_id.with_user(user).has_access("read"))
                self.assertEqual(len(self.mailed()), 1)

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
class TestManyTries(RealTransactionsCase):
    """Twenty tries at the same instant are counted like twenty one after the other."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            partner = env["res.partner"].create({"name": "Client", "email": "c@client.example"})
            role = {"role_id": env.ref("signature_workflow.role_client").id, "authentication": "email"}
            body = BODY.replace("<p>{{signature;role=Our company}}</p>", "")
            template = env["signature.template"].create({"name": "Coded", "body": body, "role_ids": [(0, 0, role)]})
            deal = env["crm.lead"].create({"name": "Deal", "type": "opportunity", "partner_id": partner.id})
            self.request_id = template._make_requests(deal).id
            self.made = [(record._name, record.ids) for record in (deal, template, partner)]
        with self.transaction() as env:
            env["signature.request"]._cron_process()
            request = env["signature.request"].browse(self.request_id)
            self.assertEqual(request.state, "sent", request.failure)
            self.signer_id = request.signer_ids.id
            env["signature.authentication"]._send(request.signer_ids, {})

    def _try(self, env, code):
        """Return what enters the code once it is called."""
        signer = env["signature.signer"].browse(self.signer_id)
        signer.fetch(["authentication"])

        def enter():
            passed, refused = env["signature.authentication"]._check(signer, code, {})
            return "in" if passed else refused.code

        return enter

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_many_tries_at_once(self):
        results = self.at_once(self._try, [(f"wrong {n}",) for n in range(TRIES)])
        self.assertNotIn("in", results)
        self.assertLessEqual(results.count("code"), 4)
        with self.transaction() as env:
            check = env["signature.authentication"].search([("signer_id", "=", self.signer_id)])
            request = env["signature.request"].browse(self.request_id)
            self.assertEqual(request.event_ids.mapped("kind").count("code_refused"), check.tries)
            self.assertEqual(check.tries, min(5, TRIES - results.count("busy")))
            request.event_ids._verify_chain()
