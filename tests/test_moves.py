import base64
from unittest.mock import patch

from odoo.addons.crm.models.crm_lead import CrmLead
from odoo.addons.signature_workflow.signature_workflow.models.crm_lead_moves import MoveQuestion
from odoo.tests import tagged

from . import pdf_samples
from .common import SignatureCase

SCAN = [base64.b64encode(pdf_samples.simple()).decode()]


@tagged("post_install", "-at_install")
class TestMoves(SignatureCase):
    """A person moves a deal while a document of it waits."""

    def setUp(self):
        super().setUp()
        self.request = self.send()
        self.deal = self.request._record().with_user(self.salesman)

    def asked(self, deal=None, answer=None):
        """Return the deal as the web client sends it; `answer` is given for all requests."""
        deal = self.deal if deal is None else deal
        answers = answer and {str(request.id): answer for request in self.requests_of(deal)}
        return deal.with_context(signature_ask=True, signature_answers=answers)

    def assertAsks(self, move, *requests):
        """Return the question, after which nothing has changed."""
        with self.assertRaises(MoveQuestion) as caught, self.env.cr.savepoint():
            move()
        self.env.invalidate_all()
        self.assertEqual(caught.exception.context["signature_ids"], [request.id for request in requests])
        return caught.exception.context

    def test_question(self):
        question = self.assertAsks(lambda: self.asked().write({"stage_id": self.stage_next.id}), self.request)
        self.assertEqual(
            question["signature_documents"],
            [
                {
                    "id": self.request.id,
                    "name": self.request.name,
                    "deal": "Big deal",
                    "progress": "0/2",
                    "state": "Waiting for signatures",
                }
            ],
        )
        self.assertEqual((question["signature_is_archived"], question["signature_may_scan"]), (False, True))
        self.assertEqual((self.deal.stage_id, self.request.state), (self.stage_sign, "sent"))

    def test_every_way_out(self):
        other = self.env["crm.team"].create({"name": "Elsewhere", "member_ids": self.salesman.ids})
        self.stage_sign.team_ids = self.team
        for name, move in {
            "form": lambda deal: deal.web_save({"stage_id": self.stage_next.id}, {}),
            "list": lambda deal: deal.web_save_multi([{"stage_id": self.stage_next.id}], {}),
            "won": lambda deal: deal.action_set_won_rainbowman(),
            "lost": lambda deal: deal.action_set_lost(),
            "archived": lambda deal: deal.action_archive(),
            "team": lambda deal: deal.write({"team_id": other.id}),
        }.items():
            with self.subTest(name):
                self.assertAsks(lambda move=move: move(self.asked()), self.request)
                move(self.asked(answer={"action": "keep"}))
                self.assertNotEqual((self.deal.stage_id, self.deal.active), (self.stage_sign, True))
                self.deal.sudo().write({"stage_id": self.stage_sign.id, "active": True, "team_id": self.team.id})
                self.env.flush_all()
        self.assertEqual(self.request.state, "sent")

    def test_lost_wizard(self):
        wizard = self.env["crm.lead.lost"].with_user(self.salesman).create({"lead_ids": self.deal.ids})
        question = self.assertAsks(wizard.with_context(signature_ask=True).action_lost_reason_apply, self.request)
        self.assertTrue(question["signature_is_archived"])
        answers = {str(self.request.id): {"action": "cancel", "reason": "No budget"}}
        wizard.with_context(signature_ask=True, signature_answers=answers).action_lost_reason_apply()
        self.assertEqual((self.deal.won_status, self.request.state), ("lost", "cancelled"))
        self.assertEqual(self.request.cancel_reason, "No budget")

    def test_not_asked(self):
        for name, deal in {
            "no person": self.deal,
            "all rights": self.asked().sudo(),
            "import": self.asked().with_context(import_file=True),
            "nothing moved": self.asked().with_context(unmoved=True),
        }.items():
            with self.subTest(name):
                deal.write({"stage_id": self.stage_sign.id if "unmoved" in deal.env.context else self.stage_next.id})
                self.deal.sudo().stage_id = self.stage_sign
                self.env.flush_all()
        self.asked().write({"name": "Renamed", "team_id": self.team.id, "active": True})
        self.request.sudo().is_unlinked = True
        self.asked().write({"stage_id": self.stage_next.id})
        self.assertEqual(self.request.state, "sent")

    def test_document_of_another_stage(self):
        self.deal.stage_id = self.stage_next
        self.asked().write({"stage_id": self.stage_new.id})
        self.assertAsks(lambda: self.asked().write({"stage_id": self.stage_won.id}), self.request)

    def test_keep(self):
        self.asked(answer={"action": "keep"}).write({"stage_id": self.stage_next.id})
        self.work()
        self.assertEqual((self.deal.stage_id, self.request.state), (self.stage_next, "sent"))
        self.assertTrue(self.deal.message_ids.filtered(lambda message: "goes on waiting" in message.body))

    def test_keep_beats_the_rule(self):
        self.rule.moved_action = "cancel"
        self.asked(answer={"action": "keep"}).write({"stage_id": self.stage_next.id})
        self.work()
        self.assertEqual(self.request.state, "sent")

    def test_keep_beats_the_rule_though_it_looks_at_once(self):
        self.rule.moved_action = "cancel"
        write = CrmLead.write

        def write_with_savepoint(deals, vals):
            with deals.env.cr.savepoint():
                result = write(deals, vals)
            with deals.env.cr.savepoint():
                return result

        with patch.object(CrmLead, "write", write_with_savepoint):
            self.asked(answer={"action": "keep"}).write({"stage_id": self.stage_next.id})
        self.work()
        self.assertEqual((self.deal.stage_id, self.request.state), (self.stage_next, "sent"))

    def test_what_the_person_may_not_see_is_not_asked_for(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.deal.sudo().company_id = False
        self.request.sudo().company_id = other
        self.asked().write({"stage_id": self.stage_next.id})
        self.assertEqual((self.deal.stage_id, self.request.state), (self.stage_next, "sent"))

    def test_cancel(self):
        reason = self.env["crm.lost.reason"].create({"name": "No interest"})
        self.rule.action_ids = [(0, 0, {"event": "cancelled", "kind": "lost", "lost_reason_id": reason.id})]
        self.asked(answer={"action": "cancel", "reason": " Not now "}).write({"stage_id": self.stage_next.id})
        self.assertEqual((self.request.state, self.request.cancel_reason), ("cancelled", "Not now"))
        self.work()
        # the deal has left the stage, so the rule does not move it any more
        self.assertEqual((self.deal.stage_id, self.deal.active), (self.stage_next, True))

    def test_paper(self):
        self.asked(answer={"action": "paper", "scan": SCAN}).write({"stage_id": self.stage_next.id})
        self.assertEqual((self.request.state, self.request.is_paper), ("completed", True))
        self.assertEqual(self.deal.stage_id, self.stage_next)
        self.work()
        self.assertEqual(self.deal.stage_id, self.stage_next)
        self.assertEqual(set(self.request.reaction_ids.mapped("state")), {"done"})

    def test_signed_meanwhile(self):
        for signer in self.request.signer_ids.sorted("sequence"):
            self.work()
            self.sign(signer, nonce=f"nonce-{signer.id}")
        self.asked(answer={"action": "cancel"}).write({"stage_id": self.stage_next.id})
        self.assertEqual((self.request.state, self.deal.stage_id), ("signed", self.stage_next))

    def test_asked_meanwhile(self):
        answered = self.asked(answer={"action": "cancel"})
        self.template._make_requests(self.deal.sudo())
        self.work()
        other = self.requests_of(self.deal) - self.request
        self.assertEqual(other.state, "sent")
        self.assertAsks(lambda: answered.write({"stage_id": self.stage_next.id}), other)
        self.assertEqual(self.request.state, "sent")

    def test_nonsense_is_no_answer(self):
        for answers in ("keep", {str(self.request.id): "keep"}, {str(self.request.id): {"action": "burn"}}):
            deal = self.deal.with_context(signature_ask=True, signature_answers=answers)
            self.assertAsks(lambda deal=deal: deal.write({"stage_id": self.stage_next.id}), self.request)

    def test_many(self):
        deals = self.env["crm.lead"].browse([self._make_deal(name=f"Deal {n}").id for n in range(25)])
        deals.write({"stage_id": self.stage_sign.id})
        self.work()
        requests = self.requests_of(deals).sorted("id")
        deals = deals.with_user(self.salesman)
        question = self.assertAsks(lambda: self.asked(deals).write({"stage_id": self.stage_next.id}), *requests)
        self.assertEqual((len(question["signature_documents"]), question["signature_deals"]), (20, 25))
        self.assertFalse(question["signature_may_scan"])
        self.asked(deals, answer={"action": "cancel"}).write({"stage_id": self.stage_next.id})
        self.assertEqual(set(requests.mapped("state")), {"cancelled"})
        self.assertEqual(deals.stage_id, self.stage_next)

    def test_answers_of_many_cost_little(self):
        counts = {}
        for action in ("keep", "cancel"):
            for number in (5, 25):
                deals = self.env["crm.lead"].browse([self._make_deal(name=f"Deal {n}").id for n in range(number)])
                deals.write({"stage_id": self.stage_sign.id})
                self.work()
                asked = self.asked(deals.with_user(self.salesman), answer={"action": action, "reason": "Late"})
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                asked.write({"stage_id": self.stage_next.id})
                self.env.flush_all()
                counts[action, number] = self.env.cr.sql_log_count - before
        for action in ("keep", "cancel"):
            # the first of them also fill caches
            self.assertLessEqual(counts[action, 25], counts[action, 5] + 5, counts)

    def test_state_of_the_deal(self):
        for state, shown in [("held", "held"), ("paper", "paper"), ("withdrawn", "withdrawn")]:
            values = {"final_id": self.request.original_id.id} if state == "withdrawn" else {}
            self.request.sudo().write({"state": state, **values})
            self.assertEqual(self.deal.signature_state, shown)
        self.request.sudo().is_unlinked = True
        self.assertEqual((self.deal.signature_state, self.deal.signature_count), (False, 1))

    def count_moving(self, number, **context):
        """Return how many queries it takes to move so many deals, none of which has a document."""
        deals = self.env["crm.lead"].browse([self._make_deal(name=f"Deal {n}").id for n in range(number)])
        deals = deals.with_user(self.salesman).with_context(tracking_disable=True, **context)
        self.commit()
        self.env.invalidate_all()
        deals.mapped("stage_id.name")
        self.env.cr.precommit.clear()
        before = self.env.cr.sql_log_count
        deals.write({"stage_id": self.stage_next.id})
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_cost(self):
        self.rule.active = False
        # Odoo writes a hundred at a time
        self.count_moving(2)
        self.assertEqual(self.count_moving(50, signature_ask=True), self.count_moving(50) + 1)

    def test_cost_of_the_cards(self):
        for number in (1, 30):
            deals = self.env["crm.lead"].browse([self._make_deal(name=f"Deal {n}").id for n in range(number)])
            deals.write({"stage_id": self.stage_sign.id})
            self.work()
            self.env.invalidate_all()
            with self.subTest(number), self.assertQueryCount(3):
                deals.mapped("signature_state")
                deals.mapped("signature_progress")
