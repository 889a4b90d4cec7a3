import re
from datetime import timedelta

from freezegun import freeze_time
from odoo import fields
from odoo.addons.signature_workflow.signature_workflow.models.refused import SubmitRefused
from odoo.tests import tagged

from .test_sms import NUMBER, SmsFixture

CODE = re.compile(r"\b(\d{6})\b")
ORIGIN = {"ip": "192.0.2.7", "user_agent": "Phone"}


class CodeFixture(SmsFixture):
    """The client is asked for a code."""

    method = "email"

    def setUp(self):
        super().setUp()
        self.client_role.write({"channel": "email", "authentication": self.method})
        self.partner.signature_access_code = "Blue Horse 7"
        self.request, self.token = self.send()
        self.client = self.request.signer_ids[0].sudo()
        self.url = f"/sign/{self.token}"
        self.codes = self.env["signature.authentication"]

    def mailed(self):
        """Return the codes that are mailed now."""
        mails = [mail for mail in self.work() if "zoe@client.example" in str(mail["email_to"])]
        return [CODE.search(mail["body"])[1] for mail in mails]

    def ask(self, signer=None):
        """Have a code sent by e-mail; return it."""
        self.codes._send(signer or self.client, ORIGIN)
        (code,) = self.mailed()
        return code

    def refusal(self, code):
        passed, refused = self.codes._check(self.client, code, ORIGIN)
        self.assertFalse(passed)
        return refused.code

    def other(self, code):
        """Return another code of six digits."""
        return f"{(int(code) + 1) % 10**6:06d}"

    def later(self, **delay):
        return freeze_time(fields.Datetime.now() + timedelta(**delay))


@tagged("post_install", "-at_install")
class TestMailedCode(CodeFixture):
    def test_way_in(self):
        self.assertNotIn("Agreement", self.url_open(self.url).text)
        answer = self.call(f"{self.url}/code").json()["result"]["state"]
        self.assertEqual(answer, {"address": "z…@client.example", "wait": 60, "problem": ""})
        (code,) = self.mailed()
        error = self.call(f"{self.url}/code/check", code=self.other(code)).json()["result"]["error"]
        self.assertEqual(error["code"], "code")
        self.assertIn("4", error["message"])
        self.assertEqual(self.url_open(f"{self.url}/document").status_code, 404)
        answer = self.call(f"{self.url}/code/check", code=f" {code[:3]} {code[3:]} ")
        self.assertEqual(answer.json()["result"], {"state": "ready"})
        self.assertIn("Agreement", self.url_open(self.url).text)
        self.assertEqual(self.url_open(f"{self.url}/document").status_code, 200)
        self.assertEqual(self.submit(self.token, self.client), {"state": "signed"})
        events = self.request.event_ids
        self.assertEqual(events.mapped("kind")[2:], ["code_sent", "code_refused", "identified", "signed"])
        self.assertEqual(events[2].data, '{"method":"email","to":"z…@client.example"}')
        events._verify_chain()

    def test_digits_of_another_keyboard(self):
        code = self.ask()
        arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
        self.assertTrue(self.codes._check(self.client, arabic, ORIGIN)[0])

    def test_asked_twice_within_a_minute(self):
        with freeze_time(fields.Datetime.now()) as clock:
            self.ask()
            clock.tick(timedelta(seconds=40))
            answer = self.codes._send(self.client, ORIGIN)
        self.assertEqual(answer["wait"], 20)
        self.assertFalse(self.mailed())

    def test_new_code_makes_the_old_one_void(self):
        old = self.ask()
        with self.later(minutes=2):
            new = self.ask()
            if old != new:
                self.assertEqual(self.refusal(old), "code")
            self.assertTrue(self.codes._check(self.client, new, ORIGIN)[0])

    def test_code_has_its_time(self):
        code = self.ask()
        with self.later(minutes=11):
            self.assertEqual(self.refusal(code), "expired")

    def test_no_more_than_five_an_hour(self):
        for index in range(5):
            with self.later(minutes=2 * index):
                self.ask()
        with self.later(minutes=12), self.assertRaises(SubmitRefused) as caught:
            self.codes._send(self.client, ORIGIN)
        self.assertEqual(caught.exception.code, "limit")
        self.assertIn("saul@company.example", str(caught.exception))
        with self.later(minutes=70):
            self.ask()

    def test_no_more_than_ten_a_day(self):
        for index in range(10):
            with self.later(minutes=70 * index):
                self.ask()
        with self.later(minutes=800), self.assertRaises(SubmitRefused) as caught:
            self.codes._send(self.client, ORIGIN)
        self.assertEqual(caught.exception.code, "limit")
        with self.later(hours=25):
            self.ask()

    def test_pass_has_its_time(self):
        passed, __ = self.codes._check(self.client, self.ask(), ORIGIN)
        for hours, state in ((11, "ready"), (13, "code")):
            with self.later(hours=hours):
                self.assertEqual(self.client.with_context(signature_passed=passed)._page_state(), state)

    def test_somebody_else_takes_part(self):
        passed, __ = self.codes._check(self.client, self.ask(), ORIGIN)
        self.codes._forget(self.client)
        self.assertFalse(self.codes._is_passed(self.client, passed))

    def test_code_that_does_not_arrive(self):
        self.codes._send(self.client, ORIGIN)
        self.client._delivery_failed("Mailbox full")
        answer = self.codes._send(self.client, ORIGIN)
        self.assertIn("z…@client.example", answer["problem"])
        self.assertIn("saul@company.example", answer["problem"])
        self.assertEqual(self.client._page_state(), "code")

    def test_closed_document_sends_nothing(self):
        self.request.sudo().action_cancel()
        with self.assertRaises(SubmitRefused) as caught:
            self.codes._send(self.client, ORIGIN)
        self.assertEqual(caught.exception.code, "closed")
        self.assertEqual(self.refusal("123456"), "closed")

    def test_page_says_where_the_code_goes(self):
        self.assertEqual(self.client._code_values(), {"method": "email", "address": "z…@client.example"})


@tagged("post_install", "-at_install")
class TestTextedCode(CodeFixture):
    method = "sms"

    def test_way_in(self):
        answer = self.call(f"{self.url}/code").json()["result"]["state"]
        self.assertEqual(answer["address"], "+40…67")
        (message,) = self.text()
        self.assertEqual(message["number"], NUMBER)
        code = CODE.match(message["body"])[1]
        self.assertEqual(self.call(f"{self.url}/code/check", code=code).json()["result"], {"state": "ready"})
        self.assertEqual(self.url_open(f"{self.url}/document").status_code, 200)

    def test_forward(self):
        self.client.may_forward = True
        self.call(f"{self.url}/code")
        code = CODE.match(self.text()[0]["body"])[1]
        self.call(f"{self.url}/code/check", code=code)
        bob = {"name": "Bob", "email": "bob@client.example"}
        error = self.call(f"{self.url}/forward", **bob).json()["result"]["error"]
        self.assertEqual(error["code"], "phone")
        answer = self.call(f"{self.url}/forward", **bob, phone="+40 733 333 333").json()["result"]
        self.assertEqual(answer, {"state": "forwarded"})
        token = self.link_of(self.work(), "bob@client.example")
        # the code of the one before opens nothing
        self.assertNotIn("Agreement", self.url_open(f"/sign/{token}").text)
        self.call(f"/sign/{token}/code")
        (message,) = self.text()
        self.assertEqual(message["number"], "+40733333333")
        code = CODE.match(message["body"])[1]
        self.assertEqual(self.call(f"/sign/{token}/code/check", code=code).json()["result"], {"state": "ready"})
        self.assertIn("Agreement", self.url_open(f"/sign/{token}").text)

    def test_gateway_refuses(self):
        self.codes._send(self.client, ORIGIN)
        self.assertFalse(self.text(sim_error="credit"))
        self.assertEqual(self.client._page_state(), "code")
        self.assertIn("Insufficient Credit", self.todos(self.request).note)
        with self.later(minutes=2):
            answer = self.codes._send(self.client, ORIGIN)
            self.assertIn("+40…67", answer["problem"])
            (message,) = self.text()
        self.assertRegex(message["body"], CODE)


@tagged("post_install", "-at_install")
class TestAccessCode(CodeFixture):
    method = "code"

    def test_way_in(self):
        self.assertEqual(self.client._code_values(), {"method": "code", "address": ""})
        self.assertEqual(self.refusal("red horse 7"), "code")
        passed, refused = self.codes._check(self.client, " BLUE horse7 ", ORIGIN)
        self.assertFalse(refused)
        self.assertEqual(self.client.with_context(signature_passed=passed)._page_state(), "ready")

    def test_nothing_is_sent(self):
        with self.assertRaises(SubmitRefused):
            self.codes._send(self.client, ORIGIN)

    def test_five_tries_in_ten_minutes(self):
        self.assertEqual([self.refusal("x") for _try in range(5)], ["code"] * 4 + ["used_up"])
        self.assertEqual(self.refusal("Blue Horse 7"), "used_up")
        with self.later(minutes=11):
            self.assertTrue(self.codes._check(self.client, "Blue Horse 7", ORIGIN)[0])

    def test_twenty_tries_a_day(self):
        for index in range(6):
            with self.later(minutes=11 * index):
                for _try in range(6):
                    self.refusal("x")
        todo = self.todos(self.request)
        self.assertEqual((len(todo), todo.user_id), (1, self.salesman))
        self.assertEqual(self.kinds(self.request).count("code_refused"), 20)
        with self.later(hours=2):
            refused = self.codes._check(self.client, "Blue Horse 7", ORIGIN)[1]
            self.assertIn("saul@company.example", str(refused))
        with self.later(hours=25):
            self.assertTrue(self.codes._check(self.client, "Blue Horse 7", ORIGIN)[0])

    def test_right_code_does_not_count(self):
        for _visit in range(30):
            self.assertTrue(self.codes._check(self.client, "blue horse 7", ORIGIN)[0])

    def test_no_code_on_the_contact(self):
        self.partner.signature_access_code = False
        self.assertEqual(self.refusal("x"), "no_code")
