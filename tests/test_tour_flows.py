import re

from odoo.addons.sms.tests.common import SMSCase
from odoo.tests import tagged

from .browser import DESKTOP, PHONE
from .test_sms import SHORT_LINK, SmsFixture
from .test_tour_signing import SigningTour

DIGITS = re.compile(r"\b\d{6}\b")


class FlowTour(SigningTour):
    def arrive(self, visitor, token):
        """Open a link and wait for the document."""
        visitor.visit(f"/sign/{token}")
        visitor.wait_for("[data-drawn]")

    def company_signs(self, token):
        """Let the company sign, and the worker seal."""
        with self.visitor(DESKTOP) as visitor:
            self.arrive(visitor, token)
            self.sign_by_hand(visitor, "typed")
            visitor.tap(text="Finish")
            visitor.wait_for(".o_sign_finished", "Thank you, you have signed")
        self.work()


@tagged("post_install", "-at_install", "signature_tour")
class TestFlows(FlowTour):
    """Several people and devices, one after the other."""

    def test_approval_before_signature(self):
        self.template.body = "<h1>Agreement</h1><p>{{signature;role=Our company}}</p>"
        self.let_client(participation="approve")
        request, token = self.send()
        with self.visitor(PHONE) as visitor:
            self.arrive(visitor, token)
            visitor.tap("#o_sign_primary", "Approve")
            visitor.fill("dialog [name=comment]", "Fine with me")
            visitor.tap("dialog [type=submit]")
            visitor.wait_for("h1", "Thank you, you have approved")
        approver = request.signer_ids[0]
        self.assertEqual((approver.state, approver.comment), ("approved", "Fine with me"))
        self.company_signs(self.link_of(self.work(), "ceo@company.example"))
        self.assertEqual(request.state, "completed", request.failure)
        with self.visitor(PHONE) as visitor:
            self.arrive(visitor, token)
            self.assertIn("Signed and approved by everybody", visitor.text("h1"))
            self.assertEqual(visitor.download(text="Download the signed copy")[1], request.final_id.raw)

    def test_somebody_else_signs(self):
        self.let_client(may_forward=True)
        for old, new in ((PHONE, DESKTOP), (DESKTOP, PHONE)):
            with self.signer(old) as (visitor, client):
                visitor.tap("[data-type=text]")
                visitor.type("mine")
                self.open_menu(visitor, "Let somebody else sign")
                visitor.fill("dialog [name=name]", "Ana Pop")
                visitor.fill("dialog [name=email]", "ana@client.example")
                visitor.allow("status of 410")
                visitor.tap("dialog [type=submit]")
                visitor.wait_for("h1", "You have forwarded this document")
            mails = self.work()
            self.assertTrue([mail for mail in mails if "saul@company.example" in str(mail["email_to"])])
            with self.subTest(f"then {new.name}"), self.visitor(new) as visitor:
                self.arrive(visitor, self.link_of(mails, "ana@client.example"))
                self.assertIn("Forwarded by Zoë Țăndărică", visitor.text("header"))
                self.assertNotIn("mine", visitor.text("[data-type=text]"))
                self.sign_by_hand(visitor)
                visitor.tap(text="Finish")
                visitor.wait_for(".o_sign_parties", "Ana Pop (you)")
            self.assertEqual((client.state, client.name), ("signed", "Ana Pop"))
            self.assertIn("forwarded", self.kinds(client))

    def test_goes_on_at_another_device(self):
        request, token = self.send()
        with self.visitor(PHONE) as visitor:
            self.arrive(visitor, token)
            visitor.tap("[data-type=signature]")
            visitor.draw("dialog canvas")
            visitor.tap(text="Adopt and sign")
            visitor.tap("[data-type=text]")
            visitor.type("PO ă 9")
            visitor.wait_for(".o_sign_saved:not(.o_sign_pending)", "Saved")
        with self.visitor(DESKTOP) as visitor:
            self.arrive(visitor, token)
            self.assertIn("PO ă 9", visitor.text("[data-type=text]"))
            self.assertIn("1 of 2", visitor.text(".o_sign_progress"))
            visitor.tap("[data-type=checkbox]")
            visitor.tap(text="Finish")
            visitor.wait_for(".o_sign_finished", "Thank you")
        client = request.signer_ids[0]
        self.assertEqual((self.answer(client, "PO"), client.state), ("PO ă 9", "signed"))

    def test_only_reads(self):
        self.template.body = "<h1>Agreement</h1><p>{{signature;role=Our company}}</p>"
        self.let_client(participation="view")
        deal = self._make_deal(stage_id=self.stage_sign.id)
        mails = self.work()
        request, token = self.requests_of(deal), self.link_of(mails, "zoe@client.example")
        before = self.state_of_things(request)
        with self.visitor(PHONE) as visitor:
            self.arrive(visitor, token)
            self.assertIn("nothing is asked of you", visitor.text(".o_sign_card"))
            self.assertFalse(visitor.sees("#o_sign_primary"))
            # what a script does is not reading
            visitor.evaluate("document.querySelector('summary').click(), scrollTo(0, 500)")
            self.assertEqual(self.state_of_things(request), before)
            visitor.tap("summary")
        self.assertEqual(self.kinds(request.signer_ids[0]).count("viewed"), 1)
        self.company_signs(self.link_of(mails, "ceo@company.example"))
        self.assertEqual(request.state, "completed", request.failure)
        with self.visitor(PHONE) as visitor:
            self.arrive(visitor, token)
            self.assertEqual(visitor.download(text="Download the signed copy")[1], request.final_id.raw)

    def test_seen_by_the_salesperson(self):
        request, _token = self.send()
        before = self.state_of_things(request)
        for device, signer in zip((PHONE, DESKTOP), request.signer_ids, strict=True):
            with self.subTest(device.name), self.visitor(device, login="saul") as visitor:
                visitor.visit(f"/signature_workflow/signer/{signer.id}")
                visitor.wait_for("[data-drawn]")
                self.assertIn("Nothing is counted", visitor.text("aside"))
                visitor.tap("[data-type=signature]:not(.o_sign_fixed)")
                visitor.press("Enter")
                while visitor.evaluate("!document.querySelector('#o_sign_primary').disabled"):
                    visitor.tap("#o_sign_primary")
                self.assertFalse(visitor.sees("dialog"))
                self.assertEqual(visitor.evaluate("localStorage.length"), 0)
            self.assertEqual(self.state_of_things(request), before)


@tagged("post_install", "-at_install", "signature_tour")
class TestTextedCodeFlow(FlowTour, SmsFixture, SMSCase):
    """From the text message with the link to the one with the code."""

    def test_code_by_sms(self):
        self.let_client(channel="sms", authentication="sms")
        for device in (PHONE, DESKTOP):
            request = self.send_by_sms()
            link = SHORT_LINK.search(self.text()[0]["body"])[0]
            with self.subTest(device.name), self.visitor(device) as visitor:
                visitor.visit(link)
                self.assertNotIn("Agreement", visitor.evaluate("document.documentElement.outerHTML"))
                visitor.tap(text="Send me the code")
                visitor.wait_for("#o_sign_code")
                (message,) = self.text()
                code = DIGITS.search(message["body"])[0]
                visitor.type(f"{(int(code) + 1) % 10**6:06d}")
                visitor.wait_for("[role=alert]", "not right")
                visitor.fill("#o_sign_code", code)
                visitor.wait_for("[data-drawn]")
                self.assertIn("signature_pass", visitor.cookies())
                self.sign_by_hand(visitor)
                visitor.tap(text="Finish")
                visitor.wait_for(".o_sign_finished", "Thank you")
            self.assertEqual(request.signer_ids[0].state, "signed")
            self.assertEqual(self.kinds(request.signer_ids[0])[-4:-1], ["code_refused", "identified", "viewed"])
