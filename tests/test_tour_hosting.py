import contextlib
from urllib.parse import urlsplit

from odoo.tests import tagged

from .browser import DESKTOP, PHONE, BrowserCase
from .test_http_signing import SignatureHttpCase


@tagged("post_install", "-at_install", "signature_tour")
class TestHosting(BrowserCase, SignatureHttpCase):
    """The salesperson beside the signer: on one device, or with a code to be photographed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template.body = "<p>{{signature;role=Client}}</p><p>{{signature;role=Our company}}</p>"

    @contextlib.contextmanager
    def salesperson(self, device):
        """Give a salesperson who looks at a new request, and the request."""
        request, __ = self.send()
        with self.subTest(device.name), self.visitor(device, login="saul") as visitor:
            visitor.visit(f"/odoo/signature.request/{request.id}")
            visitor.wait_for(".o_form_view", "Zoë")
            yield visitor, request

    def test_sign_here_and_give_the_device_back(self):
        for device in (PHONE, DESKTOP):
            with self.salesperson(device) as (visitor, request):
                client = request.signer_ids[0]
                visitor.tap(text="Sign here")
                visitor.tap(".modal .btn-primary", "Sign here")
                visitor.wait_for("[data-drawn]")
                self.assertTrue(urlsplit(visitor.evaluate("location.href")).path.startswith("/sign/"))
                self.assertEqual(request.event_ids[-1].kind, "handed_over")
                self.nobody_is_logged_in(visitor)
                visitor.wait_for("[data-drawn]")
                visitor.tap(text="Start")
                visitor.tap(text="Sign here")
                visitor.draw("dialog canvas")
                visitor.tap(text="Adopt and sign")
                visitor.tap(text="Finish")
                visitor.wait_for("[data-action=return]", "Give the device back")
                self.env.invalidate_all()
                self.assertEqual((client.state, client.host_id), ("signed", self.salesman))
                signing = visitor.evaluate("location.pathname")
                visitor.tap(text="Give the device back")
                visitor.wait_for("form input[name=password]")
                self.env.invalidate_all()
                self.assertEqual(request.event_ids[-1].kind, "returned")
                # whoever types the address again finds nothing of the document
                visitor.allow("410")
                visitor.visit(signing)
                self.assertFalse(visitor.sees("body", "Agreement"))

    def nobody_is_logged_in(self, visitor):
        """Go back to each page that was open before, and to others of the back office: all ask for a password."""
        page = visitor.evaluate("location.pathname")
        visitor.evaluate("new Promise((done) => { window.addEventListener('popstate', done); history.back(); })")
        self.assertEqual(visitor.evaluate("location.pathname"), page)
        entries = [entry for entry in visitor._call("Page.getNavigationHistory")["entries"] if "/odoo" in entry["url"]]
        self.assertTrue(entries)
        for entry in entries:
            visitor._call("Page.navigateToHistoryEntry", entryId=entry["id"])
            visitor.wait_for("form input[name=password]")
        for path in ("/odoo", "/web"):
            visitor.visit(path)
            visitor.wait_for("form input[name=password]")
        visitor.visit(page)

    def test_link_and_codes(self):
        for device in (PHONE, DESKTOP):
            with self.salesperson(device) as (visitor, request):
                visitor.tap(text="Show the link")
                visitor.wait_for(".modal", "Whoever has it can act in their name")
                url = visitor.value(".modal input")
                self.assertIn("/sign/", url)
                visitor.wait_for(".modal svg path")
                self.assertEqual(visitor.axe(".modal"), [])
                visitor.tap(text="Let them sign on our tablet")
                visitor.wait_for(".modal", "hand it to Zoë")
                self.assertNotEqual(visitor.value(".modal input"), url)
                visitor.press("Escape")
                visitor.wait_for(".modal", gone=True)
                self.env.invalidate_all()
                self.assertEqual(request.event_ids.mapped("kind")[-2:], ["link_shown", "handed_over"])
                self.assertFalse(visitor.evaluate("JSON.stringify(sessionStorage).includes('/sign/')"))

    def test_change_and_cancel(self):
        for device in (PHONE, DESKTOP):
            with self.salesperson(device) as (visitor, request):
                visitor.tap(text="Change…")
                visitor.wait_for(".modal [name=email] input")
                visitor.fill(".modal [name=email] input", "zoe@home.example")
                visitor.tap(".modal footer button", "Change")
                visitor.wait_for(".o_notification", "gets a new link")
                self.env.invalidate_all()
                self.assertEqual(request.signer_ids[0].email, "zoe@home.example")
                visitor.wait_for(".o_notification", gone=True)
                if device is PHONE:
                    visitor.tap(".o_statusbar_buttons button[title=More]")
                visitor.tap(text="Cancel the request")
                visitor.fill(".modal [name=reason] textarea", "A new version is on its way")
                visitor.tap(".modal footer button", "Cancel the request")
                visitor.wait_for(".o_form_view", "Cancelled")
                self.env.invalidate_all()
                self.assertEqual(request.cancel_reason, "A new version is on its way")

    def test_seen_as_the_signer(self):
        request, __ = self.send()
        before = request.revision, request.event_ids
        with self.visitor(DESKTOP, login="saul") as visitor:
            for signer in request.signer_ids:
                visitor.visit(f"/signature_workflow/signer/{signer.id}")
                visitor.wait_for("[data-drawn]")
                visitor.wait_for("body", f"what {signer.name} sees")
                self.assertEqual(visitor.axe(), [])
        self.assertEqual((request.revision, request.event_ids), before)
        self.assertEqual(request.signer_ids.mapped("state"), ["sent", "waiting"])
