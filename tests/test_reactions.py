"""What follows from documents: every event, every kind of outcome, the gate, chains, loops, unlinking."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import SignatureCase

ACTIVITY = "mail.mail_activity_data_call"


class ReactionCase(SignatureCase):
    """A rule whose outcomes each test sets."""

    def _follow(self, event, kind, rule=None, **values):
        """Have only this follow from the documents of a rule; return the line."""
        rule = rule or self.rule
        rule.action_ids = [Command.clear(), Command.create({"event": event, "kind": kind, **values})]
        return rule.action_ids

    def _rule_reactions(self, requests):
        return requests.reaction_ids.filtered(lambda reaction: reaction.kind == "rule")

    def _decline(self, request, nonce="no"):
        request.signer_ids.sorted("sequence")[0].sudo()._decline("Too expensive", nonce, {"ip": "192.0.2.7"})

    def _expire(self, request):
        request.date_expire = fields.Date.today() - timedelta(days=1)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("signature_workflow.ir_cron_expire").method_direct_trigger()
        self.env.invalidate_all()

    def _happen(self, event, request):
        """Let `event` happen to a sent request in the way in which people or crons bring it about."""
        match event:
            case "signed" | "approved":
                self.complete(request)
            case "declined" | "disapproved":
                self._decline(request)
            case "expired":
                self._expire(request)
            case "cancelled":
                request.with_user(self.salesman).action_cancel("Not now")
            case "undelivered":
                signer = request.signer_ids.sorted("sequence")[0]
                signer.sudo()._delivery_failed("The mailbox does not exist.", is_request=True)
        # what follows may be a document, which the next run sends
        self.work()
        self.work()


@tagged("post_install", "-at_install")
class TestEvents(ReactionCase):
    """Each event brings about what its lines say, and nothing else."""

    def _check(self, event, **template):
        approving = event in ("approved", "disapproved")
        if approving:
            self.template.role_ids.participation = "approve"
            self.template.body = "<p>Offer for {{name}}</p>"
        others = [key for key, __ in self.rule.action_ids._fields["event"].selection if key != event]
        self.rule.action_ids = [
            Command.clear(),
            Command.create({"event": event, "kind": "stage", "stage_id": self.stage_next.id}),
            *(Command.create({"event": other, "kind": "won"}) for other in others),
        ]
        deal = self._make_deal()
        request = self.send(deal)
        self.assertEqual(request.state, "sent", request.failure)
        self._happen(event, request)
        reactions = self._rule_reactions(request)
        self.assertEqual(reactions.mapped("event"), [event])
        self.assertEqual((reactions.state, deal.stage_id), ("done", self.stage_next), reactions.failure)

    def test_signed(self):
        self._check("signed")

    def test_approved(self):
        self._check("approved")

    def test_declined(self):
        self._check("declined")

    def test_disapproved(self):
        self._check("disapproved")

    def test_expired(self):
        self._check("expired")

    def test_cancelled(self):
        self._check("cancelled")

    def test_undelivered(self):
        self._check("undelivered")


@tagged("post_install", "-at_install")
class TestOutcomes(ReactionCase):
    """Each kind of outcome, applied by the worker."""

    def _declined(self):
        deal = self._make_deal()
        request = self.send(deal)
        self._happen("declined", request)
        reaction = self._rule_reactions(request)
        return deal, request, reaction

    def test_lost_with_reason(self):
        reason = self.env["crm.lost.reason"].create({"name": "Too expensive"})
        self._follow("declined", "lost", lost_reason_id=reason.id)
        deal, __, reaction = self._declined()
        self.assertEqual((deal.active, deal.lost_reason_id, deal.probability), (False, reason, 0))
        self.assertEqual(reaction.display_name, "Mark as lost: Too expensive")
        self.assertIn("Too expensive", reaction.outcome)

    def test_won(self):
        self._follow("declined", "won")
        self.assertEqual(self._declined()[0].won_status, "won")

    def test_next_stage_from_the_last_one_fails_visibly(self):
        self._follow("declined", "next")
        (self.stage_next | self.stage_won).unlink()
        self.env["crm.stage"].search([("sequence", ">", self.stage_sign.sequence)]).sequence = 1
        deal, __, reaction = self._declined()
        self.assertEqual((reaction.state, deal.stage_id), ("failed", self.stage_sign))
        self.assertIn("last stage", reaction.failure)
        self.assertIn("Move to the next stage", deal.activity_ids.mapped("summary")[-1])

    def test_activity(self):
        leader = self.signatory
        self.team.user_id = leader
        call = self.env.ref(ACTIVITY)
        call.write({"delay_count": 5, "delay_unit": "days", "delay_from": "current_date"})
        for who, expected in (("salesperson", self.salesman), ("leader", leader), ("user", self.manager)):
            with self.subTest(who):
                self._follow(
                    "declined",
                    "activity",
                    activity_type_id=call.id,
                    activity_summary="Ask why",
                    activity_for=who,
                    user_id=self.manager.id if who == "user" else False,
                )
                deal, request, __ = self._declined()
                activity = deal.activity_ids.filtered(lambda activity: activity.activity_type_id == call)
                self.assertEqual((activity.user_id, activity.summary), (expected, "Ask why"))
                self.assertEqual(activity.signature_request_id, request)
                self.assertEqual(activity.date_deadline, fields.Date.today() + timedelta(days=5))

    def test_activity_of_somebody_who_has_left_is_the_salespersons(self):
        self.manager.active = False
        self._follow(
            "declined", "activity", activity_type_id=self.env.ref(ACTIVITY).id, activity_for="user",
            user_id=self.manager.id,
        )  # fmt: skip
        deal, __, reaction = self._declined()
        self.assertIn(self.salesman, deal.activity_ids.user_id, reaction.failure)

    def test_retry_leaves_planned_activities_alone(self):
        self.rule.action_ids = [
            Command.clear(),
            Command.create({"event": "declined", "kind": "activity", "activity_type_id": self.env.ref(ACTIVITY).id}),
            Command.create({"event": "declined", "kind": "stage", "stage_id": self.stage_next.id}),
        ]
        self.stage_next.team_ids = self.env["crm.team"].create({"name": "Other"})
        deal, __, reactions = self._declined()
        failed = reactions.filtered(lambda reaction: reaction.state == "failed")
        self.assertEqual(len(failed), 1)
        failed.with_user(self.salesman).action_done_by_hand()
        self.assertIn(self.env.ref(ACTIVITY), deal.activity_ids.activity_type_id)

    def test_another_document(self):
        other = self._make_template(
            name="Smaller offer", body="<p>{{signature;role=Client}}{{signature;role=Our company}}</p>"
        )
        self._follow("declined", "template", template_id=other.id)
        deal, request, reaction = self._declined()
        second = self.requests_of(deal) - request
        self.assertEqual((second.template_id, second.state), (other, "sent"), second.failure)
        self.assertEqual((second.cause_id, second.rule_id, second.signatory_id), (request, self.rule, self.signatory))
        self.assertEqual(reaction.state, "done")

    def test_another_document_of_a_template_that_is_archived_fails_visibly(self):
        other = self._make_template(name="Smaller offer", body=self.template.body)
        self._follow("declined", "template", template_id=other.id)
        other.active = False
        __, __, reaction = self._declined()
        self.assertEqual(reaction.state, "failed")
        self.assertIn("archived", reaction.failure)

    def test_another_document_follows_to_the_stage_that_the_deal_is_moved_to(self):
        other = self._make_template(name="Smaller offer", body=self.template.body)
        self.rule.action_ids = [
            Command.clear(),
            Command.create({"event": "declined", "kind": "template", "template_id": other.id}),
            Command.create({"event": "declined", "kind": "stage", "stage_id": self.stage_next.id}),
            Command.create({"event": "signed", "kind": "won"}),
        ]
        deal, request, __ = self._declined()
        second = self.requests_of(deal) - request
        self.assertEqual((deal.stage_id, second.stage_id, second.state), (self.stage_next, self.stage_next, "sent"))
        self.complete(second)
        self.assertEqual(deal.won_status, "won")

    def _server_action(self, code="record.message_post(body=str(env.context['signature_request_id']))", **values):
        return self.env["ir.actions.server"].create(
            {"name": "Say so", "model_id": self.env["ir.model"]._get_id("crm.lead"), "state": "code", "code": code}
            | values
        )

    def test_server_action_runs_with_the_rights_of_who_chose_it(self):
        action = self._server_action("record.write({'referred': env.user.login})")
        with Form(self.rule.with_user(self.manager)) as form, form.action_ids.edit(0) as line:
            line.event = "declined"
            line.kind = "server"
            line.server_action = str(action.id)
        deal, __, reaction = self._declined()
        self.assertEqual((reaction.state, deal.referred), ("done", "manager"), reaction.failure)
        self.assertEqual(reaction.display_name, "Run a server action: Say so")

    def test_server_action_knows_the_document(self):
        action = self._server_action()
        self._follow("declined", "server", server_action_id=action.id)
        deal, request, __ = self._declined()
        self.assertIn(str(request.id), deal.message_ids.mapped(lambda message: message.preview))

    def test_server_action_that_fails_can_run_again(self):
        action = self._server_action("raise UserError('Not today')")
        self._follow("declined", "server", server_action_id=action.id)
        deal, request, reaction = self._declined()
        self.assertEqual((request.state, reaction.state, reaction.failure), ("declined", "failed", "Not today"))
        action.code = "record.write({'referred': 'done'})"
        reaction.with_user(self.salesman).action_retry()
        self.work()
        self.assertEqual((reaction.state, deal.referred), ("done", "done"))

    def test_server_actions_of_other_groups_are_refused(self):
        action = self._server_action(group_ids=[Command.set(self.env.ref("base.group_system").ids)])
        lines = self.env["signature.rule.action"].with_user(self.manager)
        self.assertNotIn(str(action.id), dict(lines._server_actions()))
        with self.assertRaisesRegex(ValidationError, "may not run"):
            lines.create(
                {"rule_id": self.rule.id, "event": "declined", "kind": "server", "server_action_id": action.id}
            )
        action.group_ids = False
        line = lines.create(
            {"rule_id": self.rule.id, "event": "declined", "kind": "server", "server_action_id": action.id}
        )
        self.env.flush_all()
        action.group_ids = self.env.ref("base.group_system")
        deal = self._make_deal()
        request = self.send(deal)
        self._happen("declined", request)
        reaction = request.reaction_ids.filtered(lambda reaction: reaction.action_id == line)
        self.assertEqual(reaction.state, "failed")
        self.assertIn("may not run it", reaction.failure)

    def test_server_actions_of_crons_are_not_offered(self):
        cron = self.env["ir.cron"].create(
            {"name": "Nightly", "model_id": self.env["ir.model"]._get_id("crm.lead"), "code": "model.search([])"}
        )
        self.assertNotIn(str(cron.ir_actions_server_id.id), dict(self.env["signature.rule.action"]._server_actions()))
        with self.assertRaises(ValidationError):
            self._follow("declined", "server", server_action_id=cron.ir_actions_server_id.id)

    def test_each_kind_asks_for_what_it_needs(self):
        for kind in ("stage", "lost", "activity", "template", "server"):
            with self.subTest(kind), self.assertRaisesRegex(ValidationError, "Choose"):
                self._follow("signed", kind)

    def test_line_that_was_deleted_by_then(self):
        self._follow("declined", "won")
        request = self.send()
        self._decline(request)
        self.env.flush_all()
        self.rule.action_ids.unlink()
        self.work()
        reaction = self._rule_reactions(request)
        self.assertEqual(reaction.state, "done")
        self.assertIn("no more", reaction.outcome)


@tagged("post_install", "-at_install")
class TestOnce(ReactionCase):
    """Nothing is done twice."""

    def test_planned_once_however_often(self):
        deal = self._make_deal()
        request = self.send(deal)
        self.complete(request)
        before = request.reaction_ids.ids
        messages = len(deal.message_ids)
        for _again in range(2):
            request._react("signed")
            self.work()
        self.assertEqual(request.reaction_ids.ids, before)
        self.assertEqual(len(deal.message_ids), messages)

    def test_planning_for_many_costs_no_more(self):
        requests = self.env["signature.request"]
        for name in ("A", "B", "C", "D", "E", "F"):
            deal = self._make_deal(name=name)
            deal.stage_id = self.stage_sign
            requests |= self._queued(deal)
        self.work()
        costs = []
        for batch in (requests[0], requests[1:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            batch._react("declined")
            self.env.flush_all()
            costs.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(costs[1], costs[0] + 1)

    def _queued(self, deal):
        self.commit()
        return self.requests_of(deal)


@tagged("post_install", "-at_install")
class TestGate(ReactionCase):
    """A deal moves when all documents of its stage are signed."""

    def setUp(self):
        super().setUp()
        self.second_rule = self.rule.copy()
        self.deal = self._make_deal()
        self.first, self.second = self.send(self.deal).sorted("id")

    def test_document_sent_by_hand_counts(self):
        by_hand = self.template._make_requests(self.deal)
        self.work()
        self.complete(self.first)
        self.complete(self.second)
        self.assertEqual(self.deal.stage_id, self.stage_sign)
        self.assertEqual(self._rule_reactions(self.first).outcome, "Other documents of this stage wait to be signed.")
        self.complete(by_hand)
        self.assertEqual(self.deal.won_status, "won")

    def test_document_of_another_stage_does_not_count(self):
        self.second.stage_id = self.stage_new
        self.complete(self.first)
        self.assertEqual(self.deal.won_status, "won")

    def test_unlinked_document_lets_the_deal_go_on(self):
        self.complete(self.first)
        self.second.with_user(self.salesman).action_unlink()
        self.work()
        self.assertEqual(self.deal.won_status, "won")
        self.assertIn("unlinked", self.second.event_ids.mapped("kind"))
        self.complete(self.second)
        self.assertFalse(self._rule_reactions(self.second))

    def test_unlinked_document_that_is_linked_again_is_waited_for(self):
        self.second.with_user(self.salesman).action_unlink()
        self.second.with_user(self.salesman).action_link_again()
        self.complete(self.first)
        self.assertEqual(self.deal.stage_id, self.stage_sign)
        self.complete(self.second)
        self.assertEqual(self.deal.won_status, "won")

    def test_unlinking_asks_for_rights_on_the_deal(self):
        self.deal.user_id = self.manager
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            self.second.with_user(self.salesman).action_unlink()

    def test_declined_sibling_holds_the_deal(self):
        self.complete(self.first)
        self._decline(self.second)
        self.work()
        self.assertEqual(self.deal.stage_id, self.stage_sign)

    def test_document_that_is_sent_next_is_waited_for(self):
        self.second.action_cancel()
        other = self._make_template(name="Contract", body=self.template.body)
        self.rule.action_ids = [Command.create({"event": "signed", "kind": "template", "template_id": other.id})]
        self.complete(self.first)
        self.work()
        third = self.requests_of(self.deal) - self.first - self.second
        self.assertEqual((third.state, self.deal.won_status), ("sent", "pending"))
        self.complete(third)
        self.assertEqual(self.deal.won_status, "won")
        self.assertEqual(len(self.requests_of(self.deal)), 3)
        self.assertEqual(set(third.reaction_ids.mapped("state")), {"done"})
        self.assertFalse(self.deal.activity_ids)


@tagged("post_install", "-at_install")
class TestLoops(ReactionCase):
    """Rules that lead round are stopped, and people hear of it."""

    def setUp(self):
        super().setUp()
        self.rule.active = False
        rule = self.rule.with_user(self.manager)
        self.rule = rule.copy({"active": True}).sudo()
        self.other = rule.copy({"active": True, "stage_id": self.stage_next.id}).sudo()

    def assertTold(self, deal, *rules):
        note = deal.message_ids.filtered(lambda message: "leads round" in (message.body or ""))
        self.assertTrue(note)
        todo = deal.activity_ids.filtered(lambda activity: "Rules lead round" in (activity.summary or ""))
        self.assertEqual(todo.user_id, self.salesman)
        for rule in rules:
            self.assertIn(rule.display_name, str(todo.note))
        told = self.env["mail.message"].search(
            [("model", "=", "crm.lead"), ("res_id", "=", deal.id), ("partner_ids", "in", self.manager.partner_id.ids)]
        )
        self.assertEqual(len(told), 1)

    def test_two_stages_that_send_the_deal_to_each_other(self):
        self._follow("expired", "stage", stage_id=self.stage_next.id)
        self._follow("expired", "stage", rule=self.other, stage_id=self.stage_sign.id)
        deal = self._make_deal()
        first = self.send(deal)
        self._happen("expired", first)
        second = self.requests_of(deal) - first
        self.assertEqual((second.cause_id, second.state), (first, "sent"))
        self._happen("expired", second)
        self.assertEqual(len(self.requests_of(deal)), 2)
        self.assertEqual(deal.stage_id, self.stage_sign)
        self.assertTold(deal, self.rule, self.other)

    def test_person_may_go_round(self):
        self._follow("expired", "stage", stage_id=self.stage_new.id)
        deal = self._make_deal()
        first = self.send(deal)
        self._happen("expired", first)
        self.assertEqual(deal.stage_id, self.stage_new)
        requests = self.send(deal)
        self.assertEqual(len(requests), 2)
        self.assertFalse((requests - first).cause_id)

    def test_same_document_for_ever(self):
        self._follow("undelivered", "template", template_id=self.template.id)
        deal = self._make_deal()
        for expected in (1, 2, 2):
            request = self.requests_of(deal)[:1] or self.send(deal)
            self.assertEqual(len(self.requests_of(deal)), expected)
            self._happen("undelivered", request)
        self.assertEqual(len(self.requests_of(deal)), 2)
        self.assertTold(deal, self.rule)

    def test_chain_is_not_deeper_than_five(self):
        self.env["base.automation"].with_user(self.env.ref("base.user_admin")).create(
            {
                "name": "Once more",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "trigger": "on_signature_cancelled",
                "action_server_ids": [
                    Command.create(
                        {
                            "name": "Send again",
                            "model_id": self.env["ir.model"]._get_id("crm.lead"),
                            "state": "signature_request",
                            "signature_template_id": self.template.id,
                        }
                    )
                ],
            }
        )
        self.rule.action_ids.unlink()
        deal = self._make_deal()
        self.send(deal)
        for _turn in range(6):
            for request in self.requests_of(deal).filtered(lambda request: request.state == "sent"):
                self._happen("cancelled", request)
        self.assertEqual(len(self.requests_of(deal)), 5)
        self.assertTold(deal, self.rule)
