from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

EVENTS = [
    ("signed", "Signed by all"),
    ("approved", "Approved by all"),
    ("declined", "Declined"),
    ("disapproved", "Disapproved"),
    ("expired", "Not signed in time"),
    ("cancelled", "Cancelled"),
    ("undelivered", "Not delivered"),
]
# after these a deal waits for the other documents of its stage before it moves on
GATED = ("signed", "approved")
# what happens without a person, again and again
UNDECIDED = ("expired", "cancelled", "undelivered")
MOVES = ("next", "stage", "won", "lost")
# what each kind asks for; the first column must be filled in
COLUMNS = {
    "stage": ["stage_id"],
    "lost": ["lost_reason_id"],
    "activity": ["activity_type_id", "activity_summary", "activity_for", "user_id"],
    "template": ["template_id"],
    "server": ["server_action_id"],
}
# which server action runs, and when
DECIDING = {"server_action_id", "kind", "event", "rule_id"}


class SignatureRuleAction(models.Model):
    """One thing that follows for the deal when something has become of a rule's document."""

    _name = "signature.rule.action"
    _description = "What follows from a document"
    _order = "sequence, id"
    _check_company_auto = True

    rule_id = fields.Many2one("signature.rule", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="rule_id.company_id")
    sequence = fields.Integer(default=10)
    event = fields.Selection(EVENTS, "When", required=True, default="signed")
    kind = fields.Selection(
        [
            ("next", "Move to the next stage"),
            ("stage", "Move to the stage"),
            ("won", "Mark as won"),
            ("lost", "Mark as lost"),
            ("activity", "Plan an activity"),
            ("template", "Send another document"),
            ("server", "Run a server action"),
        ],
        "Then",
        required=True,
        default="next",
    )
    stage_id = fields.Many2one("crm.stage", ondelete="restrict")
    lost_reason_id = fields.Many2one("crm.lost.reason", ondelete="restrict")
    activity_type_id = fields.Many2one(
        "mail.activity.type", "Activity", domain=[("res_model", "in", (False, "crm.lead"))], ondelete="restrict"
    )
    activity_summary = fields.Char("About", translate=True)
    activity_for = fields.Selection(
        [("salesperson", "The salesperson"), ("leader", "The team leader"), ("user", "Somebody else")],
        "For",
        default="salesperson",
    )
    user_id = fields.Many2one("res.users", "Whom", domain=[("share", "=", False)], ondelete="restrict")
    template_id = fields.Many2one(
        "signature.template",
        "Document",
        domain=[("model", "=", "crm.lead"), ("is_adhoc", "=", False)],
        check_company=True,
        ondelete="restrict",
    )
    server_action_id = fields.Many2one("ir.actions.server", "Run", ondelete="restrict")
    server_action = fields.Selection(
        lambda self: self._server_actions(),
        compute="_compute_server_action",
        readonly=False,
        help="Runs for the deal with the rights of who chose it, or last changed when it runs.",
    )
    server_user_id = fields.Many2one("res.users", readonly=True, copy=False, ondelete="restrict")

    @api.depends("event", "kind", "stage_id", "lost_reason_id", "activity_type_id", "activity_summary", "template_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for action in self:
            details = {
                "stage": action.stage_id.name,
                "lost": action.lost_reason_id.name,
                "activity": action.activity_summary or action.activity_type_id.name,
                "template": action.template_id.name,
                "server": action.sudo().server_action_id.name,
            }
            action.display_name = ": ".join(filter(None, [kinds.get(action.kind), details.get(action.kind)]))

    # Server actions: only administrators read them, so managers are offered their names

    @api.model
    def _server_action_domain(self):
        return Domain("model_id.model", "=", "crm.lead") & Domain("usage", "=", "ir_actions_server")

    @api.model
    def _server_actions(self):
        """Return `[(id as text, name)]` of the server actions that the user may run for deals, as a manager chooses."""
        if not (self.env.su or self.env.user.has_group("signature_workflow.group_manager")):
            return []
        actions = self.env["ir.actions.server"].sudo().search(self._server_action_domain())
        return [(str(action.id), action.name) for action in actions if self._may_run(action, self.env.user)]

    @api.model
    def _may_run(self, action, user):
        return not action.group_ids or bool(action.group_ids & user.all_group_ids)

    @api.depends("server_action_id")
    def _compute_server_action(self):
        offered = dict(self._server_actions())
        for line in self:
            key = str(line.sudo().server_action_id.id)
            line.server_action = key if key in offered else False

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_server_action(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_server_action(vals))

    @api.model
    def _with_server_action(self, vals):
        """Return `vals` with the id of the chosen server action, and whose rights it has from now on.

        No inverse, which would come after the checks. Whoever decides what runs, or when, answers for it.
        """
        vals = {name: value for name, value in vals.items() if name != "server_user_id"}
        if "server_action" in vals:
            chosen = vals.pop("server_action")
            vals["server_action_id"] = int(chosen) if chosen and chosen.isdecimal() else False
        if DECIDING & vals.keys():
            vals["server_user_id"] = self.env.uid
        return vals

    def _take_over(self):
        """Have the server actions of these lines run with the rights of this user, who has changed when they run."""
        self.filtered(lambda line: line.kind == "server").write({"kind": "server"})

    @api.onchange("kind")
    def _onchange_kind(self):
        """Take away what only another kind asks for."""
        for kind, columns in COLUMNS.items():
            if kind != self.kind:
                self.update(dict.fromkeys(columns, False))
        if self.kind == "activity":
            self.activity_for = self.activity_for or "salesperson"
        if self.kind != "server":
            self.server_action = False

    @api.constrains("kind", "activity_for", *(column for columns in COLUMNS.values() for column in columns))
    def _check_columns(self):
        words = {
            "stage": self.env._("Choose the stage that the deal moves to."),
            "lost": self.env._("Choose why the deal is lost."),
            "activity": self.env._("Choose the activity that is to be planned."),
            "template": self.env._("Choose the document that is sent next."),
            "server": self.env._("Choose the server action that is to run."),
        }
        for action in self:
            if action.kind in COLUMNS and not action[COLUMNS[action.kind][0]]:
                raise ValidationError(words[action.kind])
            if action.kind == "activity" and action.activity_for == "user" and not action.user_id:
                raise ValidationError(self.env._("Choose who is to do the activity."))

    @api.constrains("template_id")
    def _check_template_id(self):
        for action in self.filtered("template_id"):
            if action.template_id.model != "crm.lead":
                raise ValidationError(self.env._("“%s” is not made from deals.", action.template_id.name))

    @api.constrains("server_action_id")
    def _check_server_action_id(self):
        # Odoo checks with all rights, but it is the author's that count
        user = self.sudo(False).env.user
        for chosen in self.sudo().server_action_id:
            if not chosen.filtered_domain(self._server_action_domain()):
                raise ValidationError(self.env._("“%s” does not run for deals. Choose another action.", chosen.name))
            if not self._may_run(chosen, user):
                raise ValidationError(self.env._("You may not run “%s”. Choose another action.", chosen.name))

    # What is done; each returns the reaction's state and what was done

    def _apply(self, deal, request):
        """Do this for `deal` after what has become of `request`.

        Returns the state of the reaction, "done" or "waiting", and what was done. Raises UserError when it cannot be
        done.
        """
        self.ensure_one()
        if self.kind in MOVES:
            if deal.stage_id != request.stage_id or not deal.active or deal.won_status == "won":
                return "done", self.env._("The deal had left the stage by then, so it was not moved.")
            if self.event in GATED and (held := request._held_in_stage()):
                return "waiting", held
        return getattr(self, f"_apply_{self.kind}")(deal, request)

    def _apply_next(self, deal, request):
        return self._move(deal, self._next_stage(deal))

    def _apply_stage(self, deal, request):
        return self._move(deal, self.stage_id)

    def _apply_won(self, deal, request):
        deal.action_set_won()
        return "done", self.env._("The deal was won.")

    def _apply_lost(self, deal, request):
        deal.action_set_lost(lost_reason_id=self.lost_reason_id.id)
        return "done", self.env._("The deal was lost: %s", self.lost_reason_id.name)

    def _apply_activity(self, deal, request):
        chosen = {"leader": request._team_leader(), "user": self.user_id}.get(self.activity_for, deal.user_id)
        user = chosen if chosen.active else request.user_id
        told = self.with_context(lang=user.lang, tz=user.tz)
        activity_type = told.activity_type_id
        deal.activity_schedule(
            activity_type_id=activity_type.id,
            summary=told.activity_summary,
            date_deadline=activity_type._get_date_deadline(),
            user_id=user.id,
            signature_request_id=request.id,
        )
        return "done", self.env._(
            "“%(activity)s” was planned for %(name)s.",
            activity=self.activity_summary or self.activity_type_id.name,
            name=user.name,
        )

    def _apply_template(self, deal, request):
        """Send another document for the same deal, of the same rule, so that its outcomes are this one's too."""
        template, rule = self.template_id, self.rule_id
        # who looks at this instant whether the deal may go on has to come after
        request._bump()
        if not deal.active:
            return "done", self.env._("The deal is archived, so nothing was sent.")
        if not template.active:
            raise UserError(
                self.env._("“%s” is archived. Unarchive it, or choose another document in the rule.", template.name)
            )
        if self._has_sent_before(request):
            if self.event in UNDECIDED:
                request._stop_round()
            return "done", self.env._("“%s” was sent before, so it was not sent once more.", template.name)
        made = template._make_requests(deal, signatory=rule.signatory_id, rule=rule, **rule._request_values(template))
        if not made:
            return "done", self.env._("Nothing was sent, for the rules lead round.")
        return "done", self.env._("“%s” is sent.", template.name)

    def _has_sent_before(self, request):
        """Tell whether this has led to `request` itself, so that it would go on for ever."""
        earlier = request._chain() - request
        return bool(earlier.reaction_ids.filtered(lambda reaction: reaction.action_id == self))

    def _apply_server(self, deal, request):
        action = self.server_action_id.sudo()
        user = self.server_user_id
        if not user._is_superuser() and not (user.active and self._may_run(action, user)):
            raise UserError(
                self.env._(
                    "%(name)s chose “%(action)s” in the rule and may not run it any more. Choose the action again.",
                    name=user.name,
                    action=action.name,
                )
            )
        self.server_action_id.with_user(user).with_company(request.company_id).with_context(
            active_model=deal._name,
            active_id=deal.id,
            active_ids=deal.ids,
            signature_request_id=request.id,
        ).run()
        return "done", self.env._("“%s” has run.", action.name)

    def _move(self, deal, target):
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

    def _next_stage(self, deal):
        domain = ["|", ("team_ids", "=", False), ("team_ids", "in", deal.team_id.ids)]
        stages = list(self.env["crm.stage"].search(domain))
        later = stages[stages.index(deal.stage_id) + 1 :] if deal.stage_id in stages else []
        if not later:
            raise UserError(self.env._("“%s” is the last stage; there is none to move to.", deal.stage_id.name))
        return later[0]
