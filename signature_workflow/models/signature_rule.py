import ast
from collections import defaultdict
from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .signature_request import OPEN_STATES

STANDING = {*OPEN_STATES, "completed"}


class Plan(NamedTuple):
    """What a rule says about a deal that enters its stage; made of plain values, to be cached."""

    rule_id: int
    company_id: int | bool
    team_ids: frozenset
    domain: str
    template_id: int
    signatory_id: int | bool

    def matching(self, deals):
        """Return those of `deals`, all in the rule's stage, that the rule is for."""
        matching = deals.filtered(
            lambda deal: (
                (not self.team_ids or deal.team_id.id in self.team_ids)
                and self.company_id in (False, deal.company_id.id or self.company_id)
            )
        )
        domain = ast.literal_eval(self.domain)
        return matching.filtered_domain(domain) if domain else matching


class SignatureRule(models.Model):
    """When a deal reaches a stage, send a template; when all have signed, move the deal."""

    _name = "signature.rule"
    _description = "Signature stage rule"
    _order = "sequence, id"
    _check_company_auto = True

    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)
    stage_id = fields.Many2one("crm.stage", required=True, index=True, ondelete="restrict")
    team_ids = fields.Many2many("crm.team", string="Sales teams", ondelete="restrict", help="Empty: every team.")
    domain = fields.Char("Only deals that", default="[]", required=True)
    template_id = fields.Many2one(
        "signature.template",
        "Send",
        required=True,
        ondelete="restrict",
        check_company=True,
        domain=[("model", "=", "crm.lead"), ("is_adhoc", "=", False)],
    )
    signatory_id = fields.Many2one(
        "res.users",
        "Our signatory",
        help="Who signs for our company. Empty: the deal's salesperson.",
    )
    signed_action = fields.Selection(
        [
            ("none", "Leave the deal where it is"),
            ("next", "Move to the next stage"),
            ("stage", "Move to a stage"),
            ("won", "Mark as won"),
        ],
        "When all have signed",
        required=True,
        default="next",
    )
    signed_stage_id = fields.Many2one("crm.stage", "Target stage", ondelete="restrict")

    @api.depends("stage_id", "template_id")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = f"{rule.stage_id.name or ''} → {rule.template_id.name or ''}"

    @api.constrains("signed_action", "signed_stage_id", "stage_id")
    def _check_signed_stage_id(self):
        for rule in self:
            if rule.signed_action != "stage":
                continue
            if not rule.signed_stage_id:
                raise ValidationError(self.env._("Choose the stage to move the deal to."))
            if rule.signed_stage_id == rule.stage_id:
                raise ValidationError(self.env._("A signed deal cannot move to the stage that it is in."))

    @api.constrains("template_id")
    def _check_template_id(self):
        for rule in self:
            if rule.template_id.model != "crm.lead":
                raise ValidationError(self.env._("“%s” is not made from deals.", rule.template_id.name))

    @api.constrains("domain")
    def _check_domain(self):
        for rule in self:
            try:
                Domain(ast.literal_eval(rule.domain)).validate(self.env["crm.lead"])
            except (ValueError, SyntaxError) as error:
                raise ValidationError(self.env._("The filter of “%s” is not valid.", rule.display_name)) from error

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for rule in self:
            if self.env["signature.rule.run"].sudo().search_count([("rule_id", "=", rule.id)], limit=1):
                raise UserError(
                    self.env._(
                        "“%s” has sent documents, so it cannot be deleted. Archive it instead.", rule.display_name
                    )
                )

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # Stage entries

    @api.model
    @tools.ormcache()
    def _plans(self):
        """Return `{stage id: (Plan, ...)}`; cached, for every deal's write asks."""
        plans = defaultdict(tuple)
        for rule in self.sudo().search([("template_id.active", "=", True)]):
            plans[rule.stage_id.id] += (
                Plan(
                    rule.id,
                    rule.company_id.id,
                    frozenset(rule.team_ids.ids),
                    rule.domain,
                    rule.template_id.id,
                    rule.signatory_id.id,
                ),
            )
        return dict(plans)

    @api.model
    def _process_entries(self, before):
        """Queue the documents of the deals that entered a stage in this transaction.

        `before` is `{deal id: stage id before the transaction, or False}`.
        """
        plans = self._plans()
        deals = self.env["crm.lead"].sudo().browse(before)
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
            if (chosen := plan.matching(there))
        ]
        if matching:
            states = self._requests_so_far([plan.rule_id for plan, __ in matching], entered)
            for plan, chosen in matching:
                self._queue_entries(plan, chosen, states)
            self.env.flush_all()

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
                ],
                ["rule_id", "res_id", "state"],
            )
        ):
            states[request.rule_id.id, request.res_id].append(request.state)
        return states

    @api.model
    def _queue_entries(self, plan, deals, states):
        """Add a run and a queued request for each deal that has nothing open or signed yet."""
        todo = deals.filtered(lambda deal: STANDING.isdisjoint(states[plan.rule_id, deal.id]))
        if not todo:
            return
        requests = (
            self.env["signature.template"]
            .sudo()
            .browse(plan.template_id)
            ._make_requests(
                todo,
                signatory=self.env["res.users"].browse(plan.signatory_id or []),
                rule=self.browse(plan.rule_id),
            )
        )
        # one statement for all: Odoo would insert a hundred at a time
        self.env.cr.execute(
            SQL(
                """INSERT INTO signature_rule_run
                               (rule_id, lead_id, request_id, entry, create_uid, write_uid, create_date, write_date)
                        SELECT rule_id, res_id, id,
                               (SELECT count(*) FROM signature_request other
                                 WHERE (other.rule_id, other.res_model, other.res_id)
                                     = (request.rule_id, request.res_model, request.res_id)
                                   AND other.id <= request.id),
                               create_uid, write_uid, create_date, write_date
                          FROM signature_request request WHERE id IN %s""",
                requests._ids,
            )
        )

    # What follows

    def _apply_signed(self, deal, request):
        """Move `deal` on after `request` was completed; return the reaction's state and what was done, in words."""
        self.ensure_one()
        if deal.stage_id != self.stage_id or not deal.active:
            return "done", self.env._("The deal had left the stage by then, so it was not moved.")
        others = self.env["signature.request"].search_count(
            [
                ("res_model", "=", deal._name),
                ("res_id", "=", deal.id),
                ("rule_id.stage_id", "=", self.stage_id.id),
                ("state", "in", OPEN_STATES),
                ("id", "!=", request.id),
            ]
        )
        if others:
            return "waiting", self.env._("Other documents of this stage wait to be signed.")
        target = self.signed_stage_id
        if self.signed_action == "next":
            target = self._next_stage(deal)
        if self.signed_action == "won" or target.is_won:
            deal.action_set_won()
            return "done", self.env._("The deal was won.")
        if target.team_ids and deal.team_id not in target.team_ids:
            raise UserError(
                self.env._(
                    "The stage “%(stage)s” is not one of the team “%(team)s”. Choose another stage in the rule.",
                    stage=target.name,
                    team=deal.team_id.name,
                )
            )
        deal.stage_id = target
        return "done", self.env._("The deal was moved to “%s”.", target.name)

    @api.model
    def _next_stage(self, deal):
        domain = ["|", ("team_ids", "=", False), ("team_ids", "in", deal.team_id.ids)]
        stages = list(self.env["crm.stage"].search(domain))
        later = stages[stages.index(deal.stage_id) + 1 :] if deal.stage_id in stages else []
        if not later:
            raise UserError(self.env._("“%s” is the last stage; there is none to move to.", deal.stage_id.name))
        return later[0]
