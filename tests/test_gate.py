"""When a deal goes on: documents that hold it, the order of what follows, chains of honest length."""

import threading
from unittest.mock import patch

from odoo import Command
from odoo.addons.signature_workflow.signature_workflow.models import signature_request_generate
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from .common import BODY
from .real_transactions import RealTransactionsCase
from .test_concurrency import SentRequestsCase
from .test_reactions import ACTIVITY, ReactionCase

CLIENT_ONLY = "<p>Agreement {{signature;role=Client}}</p>"


class GateCase(ReactionCase):
    """Documents of one signer."""

    def _small(self, name, **values):
        roles = [Command.create({"role_id": self.role_client.id, "sequence": 1})]
        return self._make_template(name=name, body=CLIENT_ONLY, role_ids=roles, **values)

    def _lines(self, *lines, rule=None):
        (rule or self.rule).action_ids = [Command.clear(), *(Command.create(line) for line in lines)]

    def _moves(self, request):
        return self._rule_reactions(request).filtered(lambda reaction: reaction.action_id.kind != "template")


@tagged("post_install", "-at_install")
class TestBadEnds(GateCase):
    """A document that was not signed holds the deal until a person decides."""

    def setUp(self):
        super().setUp()
        self.rule.template_id = self._small("Contract")
        self.second_rule = self.rule.copy({"template_id": self._small("Annex").id})
        self.deal = self._make_deal()
        self.first, self.second = self.send(self.deal).sorted("id")

    def _check_held(self, state):
        self.assertEqual(self.deal.stage_id, self.stage_sign)
        move = self._moves(self.first)
        self.assertEqual(move.state, "waiting")
        self.assertEqual(
            move.outcome, f"“{self.second.name}”: {state}. Send it again, or unlink it, to let the deal go on."
        )
        self.second.with_user(self.salesman).action_unlink()
        self.work()
        self.assertEqual(self.deal.won_status, "won")

    def test_declined(self):
        self._happen("declined", self.second)
        self.complete(self.first)
        self._check_held("Declined")

    def test_expired_after_the_other_was_signed(self):
        self.complete(self.first)
        self.assertEqual(self._moves(self.first).outcome, "Other documents of this stage wait to be signed.")
        self._happen("expired", self.second)
        self._check_held("Expired")

    def test_withdrawn(self):
        self.second_rule.action_ids.unlink()
        self.complete(self.second)
        self.second.with_user(self.manager).action_withdraw("A mistake")
        self.complete(self.first)
        self._check_held("Acceptance withdrawn")

    def test_disapproved(self):
        template = self._small("Price")
        template.write({"body": "<p>Offer for {{name}}</p>"})
        template.role_ids.participation = "approve"
        self.second.action_cancel()
        self.second = template._make_requests(self.deal)
        self.work()
        self._happen("disapproved", self.second)
        self.complete(self.first)
        self._check_held("Declined")

    def test_cancelled_does_not_count(self):
        self._happen("cancelled", self.second)
        self.complete(self.first)
        self.assertEqual(self.deal.won_status, "won")

    def test_sent_again(self):
        self._happen("declined", self.second)
        self.complete(self.first)
        again = self.second.template_id._make_requests(self.deal)
        self.work()
        self.assertEqual(self.deal.stage_id, self.stage_sign)
        self.complete(again)
        self.assertEqual(self.deal.won_status, "won")

    def test_what_was_sent_because_of_it_takes_its_place(self):
        smaller = self._small("Smaller annex")
        self._lines(
            {"event": "declined", "kind": "template", "template_id": smaller.id},
            {"event": "signed", "kind": "won"},
            rule=self.second_rule,
        )
        self._happen("declined", self.second)
        self.complete(self.first)
        third = self.requests_of(self.deal) - self.first - self.second
        self.assertEqual((third.state, self.deal.stage_id), ("sent", self.stage_sign))
        self.complete(third)
        self.assertEqual(self.deal.won_status, "won")

    def test_unlink_is_offered(self):
        arch = self.env["signature.request"].get_view(view_type="form")["arch"]
        button = arch.partition('name="action_unlink"')[2].partition('invisible="')[2].partition('"')[0]
        for state, hidden in {"declined": False, "expired": False, "withdrawn": False, "cancelled": True}.items():
            values = {"state": state, "is_unlinked": False, "is_test": False}
            self.assertEqual(safe_eval(button, values), hidden, state)


@tagged("post_install", "-at_install")
class TestOrder(GateCase):
    """One thing after the other, also when one of them fails or is not wanted any more."""

    def setUp(self):
        super().setUp()
        self.next_template = self._small("Next document")
        self._lines(
            {"event": "signed", "kind": "template", "template_id": self.next_template.id},
            {"event": "signed", "kind": "won"},
        )
        self.deal = self._make_deal()
        self.request = self.send(self.deal)

    def _send_in_vain(self):
        self.next_template.active = False
        self.complete(self.request)
        self.work()
        sending = self._rule_reactions(self.request) - self._moves(self.request)
        self.assertEqual(sending.state, "failed")
        move = self._moves(self.request)
        self.assertEqual((move.state, self.deal.won_status), ("waiting", "pending"))
        self.assertEqual(move.outcome, f"“Send another document: Next document” failed: {self.request.name}")
        return sending

    def test_deal_waits_for_a_document_that_could_not_be_sent(self):
        sending = self._send_in_vain()
        self.next_template.active = True
        sending.with_user(self.salesman).action_retry()
        self.work()
        self.work()
        self.assertEqual(self.deal.won_status, "pending")
        self.complete(self.requests_of(self.deal) - self.request)
        self.assertEqual(self.deal.won_status, "won")

    def test_deal_goes_on_when_that_was_done_by_hand(self):
        self._send_in_vain().with_user(self.salesman).action_done_by_hand()
        self.work()
        self.assertEqual(self.deal.won_status, "won")

    def test_each_failure_has_its_own_to_do(self):
        self._lines(
            {"event": "declined", "kind": "template", "template_id": self.next_template.id},
            {"event": "declined", "kind": "stage", "stage_id": self.stage_next.id},
        )
        self.next_template.active = False
        self.stage_next.team_ids = self.env["crm.team"].create({"name": "Other"})
        self._decline(self.request)
        self.request._add_todo("Something else about it", "…")
        before = self.deal.activity_ids
        self.work()
        failed = self._rule_reactions(self.request)
        self.assertEqual(failed.mapped("state"), ["failed", "failed"])
        names = [f"“{reaction.display_name}” failed: {self.request.name}" for reaction in failed]
        self.assertLessEqual(set(names), set(self.deal.activity_ids.mapped("summary")))
        failed[0].with_user(self.salesman).action_done_by_hand()
        self.assertNotIn(names[0], self.deal.activity_ids.mapped("summary"))
        self.assertIn(names[1], self.deal.activity_ids.mapped("summary"))
        failed[1].with_user(self.salesman).action_retry()
        self.assertNotIn(names[1], self.deal.activity_ids.mapped("summary"))
        self.assertLessEqual(before, self.deal.activity_ids)

    def test_activity_of_a_rule_stays_when_the_document_ends(self):
        call = self.env.ref(ACTIVITY)
        self._lines({"event": "undelivered", "kind": "activity", "activity_type_id": call.id})
        self._happen("undelivered", self.request)
        self._happen("cancelled", self.request)
        self.assertEqual(self.deal.activity_ids.activity_type_id, call)

    def test_nothing_is_done_for_a_document_that_was_unlinked(self):
        model = self.env["ir.model"]._get_id("crm.lead")
        action = {"name": "Mark", "model_id": model, "state": "code", "code": "record.write({'referred': 'ran'})"}
        self.env["base.automation"].create(
            {
                "name": "Mark it",
                "model_id": model,
                "trigger": "on_signature_declined",
                "action_server_ids": [Command.create(action)],
            }
        )
        self._decline(self.request)
        self.request.with_user(self.salesman).action_unlink()
        self.work()
        reaction = self.request.reaction_ids
        self.assertEqual((reaction.kind, reaction.state, self.deal.referred), ("automation", "done", False))
        self.assertEqual(reaction.outcome, "The document was unlinked, so nothing was done.")

    def test_document_that_was_dropped_wakes_what_waits(self):
        self._lines({"event": "signed", "kind": "won"})
        late = self.next_template._make_requests(self.deal, rule=self.rule.copy())
        # the worker has had no time for it
        with patch.object(signature_request_generate, "GENERATE_SECONDS", -1):
            self.complete(self.request)
        self.assertEqual((late.state, self._moves(self.request).state), ("queued", "waiting"))
        self.deal.stage_id = self.stage_next
        self.work()
        self.assertEqual((late.state, self._moves(self.request).state), ("cancelled", "done"))


@tagged("post_install", "-at_install")
class TestChains(GateCase):
    """Documents that follow from documents."""

    def test_seven_signed_stages(self):
        stages = self.env["crm.stage"].create([{"name": f"S{n}", "sequence": 200 + n} for n in range(8)])
        self.rule.active = False
        for number, stage in enumerate(stages[:7]):
            rule = self.rule.copy({"active": True, "stage_id": stage.id, "template_id": self._small(f"T{number}").id})
            self._lines({"event": "signed", "kind": "next"}, rule=rule)
        deal = self._make_deal()
        deal.stage_id = stages[0]
        for stage in stages[:7]:
            self.work()
            self.assertEqual(deal.stage_id, stage)
            self.complete(self.requests_of(deal).filtered(lambda request: request.state == "sent"))
        self.assertEqual(deal.stage_id, stages[7])
        self.assertFalse(deal.activity_ids)

    def test_declined_twice_is_not_a_circle(self):
        smaller = self._small("Smaller offer")
        self._follow("declined", "template", template_id=smaller.id)
        deal = self._make_deal()
        first = self.send(deal)
        self._happen("declined", first)
        second = self.requests_of(deal) - first
        self._happen("declined", second)
        self.assertIn("was sent before", self._rule_reactions(second).outcome)
        self.assertNotIn("lead round", " ".join(deal.activity_ids.mapped("summary")))

    def test_cause_outlives_a_savepoint(self):
        """Savepoints of whatever runs in between clear what Odoo keeps for the commit."""
        other = self.rule.copy({"stage_id": self.stage_next.id})
        action = self.env["ir.actions.server"].create(
            {
                "name": "Move it",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "state": "code",
                "code": f"record.write({{'stage_id': {self.stage_new.id}}})\nenv.cr.flush()\n"
                f"record.write({{'stage_id': {self.stage_next.id}}})",
            }
        )
        self._follow("expired", "server", server_action_id=action.id)
        deal = self._make_deal()
        first = self.send(deal)
        self._happen("expired", first)
        second = self.requests_of(deal) - first
        self.assertEqual((second.rule_id, second.cause_id), (other, first))

    def test_other_deals_get_their_documents(self):
        """A deal whose document moves other deals does not go round."""
        others = self._make_deal(name="Second") + self._make_deal(name="Third")
        action = self.env["ir.actions.server"].create(
            {
                "name": "Move the others",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "state": "code",
                "code": f"model.browse({others.ids}).write({{'stage_id': {self.stage_sign.id}}})",
            }
        )
        self._follow("expired", "server", server_action_id=action.id)
        deal = self._make_deal()
        self._happen("expired", self.send(deal))
        self.assertEqual(self.requests_of(others).mapped("state"), ["sent", "sent"])
        self.assertNotIn("lead round", " ".join(deal.activity_ids.mapped("summary")))


@tagged("post_install", "-at_install")
class TestTwoWorkers(RealTransactionsCase):
    """What follows from one document is done in its order, however many workers there are."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self._make(env)

    def _make(self, env):
        env["signature.rule"].search([]).active = False
        admin = env.ref("base.user_admin")
        admin.email = admin.email or "admin@company.example"
        partner = env["res.partner"].create({"name": "Client", "email": "c@client.example"})
        roles = [
            Command.create({"role_id": env.ref(f"signature_workflow.{name}").id, "sequence": 1})
            for name in ("role_client", "role_company")
        ]
        values = {"body": BODY, "role_ids": roles, "copies_mail_id": False}
        template, after = env["signature.template"].create([{"name": "One", **values}, {"name": "Two", **values}])
        stages = env["crm.stage"].create([{"name": name, "sequence": 200} for name in ("To sign", "Next")])
        lines = [
            {"event": "signed", "kind": "template", "template_id": after.id},
            {"event": "signed", "kind": "stage", "stage_id": stages[1].id},
        ]
        rule = env["signature.rule"].create(
            {
                "stage_id": stages[0].id,
                "template_id": template.id,
                "signatory_id": admin.id,
                "company_id": False,
                "action_ids": [Command.create(line) for line in lines],
            }
        )
        deal = env["crm.lead"].create({"name": "Deal", "type": "opportunity", "partner_id": partner.id})
        deal.stage_id = stages[0]
        env.cr.flush()
        self.deal_id, self.stage_id = deal.id, stages[0].id
        made = (deal, rule, template + after, stages, partner)
        self.made = [(record._name, record.ids) for record in made]

    def _process(self):
        with self.transaction() as env:
            env["signature.request"]._cron_process()

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_move_waits_for_the_document_that_another_worker_sends(self):
        self._process()
        with self.transaction() as env:
            for signer in env["signature.request"].search([("res_id", "=", self.deal_id)]).signer_ids:
                SentRequestsCase._sign(self, env, signer.id, f"n{signer.id}")()
                env.cr.commit()
        lines = self.registry["signature.rule.action"]
        begun, go_on, send = threading.Event(), threading.Event(), lines._apply_template

        def slowly(line, deal, request):
            begun.set()
            go_on.wait(60)
            return send(line, deal, request)

        first = threading.Thread(target=self._process)
        self.addCleanup(first.join)
        self.addCleanup(go_on.set)
        with patch.object(lines, "_apply_template", slowly):
            first.start()
            self.assertTrue(begun.wait(60))
        self._process()
        with self.transaction() as env:
            self.assertEqual(env["signature.reaction"].search([]).mapped("state"), ["pending", "pending"])
        go_on.set()
        first.join()
        self._process()
        with self.transaction() as env:
            self.assertEqual(env["signature.reaction"].search([]).mapped("state"), ["done", "waiting"])
            self.assertEqual(env["crm.lead"].browse(self.deal_id).stage_id.id, self.stage_id)
            self.assertEqual(env["signature.request"].search([], limit=1).state, "sent")
