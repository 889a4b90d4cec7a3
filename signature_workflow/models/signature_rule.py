from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from .conditions import ConditionError, check_condition, read_condition, usable
from .signature_request import WAITING_STATES

# by so many deals it is seen whether a filter can be evaluated
SAMPLE = 80

# for which deals a rule is, and what it sends
MATCHING = {"active", "stage_id", "team_ids", "company_id", "domain", "template_id"}


class SignatureRule(models.Model):
    """When a deal reaches a stage, send a template; its actions say what follows."""

    _name = "signature.rule"
    _description = "Signature stage rule"
    _inherit = ["signature.deadline", "signature.hold"]
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
        domain=[("share", "=", False)],
        help="Who signs for our company. Empty: the deal's salesperson.",
    )
    channel = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS"), ("both", "E-mail and SMS"), ("manual", "By hand")],
        "Over",
        help="How the customer gets the link. Empty: as the template says.",
    )
    has_own_deadline = fields.Boolean("Own reminders", help="Otherwise those of the template count.")
    moved_action = fields.Selection(
        [("keep", "Keep waiting for the signatures"), ("cancel", "Cancel the document")],
        "When the deal leaves before",
        required=True,
        default="keep",
        help="When an import, another program or another rule moves the deal while its document waits. A person who "
        "does it is asked.",
    )
    action_ids = fields.One2many(
        "signature.rule.action",
        "rule_id",
        "What follows",
        copy=True,
        default=lambda self: [Command.create({"event": "signed", "kind": "next"})],
    )
    action_kinds = fields.Char(compute="_compute_action_kinds")
    summary = fields.Char("What follows in words", compute="_compute_summary")
    request_count = fields.Integer("Sent", compute="_compute_statistics")
    waiting_count = fields.Integer("Waiting", compute="_compute_statistics")
    signed_count = fields.Integer("Signed", compute="_compute_statistics")
    declined_count = fields.Integer("Declined", compute="_compute_statistics")
    time_to_sign = fields.Char(
        "Time to sign",
        compute="_compute_statistics",
        help="Half of the signed documents took less, half took more (the median).",
    )

    @api.depends("stage_id", "template_id")
    def _compute_display_name(self):
        for rule in self:
            rule.display_name = " → ".join(filter(None, [rule.stage_id.name, rule.template_id.name]))

    @api.depends("action_ids.kind", "action_ids.activity_for")
    def _compute_action_kinds(self):
        """Tell the form which columns of the list of actions are needed."""
        for rule in self:
            chosen = ["user"] if "user" in rule.action_ids.mapped("activity_for") else []
            rule.action_kinds = " ".join(sorted({kind for kind in rule.action_ids.mapped("kind") if kind} | {*chosen}))

    @api.depends("action_ids.display_name", "action_ids.event")
    def _compute_summary(self):
        events = dict(self.env["signature.rule.action"]._fields["event"]._description_selection(self.env))
        for rule in self:
            rule.summary = "; ".join(
                f"{events[event]}: {', '.join(actions.mapped('display_name'))}"
                for event, actions in rule.action_ids.grouped("event").items()
                if event
            )

    @api.depends_context("uid")
    def _compute_statistics(self):
        """Count the documents that the user may see, and read their median time to sign in one query."""
        request = self.env["signature.request"]
        query = request._search([("rule_id", "in", self.ids), ("original_id", "!=", False)])
        query.groupby = SQL("signature_request.rule_id")
        count = "COUNT(*) FILTER (WHERE signature_request.state IN %s)"
        rows = self.env.execute_query(
            query.select(
                SQL("signature_request.rule_id"),
                SQL("COUNT(*)"),
                SQL(count, WAITING_STATES),
                SQL(count, ("completed", "withdrawn")),
                SQL(count, ("declined",)),
                SQL(
                    "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY"
                    " EXTRACT(EPOCH FROM signature_request.date_completed - signature_request.date_sent))"
                ),
            )
        )
        found = {row[0]: row[1:] for row in rows}
        for rule in self:
            sent, waiting, signed, declined, seconds = found.get(rule._origin.id, (0, 0, 0, 0, None))
            rule.request_count, rule.waiting_count = sent, waiting
            rule.signed_count, rule.declined_count = signed, declined
            rule.time_to_sign = self._duration_words(seconds) if signed and seconds is not None else False

    @api.model
    def _duration_words(self, seconds):
        """Return a time in seconds in words, the two largest units of it: “1 day 4 h”."""
        minutes = round(seconds / 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        if days:
            day_words = self.env._("1 day") if days == 1 else self.env._("%s days", days)
            return f"{day_words} {self.env._('%s h', hours)}" if hours else day_words
        if hours:
            hour_words = self.env._("%s h", hours)
            return f"{hour_words} {self.env._('%s min', minutes)}" if minutes else hour_words
        return self.env._("%s min", minutes)

    @api.constrains("template_id")
    def _check_template_id(self):
        for rule in self:
            if rule.template_id.model != "crm.lead":
                raise ValidationError(self.env._("“%s” is not made from deals.", rule.template_id.name))

    @api.constrains("domain")
    def _check_domain(self):
        for rule in self:
            try:
                # Odoo checks with all rights, but it is the author's that count
                check_condition(self.env["crm.lead"].sudo(False), rule.domain)
                rule._try_filter(self._sample())
            except ConditionError as error:
                raise ValidationError(rule._filter_unusable()) from error

    @api.model
    def _sample(self):
        """Return deals (sudo) to try filters with."""
        return self.env["crm.lead"].sudo().search([], limit=SAMPLE, order="id desc")

    def _try_filter(self, deals):
        """Raise ConditionError unless it can be told which of `deals` match the filter of this rule."""
        self.ensure_one()
        condition = read_condition(self.domain)
        with usable():
            condition.validate(deals)
            deals.filtered_domain(condition)

    def _filter_unusable(self):
        return self.env._("The filter of “%s” is not valid.", self.display_name)

    @api.model_create_multi
    def create(self, vals_list):
        rules = super().create(vals_list)
        self.env.registry.clear_cache()
        return rules

    def write(self, vals):
        result = super().write(vals)
        if MATCHING & vals.keys():
            self.action_ids._take_over()
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for rule in self:
            if self.env["signature.request"].sudo().search_count([("rule_id", "=", rule.id)], limit=1):
                raise UserError(
                    self.env._(
                        "“%s” has sent documents, so it cannot be deleted. Archive it instead.", rule.display_name
                    )
                )

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def action_view_requests(self):
        """Open the documents that this rule has asked for; the context key `filter` names the filter to begin with."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_request_action")
        chosen = self.env.context.get("filter")
        context = {f"search_default_{chosen}": True} if chosen else {}
        return action | {"domain": [("rule_id", "=", self.id)], "context": context}
