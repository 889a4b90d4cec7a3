from pathlib import Path

from odoo.tests import tagged

from .browser import DESKTOP, PHONE, PICTURES, BrowserCase
from .test_http_signing import SignatureHttpCase

BODY = """<p>{{name}} for {{expected_revenue}}</p>
<p>{{signature;role=Client}} {{signature;role=Our company}}</p>"""


@tagged("post_install", "-at_install", "signature_tour")
class TestSimulationTour(BrowserCase, SignatureHttpCase):
    """The salesperson sees what the rules would do, and what has changed while a document waits."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template.body = BODY
        cls.template.role_ids[0].channel = "both"
        cls.partner.phone = "+40721123456"
        held = cls._make_template(name="Annex", kind="html", body=BODY)
        cls.rule.copy(
            {
                "stage_id": cls.stage_next.id,
                "template_id": held.id,
                "hold_domain": "[('priority', '=', '3')]",
                "hold_reason": "the payment of the deposit",
            }
        )
        lacking = cls._make_template(name="Order", kind="html", body=BODY.replace("{{name}}", "{{referred}}"))
        cls.rule.copy({"stage_id": cls.stage_next.id, "template_id": lacking.id})
        rest = cls._make_template(name="Rebate", kind="html", body=BODY)
        cls.rule.copy({"template_id": rest.id, "domain": "[('expected_revenue', '>', 5000)]"})

    def picture(self, visitor, name):
        if PICTURES:
            visitor.screenshot(Path(PICTURES, f"{name}-{visitor.device.name}.png"))

    def test_what_would_happen(self):
        for device in (DESKTOP, PHONE):
            deal = self._make_deal(expected_revenue=1000)
            with self.subTest(device.name), self.visitor(device, login="saul") as visitor:
                visitor.visit(f"/odoo/crm.lead/{deal.id}")
                visitor.wait_for(".o_form_view", "Expected Revenue")
                if device == PHONE:
                    visitor.tap(".o_control_panel button:has(.fa-bolt)")
                visitor.tap("button[name=action_simulate]")
                visitor.wait_for(".modal .o_kanban_record", "Would be sent")
                visitor.wait_for(".modal .o_kanban_record", "Would be held")
                visitor.wait_for(".modal .o_kanban_record", "Would fail")
                visitor.wait_for(".modal .o_kanban_record", "Nothing is sent")
                visitor.wait_for(".modal img.o_signature_preview_sheet")
                self.picture(visitor, "simulation")
                self.assertEqual(visitor.axe(".modal .o_kanban_renderer"), [])
                visitor.tap(".modal footer button", "Close")
                visitor.wait_for(".modal", gone=True)
                self.env.invalidate_all()
                self.assertFalse(self.requests_of(deal))
                self.assertFalse(self.env["signature.simulation"].search([]))
                self.assertFalse(self.env["signature.simulation.line"].search([]))

    def test_changed_deal(self):
        for device in (DESKTOP, PHONE):
            request, token = self.send(expected_revenue=1000)
            deal = self.env["crm.lead"].browse(request.res_id)
            self.assertEqual(self.submit(token, request.signer_ids[0]), {"state": "signed"})
            deal.write({"expected_revenue": 2000, "name": "Bigger deal"})
            self.env.flush_all()
            with self.subTest(device.name), self.visitor(device, login="saul") as visitor:
                visitor.visit(f"/odoo/crm.lead/{deal.id}")
                visitor.wait_for(".o_signature_changed", "waits with other values")
                self.picture(visitor, "changed")
                self.assertEqual(visitor.axe(".o_signature_changed"), [])
                visitor.tap(".o_signature_changed button", "Send a corrected one")
                visitor.wait_for(".modal", "signed already and will be asked again")
                self.picture(visitor, "correct")
                visitor.tap(".modal footer button", "Send the corrected one")
                visitor.wait_for(".modal", gone=True)
                visitor.wait_for(".o_signature_changed", gone=True)
                self.work()
                self.env.invalidate_all()
                self.assertEqual((request.state, request.replaced_by_id.state), ("cancelled", "sent"))
                visitor.visit(f"/odoo/signature.request/{request.id}")
                visitor.wait_for(".o_form_view", "Replaced by")
                self.picture(visitor, "replaced")
                deal.expected_revenue = 3000
                self.env.flush_all()
                visitor.visit(f"/odoo/signature.request/{request.replaced_by_id.id}")
                visitor.wait_for(".alert", "It waits with other values")
                self.picture(visitor, "request")
                visitor.tap(".alert button", "Leave it")
                visitor.wait_for(".alert", "It waits with other values", gone=True)
                self.env.invalidate_all()
                self.assertFalse(request.replaced_by_id.drift)
