from odoo.tests import Form, tagged

from .common import SignatureCase


@tagged("post_install", "-at_install")
class TestRuleCheck(SignatureCase):
    """A rule says what is wrong with it before a deal finds out."""

    def assertWarns(self, words, rule=None):
        self.env.flush_all()
        self.env.invalidate_all()
        rule = (rule or self.rule).with_user(self.manager)
        self.assertIn(words, rule.warning or "")
        self.assertTrue(rule.has_warning)

    def assertFine(self, rule=None):
        self.env.invalidate_all()
        rule = (rule or self.rule).with_user(self.manager)
        self.assertFalse(rule.warning)
        self.assertFalse(rule.has_warning)

    def act(self, **values):
        self.rule.action_ids = [(5,), (0, 0, {"event": "signed", **values})]

    def test_a_rule_in_order(self):
        self.assertFine()
        self.assertFalse(self.env["signature.rule"].new({}).warning)

    def test_the_form_tells_at_once(self):
        with Form(self.rule.with_user(self.manager)) as form:
            self.assertFalse(form.warning)
            with form.action_ids.edit(0) as line:
                line.event = "approved"
            self.assertIn("“Approved by all” never happens", form.warning)

    def test_places(self):
        others = self.env["crm.team"].create({"name": "Others"})
        self.rule.team_ids = self.team
        self.stage_sign.team_ids = others
        self.assertWarns("“To sign” is not one of “Signing team”")
        self.stage_sign.team_ids = False
        self.team.active = False
        self.assertWarns("“Signing team” is archived")

    def test_moves(self):
        self.act(kind="stage", stage_id=self.stage_sign.id)
        self.assertWarns("to the stage that it is in")
        self.act(kind="stage", stage_id=self.stage_new.id)
        self.assertWarns("“Fresh” comes before “To sign”")
        self.act(kind="stage", stage_id=self.stage_next.id)
        self.assertFine()
        self.stage_next.team_ids = self.env["crm.team"].create({"name": "Others"})
        self.assertWarns("“Signed” is only for “Others”")
        self.rule.stage_id = self.env["crm.stage"].search([])[-1]
        self.act(kind="next")
        self.assertWarns("There is no stage after")

    def test_templates(self):
        self.template.active = False
        self.assertWarns("“Agreement” is archived")
        self.template.active = True
        body = "<p>{{signature;role=Our company}}</p>"
        self.template.body = body
        self.assertWarns("“Agreement” has no signature for Client")
        self.template.write({"kind": "pdf", "body": False})
        self.assertWarns("“Agreement” has no document yet")
        annex = self._make_template(name="Annex", kind="html", body=body)
        self.act(kind="template", template_id=annex.id)
        self.assertWarns("“Annex” has no signature for Client")
        annex.active = False
        self.assertWarns("“Annex” is archived")

    def test_people(self):
        self.signatory.active = False
        self.assertWarns("Ceo, who signs for our company, is archived")
        self.signatory.write({"active": True, "email": False})
        self.assertWarns("Ceo (Our company) has no valid e-mail address")
        self.rule.signatory_id = False
        self.assertFine()
        witness = self.env["signature.role"].create({"name": "Witness", "policy": "user", "user_id": self.salesman.id})
        self.template.role_ids = [(0, 0, {"role_id": witness.id, "sequence": 3, "participation": "approve"})]
        self.assertFine()
        self.salesman.active = False
        self.assertWarns("Nobody plays the role “Witness” any more")

    def test_events_that_never_happen(self):
        self.act(kind="won", event="disapproved")
        self.assertWarns("“Disapproved” never happens: nobody approves")
        self.act(kind="won", event="expired")
        self.assertFine()
        self.template.expiry_days = 0
        self.assertWarns("“Not signed in time” never happens: its document has no deadline")
        self.template.role_ids.participation = "approve"
        self.act(kind="won")
        self.assertWarns("“Signed by all” never happens: nobody signs")

    def test_twins(self):
        twin = self.rule.copy()
        self.assertWarns("so deals get it twice")
        self.assertWarns("so deals get it twice", twin)
        twin.domain = "[('priority', '=', '1')]"
        self.rule.domain = "[('priority', '=', '2')]"
        self.assertFine()
        twin.domain = self.rule.domain
        twin.team_ids = self.env["crm.team"].create({"name": "Others"})
        self.rule.team_ids = self.team
        self.assertFine()

    def test_rounds(self):
        self.act(kind="stage", event="expired", stage_id=self.stage_next.id)
        annex = self._make_template(name="Annex", kind="html", body=self.template.body)
        back = {"event": "expired", "kind": "stage", "stage_id": self.stage_sign.id}
        other = self.rule.copy({"stage_id": self.stage_next.id, "template_id": annex.id, "action_ids": [(0, 0, back)]})
        self.assertWarns("This leads round: “To sign” → “Signed” → “To sign”")
        self.assertWarns("This leads round: “Signed” → “To sign” → “Signed”", other)
        # a person stands between
        other.action_ids.event = "declined"
        self.assertFine()
        self.assertFine(other)

    def test_companies_do_not_lead_round(self):
        self.act(kind="stage", event="expired", stage_id=self.stage_next.id)
        back = {"event": "expired", "kind": "stage", "stage_id": self.stage_sign.id}
        other = self.rule.copy({"stage_id": self.stage_next.id, "action_ids": [(0, 0, back)]})
        self.assertWarns("This leads round")
        self.rule.company_id = self.env.company
        other.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertFine()

    def test_only_colleagues_sign_for_us(self):
        guest = self._make_user("guest", "base.group_portal")
        offered = self.rule.fields_get(["signatory_id"])["signatory_id"]["domain"]
        users = self.env["res.users"].search(offered)
        self.assertEqual((self.signatory in users, guest in users), (True, False))

    def test_what_was_archived_or_taken_away(self):
        reason = self.env["crm.lost.reason"].create({"name": "Silent"})
        self.act(kind="lost", event="expired", lost_reason_id=reason.id)
        self.assertFine()
        reason.active = False
        self.assertWarns("“Silent” is archived")
        action = self.env["ir.actions.server"].create(
            {
                "name": "Praise",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "state": "code",
                "code": "pass",
            }
        )
        self.act(kind="server", server_action_id=action.id)
        self.assertFine()
        action.model_id = self.env["ir.model"]._get_id("res.partner")
        self.assertWarns("does not run for deals any more")

    def test_conditions(self):
        self.env.cr.execute("UPDATE signature_rule SET domain = %s", ["[('gone', '=', 1)]"])
        self.assertWarns("The filter of")
        self.env.cr.execute("UPDATE signature_rule SET domain = '[]', hold_domain = %s", ["[('gone', '=', 1)]"])
        self.assertWarns("The condition “Hold until”")

    def test_a_list_of_rules_costs_little(self):
        others = self.env["signature.rule"].concat(
            *(self.rule.copy({"domain": f"[('id', '=', {n})]"}) for n in range(10))
        )
        counts = []
        for rules in (self.rule, self.rule + others):
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            rules.mapped("warning")
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1] - counts[0], 10)
