from odoo.tests import tagged

from .test_http_signing import SignatureHttpCase

PIPELINE = "/odoo/action-crm.crm_lead_action_pipeline"


@tagged("post_install", "-at_install", "signature_tour")
class TestRuleTours(SignatureHttpCase):
    """The two doors to automation, each opened by whom it is for."""

    def test_sales_manager_builds_a_rule_in_the_column_menu(self):
        self.assertFalse(self.manager.has_group("base.group_system"))
        self.rule.active = False
        deal = self._make_deal(user_id=self.manager.id)
        self.start_tour(PIPELINE, "signature_workflow_column_menu", login="manager")
        self.env.invalidate_all()
        rule = self.env["signature.rule"].search([("stage_id", "=", self.stage_sign.id)])
        self.assertEqual((rule.template_id, rule.signatory_id), (self.template, self.signatory))
        self.assertEqual(deal.stage_id, self.stage_sign)
        mails = self.work()
        request = self.requests_of(deal)
        self.assertEqual((request.state, request.rule_id), ("sent", rule), request.failure)
        self.assertTrue(self.link_of(mails, "zoe@client.example"))

    def test_salesperson_only_sees_the_mark(self):
        self._make_deal()
        self.start_tour(PIPELINE, "signature_workflow_no_column_menu", login="saul")

    def test_administrator_builds_an_automation_rule(self):
        notice = self._make_template(
            name="Privacy notice",
            kind="html",
            body="<p>{{display_name}} {{signature;role=Client}} {{signature;role=Our company}}</p>",
            model_id=self.env["ir.model"]._get_id("res.partner"),
        )
        self.start_tour(
            "/odoo/action-base_automation.base_automation_act", "signature_workflow_automation", login="admin"
        )
        self.env.invalidate_all()
        automation = self.env["base.automation"].search([("name", "=", "Thank them")])
        self.assertEqual(automation.trigger, "on_signature_completed")
        self.assertEqual(automation.action_server_ids.signature_template_id, notice)
