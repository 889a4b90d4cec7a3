from datetime import date
from unittest import skipUnless

from odoo.tests import tagged

from .browser import AXE, DESKTOP, PHONE
from .test_tour_signing import SigningTour

# what is not filled in by an editor
MARKS_AND_TICKS = ("signature", "initials", "checkbox", "radio", "date_signed")


@tagged("post_install", "-at_install", "signature_tour")
@skipUnless(AXE, "needs the axe-core of ./dev test")
class TestAccessibility(SigningTour):
    """Every page and everything that opens on it holds WCAG 2.2 A and AA, as far as axe can tell."""

    def check(self, visitor, what, part=None):
        """Nothing breaks a rule; what comes after this is looked at all the same."""
        with self.subTest(f"{visitor.device.name}: {what}"):
            self.assertEqual(visitor.axe(part), [])

    def look_at(self, visitor, path, title):
        """Nothing is wrong with a page of this title."""
        self.env.flush_all()
        visitor.visit(path)
        visitor.wait_for("h1", title)
        self.check(visitor, title)

    def test_signing(self):
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, _client):
                visitor.allow("Failed to fetch", "ERR_INTERNET_DISCONNECTED")
                self.check(visitor, "the page")
                visitor.tap("summary")
                self.check(visitor, "the menu", "header")
                visitor.tap(text="Decline to sign")
                visitor.tap("dialog [type=submit]")
                self.check(visitor, "declining without a reason", "dialog[open]")
                visitor.tap("dialog [data-action=cancel]")
                visitor.tap("[data-type=signature]")
                visitor.tap(text="Adopt and sign")
                self.check(visitor, "drawing nothing", "dialog[open]")
                visitor.tap(text="Upload")
                self.check(visitor, "uploading", "dialog[open]")
                visitor.tap(text="Type")
                self.check(visitor, "typing", "dialog[open]")
                visitor.tap(text="Adopt and sign")
                visitor.tap("[data-type=checkbox]")
                self.check(visitor, "all is filled in")
                visitor.offline()
                visitor.tap(text="Finish")
                visitor.wait_for("[data-notice=offline]")
                self.check(visitor, "the connection is lost", ".o_sign_bar")
                visitor.offline(False)
                visitor.tap(text="Try again")
                visitor.wait_for(".o_sign_finished")
                visitor.wait_for("[data-drawn]")
                self.check(visitor, "has signed")

    def test_fields(self):
        self.ask_for_everything()
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                self.check(visitor, "all fields")
                for field in client.field_ids.filtered(
                    lambda each: each.type not in MARKS_AND_TICKS and not each.readonly
                ):
                    visitor.tap(f"[data-field='{field.id}']")
                    self.check(visitor, field.type, ".o_sign_editor")
                    visitor.press("Escape")
                visitor.tap("[data-type=email]")
                visitor.fill("#o_sign_input", "nobody")
                visitor.tap("#o_sign_primary")
                visitor.wait_for(".o_sign_editor", "not an e-mail address")
                self.check(visitor, "an error", ".o_sign_editor")

    def test_nothing_to_sign(self):
        request, token = self.send()
        waiting = self.env["signature.link"]._make(request.signer_ids[1], "email")[request.signer_ids[1].id]
        with self.visitor(DESKTOP) as visitor:
            visitor.allow("status of 404", "status of 410")
            self.look_at(visitor, f"/sign/{'A' * 43}", "This link leads nowhere")
            self.look_at(visitor, f"/sign/{waiting.rpartition('/')[2]}", "It is not your turn yet")
            for state, title in (
                ("declined", "This document was declined"),
                ("cancelled", "This document was withdrawn"),
                ("queued", "The document is being prepared"),
                ("failed", "Something went wrong on our side"),
            ):
                request.state = state
                self.look_at(visitor, f"/sign/{token}", title)
            request.write({"state": "sent", "date_expire": date(2020, 1, 1)})
            self.look_at(visitor, f"/sign/{token}", "The time to sign has run out")
            self.assertIn("saul@company.example", visitor.text(".o_sign_contact"))
            request.sudo().signer_ids.link_ids._revoke("resent")
            self.look_at(visitor, f"/sign/{token}", "A newer link was sent to you")

    def test_completed(self):
        request, token = self.send()
        self.submit(token, request.signer_ids[0])
        self.submit(self.link_of(self.work(), "ceo@company.example"), request.signer_ids[1], nonce="c")
        with self.visitor(DESKTOP) as visitor:
            self.look_at(visitor, f"/sign/{token}", "Thank you, you have signed")
            self.work()
            visitor.wait_for("h1", "Signed by everybody")
            visitor.wait_for("[data-drawn]")
            self.check(visitor, "completed")

    def test_from_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.partner.lang = "ar_001"
        with self.signer(PHONE) as (visitor, _client):
            self.check(visitor, "from right to left")
            visitor.tap("[data-type=text]")
            self.check(visitor, "editor from right to left", ".o_sign_editor")
