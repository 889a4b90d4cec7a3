import base64
import contextlib
import json
import re
import tempfile
from pathlib import Path

from odoo.tests import tagged

from . import pdf_samples
from .browser import DESKTOP, PHONE, BrowserCase
from .test_answers import FIELDS, picture
from .test_http_signing import SignatureHttpCase

# into which field what is typed, and what is kept of it
TYPED = [
    ("Order", "AB-123", "AB-123"),
    ("Address", "Str. Lungă 1\nBrașov", "Str. Lungă 1\nBrașov"),
    ("Amount", "1234.5", "1234.5"),
    ("Start", "11252026", "2026-11-25"),
]
# also what is hidden now; scripts have addresses in them
ALL_WORDS = """(() => {
    const body = document.body.cloneNode(true);
    body.querySelectorAll("script, noscript").forEach((el) => el.remove());
    return body.textContent;
})()"""


class SigningTour(BrowserCase, SignatureHttpCase):
    """For tours that begin with a link."""

    @contextlib.contextmanager
    def signer(self, device, **values):
        """Give somebody who has just opened the link of a new request and sees it, and their signer."""
        request, token = self.send(**values)
        with self.subTest(device.name), self.visitor(device) as visitor:
            visitor.visit(f"/sign/{token}")
            visitor.wait_for("[data-drawn]")
            yield visitor, request.signer_ids[0]

    def let_client(self, **policy):
        """Change what the template asks of the client."""
        self.template.role_ids.filtered(lambda line: line.role_id == self.role_client).write(policy)

    def ask_for_everything(self):
        """Let the template ask the client for each type of field."""
        self.template.write({"kind": "pdf", "pdf_file": base64.b64encode(pdf_samples.boxed(blank=True))})
        role = self.role_client.id
        places = [{"x": 5 + 50 * (n % 2), "y": 3 + 9 * (n // 2), "width": 40, "height": 4} for n in range(len(FIELDS))]
        self.template.field_ids = [
            (5,),
            *((0, 0, {"role_id": role, **place, **field}) for place, field in zip(places, FIELDS, strict=True)),
            (0, 0, {"name": "Theirs", "role_id": self.role_company.id, "y": 94, "height": 3}),
        ]

    def sign_by_hand(self, visitor, kind="drawn"):
        """Fill in what is required, up to the last button."""
        visitor.tap(text="Start")
        visitor.tap(text="Sign here")
        if kind == "typed":
            visitor.tap(text="Type")
        else:
            visitor.draw("dialog canvas")
        visitor.tap(text="Adopt and sign")
        visitor.wait_for("dialog", gone=True)
        if visitor.sees("#o_sign_primary", "Next field"):
            visitor.tap(text="Next field")
            visitor.tap("#o_sign_input")
            visitor.tap(text="Done")

    def open_menu(self, visitor, text):
        """Choose what opens a dialog from the menu in the header."""
        visitor.tap("summary")
        visitor.tap(text=text)
        visitor.wait_for("dialog[open]")

    def state_of_things(self, request):
        """Return all that is kept of a request."""
        self.env.invalidate_all()
        parts = (request, request.signer_ids, request.field_ids, request.event_ids, request.sudo().signer_ids.link_ids)
        return [part.sudo().read() for part in parts]

    def answer(self, signer, name):
        """Return what is kept for one field of a signer."""
        self.env.invalidate_all()
        return signer.field_ids.filtered(lambda field: field.name == name or field.type == name).value

    def kinds(self, signer):
        """Return what happened with the signer's request, in order."""
        self.env.invalidate_all()
        return signer.request_id.event_ids.sorted("sequence").mapped("kind")


@tagged("post_install", "-at_install", "signature_tour")
class TestSigning(SigningTour):
    """The ways through the signing page, as a person goes them."""

    def test_draw_and_finish(self):
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                self.assertNotIn("viewed", self.kinds(client))
                self.assertIn("0 of 2", visitor.text(".o_sign_progress"))
                self.sign_by_hand(visitor)
                self.assertIn("2 of 2", visitor.text(".o_sign_progress"))
                self.assertIn("electronically", visitor.text("#o_sign_consent"))
                visitor.tap(text="Finish")
                visitor.wait_for(".o_sign_finished", "Thank you")
                self.assertEqual(json.loads(self.answer(client, "signature"))["kind"], "drawn")
                self.assertEqual(client.state, "signed")
                self.assertEqual(self.kinds(client)[-2:], ["viewed", "signed"])
                # the address of scripts and styles, which is Odoo's, leaves one
                self.assertLessEqual(visitor.cookies(), {"session_id"})
                # every later visit shows the same
                visitor.reload()
                self.assertRegex(visitor.text(".o_sign_parties"), r"Zoë Țăndărică \(you\)(.|\n)*Signed(.|\n)*20\d\d")
                self.assertTrue(visitor.sees(".o_sign_mark path"))

    def test_type_and_finish(self):
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                visitor.tap("[data-type=signature]")
                visitor.tap(text="Type")
                visitor.fill("dialog input[type=text]", "Zoë T.")
                visitor.tap(text="Adopt and sign")
                visitor.tap("[data-type=text]")
                visitor.type("PO 9")
                visitor.tap(text="Next field")
                visitor.tap("#o_sign_input")
                visitor.tap(text="Done")
                visitor.tap(text="Finish")
                visitor.wait_for(".o_sign_finished", "Thank you")
                self.assertEqual(json.loads(self.answer(client, "signature"))["text"], "Zoë T.")
                self.assertEqual(self.answer(client, "PO"), "PO 9")
                self.assertEqual(client.state, "signed")

    def test_every_type_of_field(self):
        self.ask_for_everything()
        with self.signer(PHONE) as (visitor, client), tempfile.TemporaryDirectory() as folder:

            def tap(name):
                field = client.field_ids.filtered(lambda each: each.name == name)
                visitor.tap(f"[data-field='{field.id}']")

            def choose_file(name, data):
                path = Path(folder, name)
                path.write_bytes(data)
                visitor.upload(".o_sign_editor label.o_sign_secondary", path)

            visitor.slow(4)
            for mark in ("Signature", "Initials"):
                tap(mark)
                visitor.draw("dialog canvas")
                visitor.tap(text="Adopt and sign")
            for name, typed, _kept in TYPED:
                tap(name)
                visitor.type(typed)
            tap("Agreed")
            tap("By mail")
            tap("Terms")
            visitor.choose("#o_sign_input", "Yearly")
            tap("Register extract")
            choose_file("extract.pdf", pdf_samples.many(1))
            visitor.wait_for(".o_sign_editor", "extract.pdf")
            tap("Stamp")
            choose_file("stamp.png", picture())
            visitor.wait_for(".o_sign_picked_image")
            visitor.tap(text="Done")
            visitor.tap(text="Finish")
            visitor.wait_for(".o_sign_finished", "Thank you")
            for name, _typed, kept in (*TYPED, ("Terms", "", "Yearly")):
                self.assertEqual(self.answer(client, name), kept)
            self.assertTrue(self.answer(client, "Agreed") and self.answer(client, "By mail"))
            self.assertFalse(self.answer(client, "By post"))
            self.assertEqual(len(client.sudo().field_ids.attachment_id), 2)

    def test_keyboard_alone(self):
        with self.signer(DESKTOP) as (visitor, client):
            visitor.press("Tab")
            self.assertEqual(visitor.focused(), "Skip the document")
            visitor.press("Enter")
            self.assertEqual(visitor.focused(), "o_sign_primary")
            visitor.press("Enter")
            self.assertEqual(visitor.focused(), str(client.field_ids.filtered(lambda f: f.type == "signature").id))
            visitor.press("Enter")
            visitor.wait_for("dialog[open]")
            self.go_to(visitor, "o_sign_signature_kind")
            visitor.press("ArrowRight")
            self.go_to(visitor, "o_sign_signature_typed")
            visitor.press("Enter")
            visitor.wait_for("dialog[open]", gone=True)
            self.assertEqual(visitor.focused(), "o_sign_primary")
            visitor.press("Enter")
            self.assertEqual(visitor.focused(), "o_sign_input")
            visitor.press("Space")
            visitor.press("Enter")
            self.assertEqual(visitor.focused(), "o_sign_primary")
            visitor.press("Enter")
            visitor.wait_for(".o_sign_finished", "Thank you")
            self.assertEqual(json.loads(self.answer(client, "signature"))["text"], "Zoë Țăndărică")
            self.assertEqual(client.state, "signed")

    def go_to(self, visitor, what):
        """Press Tab until something has the focus; whatever has it on the way is in sight."""
        for _step in range(30):
            if visitor.focused() == what:
                return
            visitor.press("Tab")
            self.assertTrue(visitor.evaluate("document.activeElement.checkVisibility()"), visitor.focused())
        self.fail(f"Tab does not lead to {what}")

    def test_reload_keeps_everything(self):
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                visitor.tap("[data-type=signature]")
                visitor.draw("dialog canvas")
                visitor.tap(text="Adopt and sign")
                visitor.tap("[data-type=text]")
                visitor.type("PO ă 9")
                visitor.reload()
                visitor.wait_for("[data-drawn]")
                self.assertIn("PO ă 9", visitor.text("[data-type=text]"))
                self.assertIn("signed", visitor.text("[data-type=signature]"))
                self.assertIn("1 of 2", visitor.text(".o_sign_progress"))
                visitor.tap("[data-type=checkbox]")
                visitor.tap(text="Finish")
                visitor.wait_for(".o_sign_finished", "Thank you")
                self.assertEqual(self.answer(client, "PO"), "PO ă 9")
                self.assertEqual(json.loads(self.answer(client, "signature"))["kind"], "drawn")
                # the next one at this device finds nothing
                self.assertEqual(visitor.evaluate("localStorage.length"), 0)

    def test_connection_drops(self):
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                visitor.allow("Failed to fetch", "ERR_INTERNET_DISCONNECTED", "ERR_CONNECTION_RESET")
                self.sign_by_hand(visitor)
                visitor.offline()
                visitor.tap(text="Finish")
                visitor.wait_for("[data-notice=offline]", "Everything you filled in is kept")
                self.assertNotIn("signed", self.kinds(client))
                # now it arrives, but the answer is lost
                visitor.offline(False)
                visitor.lose_replies("*/submit")
                visitor.tap(text="Try again")
                visitor.wait_for("[data-notice=offline]", gone=True)
                visitor.wait_for("[data-notice=offline]")
                visitor.lose_replies(None)
                visitor.tap(text="Try again")
                visitor.wait_for(".o_sign_finished", "Thank you")
                self.assertEqual(self.kinds(client).count("signed"), 1)
                self.assertEqual(client.state, "signed")

    def test_signed_copy(self):
        request, token = self.send()
        client, company = request.signer_ids
        for device in (PHONE, DESKTOP):
            with self.subTest(device.name), self.visitor(device) as visitor:
                if device == PHONE:
                    self.submit(token, client)
                    self.submit(self.link_of(self.work(), "ceo@company.example"), company, nonce="c")
                    visitor.visit(f"/sign/{token}")
                    visitor.wait_for("h1", "Thank you, you have signed")
                    self.work()
                else:
                    visitor.visit(f"/sign/{token}")
                # the page of the first visitor looks for the copy by itself
                visitor.wait_for("h1", "Signed by everybody")
                name, data = visitor.download(text="Download the signed copy")
                self.assertEqual(data, request.final_id.raw)
                self.assertRegex(name, r"^Agreement.*\.pdf$")
                visitor.wait_for("[data-drawn]")

    def test_in_romanian(self):
        self.env["res.lang"]._activate_lang("ro_RO")
        self.partner.lang = "ro_RO"
        with self.signer(PHONE) as (visitor, client):
            self.assertEqual(visitor.evaluate("document.documentElement.lang"), "ro-RO")
            english = re.compile(r"\b(the|your|sign|field|Finish|Start|Next|Type|Draw|Done)\b")
            self.assertNotRegex(visitor.evaluate(ALL_WORDS), english)
            visitor.tap("#o_sign_primary")
            visitor.tap("#o_sign_primary")
            visitor.draw("dialog canvas")
            visitor.tap("dialog [data-action=adopt]")
            visitor.tap("[data-type=checkbox]")
            visitor.tap("#o_sign_primary")
            visitor.wait_for(".o_sign_finished")
            self.assertNotRegex(visitor.text(".o_sign_finished"), english)
            self.env.invalidate_all()
            self.assertEqual(client.state, "signed")

    def test_from_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.partner.lang = "ar_001"
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                self.assertEqual(visitor.evaluate("document.documentElement.dir"), "rtl")
                self.assertFitsWidth(visitor)
                # the page of the document is not mirrored: its fields stay where they are printed
                field = client.field_ids.filtered(lambda each: each.type == "signature")
                left = visitor.evaluate(
                    "(() => { const of = (s) => document.querySelector(s).getBoundingClientRect();"
                    "const [page, box] = [of('.o_sign_page'), of('[data-type=signature]')];"
                    "return (box.left - page.left) / page.width * 100 })()"
                )
                self.assertAlmostEqual(left, field.x, delta=1)
                # what leads on stands at the left
                at = "document.querySelector('#o_sign_primary').getBoundingClientRect()"
                track = "document.querySelector('.o_sign_progress').getBoundingClientRect()"
                self.assertTrue(visitor.evaluate(f"{at}.right <= {track}.left"))
                self.sign_by_hand(visitor)
                visitor.tap(text="Finish")
                visitor.wait_for(".o_sign_finished", "Thank you")
                self.assertFitsWidth(visitor)

    def assertFitsWidth(self, visitor):
        """Nothing has to be scrolled sideways."""
        self.assertTrue(visitor.evaluate("document.documentElement.scrollWidth <= innerWidth"))
