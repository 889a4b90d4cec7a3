import base64
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import docx
from ..engine.errors import EngineError
from .conditions import ConditionError, usable
from .engine_messages import engine_message
from .signature_merge import PLACEHOLDER
from .signature_policy import ACTING
from .signature_request_generate import SIGNED_TYPES
from .signature_rule_action import GATED

# what happens without anybody in between, and the good end, which must not lead round either
UNASKED = ("expired", "undelivered", "cancelled", *GATED)
# roles whose people do not depend on the deal
FIXED = ("user", "partner", "group")


class Surroundings(NamedTuple):
    """What rules are checked against, read once for all of them."""

    stages: models.BaseModel
    rules: models.BaseModel
    deals: models.BaseModel


class SignatureRule(models.Model):
    """What is wrong with a rule, before it shows: each a sentence with the next step. Nothing is refused."""

    _inherit = "signature.rule"

    warning = fields.Text(
        "To be looked at", compute="_compute_warning", help="What keeps this rule from doing what it says."
    )
    has_warning = fields.Boolean(compute="_compute_warning")

    @api.depends(
        "active",
        "stage_id",
        "team_ids",
        "company_id",
        "domain",
        "template_id",
        "signatory_id",
        "channel",
        "has_own_deadline",
        "expiry_days",
        "hold_domain",
        "action_ids.event",
        "action_ids.kind",
        "action_ids.stage_id",
        "action_ids.template_id",
        "action_ids.lost_reason_id",
        "action_ids.activity_type_id",
        "action_ids.user_id",
        "action_ids.server_action_id",
    )
    def _compute_warning(self):
        stages = self.env["crm.stage"].sudo().search_fetch([], ["name", "team_ids", "is_won"])
        around = Surroundings(stages, self.sudo().search([("active", "=", True)]), self._sample())
        by_template = {}
        for rule in self.sudo():
            doubts = []
            if rule.stage_id and rule.template_id:
                template = rule.template_id
                if template not in by_template:
                    by_template[template] = list(self._template_doubts(template))
                doubts = [
                    *rule._place_doubts(),
                    *by_template[template],
                    *rule._people_doubts(),
                    *rule._condition_doubts(around),
                    *rule._event_doubts(),
                    *(doubt for action in rule.action_ids for doubt in rule._action_doubts(action, around)),
                    *rule._twin_doubts(around),
                    *rule._round_doubts(around),
                ]
            rule.warning = "\n".join(dict.fromkeys(doubts))
            rule.has_warning = bool(doubts)

    # Where

    def _place_doubts(self):
        """Yield what keeps deals from coming to this rule."""
        teams, stage = self.with_context(active_test=False).team_ids, self.stage_id
        for team in teams.filtered(lambda team: not team.active):
            yield self.env._("The team “%s” is archived. Take it out of the rule, or unarchive it.", team.name)
        if stage.team_ids and teams and not stage.team_ids & teams:
            yield self.env._(
                "The stage “%(stage)s” is not one of %(teams)s, so no deal gets there. Choose another stage or team.",
                stage=stage.name,
                teams=self._quoted(teams),
            )

    @api.model
    def _quoted(self, records):
        return ", ".join(f"“{name}”" for name in records.mapped("display_name"))

    def _deal_teams(self):
        """Return the teams whose deals come to this rule; empty for all."""
        return self.team_ids or self.stage_id.team_ids

    # What

    @api.model
    def _template_doubts(self, template):
        """Yield what keeps `template` from being sent."""
        name = template.name
        if not template.active:
            yield self.env._(
                "The template “%s” is archived, so nothing is sent. Unarchive it, or choose another.", name
            )
        acting = template.role_ids.filtered(lambda line: line.participation in ACTING)
        if not acting:
            yield self.env._("In the template “%s” nobody signs or approves. Add who does.", name)
        content = {"html": "body", "pdf": "pdf_file", "docx": "docx_file", "report": "report_id"}[template.kind]
        # the size of a file is enough
        if not template.with_context(bin_size=True)[content]:
            yield self.env._("The template “%s” has no document yet. Add one.", name)
        # what a report has is known once it is printed
        elif template.kind != "report":
            yield from self._place_to_sign_doubts(template, acting)

    @api.model
    def _place_to_sign_doubts(self, template, acting):
        try:
            signing = self._signing_roles(template)
        except UserError as error:
            yield str(error)
        except EngineError as error:
            yield engine_message(self.env, error)
        else:
            idle = acting.filtered(lambda line: line.participation == "sign").role_id - signing
            if idle:
                yield self.env._(
                    "“%(template)s” has no signature for %(roles)s. Add one, or take the role out.",
                    template=template.name,
                    roles=", ".join(idle.mapped("name")),
                )

    @api.model
    def _signing_roles(self, template):
        """Return the roles with a signature in the document of `template`; raises UserError or EngineError."""
        merge, tags = self.env["signature.merge"], []
        if template.kind == "html":
            html = merge._own_placeholders(template.body, self.env[template.model])
            tags = [found for match in PLACEHOLDER.finditer(html) if isinstance(found := merge._parse(match[1]), str)]
        elif template.kind == "docx":
            tags = docx.placeholders(base64.b64decode(template.with_context(bin_size=False).docx_file)).tags
        specs = [template._tag_values(tag) for tag in tags]
        placed = template.field_ids.filtered(lambda field: field.type in SIGNED_TYPES).role_id
        return placed.browse({*placed.ids, *(values["role_id"] for values in specs if values["type"] in SIGNED_TYPES)})

    # Who

    def _people_doubts(self):
        """Yield who of those that do not depend on the deal cannot be asked."""
        template, signatory = self.template_id, self.signatory_id
        policies = template.role_ids.role_id.mapped("policy")
        if signatory and "signatory" not in policies:
            yield self.env._(
                "In “%(template)s” nobody signs for our company, so %(name)s is not asked. Add the role, or take "
                "the name out of the rule.",
                template=template.name,
                name=signatory.name,
            )
        deal = self.env["crm.lead"].sudo()
        for line in template.role_ids:
            role = line.role_id
            if role.policy == "path":
                try:
                    role._check_path(deal)
                except UserError as error:
                    yield str(error)
            elif role.policy in FIXED or (role.policy == "signatory" and signatory):
                yield from self._line_doubts(line, role._find_people(deal, signatory, signatory))

    def _line_doubts(self, line, people):
        role = line.role_id
        policy = line._policy(self._request_values(self.template_id).get("channels", {}).get(role.id))
        if not people and role.policy == "signatory":
            yield self.env._(
                "%s, who signs for our company, is archived. Choose somebody else.", self.signatory_id.name
            )
        elif not people:
            yield self.env._("Nobody plays the role “%s” any more. Choose somebody in the role.", role.name)
        for person in people:
            yield from line._lacking(person, policy)

    # When

    def _condition_doubts(self, around):
        """Yield what cannot be used of the rule's filter and of what the document is held for."""
        try:
            self._try_filter(around.deals)
        except ConditionError:
            yield self._filter_unusable()
        for holder in (self, self.template_id):
            try:
                condition = holder._hold_condition()
                if condition is not None:
                    with usable():
                        condition.validate(around.deals)
            except UserError as error:
                yield str(error)
            except ConditionError:
                yield holder._hold_unusable()

    def _event_doubts(self):
        """Yield the outcomes that never come about."""
        templates = self.template_id | self.action_ids.template_id
        kinds = set(templates.role_ids.mapped("participation"))
        nobody_signs = self.env._("nobody signs its document, it is only approved")
        nobody_approves = self.env._("nobody approves its document")
        reasons = {
            "signed": "sign" not in kinds and nobody_signs,
            "declined": "sign" not in kinds and nobody_signs,
            "disapproved": "approve" not in kinds and nobody_approves,
            "approved": all("sign" in set(each.role_ids.mapped("participation")) for each in templates)
            and self.env._("somebody signs its document, so it ends as signed"),
            "expired": not self._days_to_sign(templates) and self.env._("its document has no deadline"),
        }
        labels = dict(self.action_ids._fields["event"]._description_selection(self.env))
        for event in dict.fromkeys(self.action_ids.mapped("event")):
            if reasons.get(event):
                yield self.env._(
                    "“%(event)s” never happens: %(reason)s. Take the line out, or choose another event.",
                    event=labels[event],
                    reason=reasons[event],
                )

    def _days_to_sign(self, templates):
        return self.expiry_days if self.has_own_deadline else any(templates.mapped("expiry_days"))

    # What follows

    def _action_doubts(self, action, around):
        """Yield what keeps `action` from being done."""
        label = action.display_name
        if action.kind in ("next", "stage"):
            yield from self._move_doubts(action, around)
        archived = {
            "lost": action.lost_reason_id,
            "activity": action.activity_type_id,
            "template": action.template_id,
        }.get(action.kind)
        if archived and not archived.active:
            yield self.env._(
                "“%(line)s”: “%(name)s” is archived. Unarchive it, or choose another.", line=label, name=archived.name
            )
        if action.kind == "template" and action.template_id.active and action.template_id != self.template_id:
            yield from self._template_doubts(action.template_id)
        if action.kind == "activity" and action.activity_for == "user" and not action.user_id.active:
            yield self.env._(
                "“%(line)s”: %(name)s is archived. Choose somebody else.", line=label, name=action.user_id.name
            )
        if action.kind == "server":
            yield from self._server_doubts(action)

    def _server_doubts(self, action):
        server = action.server_action_id
        if not server or server.model_id.model != "crm.lead":
            yield self.env._("“%s” does not run for deals any more. Choose another server action.", action.display_name)
        elif action._origin and not action._may_run(server, action.write_uid):
            yield self.env._(
                "%(name)s, who chose “%(action)s”, may not run it. Choose the action again.",
                name=action.write_uid.name,
                action=server.name,
            )

    def _move_doubts(self, action, around):
        own, target = self.stage_id, self._target(action, around)
        teams = self._deal_teams()
        if not target:
            yield self.env._("There is no stage after “%s” to move to. Choose one, or mark the deal as won.", own.name)
        elif target == own:
            yield self.env._("“%s” moves the deal to the stage that it is in. Choose another.", action.display_name)
        elif action.event in GATED and around.stages.ids.index(target.id) < around.stages.ids.index(own.id):
            yield self.env._(
                "“%(stage)s” comes before “%(own)s”: a signed deal goes back. Choose a later stage.",
                stage=target.name,
                own=own.name,
            )
        elif target.team_ids and not (teams and teams <= target.team_ids):
            yield self.env._(
                "“%(stage)s” is only for %(teams)s: deals of other teams cannot be moved there. Name these teams in "
                "the rule, or choose another stage.",
                stage=target.name,
                teams=self._quoted(target.team_ids),
            )

    def _target(self, action, around):
        """Return the stage to which `action` moves deals of this rule; empty where it does not move them."""
        if action.kind == "stage":
            return action.stage_id
        stages, own = around.stages, self.stage_id
        if action.kind != "next" or own not in stages:
            return stages.browse()
        teams = self._deal_teams()
        open_ones = stages.filtered(lambda stage: not (stage.team_ids and teams) or stage.team_ids & teams)
        later = [stage for stage in open_ones if stages.ids.index(stage.id) > stages.ids.index(own.id)]
        return later[0] if later else stages.browse()

    # Other rules

    def _meets(self, other):
        """Tell whether a deal may come to both rules."""
        teams, others = self._deal_teams(), other._deal_teams()
        return (not (teams and others) or bool(teams & others)) and (
            not (self.company_id and other.company_id) or self.company_id == other.company_id
        )

    def _twin_doubts(self, around):
        for other in around.rules:
            same = (other.stage_id, other.template_id) == (self.stage_id, self.template_id)
            domains = {self.domain or "[]", other.domain or "[]"}
            if (
                self.active
                and same
                and other != self._origin
                and self._meets(other)
                and (len(domains) == 1 or "[]" in domains)
            ):
                yield self.env._(
                    "Another rule also sends “%(template)s” at “%(stage)s”, so deals get it twice. Archive one of the "
                    "two, or give them different filters.",
                    template=self.template_id.name,
                    stage=self.stage_id.name,
                )
                return

    def _round_doubts(self, around):
        """Yield a sentence when what follows by itself leads back to this rule."""
        if not self.active:
            return
        ways, seen = [(self, ())], set()
        while ways:
            rule, way = ways.pop(0)
            for following in rule._leads_to(around):
                if following == self._origin:
                    yield self.env._(
                        "This leads round: %s. It is stopped there, and you are told. Change one of the moves.",
                        " → ".join(f"“{stage.name}”" for stage in [self.stage_id, *way, self.stage_id]),
                    )
                    return
                if following.id not in seen:
                    seen.add(following.id)
                    ways.append((following, (*way, following.stage_id)))

    def _leads_to(self, around):
        """Return the rules that a deal comes to from this one without anybody deciding on it."""
        moving = self.action_ids.filtered(lambda action: action.event in UNASKED)
        targets = around.stages.browse().union(*(self._target(action, around) for action in moving)) - self.stage_id
        return around.rules.filtered(lambda rule: rule.stage_id in targets and rule._meets(self))
