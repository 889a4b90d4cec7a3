from odoo.tests import tagged

from .browser import DESKTOP, PHONE, BrowserCase
from .test_portal import PortalCase


@tagged("post_install", "-at_install")
class TestPortalTour(BrowserCase, PortalCase):
    """From one's account to the page that signs."""

    def test_way_to_the_page(self):
        request = self.send(name="Blue house with a very long name that does not fit on a phone")
        for device in (PHONE, DESKTOP):
            with self.subTest(device.name), self.visitor(device) as visitor:
                self.authenticate("zoe", "zoe-password", browser=self._chromium)
                visitor.visit("/my")
                visitor.tap("a", "Documents to sign")
                visitor.wait_for("td", request.name)
                self.assertEqual(visitor.axe("#wrap table"), [])
                self.assertLessEqual(visitor.evaluate("document.documentElement.scrollWidth"), device.width)
                visitor.tap("button", "Sign")
                visitor.wait_until("location.pathname.startsWith('/sign/')")
        self.assertEqual(request.signer_ids[0].state, "sent")

    def test_top_bar_leads_to_what_waits(self):
        self.sign(self.send().signer_ids[0])
        self.start_tour("/odoo", "signature_workflow_top_bar", login="ceo")
