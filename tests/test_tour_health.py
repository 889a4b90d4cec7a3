import json
from unittest.mock import patch

from odoo.fields import Datetime
from odoo.tests import tagged
from odoo.tools import config

from .browser import DESKTOP, PHONE, PICTURES, BrowserCase
from .test_health import HealthFixture
from .test_http_signing import SignatureHttpCase


@tagged("post_install", "-at_install", "signature_tour")
class TestHealthPage(BrowserCase, HealthFixture, SignatureHttpCase):
    """An administrator looks whether all is well, and sets right what is not."""

    def picture(self, visitor, name):
        if PICTURES:
            visitor.screenshot(f"{PICTURES}/health_{visitor.device.name}_{name}.png")

    def test_page(self):
        worker = self.env.ref("signature_workflow.ir_cron_process")
        for device in (DESKTOP, PHONE):
            request, __ = self.send()
            request.signer_ids[0]._delivery_failed("550 no such mailbox")
            worker.active = False
            self.env["ir.config_parameter"].set_param("web.base.url.freeze", False)
            with self.subTest(device.name), self.visitor(device, login="admin") as visitor:
                visitor.visit("/odoo/signature-health")
                visitor.wait_for("[role=status]", "One thing is broken")
                first = ".o_signature_health li[data-key]:first-child"
                self.assertEqual(visitor.evaluate(f"document.querySelector('{first}').dataset.key"), "crons")
                visitor.wait_for(first, "is switched off")
                self.assertEqual(visitor.axe(".o_signature_health"), [])
                self.assertFalse(visitor.evaluate("document.documentElement.scrollWidth > innerWidth"))
                self.picture(visitor, "broken")
                visitor.tap("[data-key=base_url] button", "Keep this address")
                visitor.wait_for(".o_notification", "The address stays as it is")
                visitor.wait_for("[data-key=base_url][data-state=good]")
                worker.active = True
                self.env.flush_all()
                visitor.evaluate("document.querySelector('.o_signature_health_check').focus()")
                visitor.press("Enter")
                visitor.wait_for("[role=status]", "One thing needs attention")
                self.assertEqual(visitor.axe(".o_signature_health"), [])
                self.picture(visitor, "attention")
                visitor.tap("[data-key=crons] button", "Scheduled actions")
                visitor.wait_for(".o_list_view, .o_kanban_view", "generate, send, seal and react")

    def test_verify_all(self):
        request, __ = self.send()
        right = request.original_sha256
        for device in (DESKTOP, PHONE):
            with self.subTest(device.name), self.visitor(device, login="admin") as visitor:
                visitor.visit("/odoo/signature-health")
                visitor.tap("button", "Verify all documents")
                visitor.wait_for(".o_signature_health_verification .card-body", "All of them hold")
                request.original_sha256 = "0" * 64
                visitor.tap("button", "Verify all documents")
                visitor.wait_for(
                    ".o_signature_health_verification .card-body", f"{request.name} has a file that is lost"
                )
                visitor.wait_for("[role=status]", "One thing is broken")
                self.assertEqual(visitor.axe(".o_signature_health_verification"), [])
                self.picture(visitor, "verified")
                visitor.tap("button", "Open these documents")
                visitor.wait_for(".o_list_view, .o_kanban_view", request.name)
                request.original_sha256 = right

    def test_leave_without_timestamp(self):
        request, __ = self.send()
        failure = "Our company has no timestamp server any more."
        for device in (DESKTOP, PHONE):
            pending = {"timestamp_state": "pending", "timestamp_failure": failure, "date_completed": Datetime.now()}
            request.write(pending)
            self.env.flush_all()
            with self.subTest(device.name), self.visitor(device, login="admin") as visitor:
                visitor.visit("/odoo/signature-health")
                visitor.tap("[data-key=timestamp] button", "Leave without timestamp")
                visitor.wait_for(".modal", "This cannot be undone")
                self.picture(visitor, "leave")
                visitor.tap(".modal button", "Cancel")
                visitor.wait_for(".modal", gone=True)
                visitor.tap("[data-key=timestamp] button", "Leave without timestamp")
                visitor.tap(".modal button", "Leave without timestamp")
                visitor.wait_for(".o_notification", "stay without a timestamp: 1")
                visitor.wait_for("[data-key=timestamp][data-state=unused]")
            self.env.invalidate_all()
            self.assertEqual(request.timestamp_state, "none")

    def test_proxy(self):
        self.authenticate("admin", "admin")

        def look(**headers):
            call = {"jsonrpc": "2.0", "method": "call"}
            params = {"model": "signature.health", "method": "get_checks", "args": [], "kwargs": {}}
            response = self.url_open(
                "/web/dataset/call_kw/signature.health/get_checks",
                data=json.dumps({**call, "params": params}),
                headers={"Content-Type": "application/json", **headers},
            )
            (check,) = (check for check in response.json()["result"] if check["key"] == "proxy")
            return check["state"], check["found"]

        forwarded = {"X-Forwarded-For": "192.0.2.7"}
        state, found = look()
        self.assertEqual(state, "unused")
        self.assertIn("No proxy names itself", found)
        self.assertEqual(look(**forwarded)[0], "attention")
        with patch.dict(config.options, {"proxy_mode": True}):
            state, found = look(**forwarded)
            self.assertEqual(state, "attention")
            self.assertIn("which host was asked for", found)
            self.assertEqual(look(**forwarded, **{"X-Forwarded-Host": "odoo.company.example"})[0], "good")

    def test_settings(self):
        asked = []

        def answer(company):
            asked.append(company.signature_tsa_url)
            return company.env["signature.template"]._notification("The timestamp server answers.")

        self.patch(type(self.env["res.company"]), "action_test_timestamp", answer)
        for device in (DESKTOP, PHONE):
            with self.subTest(device.name), self.visitor(device, login="admin") as visitor:
                visitor.visit("/odoo/signature-settings")
                visitor.wait_for("#signature_timestamp")
                visitor.fill("#signature_timestamp input", "https://time.company.example")
                visitor.press("Tab")
                visitor.wait_for("#signature_timestamp textarea")
                visitor.fill("[name=signature_purge_days] input", "90")
                visitor.press("Tab")
                visitor.wait_for("#signature_retention", "The next run deletes")
                # the help below is Odoo's grey
                inputs = ".o_field_widget, #signature_keep .d-flex, #signature_purge .d-flex, #signature_erasure button"
                self.assertEqual(visitor.axe(f"#signature_timestamp {inputs}"), [])
                self.picture(visitor, "settings")
                visitor.evaluate("document.querySelector('#signature_timestamp').scrollIntoView()")
                self.picture(visitor, "settings_top")
                visitor.tap("button", "Save and test")
                visitor.wait_for(".o_notification", "The timestamp server answers.")
                self.assertEqual(asked.pop(), "https://time.company.example")
                visitor.evaluate("window.isBeforeSaving = true")
                visitor.tap("button", "Save")
                # saving loads the page anew
                visitor.wait_until("!window.isBeforeSaving && document.readyState === 'complete'")
                visitor.wait_for("#signature_timestamp")
            self.env.invalidate_all()
            company = self.env.company
            self.assertEqual(company.signature_tsa_url, "https://time.company.example")
            self.assertEqual(company.signature_purge_days, 90)
            company.write({"signature_tsa_url": False, "signature_purge_days": 0})
