import contextlib

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2.errors import ForeignKeyViolation

from .common import SignatureCase


@tagged("post_install", "-at_install")
class TestStageEntry(SignatureCase):
    """Any way into the stage queues the document once."""

    def assertQueued(self, deals, times=1):
        self.commit()
        for deal in deals:
            requests = self.requests_of(deal)
            self.assertEqual(len(requests), times, deal.name)
        runs = self.env["signature.rule.run"].search([("lead_id", "in", deals.ids)])
        self.assertEqual(len(runs), times * len(deals))

    def test_drag_by_salesman_only_queues(self):
        deal = self._make_deal()
        with self.mock_mail_gateway():
            deal.with_user(self.salesman).write({"stage_id": self.stage_sign.id})
            self.assertQueued(deal)
        request = self.requests_of(deal)
        self.assertEqual(request.state, "queued")
        self.assertEqual(request.user_id, self.salesman)
        self.assertFalse(request.signer_ids or request.original_id or request.event_ids)
        self.assertFalse(self._mails)
        trigger = self.env["ir.cron.trigger"].search(
            [("cron_id", "=", self.env.ref("signature_workflow.ir_cron_process").id)]
        )
        self.assertTrue(trigger)

    def test_form(self):
        deal = self._make_deal()
        with Form(deal.with_user(self.salesman)) as form:
            form.stage_id = self.stage_sign
        self.assertQueued(deal)

    def test_list_edit_of_many(self):
        deals = self.env["crm.lead"].concat(*(self._make_deal(name=f"D{n}") for n in range(5)))
        deals.write({"stage_id": self.stage_sign.id})
        self.assertQueued(deals)

    def test_new_deal(self):
        self.assertQueued(self._make_deal(stage_id=self.stage_sign.id))

    def test_import(self):
        result = self.env["crm.lead"].load(
            ["name", "type", "stage_id", "partner_id"],
            [["Imported", "opportunity", "To sign", self.partner.name]],
        )
        self.assertQueued(self.env["crm.lead"].browse(result["ids"]))

    def test_team_change(self):
        team = self.env["crm.team"].create({"name": "Closers"})
        self.stage_sign.team_ids = [Command.set(team.ids)]
        self.stage_new.team_ids = [Command.set(self.team.ids)]
        # the stage found for a team is the first of its own
        (self.env["crm.stage"].search([]) - self.stage_sign - self.stage_new).team_ids = [Command.set(self.team.ids)]
        deal = self._make_deal()
        deal.team_id = team
        self.assertEqual(deal.stage_id, self.stage_sign)
        self.assertQueued(deal)

    def test_tracking_disabled(self):
        deal = self._make_deal()
        deal.with_context(tracking_disable=True).stage_id = self.stage_sign
        self.assertQueued(deal)

    def test_defaults_of_the_interface_do_not_leak_into_requests(self):
        deal = self._make_deal()
        deal.with_context(default_state="completed", default_name="X").stage_id = self.stage_sign
        self.assertQueued(deal)
        self.assertEqual(self.requests_of(deal).state, "queued")

    def test_there_and_back_in_one_transaction(self):
        deal = self._make_deal()
        self.commit()
        deal.stage_id = self.stage_sign
        self.env.flush_all()
        deal.stage_id = self.stage_new
        self.assertQueued(deal, times=0)

    def test_away_and_back_in_one_transaction(self):
        deal = self._make_deal(stage_id=self.stage_sign.id)
        self.commit()
        self.requests_of(deal).action_cancel()
        self.commit()
        deal.stage_id = self.stage_new
        self.env.flush_all()
        deal.stage_id = self.stage_sign
        self.assertQueued(deal)

    def test_lead_that_becomes_a_deal(self):
        lead = self._make_deal(type="lead", stage_id=self.stage_sign.id)
        self.assertQueued(lead, times=0)
        lead.type = "opportunity"
        self.assertQueued(lead)

    def test_deal_of_a_savepoint_that_was_rolled_back(self):
        with contextlib.suppress(ValueError), self.env.cr.savepoint():
            deal = self._make_deal(stage_id=self.stage_sign.id)
            raise ValueError
        self.commit()
        self.assertFalse(self.env["signature.request"].search([("res_id", "=", deal.id)]))

    def test_same_stage_again(self):
        deal = self._make_deal(stage_id=self.stage_sign.id)
        self.commit()
        deal.write({"stage_id": self.stage_sign.id, "priority": "2"})
        self.assertQueued(deal)

    def test_coming_back_sends_again_only_when_nothing_stands(self):
        deal = self._make_deal(stage_id=self.stage_sign.id)
        self.commit()
        for _again in range(2):
            deal.stage_id = self.stage_new
            self.commit()
            deal.stage_id = self.stage_sign
            self.assertQueued(deal)
        self.requests_of(deal).action_cancel()
        deal.stage_id = self.stage_new
        self.commit()
        deal.stage_id = self.stage_sign
        self.assertQueued(deal, times=2)
        self.assertEqual(
            sorted(self.env["signature.rule.run"].search([("lead_id", "=", deal.id)]).mapped("entry")),
            [1, 2],
        )

    def test_rule_conditions(self):
        self.rule.team_ids = self.team
        self.rule.domain = "[('expected_revenue', '>', 1000)]"
        small = self._make_deal(expected_revenue=10, stage_id=self.stage_sign.id)
        other = self._make_deal(
            expected_revenue=5000,
            team_id=self.env["crm.team"].create({"name": "Others"}).id,
            stage_id=self.stage_sign.id,
        )
        big = self._make_deal(expected_revenue=5000, stage_id=self.stage_sign.id)
        self.assertQueued(small + other, times=0)
        self.assertQueued(big)

    def test_team_of_a_rule_cannot_be_deleted(self):
        self.rule.team_ids = self.env["crm.team"].create({"name": "Only"})
        self.env.flush_all()
        with self.assertRaises(ForeignKeyViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.rule.team_ids.unlink()

    def test_archived_template(self):
        self.template.active = False
        self.assertQueued(self._make_deal(stage_id=self.stage_sign.id), times=0)

    def test_used_rule_cannot_be_deleted(self):
        self._make_deal(stage_id=self.stage_sign.id)
        self.commit()
        with self.assertRaisesRegex(UserError, "Archive it"):
            self.rule.unlink()

    def test_template_of_a_rule_stays_for_deals(self):
        self.template.body = "<p>{{name}}</p>"
        with self.assertRaisesRegex(UserError, "made from deals"):
            self.template.model_id = self.env["ir.model"]._get("res.partner")

    def test_archived_rule_and_lead(self):
        lead = self._make_deal(type="lead", stage_id=self.stage_sign.id)
        self.rule.active = False
        deal = self._make_deal(stage_id=self.stage_sign.id)
        self.assertQueued(lead + deal, times=0)

    def test_merged_deal_takes_its_documents_along(self):
        deal = self._make_deal(stage_id=self.stage_sign.id)
        kept = self._make_deal(name="Kept", probability=90)
        self.commit()
        request = self.requests_of(deal)
        merged = (kept + deal)._merge_opportunity(auto_unlink=True)
        self.assertEqual(request.res_id, merged.id)
        self.assertTrue(merged.exists())


@tagged("post_install", "-at_install")
class TestStageEntryQueries(SignatureCase):
    """What a move costs; every number is of real SQL queries."""

    def _move_queries(self, deals, stage):
        self.commit()
        self.env.invalidate_all()
        deals.mapped("stage_id.name"), deals.mapped("partner_id.name")
        before = self.env.cr.sql_log_count
        deals.with_context(tracking_disable=True).write({"stage_id": stage.id})
        self.commit()
        return self.env.cr.sql_log_count - before

    def _deals(self, count):
        return self.env["crm.lead"].concat(*(self._make_deal(name=f"D{n}") for n in range(count)))

    def test_one_deal(self):
        self._move_queries(self._deals(1), self.stage_sign)  # caches
        free = self._move_queries(self._deals(1), self.stage_next)
        ruled = self._move_queries(self._deals(1), self.stage_sign)
        self.assertLessEqual(ruled - free, 6)

    def test_many_deals_cost_no_more(self):
        self._move_queries(self._deals(1), self.stage_sign)
        free = self._move_queries(self._deals(100), self.stage_next)
        ruled = self._move_queries(self._deals(100), self.stage_sign)
        self.assertLessEqual(ruled - free, 10)

    def test_other_stage_costs_nothing(self):
        self._move_queries(self._deals(1), self.stage_next)
        ruled = self._move_queries(self._deals(10), self.stage_next)
        self.rule.active = False
        self.assertEqual(ruled, self._move_queries(self._deals(10), self.stage_next))
