import re

from odoo.tests import tagged

from .browser import DESKTOP, PHONE, BrowserCase, Device
from .common import BODY, STROKES
from .test_hold import HeldPageFixture
from .test_signing_pages import SigningPagesCase

NARROW = Device("narrow phone", 320, 568, touch=True)
SIDEWAYS = "document.scrollingElement.scrollWidth > innerWidth"
SMALL_TARGETS = """
[...document.querySelectorAll("a[href], button:not([data-field]), input, summary")]
    .filter((el) => el.checkVisibility() && el.getBoundingClientRect().height < 44)
    .map((el) => el.textContent)
"""
CODE = re.compile(r"\b(\d{6})\b")


class StatesCase(BrowserCase, SigningPagesCase):
    """What is common to the pages around signing, on the screen."""

    def look(self, visitor, path, words):
        """Visit a page that says these words, and find nothing wrong with it."""
        self.env.flush_all()
        visitor.visit(path)
        visitor.wait_for("body", words)
        self.judge(visitor)

    def judge(self, visitor):
        self.assertEqual(visitor.axe(), [])
        self.assertFalse(visitor.evaluate(SIDEWAYS))
        self.assertEqual(visitor.evaluate(SMALL_TARGETS), [])


@tagged("post_install", "-at_install", "signature_tour")
class TestStates(StatesCase):
    """Every page but the ready one, as it lies on the screen."""

    def test_closed(self):
        waiting = self.link(self.company)
        for device in (PHONE, NARROW):
            with self.subTest(device.name), self.visitor(device) as visitor:
                self.look(visitor, waiting, "not your turn")
                self.request.cancel_reason = "We have changed the price.\nSorry!"
                for state, words in (
                    ("cancelled", "Sorry!"),
                    ("failed", "Something went wrong"),
                    ("queued", "being prepared"),
                    ("expired", "run out"),
                    ("declined", "was declined"),
                ):
                    self.request.state = state
                    self.look(visitor, f"/sign/{self.token}", words)
                self.request.state = "sent"

    def test_ended(self):
        now = self.env.cr.now()
        scan = self.request.original_id.sudo().copy({"name": "scan.pdf"})
        withdrawn = {"withdraw_reason": "The price was wrong.\nSorry!", "date_withdrawn": now}
        for device in (PHONE, NARROW, DESKTOP):
            with self.subTest(device.name), self.visitor(device) as visitor:
                self.request.sudo().write({"state": "cancelled", "replaced_by_id": self.request.copy().id})
                self.look(visitor, f"/sign/{self.token}", "a corrected version follows")
                self.request.sudo().state = "paper"
                self.look(visitor, f"/sign/{self.token}", "is to be signed on paper")
                done = {"final_id": scan.id, "date_completed": now}
                self.request.sudo().write({"state": "completed", "is_paper": True, **done})
                self.look(visitor, f"/sign/{self.token}", "It was filed on")
                visitor.wait_for("[data-drawn]")
                self.request.sudo().write({"state": "withdrawn", "is_paper": False, **withdrawn})
                self.look(visitor, f"/sign/{self.token}", "The price was wrong.")
                visitor.wait_for("[data-drawn]")
                self.request.sudo().write({"state": "sent", "final_id": False})

    def test_revoked(self):
        link = self.client.sudo().link_ids
        with self.visitor(PHONE) as visitor:
            visitor.allow("410")
            for reason in ("resent", "forwarded", "changed", "returned"):
                link.revoked = reason
                self.look(visitor, f"/sign/{self.token}", "")

    def test_from_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.client.lang = "ar_001"
        self.submit(self.token, self.client, signature={"kind": "typed", "text": "Zoë", "font": "comforter"})
        token = self.link_of(self.work(), "ceo@company.example")
        with self.visitor(PHONE) as visitor:
            self.look(visitor, f"/sign/{self.token}", "Thank you")
            self.assertEqual(visitor.evaluate("document.documentElement.dir"), "rtl")
            self.submit(token, self.company, nonce="c", signature=STROKES)
            visitor.reload()
            visitor.wait_for("[data-sealing]", "being prepared")
            self.judge(visitor)
            self.work()
            # it looks for the copy by itself
            visitor.wait_for("a", "Download the signed copy")
            self.judge(visitor)


@tagged("post_install", "-at_install", "signature_tour")
class TestCode(StatesCase):
    """Somebody shows who they are, and then sees the document."""

    def test_code_by_mail(self):
        self.client.authentication = "email"
        for device in (PHONE, DESKTOP):
            self.env["signature.authentication"].sudo().search([]).unlink()
            with self.subTest(device.name), self.visitor(device) as visitor:
                self.look(visitor, f"/sign/{self.token}", "we first check that it is you")
                visitor.tap(text="Send me the code")
                visitor.wait_for("[data-sent]", "on its way")
                self.assertEqual(visitor.focused(), "o_sign_code")
                (mail,) = self.work()
                code = CODE.search(mail["body"])[1]
                visitor.press("Enter")
                visitor.wait_for("[data-error=enter]", "all 6 digits")
                visitor.type(f"{(int(code) + 1) % 10**6:06d}")
                visitor.wait_for("[data-error=enter]", "not right")
                self.judge(visitor)
                # what was wrong is selected, so that the next try replaces it
                visitor.type(code)
                visitor.wait_for("[data-drawn]")
                visitor.reload()
                visitor.wait_for("[data-drawn]")
        # no other browser is let in
        with self.visitor(PHONE) as visitor:
            self.look(visitor, f"/sign/{self.token}", "we first check that it is you")

    def test_access_code(self):
        self.client.authentication = "code"
        self.partner.signature_access_code = "Blue Horse 7"
        with self.visitor(PHONE) as visitor:
            self.look(visitor, f"/sign/{self.token}", "access code")
            visitor.tap(text="Continue")
            visitor.wait_for("[data-error=enter]", "enter the access code")
            self.judge(visitor)
            visitor.allow("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
            visitor.offline()
            visitor.fill("#o_sign_code", "blue horse 7")
            visitor.press("Enter")
            visitor.wait_for("[data-error=enter]", "connection was interrupted")
            visitor.offline(False)
            visitor.tap(text="Continue")
            visitor.wait_for("[data-drawn]")

    def test_scripts_send_no_code(self):
        self.client.authentication = "email"
        with self.visitor(PHONE) as visitor:
            visitor.visit(f"/sign/{self.token}")
            visitor.evaluate("""
                document.querySelector("#o_sign_code").value = "123456";
                for (const el of document.querySelectorAll("button")) {
                    el.click();
                }
                document.querySelector("form").requestSubmit();
            """)
            visitor.tap("h1")
        self.assertFalse(self.env["signature.authentication"].sudo().search([]))


@tagged("post_install", "-at_install", "signature_tour")
class TestReader(StatesCase):
    """Somebody only reads."""

    def prepare(self):
        self.template.body = BODY.replace("{{signature;role=Our company}}", "")
        self.template.role_ids[1].write({"participation": "view", "sequence": 1})

    def test_reading(self):
        path = self.link(self.company)
        for device in (PHONE, DESKTOP):
            with self.subTest(device.name), self.visitor(device) as visitor:
                self.look(visitor, path, "nothing is asked of you")
                visitor.wait_for("[data-drawn]")
                if device is PHONE:
                    self.env.invalidate_all()
                    self.assertEqual(self.company.state, "sent")
                visitor.tap("summary")
                visitor.wait_for("details", "Zoë")
                self.judge(visitor)
        self.assertEqual(self.company.state, "viewed")


@tagged("post_install", "-at_install", "signature_tour")
class TestHeld(HeldPageFixture, StatesCase):
    """A client reads what cannot be signed yet, pays, and signs."""

    def test_client(self):
        for device in (PHONE, NARROW, DESKTOP):
            with self.subTest(device.name), self.visitor(device) as visitor:
                self.look(visitor, f"/sign/{self.token}", "it waits for: the payment of the deposit")
                visitor.wait_for("[data-drawn]")
                self.assertFalse(visitor.evaluate("Boolean(document.querySelector('button[data-field]'))"))
                visitor.tap("summary")
                visitor.wait_for("details", "Zoë")
                self.judge(visitor)
        with self.visitor(PHONE) as visitor:
            visitor.visit(f"/sign/{self.token}")
            visitor.tap(text=f"Open {self.invoice.name}")
            visitor.wait_for("body", self.invoice.name)
            self.pay(self.invoice)
            self.watch()
            self.work()
            visitor.visit(f"/sign/{self.token}")
            visitor.wait_for("button", "Start")


@tagged("post_install", "-at_install", "signature_tour")
class TestHandedOver(StatesCase):
    """The signer holds the salesperson's device."""

    def test_stop(self):
        for device in (PHONE, DESKTOP):
            path = self.link(self.client, "in_person")
            with self.subTest(device.name), self.visitor(device) as visitor:
                visitor.visit(path)
                visitor.wait_for("[data-drawn]")
                visitor.tap("summary")
                self.assertTrue(visitor.evaluate("document.fullscreenElement !== null"))
                visitor.evaluate("history.back()")
                visitor.tap(text="Stop and give the device back")
                visitor.wait_for("form input[name=password]")
                self.assertEqual(visitor.evaluate("Object.keys(localStorage)"), [])

    def test_finished(self):
        path = self.link(self.client, "in_person")
        self.submit(path.rsplit("/", 1)[1], self.client)
        with self.visitor(PHONE) as visitor:
            self.look(visitor, path, "Give the device back to Saul")

    def test_link_closed_meanwhile(self):
        path = self.link(self.client, "in_person")
        self.request.action_cancel()
        with self.visitor(PHONE) as visitor:
            self.look(visitor, path, "withdrawn")
            self.client.sudo().link_ids.revoked = "resent"
            self.env.flush_all()
            visitor.allow("410", "404")
            visitor.tap(text="Give the device back to Saul")
            visitor.wait_for("body", "A newer link was sent")


@tagged("post_install", "-at_install", "signature_tour")
class TestPreview(StatesCase):
    """The salesperson looks at the page as the signer does."""

    def test_way_back(self):
        for device in (PHONE, DESKTOP):
            with self.subTest(device.name), self.visitor(device, login="saul") as visitor:
                visitor.visit("/sign/nowhere")
                visitor.allow("404")
                self.look(visitor, f"/signature_workflow/signer/{self.company.id}", "Their turn has not come yet")
                visitor.tap(text="Back")
                visitor.wait_for("h1", "This link leads nowhere")
