import logging
from collections import defaultdict
from typing import NamedTuple

from odoo import api, models, tools
from odoo.tools import SQL

from ..engine import transitions
from .conditions import ConditionError, read_condition, usable
from .signature_request import OPEN_STATES

_logger = logging.getLogger(__name__)

# nothing is sent again while one of these is there
STANDING = {*OPEN_STATES, "completed"}
# policies of the roles that a rule's channel is not for
OWN_PEOPLE = ("signatory", "salesperson", "user")
# ids of the deals for which a person has said, in this transaction, what becomes of their documents
ANSWERED = "signature_workflow.answered"


class Plan(NamedTuple):
    """What a rule says about a deal that enters its stage; made of plain values, to be cached."""

    rule_id: int
    company_id: int | bool
    team_ids: frozenset
    domain: str
    template_id: int
    signatory_id: int | bool
    channel: str | bool
    moved_action: str

    def matching(self, deals):
        """Return those of `deals`, all in the rule's stage, that the rule is for.

        Raises ConditionError when its filter cannot be evaluated; the transaction goes on all the same.
        """
        matching = deals.filtered(
            lambda deal: (
                (not self.team_ids or deal.team_id.id in self.team_ids)
                and self.company_id in (False, deal.company_id.id or self.company_id)
            )
        )
        condition = read_condition(self.domain)
        if condition.is_true():
            return matching
        with usable(), matching.env.cr.savepoint():
            return matching.filtered_domain(condition)


class SignatureRule(models.Model):
    """Deals that enter the stages of rules."""

    _inherit = "signature.rule"

    @api.model
    @tools.ormcache()
    def _plans(self):
        """Return `{stage id: (Plan, ...)}`; cached, for every deal's write asks."""
        plans = defaultdict(tuple)
        for rule in self.sudo().search([("template_id.active", "=", True)]):
            plans[rule.stage_id.id] += (rule._plan(),)
        return dict(plans)

    def _plan(self):
        self.ensure_one()
        return Plan(
            self.id,
            self.company_id.id,
            # a rule for an archived team is not one for every team
            frozenset(self.with_context(active_test=False).team_ids.ids),
            self.domain,
            self.template_id.id,
            self.signatory_id.id,
            self.channel,
            self.moved_action,
        )

    @api.model
    def _process_entries(self, before):
        """Queue the documents of the deals that entered a stage in this transaction, cancel those of the stage left.

        `before` is `{deal id: (stage id or False, whether it was active)}` of before the transaction.
        """
        plans = self._plans()
        deals = self.env["crm.lead"].sudo().browse(before)
        archived = deals.filtered(lambda deal: all(before[deal.id]) and not deal.active)
        before = {deal_id: stage for deal_id, (stage, __) in before.items()}
        self._cancel_left(plans, deals, archived, before)
        # a deal that was made in a savepoint and rolled back is no more
        new = deals.filtered(lambda deal: not before[deal.id])
        entered = (deals - new + new.exists()).filtered(
            lambda deal: (
                deal.stage_id.id in plans
                and deal.stage_id.id != before[deal.id]
                and deal.active
                and deal.type == "opportunity"
            )
        )
        matching = [
            (plan, chosen)
            for stage, there in entered.grouped(lambda deal: deal.stage_id.id).items()
            for plan in plans[stage]
            if (chosen := self._matching(plan, there))
        ]
        if matching:
            rules = self.browse(plan.rule_id for plan, __ in matching)
            states = self._requests_so_far(rules.ids, entered)
            for plan, chosen in matching:
                rules._queue_entries(plan, chosen, states)
            self.env.flush_all()

    @api.model
    def _matching(self, plan, deals):
        """Return those of `deals` that the rule of `plan` is for: none where its filter has broken.

        Then the rule warns of itself, and nobody is kept from moving deals.
        """
        try:
            return plan.matching(deals)
        except ConditionError:
            _logger.warning("The filter of %s cannot be evaluated, so nothing is sent", self.browse(plan.rule_id))
            return deals.browse()

    @api.model
    def _requests_so_far(self, rule_ids, deals):
        """Return `{(rule id, deal id): states of the requests that the rule made for the deal}`."""
        states = defaultdict(list)
        for request in (
            self.env["signature.request"]
            .sudo()
            .search_fetch(
                [
                    ("rule_id", "in", rule_ids),
                    ("res_model", "=", deals._name),
                    ("res_id", "in", deals.ids),
                    # what was unlinked is not the deal's any more
                    ("is_unlinked", "=", False),
                ],
                ["rule_id", "res_id", "state"],
            )
        ):
            states[request.rule_id.id, request.res_id].append(request.state)
        return states

    def _queue_entries(self, plan, deals, states):
        """Add a run and a queued request for each deal that has nothing open or signed yet, of all rules in self."""
        todo = deals.filtered(lambda deal: STANDING.isdisjoint(states[plan.rule_id, deal.id]))
        cause = self.env["signature.request"]._cause()
        ours = cause._chain().filtered(lambda each: each.rule_id.id == plan.rule_id and each.res_model == deals._name)
        if again := todo.filtered(lambda deal: deal.id in ours.mapped("res_id")):
            cause._stop_round()
            todo -= again
        if not todo:
            return
        rule = self.browse(plan.rule_id).with_prefetch(self._prefetch_ids)
        template = rule.template_id
        requests = template._make_requests(
            todo,
            signatory=self.env["res.users"].browse(plan.signatory_id or []),
            rule=rule,
            **(rule._request_values(template) if plan.channel else {}),
        )
        if not requests:
            return
        # one statement for all: Odoo would insert a hundred at a time
        self.env.cr.execute(
            SQL(
                """INSERT INTO signature_rule_run
                               (rule_id, lead_id, request_id, entry, create_uid, write_uid, create_date, write_date)
                        SELECT rule_id, res_id, id,
                               1 + COALESCE((SELECT max(run.entry) FROM signature_rule_run run
                                              WHERE (run.rule_id, run.lead_id) = (request.rule_id, request.res_id)), 0),
                               create_uid, write_uid, create_date, write_date
                          FROM signature_request request WHERE id IN %s""",
                requests._ids,
            )
        )

    def _request_values(self, template):
        """Return what this rule says of the requests that it makes of `template`: how customers get their links."""
        self.ensure_one()
        if not self.channel:
            return {}
        roles = template.role_ids.role_id.filtered(lambda role: role.policy not in OWN_PEOPLE)
        return {"channels": dict.fromkeys(roles.ids, self.channel)}

    @api.model
    def _cancel_left(self, plans, deals, archived, before):
        """Cancel the documents of rules that say so, where deals have left their stages and nobody was asked.

        `before` are the stages; who is lost or archived has left too.
        """
        cancelling = {
            stage: rules
            for stage in set(before.values())
            if (rules := [plan.rule_id for plan in plans.get(stage, ()) if plan.moved_action == "cancel"])
        }
        answered = self.env.cr.postcommit.data.get(ANSWERED, ())
        left = deals.filtered(
            lambda deal: (
                before[deal.id] in cancelling
                and (deal.stage_id.id != before[deal.id] or deal in archived)
                and deal.id not in answered
            )
        )
        if not left:
            return
        open_requests = (
            self.env["signature.request"]
            .sudo()
            .search(
                [
                    ("rule_id", "in", [rule for rules in cancelling.values() for rule in rules]),
                    ("res_model", "=", deals._name),
                    ("res_id", "in", left.ids),
                    ("state", "in", transitions.sources(transitions.REQUEST, "cancelled")),
                    ("is_unlinked", "=", False),
                ]
            )
            .filtered(lambda request: request.stage_id.id == before[request.res_id])
        )
        for lang, requests in open_requests.grouped(lambda request: request.user_id.lang).items():
            told = requests.with_context(lang=lang)
            told.action_cancel(told.env._("It is not needed any more."))
