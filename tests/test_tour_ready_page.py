import json

from odoo.addons.signature_workflow.signature_workflow.models import signature_signer_acting
from odoo.tests import tagged

from .browser import DESKTOP, PHONE, Device
from .test_tour_signing import SigningTour

NARROW = Device("narrow phone", 320, 640, touch=True)
LANDSCAPE = Device("phone on its side", 844, 390, touch=True)

# An approver has something to fill in, too.
APPROVAL = """
<h1>Agreement</h1><p>{{PO;type=text;role=Client;required=false}}</p><p>{{signature;role=Our company}}</p>
"""

SAVED = ".o_sign_saved:not(.o_sign_pending)"
# What this device may know besides the server.
KEEP = """(() => {
    const { storageKey, draft } = JSON.parse(document.querySelector("#o_sign_config").textContent);
    const time = draft.time + %(seconds)s * 1000;
    const values = { ...draft.values, %(field)s: "PO 10" };
    localStorage.setItem(`signature_workflow.${storageKey}`, JSON.stringify({ values, time }));
})()"""


@tagged("post_install", "-at_install", "signature_tour")
class TestReadyPage(SigningTour):
    """What the page offers besides the straight way to the signature."""

    # To decide

    def test_approve(self):
        self.template.body = APPROVAL
        self.let_client(participation="approve")
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                visitor.tap("#o_sign_primary", "Approve")
                visitor.wait_for("dialog", "By approving I confirm")
                self.assertEqual(visitor.axe("dialog"), [])
                visitor.fill("[name=comment]", "Fine with me")
                visitor.tap("dialog [type=submit]")
                visitor.wait_for("h1", "Thank you, you have approved")
                self.env.invalidate_all()
                self.assertEqual((client.state, client.comment), ("approved", "Fine with me"))
                self.assertEqual(visitor.evaluate("localStorage.length"), 0)

    def test_do_not_approve(self):
        self.template.body = APPROVAL
        self.let_client(participation="approve")
        with self.signer(PHONE) as (visitor, client):
            self.open_menu(visitor, "Do not approve")
            self.assertIn("Do not approve?", visitor.text("dialog[open] h2"))
            visitor.tap("dialog label", "Another reason")
            visitor.tap("dialog [type=submit]")
            visitor.wait_for("dialog", "Please write your reason in your own words.")
            self.assertEqual(visitor.focused(), "o_sign_words")
            visitor.type("Not before May")
            visitor.tap("dialog [type=submit]")
            visitor.wait_for("h1", "You have not approved this document")
            self.env.invalidate_all()
            self.assertEqual(client.decline_reason, "Another reason\nNot before May")

    def test_decline(self):
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                self.open_menu(visitor, "Decline to sign")
                visitor.tap("dialog [type=submit]")
                visitor.wait_for("dialog", "Please choose a reason, or write your own.")
                self.assertEqual(visitor.evaluate("document.activeElement.name"), "reason")
                self.assertEqual(visitor.axe("dialog"), [])
                visitor.tap("dialog label", "I am not the right person")
                visitor.wait_for("dialog", "(optional)")
                visitor.fill("#o_sign_words", "Ask Ana")
                # it survives closing the dialog and a reload
                visitor.press("Escape")
                visitor.wait_for("dialog", gone=True)
                visitor.reload()
                visitor.wait_for("[data-drawn]")
                self.open_menu(visitor, "Decline to sign")
                self.assertEqual(visitor.value("#o_sign_words"), "Ask Ana")
                visitor.tap("dialog [type=submit]")
                visitor.wait_for("h1", "You have declined to sign")
                self.env.invalidate_all()
                self.assertEqual(client.state, "declined")
                self.assertEqual(client.decline_reason, "I am not the right person\nAsk Ana")

    def test_decline_by_keyboard(self):
        with self.signer(DESKTOP) as (visitor, client):
            self.tab_to(visitor, "More choices")
            visitor.press("Enter")
            self.tab_to(visitor, "decline")
            visitor.press("Enter")
            self.assertEqual(visitor.focused(), "o_sign_decline_title")
            visitor.press("Escape")
            self.assertEqual(visitor.evaluate("document.activeElement.ariaLabel"), "More choices")
            visitor.press("Enter")
            self.tab_to(visitor, "decline")
            visitor.press("Enter")
            self.tab_to(visitor, "reason")
            visitor.press("ArrowDown")
            # this may be one Enter too many: nothing is sent by it
            visitor.press("Enter")
            self.tab_to(visitor, "o_sign_words")
            visitor.type("Page 2")
            self.tab_to(visitor, "Decline")
            visitor.press("Enter")
            visitor.wait_for("h1", "You have declined to sign")
            self.env.invalidate_all()
            self.assertEqual(client.decline_reason, "Something in the document is wrong\nPage 2")

    def tab_to(self, visitor, what):
        """Press Tab until something has the focus, known by its name in any sense."""
        names = "(({ ariaLabel, dataset, id, innerText, name }) => [ariaLabel, dataset.action, id, innerText, name])"
        for _step in range(15):
            visitor.press("Tab")
            if what in visitor.evaluate(f"{names}(document.activeElement)"):
                return
        self.fail(f"Tab does not lead to {what}")

    def test_forward(self):
        self.let_client(may_forward=True, authentication="link")
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                visitor.tap("[data-type=checkbox]")
                self.open_menu(visitor, "Let somebody else sign")
                self.assertFalse(visitor.sees("[name=phone]"))
                visitor.tap("dialog [type=submit]")
                visitor.wait_for("dialog", "Please write the name.")
                visitor.wait_for("dialog", "Please write an e-mail address")
                visitor.type("Ana Pop")
                visitor.fill("[name=email]", "ana")
                visitor.tap("dialog [type=submit]")
                visitor.wait_for("dialog", "Please write an e-mail address")
                self.assertEqual(visitor.axe("dialog"), [])
                visitor.fill("[name=email]", "ceo@company.example")
                visitor.tap("dialog [type=submit]")
                visitor.wait_for("dialog", "already takes part in this document")
                visitor.allow("410")
                visitor.fill("[name=email]", "ana@client.example")
                visitor.tap("dialog [type=submit]")
                visitor.wait_for("h1", "You have forwarded this document")
                self.env.invalidate_all()
                self.assertEqual((client.name, client.email), ("Ana Pop", "ana@client.example"))
                self.assertFalse(client.sudo().draft)
                self.assertEqual(visitor.evaluate("localStorage.length"), 0)

    # What is kept

    def test_draft_on_server(self):
        with self.signer(PHONE) as (visitor, client):
            visitor.tap("[data-type=signature]")
            visitor.draw("dialog canvas")
            visitor.tap(text="Adopt and sign")
            visitor.tap("[data-type=text]")
            visitor.type("PO 9")
            visitor.wait_for(SAVED, "Saved")
            self.env.invalidate_all()
            self.assertIn("PO 9", json.dumps(client.sudo().draft))
            # another device knows nothing but the link
            visitor.evaluate("localStorage.clear()")
            visitor.reload()
            visitor.wait_for("[data-drawn]")
            self.assertIn("PO 9", visitor.text("[data-type=text]"))
            self.assertIn("signed", visitor.text("[data-type=signature]"))
            self.assertIn("1 of 2", visitor.text(".o_sign_progress"))
            # the newer of the two counts
            field = client.field_ids.filtered(lambda each: each.type == "text")
            for seconds, text in ((-60, "PO 9"), (60, "PO 10")):
                visitor.evaluate(KEEP % {"field": field.id, "seconds": seconds})
                visitor.reload()
                visitor.wait_for("[data-drawn]")
                self.assertIn(text, visitor.text("[data-type=text]"))
            # what only this device knew is sent as soon as somebody is there
            visitor.tap("h1")
            visitor.wait_for(SAVED, "Saved")
            self.env.invalidate_all()
            self.assertIn("PO 10", json.dumps(client.sudo().draft))

    def test_draft_without_connection(self):
        with self.signer(PHONE) as (visitor, client):
            visitor.allow("Failed to fetch", "ERR_INTERNET_DISCONNECTED")
            visitor.offline()
            visitor.tap("[data-type=text]")
            visitor.type("PO 9")
            visitor.wait_for("[data-unsaved]", "Not saved yet: no connection.")
            self.env.invalidate_all()
            self.assertFalse(client.sudo().draft)
            visitor.offline(False)
            visitor.wait_for("[data-unsaved]", gone=True)
            self.env.invalidate_all()
            self.assertIn("PO 9", json.dumps(client.sudo().draft))

    def test_draft_refused(self):
        with self.signer(PHONE) as (visitor, client):
            visitor.tap("[data-type=text]")
            visitor.type("PO")
            visitor.wait_for(SAVED, "Saved")
            client.request_id.action_cancel()
            self.env.flush_all()
            visitor.type(" 9")
            visitor.wait_for("[data-notice=refused]", "This document was cancelled.")
            visitor.type("0")
            self.assertFalse(visitor.sees(SAVED))
            visitor.tap(text="Reload this page")
            visitor.wait_for("h1", "This document was withdrawn")

    def test_draft_too_large(self):
        limit = signature_signer_acting.DRAFT_LIMIT
        with self.signer(PHONE) as (visitor, _client):
            self.patch(signature_signer_acting, "DRAFT_LIMIT", 10)
            visitor.tap("[data-type=text]")
            visitor.type("PO 9")
            visitor.wait_for("[data-unsaved]", "Kept on this device only.")
            self.assertFalse(visitor.sees(SAVED))
            visitor.reload()
            visitor.wait_for("[data-drawn]")
            self.assertIn("PO 9", visitor.text("[data-type=text]"))
            self.patch(signature_signer_acting, "DRAFT_LIMIT", limit)
            visitor.tap("[data-type=checkbox]")
            visitor.wait_for(SAVED, "Saved")
            self.assertFalse(visitor.sees("[data-unsaved]"))

    def test_draft_of_another_version(self):
        with self.signer(PHONE) as (visitor, client):
            ids = {field.type: str(field.id) for field in client.field_ids}
            for kept in ({"kind": "drawn"}, {"kind": "typed"}, {"kind": "?"}, {"as": ids["signature"]}, 5, [[]]):
                values = {ids["signature"]: kept, ids["text"]: {"as": ids["text"]}, ids["checkbox"]: True}
                client.sudo().draft = json.dumps({"values": values, "time": 1})
                self.env.flush_all()
                visitor.reload()
                visitor.wait_for("[data-drawn]")
            client.sudo().draft = json.dumps({"values": 5, "forms": 5, "time": 1})
            self.env.flush_all()
            visitor.reload()
            visitor.wait_for("[data-drawn]")
            self.sign_by_hand(visitor)
            visitor.tap(text="Finish")
            visitor.wait_for(".o_sign_finished", "Thank you")

    # The walk

    def test_back_and_optional_and_undo(self):
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, _client):
                self.assertIn("Still to fill in, marked with *: 2", visitor.text(".o_sign_hint"))
                self.assertFalse(visitor.sees("[data-action=back]"))
                self.sign_by_hand(visitor)
                visitor.tap(text="Fill in what is optional")
                visitor.wait_for("[data-editor]", "PO (optional)")
                visitor.type("PO 9")
                visitor.tap("[data-action=back]")
                visitor.wait_for("[data-editor]", "Name")
                visitor.tap(text="Done")
                visitor.wait_for("[data-action=optional]", gone=True)
                visitor.wait_for(".o_sign_hint", "All that is required is filled in.")
                # what was typed in one go, then the tick, then the signature
                for kind, count in (("text", 2), ("checkbox", 1), ("signature", 0)):
                    if count == 1:
                        visitor.tap(text="Undo")
                    else:
                        visitor.evaluate(
                            "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
                            " { key: 'z', ctrlKey: true, bubbles: true }))"
                        )
                    self.assertFalse(visitor.sees(f".o_sign_filled[data-type={kind}]"))
                    self.assertIn(f"{count} of 2", visitor.text(".o_sign_progress"))
                self.assertFalse(visitor.sees("[data-action=undo-change]"))

    def test_small_screens(self):
        for device in (NARROW, LANDSCAPE):
            with self.signer(device) as (visitor, client):
                self.sign_by_hand(visitor)
                self.assertTrue(visitor.evaluate("document.documentElement.scrollWidth <= innerWidth"))
                visitor.tap("[data-type=text]")
                visitor.tap(text="Done")
                visitor.tap(text="Finish")
                visitor.wait_for(".o_sign_finished", "Thank you")
                self.env.invalidate_all()
                self.assertEqual(client.state, "signed")

    def test_scripts_do_not_finish(self):
        with self.signer(DESKTOP) as (visitor, client):
            visitor.evaluate("document.querySelector('[data-type=checkbox]').click()")
            visitor.evaluate("document.querySelector('[data-action=decline]').click()")
            visitor.evaluate("document.querySelector('[name=reason]').click()")
            visitor.evaluate("document.querySelector('[data-dialog=decline] form').requestSubmit()")
            visitor.wait_for("dialog", "Touch the page first, then try again.")
            self.env.invalidate_all()
            self.assertEqual(client.state, "sent")
            self.assertFalse(client.sudo().draft)

    def test_two_taps(self):
        with self.signer(DESKTOP) as (visitor, client):
            self.sign_by_hand(visitor)
            # two on what leads to the last button never press that, too
            visitor.tap("[data-type=checkbox]")
            style = "document.querySelector('#o_sign_primary').style.pointerEvents"
            tick = f"(() => {{ document.querySelector('[data-type=checkbox]').click(); return {style}; }})()"
            self.assertEqual(visitor.evaluate(tick), "none")
            visitor.wait_until(f"{style} === ''")
            visitor.evaluate("for (let i = 0; i < 5; i++) { document.querySelector('#o_sign_primary').click(); }")
            visitor.wait_for(".o_sign_finished", "Thank you")
            self.assertEqual(self.kinds(client).count("signed"), 1)

    # Seen by others

    def test_preview(self):
        request, _token = self.send()
        client = request.signer_ids[0]
        for device in (PHONE, DESKTOP):
            with self.subTest(device.name), self.visitor(device, login="saul") as visitor:
                visitor.visit(f"/signature_workflow/signer/{client.id}")
                visitor.wait_for("[data-drawn]")
                visitor.tap(text="Start")
                visitor.tap("[data-type=signature]")
                self.assertFalse(visitor.sees("dialog"))
                visitor.tap(text="Next field")
                self.assertFalse(visitor.sees("[data-editor]"))
                self.assertTrue(visitor.evaluate("document.querySelector('#o_sign_primary').disabled"))
                self.assertEqual(visitor.evaluate("localStorage.length"), 0)
                self.open_preview_menu(visitor)
        self.env.invalidate_all()
        self.assertEqual(client.state, "sent")

    def open_preview_menu(self, visitor):
        visitor.tap("summary")
        self.assertTrue(visitor.evaluate("document.querySelector('[data-action=decline]').disabled"))
