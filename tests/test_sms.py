import re

from odoo.addons.signature_workflow.signature_workflow.models import signature_sending
from odoo.addons.sms.tests.common import SMSCase
from odoo.tests import tagged

from ..signature_workflow.engine import sms
from .common import SignatureCase
from .test_http_signing import SignatureHttpCase

NUMBER = "+40721234567"
SHORT_LINK = re.compile(r"/s/([A-Za-z0-9_-]{22})\b")


class SmsFixture(SignatureHttpCase, SMSCase):
    """The client is reached by SMS."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.write({"phone": "0721 234 567", "country_id": cls.env.ref("base.ro").id})
        cls.client_role = cls.template.role_ids.filtered(lambda line: line.role_id == cls.role_client)
        cls.client_role.channel = "sms"

    def text(self, **gateway):
        """Run Odoo's queue of SMS, then what tells of failures; return the SMS that went out."""
        self.commit()
        with self.mockSMSGateway(**gateway):
            self.env.ref("sms.ir_cron_sms_scheduler_action").method_direct_trigger()
            sent = list(self._sms)
        self.tell()
        return sent

    def tell(self):
        self.commit()
        self.env.ref("signature_workflow.ir_cron_sms_failures").method_direct_trigger()
        self.env.invalidate_all()

    def send_by_sms(self, **values):
        """Return the request of a new deal, whose mails have gone and whose SMS wait in the queue."""
        deal = self._make_deal(**values)
        deal.stage_id = self.stage_sign
        self.mails = self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        return request

    def todos(self, request):
        return self.env["mail.activity"].search([("signature_request_id", "=", request.id)])

    def kinds(self, request):
        return request.event_ids.mapped("kind")


@tagged("post_install", "-at_install")
class TestSms(SmsFixture):
    """Links by SMS, and what happens when one does not arrive."""

    def test_link(self):
        request = self.send_by_sms(name="Întreținere „Șosea”")
        (message,) = self.text()
        self.assertEqual(message["number"], NUMBER)
        self.assertEqual(sms.segments(message["body"]), 1)
        self.assertIn("please sign Agreement", message["body"])
        token = SHORT_LINK.search(message["body"])[1]
        page = self.url_open(f"/s/{token}")
        self.assertEqual(page.status_code, 200)
        self.assertTrue(page.url.endswith(f"/sign/{token}"))
        self.assertIn("Agreement", page.text)
        self.assertFalse([mail for mail in self.mails if "zoe@" in str(mail["email_to"])])
        self.assertEqual(request.signer_ids[0].state, "sent")

    def test_secret_stays_nowhere(self):
        request = self.send_by_sms()
        (message,) = self.text(sms_allow_unlink=True)
        token = SHORT_LINK.search(message["body"])[1]
        rows = self.env["sms.sms"].search([("signature_signer_id", "in", request.signer_ids.ids)])
        self.assertFalse(any(rows.mapped("body")))
        self.assertFalse(self.env["mail.message"].search([("body", "ilike", token)]))

    def test_both(self):
        self.client_role.channel = "both"
        self.send_by_sms()
        self.link_of(self.mails, "zoe@client.example")
        self.assertEqual([message["number"] for message in self.text()], [NUMBER])

    def test_words_by_participation(self):
        signer = self.send_by_sms().signer_ids[0].sudo()
        for participation, words in (("sign", "please sign"), ("approve", "please approve"), ("view", "please read")):
            signer.participation = participation
            text = signer._request_text("https://company.example/s/x")
            self.assertIn(words, text)
            self.assertTrue(text.endswith(" https://company.example/s/x"))

    def test_signed_copy_of_somebody_without_email(self):
        signer = self.send_by_sms().signer_ids[0].sudo()
        text = signer._copy_text("https://company.example/s/x")
        self.assertIn("Agreement - Big deal is signed", text)
        self.assertEqual(sms.segments(text), 1)

    def test_gateway_refuses(self):
        request = self.send_by_sms()
        self.assertFalse(self.text(sim_error="credit"))
        todo = self.todos(request)
        self.assertEqual(todo.user_id, self.salesman)
        self.assertIn(NUMBER, todo.note)
        self.assertIn("Insufficient Credit", todo.note)
        self.assertEqual(self.kinds(request).count("undelivered"), 1)
        self.assertFalse(self.env["sms.sms"].search([("signature_signer_id", "in", request.signer_ids.ids)]))
        # told once
        self.text()
        self.assertEqual(self.todos(request), todo)
        # a new link is the way on
        request.signer_ids[0].action_resend()
        (message,) = self.text()
        self.assertIn("/s/", message["body"])

    def test_gateway_breaks(self):
        request = self.send_by_sms()
        self.assertFalse(self.text(sim_error="jsonrpc_exception"))
        self.assertIn("Server Error", self.todos(request).note)

    def test_one_bad_number_among_others(self):
        request = self.send_by_sms()
        other = self.env["res.partner"].create({"name": "Other", "phone": "+40722222222"})
        good = self.send_by_sms(partner_id=other.id)
        sent = self.text(nbr_t_error={NUMBER: "wrong_number_format"})
        self.assertEqual([message["number"] for message in sent], ["+40722222222"])
        self.assertIn("Wrong Number Format", self.todos(request).note)
        self.assertFalse(self.todos(good))

    def test_report_comes_later(self):
        request = self.send_by_sms()
        (message,) = self.text()
        for _twice in range(2):
            report = [{"sms_status": "not_delivered", "uuids": [message["uuid"]]}]
            self.call("/sms/status", message_statuses=report)
            self.tell()
        self.assertIn("Not Delivered", self.todos(request).note)
        self.assertEqual(self.kinds(request).count("undelivered"), 1)

    def test_delivered(self):
        request = self.send_by_sms()
        (message,) = self.text()
        self.call("/sms/status", message_statuses=[{"sms_status": "delivered", "uuids": [message["uuid"]]}])
        self.tell()
        self.assertFalse(self.todos(request))

    def test_old_number_fails_after_it_was_changed(self):
        request = self.send_by_sms()
        (message,) = self.text()
        request.signer_ids[0].sudo().phone = "+40733333333"
        self.call("/sms/status", message_statuses=[{"sms_status": "not_delivered", "uuids": [message["uuid"]]}])
        self.tell()
        self.assertFalse(self.todos(request))

    def test_nobody_is_flooded(self):
        requests = [self.send_by_sms() for _index in range(11)]
        self.assertEqual(len(self.text()), 10)
        self.assertFalse(self.todos(requests[9]))
        self.assertIn(NUMBER, self.todos(requests[10]).note)
        self.assertIn("Too many SMS", self.todos(requests[10]).note)
        self.assertEqual(requests[10].state, "sent")

    def test_company_of_the_request_sends(self):
        company = self.env["res.company"].create({"name": "Other company"})
        requests = self.send_by_sms() + self.send_by_sms()
        requests[1].sudo().company_id = company
        signers = requests.signer_ids.filtered("phone")
        messages = self.env["sms.sms"].search([("signature_signer_id", "in", signers.ids)], order="id")
        self.assertEqual([sms._get_sms_company() for sms in messages], [requests[0].company_id, company])
        # those of other parts of Odoo lie in the same queue
        self.env["sms.sms"].create({"number": "+40744444444", "body": "Other"})
        self.assertEqual(len(self.text()), 3)

    def test_somebody_without_email(self):
        self.partner.email = False
        request = self.send_by_sms()
        (message,) = self.text()
        token = SHORT_LINK.search(message["body"])[1]
        self.assertEqual(self.submit(token, request.signer_ids[0]), {"state": "signed"})
        token = self.link_of(self.work(), "ceo@company.example")
        self.assertEqual(self.submit(token, request.signer_ids[1]), {"state": "sealing"})
        mails = self.work()
        self.assertEqual(request.state, "completed", request.failure)
        self.assertEqual([mail["email_to"] for mail in mails], [['"Ceo" <ceo@company.example>']])
        (message,) = self.text()
        self.assertEqual(message["number"], NUMBER)
        token = SHORT_LINK.search(message["body"])[1]
        self.assertEqual(self.url_open(f"/sign/{token}/document").content, request.final_id.raw)

    def test_signed_copy_that_a_limit_holds_back(self):
        self.template.role_ids[1].unlink()
        self.template.body = "<p>{{signature;role=Client}}</p>"
        self.partner.email = False
        request = self.send_by_sms()
        (message,) = self.text()
        self.submit(SHORT_LINK.search(message["body"])[1], request.signer_ids)
        self.patch(signature_sending, "LIMITS", {"sms": [("address", 24, 1)]})
        self.work()
        self.assertEqual(request.state, "completed", request.failure)
        self.assertFalse(self.text())
        self.assertIn("Too many SMS", self.todos(request).note)
        (copies,) = request.reaction_ids.filtered(lambda reaction: reaction.kind == "copies")
        self.assertNotIn(NUMBER, copies.outcome)


@tagged("post_install", "-at_install")
class TestMailWords(SignatureCase):
    """The mail asks for what its reader is to do."""

    def test_words_by_participation(self):
        for participation, subject, button, warning in (
            ("sign", "Please sign: ", "Read and sign", "can sign in your name"),
            ("approve", "Please approve: ", "Read and approve", "can approve in your name"),
            ("view", "Please read: ", ">Read<", "The link is personal, so please"),
        ):
            with self.subTest(participation):
                signer = self.send().signer_ids[0].sudo()
                signer.participation = participation
                signer.action_resend()
                (mail,) = [mail for mail in self.work() if "zoe@" in str(mail["email_to"])]
                self.assertTrue(mail["subject"].startswith(subject))
                self.assertIn(button, mail["body"])
                self.assertIn(warning, mail["body"])
