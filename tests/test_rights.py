"""What salespeople and sales managers cannot get round."""

import base64

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from . import pdf_samples
from .common import SignatureCase

SCAN = {"action": "paper", "scan": [base64.b64encode(pdf_samples.simple()).decode()]}


@tagged("post_install", "-at_install")
class TestRights(SignatureCase):
    def _server_line(self, author):
        """Return the line by which `author` has a server action run on declined documents."""
        action = self.env["ir.actions.server"].create(
            {
                "name": "Who am I",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "state": "code",
                "code": "record.write({'referred': env.user.login})",
            }
        )
        lines = self.env["signature.rule.action"].with_user(author)
        return lines.create(
            {"rule_id": self.rule.id, "event": "declined", "kind": "server", "server_action_id": action.id}
        )

    def _who_ran(self):
        deal = self._make_deal()
        request = self.send(deal)
        request.signer_ids.sorted("sequence")[0].sudo()._decline("No", "no", {"ip": "192.0.2.7"})
        self.work()
        return deal.referred

    def test_server_action_has_the_rights_of_who_chose_it_not_of_who_sorts_the_lines(self):
        line = self._server_line(self.manager)
        line.with_user(self.env.ref("base.user_admin")).sequence = 99
        self.assertEqual(self._who_ran(), "manager")

    def test_who_changes_when_a_server_action_runs_answers_for_it(self):
        self._server_line(self.env.ref("base.user_admin"))
        self.assertEqual(self._who_ran(), "admin")
        self.rule.with_user(self.manager).domain = "[('priority', '!=', '3')]"
        self.assertEqual(self._who_ran(), "manager")

    def test_rights_of_a_server_action_cannot_be_written(self):
        line = self._server_line(self.manager)
        line.with_user(self.manager).write({"server_user_id": self.env.ref("base.user_admin").id})
        self.assertEqual(line.server_user_id, self.manager)

    def test_names_of_server_actions_are_for_managers(self):
        self._server_line(self.env.ref("base.user_admin"))
        lines = self.env["signature.rule.action"]
        for user, is_shown in ((self.manager, True), (self.salesman, False)):
            offered = lines.with_user(user).fields_get(["server_action"])["server_action"]["selection"]
            self.assertEqual("Who am I" in dict(offered).values(), is_shown, user.login)

    def test_a_scan_does_not_get_round_the_condition(self):
        self.template.write({"hold_domain": "[('priority', '=', '3')]", "hold_reason": "the payment"})
        request = self.send()
        self.assertEqual(request.state, "held")
        with self.assertRaisesRegex(UserError, "is held, so it cannot be signed yet"):
            request.with_user(self.salesman)._answer_move(SCAN)
        self.assertEqual(request.state, "held")
        request.with_user(self.manager)._answer_move(SCAN)
        self.assertEqual(request.state, "completed")

    def test_a_scan_does_not_get_round_an_approval(self):
        self.template.body = "<p>{{signature;role=Client}}</p>"
        self.template.role_ids[1].write({"participation": "approve", "sequence": 0})
        request = self.send()
        with self.assertRaisesRegex(UserError, "has not approved"):
            request.with_user(self.salesman)._answer_move(SCAN)
        request.with_user(self.manager)._answer_move(SCAN)
        self.assertEqual(request.state, "completed")

    def test_todos_are_for_who_looks_after_the_deal_now(self):
        deal = self._make_deal()
        request = self.send(deal)
        colleague = self._make_user("colleague", "sales_team.group_sale_salesman")
        deal.user_id = colleague
        request.signer_ids.sorted("sequence")[0].sudo()._decline("No", "no", {"ip": "192.0.2.7"})
        self.assertEqual(deal.activity_ids.filtered("signature_request_id").user_id, colleague)

    def test_only_e_mails_to_signers_confirm(self):
        foreign = self.env["mail.template"].create(
            {"name": "Foreign", "model_id": self.env["ir.model"]._get_id("res.users")}
        )
        with self.assertRaisesRegex(ValidationError, "is not written to signers"):
            self.template.with_user(self.manager).copies_mail_id = foreign

    def test_a_simulation_shows_no_rule_that_one_may_not_read(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self.rule.copy({"company_id": elsewhere.id})
        simulation = self.env["signature.simulation"].with_user(self.salesman)
        with self.assertRaises(AccessError):
            simulation.new({"lead_id": self._make_deal().id, "rule_id": foreign.id}).mapped("line_ids.details")
