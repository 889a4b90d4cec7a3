from odoo.tests import tagged

from .browser import DESKTOP, PHONE, BrowserCase
from .test_hold import HoldFixture
from .test_signing_pages import SigningPagesCase


@tagged("post_install", "-at_install", "signature_tour")
class TestManager(BrowserCase, HoldFixture, SigningPagesCase):
    """A sales manager releases a document, and later withdraws the acceptance."""

    def prepare(self):
        self.hold(self.template, hold_path="order_ids.invoice_ids")

    def test_release(self):
        for device in (DESKTOP, PHONE):
            with self.subTest(device.name), self.visitor(device, login="manager") as visitor:
                visitor.visit(f"/odoo/signature.request/{self.request.id}")
                visitor.wait_for(".alert", "It waits for the payment of the deposit")
                self.look(visitor)
        with self.visitor(DESKTOP, login="manager") as visitor:
            visitor.visit(f"/odoo/signature.request/{self.request.id}")
            visitor.tap("button", "Check now")
            visitor.wait_for(".o_notification", "still waits for the payment of the deposit")
            visitor.tap("button", "Release now")
            visitor.wait_for(".modal", "has not happened yet")
            visitor.tap(".modal button", "Release now")
            visitor.wait_for(".o_notification", "can be signed now")
            visitor.wait_for("button", "Check now", gone=True)

    def test_withdraw(self):
        self.request.with_user(self.manager).action_release()
        token = self.link_of(self.work(), "zoe@client.example")
        self.submit(token, self.client)
        self.submit(self.link_of(self.work(), "ceo@company.example"), self.company, nonce="c")
        self.work()
        with self.visitor(DESKTOP, login="manager") as visitor:
            visitor.visit(f"/odoo/signature.request/{self.request.id}")
            visitor.tap("button", "Withdraw the acceptance")
            visitor.wait_for(".modal textarea")
            self.look(visitor, ".modal-body")
            visitor.fill(".modal textarea", "The price was wrong")
            visitor.tap(".modal button", "Withdraw the acceptance")
            visitor.wait_for(".alert", "The price was wrong")
            self.look(visitor)
        self.env.invalidate_all()
        self.assertEqual(self.request.state, "withdrawn")

    def test_template(self):
        with self.visitor(DESKTOP, login="manager") as visitor:
            visitor.visit(f"/odoo/signature.template/{self.template.id}")
            visitor.tap("a[role=tab]", "Hold until")
            visitor.wait_for("[name=hold_path]", "Invoices")
            self.assertEqual(visitor.value("[name=hold_reason] input"), "the payment of the deposit")

    def look(self, visitor, selector=".alert"):
        """Find nothing wrong with a part of what this addon shows; the rest of the page is Odoo's."""
        self.assertEqual(visitor.axe(selector), [])
