import tempfile
from pathlib import Path

from odoo.tests import tagged

from . import pdf_samples, picture_samples
from .browser import DESKTOP, PHONE, PICTURES, BrowserCase
from .test_http_signing import SignatureHttpCase

PIPELINE = "/odoo/action-crm.crm_lead_action_pipeline"
OPTION = ".o_signature_move .form-check-label"
CONFIRM = ".o_signature_move .modal-footer .btn-primary"
STAY = ".o_signature_move .modal-footer .btn-secondary"
CARD = ".o_kanban_record"
# the answer to the question leaves the browser when the test says so
SLOW = """(() => {
    const { send } = XMLHttpRequest.prototype;
    XMLHttpRequest.prototype.send = function (body) {
        const go = () => send.call(this, body);
        if (String(body).includes("signature_answers")) {
            window.goOn = go;
        } else {
            go();
        }
    };
})()"""


@tagged("post_install", "-at_install", "signature_tour")
class TestMoveQuestion(BrowserCase, SignatureHttpCase):
    """A salesperson moves a deal whose document waits, in every way that the web client has."""

    def setUp(self):
        super().setUp()
        ours = self.stage_new | self.stage_sign | self.stage_next
        (self.env["crm.stage"].search([]) - ours).fold = True
        self.request, __ = self.send()
        self.deal = self.request._record()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.scan, self.odd = Path(folder, "scan.pdf"), Path(folder, "odd.pdf")
        self.scan.write_bytes(pdf_samples.simple())
        self.odd.write_bytes(pdf_samples.javascript())
        self.photo = Path(folder, "page.jpg")
        self.photo.write_bytes(picture_samples.plain(300, 400, "JPEG"))

    def drag(self, visitor, title):
        """Drag the card by the mouse to the column of that title."""
        card = visitor._reach(CARD, "Big deal")
        target = visitor.evaluate(
            "(() => { const group = [...document.querySelectorAll('.o_kanban_group')].find((each) => "
            f"each.innerText.trim().startsWith('{title}')); return group.getBoundingClientRect().toJSON(); }})()"
        )
        right = (target["left"] + target["width"] / 2 - card["left"]) / card["width"]
        steps = [(0.5 + (right - 0.5) * step / 8, 0.5) for step in range(9)]
        visitor._drag(card, [*steps, (right, 0.6)])

    def assertLiesIn(self, visitor, title):
        visitor.wait_until(
            "[...document.querySelectorAll('.o_kanban_group')].some((each) => "
            f"each.innerText.trim().startsWith('{title}') && each.innerText.includes('Big deal'))"
        )

    def pipeline(self, visitor):
        visitor.visit(PIPELINE)
        visitor.wait_for(CARD, "Big deal")

    def form(self, visitor):
        visitor.visit(f"/odoo/crm.lead/{self.deal.id}")
        visitor.wait_for(".o_form_view", "Big deal")

    def answer(self, visitor, option, *, files=(), reason=""):
        visitor.wait_for(".o_signature_move", self.request.name)
        visitor.tap(OPTION, option)
        if reason:
            visitor.fill(".o_signature_reason", reason)
        if files:
            visitor.upload(".o_signature_move input[type=file]", *files)
            visitor.wait_until(
                f"document.querySelector('.o_signature_move input[type=file]').files.length === {len(files)}"
            )
        visitor.tap(CONFIRM)

    def settled(self, visitor):
        visitor.wait_for(".o_signature_move", gone=True)
        visitor.wait_until("!document.querySelector('.modal')")

    def look(self, visitor, name):
        self.assertEqual(visitor.axe(".modal"), [])
        self.take_picture(visitor, name)

    def take_picture(self, visitor, name):
        if PICTURES:
            visitor.screenshot(Path(PICTURES, f"moves-{name}-{visitor.device.name}.png"))

    def reread(self):
        self.env.flush_all()
        self.env.invalidate_all()

    def test_drag(self):
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.pipeline(visitor)
            for leave in (lambda: visitor.tap(STAY, "Do not move"), lambda: visitor.press("Escape")):
                self.drag(visitor, "Signed")
                visitor.wait_for(".o_signature_move", "0/2")
                self.look(visitor, "keep")
                leave()
                self.settled(visitor)
                self.assertLiesIn(visitor, "To sign")
            self.reread()
            self.assertEqual((self.deal.stage_id, self.request.state), (self.stage_sign, "sent"))
            self.drag(visitor, "Signed")
            self.answer(visitor, "Keep waiting")
            self.settled(visitor)
            self.assertLiesIn(visitor, "Signed")
            self.reread()
            self.assertEqual((self.deal.stage_id, self.request.state), (self.stage_next, "sent"))

    def test_drag_and_cancel(self):
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.pipeline(visitor)
            self.drag(visitor, "Signed")
            self.answer(visitor, "Cancel the document", reason="No budget")
            self.settled(visitor)
            self.assertLiesIn(visitor, "Signed")
            visitor.wait_for(".o_signature_badge", "Cancelled")
        self.assertEqual((self.request.state, self.request.cancel_reason), ("cancelled", "No budget"))
        self.assertEqual(self.deal.stage_id, self.stage_next)

    def test_drag_and_file_the_scan(self):
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.pipeline(visitor)
            self.drag(visitor, "Signed")
            self.answer(visitor, "Signed on paper", files=[self.odd])
            visitor.wait_for(".o_signature_move [role=alert]", "active content")
            self.look(visitor, "refused")
            visitor.upload(".o_signature_move input[type=file]", self.scan)
            visitor.wait_for(".o_signature_move [role=alert]", gone=True)
            visitor.tap(CONFIRM)
            self.settled(visitor)
            self.assertLiesIn(visitor, "Signed")
        self.assertEqual((self.request.state, self.request.is_paper), ("completed", True))
        self.assertEqual(self.request.final_id.raw, pdf_samples.simple())

    def test_leaving_while_it_is_sent(self):
        """What is on its way cannot be taken back: neither Escape nor the cross says that it was."""
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.pipeline(visitor)
            visitor.evaluate(SLOW)
            self.drag(visitor, "Signed")
            self.answer(visitor, "Keep waiting")
            visitor.wait_until("!!window.goOn")
            visitor.press("Escape")
            visitor.tap(".o_signature_move .btn-close")
            self.assertTrue(visitor.sees(".o_signature_move"))
            visitor.evaluate("window.goOn()")
            self.settled(visitor)
            self.assertLiesIn(visitor, "Signed")
        self.reread()
        self.assertEqual(self.deal.stage_id, self.stage_next)

    def test_form(self):
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.form(visitor)
            stage = ".o_statusbar_status button"
            current = ".o_statusbar_status .o_arrow_button_current"
            visitor.fill("[name=name] textarea, [name=name] input", "Bigger deal")
            visitor.tap(stage, "Signed")
            visitor.tap(STAY)
            self.settled(visitor)
            visitor.wait_for(current, "To sign")
            # what else was changed is there to be saved
            self.assertEqual(visitor.value("[name=name] textarea, [name=name] input"), "Bigger deal")
            visitor.tap(".o_form_button_save")
            visitor.wait_for(".o_form_status_indicator_buttons.invisible, .o_form_saved", gone=False)
            self.reread()
            self.assertEqual((self.deal.name, self.deal.stage_id), ("Bigger deal", self.stage_sign))
            visitor.tap(stage, "Signed")
            self.answer(visitor, "Keep waiting")
            self.settled(visitor)
            visitor.wait_for(current, "Signed")

    def test_form_is_as_before_when_it_stays(self):
        self.stage_sign.team_ids = self.team
        other = self.env["crm.team"].create({"name": "Elsewhere", "member_ids": self.salesman.ids})
        # what Odoo computes probabilities from
        for team in (self.team, other):
            self._make_deal(team_id=team.id).action_set_won()
            self._make_deal(team_id=team.id).action_set_lost()
        self.env.flush_all()
        self.env.cr.execute("UPDATE crm_lead SET probability = 33, automated_probability = 33")
        self.env.invalidate_all()
        saved = ".o_form_status_indicator_buttons.invisible"
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.form(visitor)
            visitor.tap(".o_statusbar_status button", "Signed")
            visitor.tap(STAY)
            self.settled(visitor)
            visitor.wait_until(f"!!document.querySelector('{saved}')")
            visitor.tap(".nav-link", "Contacts")
            visitor.fill("[name=team_id] input", "Elsewhere")
            visitor.tap(".o-autocomplete--dropdown-item", "Elsewhere")
            visitor.wait_until("!document.querySelector('[name=probability] input').value.startsWith('33')")
            visitor.tap(".o_form_button_save")
            visitor.tap(STAY)
            self.settled(visitor)
            visitor.wait_until(f"!!document.querySelector('{saved}')")
            self.assertEqual(visitor.value("[name=team_id] input"), "Signing team")
            self.assertIn("33", visitor.value("[name=probability] input"))
            self.take_picture(visitor, "as-before")

    def test_phone(self):
        with self.visitor(PHONE, login="saul") as visitor:
            self.form(visitor)
            visitor.tap(".o_statusbar_status button.dropdown-toggle, .o_statusbar_status button")
            visitor.tap(".o-dropdown--menu .dropdown-item, .o_bottom_sheet .dropdown-item", "Signed")
            visitor.wait_for(".o_signature_move", self.request.name)
            self.look(visitor, "keep")
            visitor.tap(OPTION, "Cancel the document")
            visitor.wait_for(".o_signature_reason")
            self.look(visitor, "cancel")
            visitor.tap(OPTION, "Signed on paper")
            visitor.wait_for(".o_signature_move input[type=file]")
            self.look(visitor, "paper")
            visitor.upload(".o_signature_move input[type=file]", self.photo, self.photo)
            visitor.tap(CONFIRM)
            self.settled(visitor)
        self.assertEqual((self.request.state, self.deal.stage_id), ("completed", self.stage_next))

    def test_won(self):
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.form(visitor)
            visitor.tap("button[name=action_set_won_rainbowman]")
            visitor.wait_for(".o_signature_move")
            visitor.press("Escape")
            self.settled(visitor)
            self.reread()
            self.assertEqual(self.deal.won_status, "pending")
            visitor.tap("button[name=action_set_won_rainbowman]")
            self.answer(visitor, "Cancel the document")
            visitor.wait_for(".o_signature_move", gone=True)
            visitor.wait_until("!!document.querySelector('.ribbon, .o_reward, .o_widget_web_ribbon')")
        self.assertEqual((self.deal.won_status, self.request.state), ("won", "cancelled"))

    def test_lost(self):
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.form(visitor)
            visitor.tap(".o_form_statusbar button", "Lost")
            visitor.tap(".modal-footer button[name=action_lost_reason_apply]")
            visitor.wait_for(".o_signature_move", "You close")
            self.look(visitor, "lost")
            self.answer(visitor, "Cancel the document", reason="Lost")
            self.settled(visitor)
        self.assertEqual((self.deal.won_status, self.request.state), ("lost", "cancelled"))

    def test_archive(self):
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.form(visitor)
            for option in (None, "Keep waiting"):
                visitor.tap(".o_cp_action_menus button")
                visitor.tap(".o-dropdown--menu .dropdown-item", "Archive")
                visitor.tap(".modal-footer .btn-primary", "Archive")
                visitor.wait_for(".o_signature_move", "You close")
                if option:
                    self.answer(visitor, option)
                else:
                    visitor.tap(STAY, "Leave it as it is")
                self.settled(visitor)
                self.reread()
                self.assertEqual(self.deal.active, not option)
        self.assertEqual(self.request.state, "sent")

    def test_list_of_many(self):
        other, __ = self.send(name="Small deal")
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.pipeline(visitor)
            visitor.tap(".o_switch_view.o_list")
            for option in (None, "Cancel the documents"):
                visitor.wait_for(".o_data_row", "Small deal")
                if not visitor.sees(".o_selection_box"):
                    visitor.tap("thead .o_list_record_selector input")
                visitor.tap(".o_data_row td[name=stage_id]")
                visitor.fill(".o_data_row td[name=stage_id] input", "Signed")
                visitor.tap(".o-autocomplete--dropdown-item", "Signed")
                visitor.tap(".modal-footer .btn-primary")
                visitor.wait_for(".o_signature_move", "You move 2 deals")
                visitor.wait_for(".o_signature_move", "Small deal")
                self.look(visitor, "many")
                if option:
                    self.answer(visitor, option)
                else:
                    visitor.tap(STAY)
                self.settled(visitor)
                visitor.wait_for(".o_data_row", "Signed" if option else "To sign")
                self.reread()
        self.assertEqual({self.request.state, other.state}, {"cancelled"})
        self.assertEqual((self.deal | other._record()).stage_id, self.stage_next)

    def test_two_documents(self):
        self.template._make_requests(self.deal, signatory=self.signatory)
        self.work()
        requests = self.requests_of(self.deal)
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.form(visitor)
            visitor.tap("button[name=action_set_won_rainbowman]")
            visitor.wait_for(".o_signature_move", "2 documents wait to be signed")
            visitor.tap(OPTION, "Signed on paper")
            for request in requests:
                visitor.wait_for(f"{CONFIRM}:disabled")
                visitor.upload(f"#o_signature_scan_{request.id}", self.scan)
            self.look(visitor, "two")
            visitor.tap(CONFIRM)
            visitor.wait_for(".o_signature_move", gone=True)
        self.assertEqual(set(requests.mapped("state")), {"completed"})
        self.assertEqual(self.deal.won_status, "won")

    def test_buttons_to_paper(self):
        for device in (DESKTOP, PHONE):
            request, __ = self.send()
            with self.subTest(device.name), self.visitor(device, login="saul") as visitor:
                visitor.visit(f"/odoo/signature.request/{request.id}")
                self.press_button(visitor, "Continue on paper")
                visitor.tap(".modal-footer .btn-primary", "Continue on paper")
                visitor.wait_for(".alert", "This document is to be signed on paper")
                self.press_button(visitor, "Signed on paper")
                visitor.wait_for(".modal", "The scan becomes the signed copy")
                visitor.upload(".modal .o_select_file_button, .modal .o_attach", self.scan)
                visitor.wait_for(".modal .o_attachment, .modal .o_attachments", "scan.pdf")
                self.take_picture(visitor, "wizard")
                visitor.tap(".modal button[name=action_file]")
                visitor.wait_for(".o_form_view", "Completed on")
                visitor.wait_for(".modal", gone=True)
            self.assertEqual((request.state, request.is_paper), ("completed", True))

    def press_button(self, visitor, name):
        visitor.wait_for(".o_form_view .o_statusbar_buttons, .o_form_view .o_statusbar_buttons_dropdown")
        if not visitor.sees("button", name):
            # on a phone, all but the first are there
            visitor.tap(".o_statusbar_buttons_dropdown, .o_statusbar_buttons .dropdown-toggle")
        visitor.tap("button", name)

    def test_send_dialog_to_paper(self):
        self.partner.signature_opt_out = True
        deal = self._make_deal(name="Paper deal")
        with self.visitor(DESKTOP, login="saul") as visitor:
            visitor.visit(f"/odoo/crm.lead/{deal.id}")
            visitor.tap("button[name=action_sign]")
            visitor.wait_for(".modal .alert", "signs on paper only")
            self.take_picture(visitor, "send")
            visitor.tap(".modal button[name=action_send]")
            visitor.wait_for(".o_notification", "upload the scan there")
            visitor.visit(f"/odoo/contacts/{self.partner.id}")
            visitor.wait_for(".o_form_view", "Signs on paper only")
            self.take_picture(visitor, "contact")
        self.work()
        self.assertEqual(self.requests_of(deal).state, "paper")
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.pipeline(visitor)
            visitor.wait_for(".o_signature_badge", "To be signed on paper")
            self.take_picture(visitor, "badge")

    def test_rpc_without_a_person(self):
        self.authenticate("saul", "saul-password")
        done = self.call(
            "/web/dataset/call_kw/crm.lead/write",
            model="crm.lead",
            method="write",
            args=[self.deal.ids, {"stage_id": self.stage_next.id}],
            kwargs={},
        )
        self.assertTrue(done.json()["result"])
        self.reread()
        self.assertEqual((self.deal.stage_id, self.request.state), (self.stage_next, "sent"))
