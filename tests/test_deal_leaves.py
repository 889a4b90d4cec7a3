"""Deals that are lost or archived while a document of theirs waits; where rules bring a deal, and in whose company."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .test_reactions import ReactionCase


@tagged("post_install", "-at_install")
class TestLost(ReactionCase):
    """A deal that is lost or archived has left its stage."""

    def setUp(self):
        super().setUp()
        self.rule.moved_action = "cancel"
        self.rule.action_ids.unlink()
        self.deal = self._make_deal()

    def test_documents_of_a_lost_deal_are_cancelled(self):
        request = self.send(self.deal)
        self.deal.action_set_lost()
        self.work()
        self.assertEqual(request.state, "cancelled")

    def test_documents_of_a_lost_deal_are_kept_when_the_rule_says_so(self):
        self.rule.moved_action = "keep"
        request = self.send(self.deal)
        self.deal.action_set_lost()
        self.work()
        self.assertEqual(request.state, "sent")

    def test_stage_written_again_on_an_archived_deal(self):
        self.rule.moved_action = "keep"
        request = self.send(self.deal)
        self.deal.active = False
        self.commit()
        self.rule.moved_action = "cancel"
        self.deal.stage_id = self.stage_sign
        self.work()
        self.assertEqual(request.state, "sent")

    def test_queued_document_of_a_lost_deal_is_not_sent(self):
        self.rule.moved_action = "keep"
        self.deal.stage_id = self.stage_sign
        self.commit()
        self.deal.action_set_lost()
        self.work()
        self.assertEqual(self.requests_of(self.deal).state, "cancelled")

    def test_rule_that_goes_to_another_stage_leaves_what_is_queued(self):
        self.deal.stage_id = self.stage_sign
        self.commit()
        self.rule.stage_id = self.stage_next
        self.work()
        self.assertEqual(self.requests_of(self.deal).state, "sent")


@tagged("post_install", "-at_install")
class TestWhereTo(ReactionCase):
    """The stage that the rule names, the company of the document."""

    def test_named_won_stage(self):
        target = self.env["crm.stage"].create({"name": "Done too", "sequence": 300, "is_won": True})
        self._follow("declined", "stage", stage_id=target.id)
        deal = self._make_deal()
        self._happen("declined", self.send(deal))
        self.assertEqual((deal.stage_id, deal.won_status, deal.probability), (target, "won", 100))

    def test_server_action_runs_in_the_company_of_the_document(self):
        company = self.env["res.company"].create({"name": "Other company"})
        self.env.user.company_ids += company
        (self.salesman + self.signatory).company_ids += company
        self.team.company_id = False
        action = self.env["ir.actions.server"].create(
            {
                "name": "Say where",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "state": "code",
                "code": "record.write({'referred': env.company.name})",
            }
        )
        self._follow("declined", "server", server_action_id=action.id)
        deal = self._make_deal(company_id=company.id)
        request = self.send(deal)
        self.assertEqual((request.state, request.company_id), ("sent", company), request.failure)
        self._happen("declined", request)
        self.assertEqual(deal.referred, "Other company", self._rule_reactions(request).failure)

    def test_rule_of_a_merged_deal_cannot_be_deleted(self):
        """The entry of the deal that was merged is gone, its document is not."""
        merged = self._make_deal()
        kept = self._make_deal(name="Kept", stage_id=self.stage_next.id)
        request = self.send(merged)
        (kept + merged).merge_opportunity()
        self.assertFalse(self.env["signature.rule.run"].search([("request_id", "=", request.id)]))
        with self.assertRaisesRegex(UserError, "Archive it"):
            self.rule.unlink()

    def test_what_is_deleted_is_found_by_index(self):
        """Deleting a line of a rule, an automation or a stage does not read all documents."""
        self.env.cr.execute("SELECT tablename, indexdef FROM pg_indexes WHERE tablename ~ '^signature_'")
        found = {
            (table, definition.partition("(")[2].partition(")")[0]) for table, definition in self.env.cr.fetchall()
        }
        for table, column in (
            ("signature_reaction", "action_id"),
            ("signature_reaction", "automation_id"),
            ("signature_request", "stage_id"),
        ):
            self.assertIn((table, column), found)
