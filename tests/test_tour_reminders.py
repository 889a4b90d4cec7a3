from odoo.tests import tagged

from .browser import DESKTOP, PHONE, PICTURES, BrowserCase
from .test_http_signing import SignatureHttpCase


@tagged("post_install", "-at_install", "signature_tour")
class TestReminderPages(BrowserCase, SignatureHttpCase):
    """Reminding and giving more time, by salespeople and in templates."""

    def picture(self, visitor, name):
        if PICTURES:
            visitor.screenshot(f"{PICTURES}/reminders_{visitor.device.name}_{name}.png")

    def test_request(self):
        for device in (DESKTOP, PHONE):
            request, __ = self.send()
            client = request.signer_ids[0]
            with self.subTest(device.name), self.visitor(device, login="saul") as visitor:
                visitor.visit(f"/odoo/signature.request/{request.id}")
                visitor.wait_for(".o_kanban_record", "Not reminded yet")
                visitor.tap(".o_kanban_record button", "Remind")
                visitor.wait_for(".o_notification", f"Reminded: {client.name}.")
                self.picture(visitor, "form")
                self.env.invalidate_all()
                self.assertEqual(request.event_ids[-1].kind, "reminded")
                self.link_of(self.work(), "zoe@client.example")
                visitor.visit(f"/odoo/signature.request/{request.id}")
                visitor.tap(".o_statusbar_buttons button", "Remind all")
                visitor.wait_for(".o_error_dialog", "less than ten minutes ago")
                visitor.tap(".modal button", "Close")
                visitor.wait_for(".o_kanban_record", "Last reminded on")
                self.picture(visitor, "reminded")
                if device is PHONE:
                    visitor.tap(".o_statusbar_buttons button[title=More]")
                visitor.tap(text="Deadline and reminders")
                visitor.wait_for(".o_bottom_sheet", gone=True)
                # the menu of the phone takes the first tap after it
                visitor.tap(".modal .modal-title")
                visitor.tap(".modal [name=remind_escalate] input")
                visitor.wait_for(".modal", "then a call for the salesperson")
                visitor.fill(".modal [name=remind_after] input", "7")
                self.assertEqual(visitor.value(".modal [name=remind_times] input"), "5")
                self.picture(visitor, "dialog")
                self.assertEqual(visitor.axe(".modal"), [])
                visitor.tap(".modal .btn-primary", "Change")
                visitor.wait_for(".o_notification", "are changed")
                self.env.invalidate_all()
                self.assertEqual((request.remind_after, request.remind_times), (7, 5))
                request.action_cancel()

    def test_template(self):
        for device in (DESKTOP, PHONE):
            with self.subTest(device.name), self.visitor(device, login="manager") as visitor:
                visitor.visit(f"/odoo/signature.template/{self.template.id}")
                visitor.tap(".o_notebook .nav-link", "Deadline and reminders")
                visitor.wait_for(".o_form_view", "Try harder each time")
                visitor.evaluate("document.querySelector('[name=remind_after]').scrollIntoView({block: 'center'})")
                visitor.fill("[name=remind_every] input", "4")
                self.picture(visitor, "template")
                # on a phone it is saved on leaving
                if device is DESKTOP:
                    visitor.tap(".o_form_button_save")
                    visitor.wait_for(".o_form_button_save", gone=True)
                    self.env.invalidate_all()
                    self.assertEqual(self.template.remind_every, 4)
