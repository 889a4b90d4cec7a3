"""The registry, legal hold and erasure in the browser."""

import base64

from odoo.tests import tagged

from .browser import DESKTOP, PHONE, PICTURES, BrowserCase
from .picture_samples import plain
from .test_http_signing import SignatureHttpCase

TYPED = {"kind": "typed", "text": "Saul Ceo", "font": "great_vibes"}
PICTURE = {"kind": "picture", "data": base64.b64encode(plain(300, 120)).decode()}


@tagged("post_install", "-at_install", "signature_tour")
class TestRegistryPages(BrowserCase, SignatureHttpCase):
    def picture(self, visitor, name):
        if PICTURES:
            visitor.screenshot(f"{PICTURES}/registry_{visitor.device.name}_{name}.png")

    def setUp(self):
        super().setUp()
        for index, mark in enumerate((None, TYPED, PICTURE)):
            request, token = self.send(name=f"Deal {index}")
            self.submit(token, request.signer_ids[0], **({"signature": mark} if mark else {}))
        self.request = request

    def test_list_and_cards(self):
        for device in (DESKTOP, PHONE):
            with self.subTest(device.name), self.visitor(device, login="manager") as visitor:
                visitor.visit("/odoo/action-signature_workflow.signature_registry_action")
                visitor.wait_for(".o_list_view, .o_kanban_view", "Zoë Țăndărică")
                visitor.wait_until(
                    "[...document.querySelectorAll('[name=mark_url] img')]"
                    ".filter((img) => img.complete && img.naturalWidth).length === 3"
                )
                self.picture(visitor, "first")
                if device is DESKTOP:
                    visitor.tap(".o_switch_view.o_kanban")
                    visitor.wait_for(".o_kanban_record", "zoe@client.example")
                    self.picture(visitor, "cards")
                self.assertEqual(visitor.axe(".o_kanban_view .o_content"), [])
                visitor.tap(".o_kanban_record", "Deal 1")
                visitor.wait_for(".o_form_view", "zoe@client.example")
                self.picture(visitor, "form")

    def test_empty(self):
        self.env["signature.request"].search([]).sudo().is_test = True
        with self.visitor(DESKTOP, login="saul") as visitor:
            visitor.visit("/odoo/action-signature_workflow.signature_registry_action")
            visitor.wait_for(".o_view_nocontent", "Nobody has signed anything yet")
            self.picture(visitor, "empty")

    def test_hold_and_erasure(self):
        self.request.sudo().action_cancel()
        self.work()
        for device in (DESKTOP, PHONE):
            with self.subTest(device.name), self.visitor(device, login="manager") as visitor:
                visitor.visit(f"/odoo/signature.request/{self.request.id}")
                visitor.tap(".nav-link", "Audit trail")
                visitor.wait_for("[name=event_ids]", "zoe@client.example")
                self.picture(visitor, "trail")
                visitor.tap(".o_cp_action_menus button")
                visitor.tap(".o-dropdown-item, .dropdown-item", "Legal hold")
                visitor.fill(".modal [name=reason] textarea", "Claim of March")
                self.picture(visitor, "hold")
                self.assertEqual(visitor.axe(".modal"), [])
                visitor.tap(".modal .btn-primary", "Put on hold")
                visitor.wait_for(".alert", "On legal hold since")
                self.picture(visitor, "held")
                visitor.tap(".alert button", "Lift the hold")
                visitor.fill(".modal [name=reason] textarea", "Settled")
                visitor.tap(".modal .btn-primary", "Lift the hold")
                visitor.wait_for(".alert", "On legal hold since", gone=True)
        (self.env["signature.request"].search([("state", "=", "sent")]) - self.request).sudo().action_cancel()
        self.work()
        for device in (PHONE, DESKTOP):
            with self.subTest(device.name), self.visitor(device, login="manager") as visitor:
                visitor.visit("/odoo/action-signature_workflow.signature_erasure_action")
                visitor.fill(".modal [name=email] input", "zoe@client.example")
                visitor.press("Tab")
                visitor.wait_for(".modal", "came to nothing (3)")
                self.picture(visitor, "erasure")
                self.assertEqual(visitor.axe(".modal"), [])
                if device is DESKTOP:
                    visitor.tap(".modal .btn-danger", "Erase")
                    visitor.tap(".modal .btn-primary", "Erase")
                    visitor.wait_for(".modal", "without this person: 3")
                    self.picture(visitor, "erased")
                    self.assertEqual(visitor.axe(".modal"), [])
        self.env.invalidate_all()
        self.assertNotIn("zoe@client.example", self.request.signer_ids.mapped("email"))
