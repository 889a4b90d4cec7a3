from typing import NamedTuple

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..engine import links, sms
from ..models.conditions import ConditionError
from ..models.signature_rule_action import GATED, MOVES
from ..models.signature_rule_entry import STANDING


class SignatureSimulation(models.TransientModel):
    """What the stage rules would do with a deal. It lives in a form only: nothing is stored, written or sent."""

    _name = "signature.simulation"
    _description = "What would happen"

    lead_id = fields.Many2one("crm.lead", "Deal", domain=[("type", "=", "opportunity")])
    rule_id = fields.Many2one("signature.rule", readonly=True)
    stage_id = fields.Many2one("crm.stage", "Comes to", help="Empty: each stage that has rules.")
    line_ids = fields.One2many(
        "signature.simulation.line", "simulation_id", compute="_compute_line_ids", compute_sudo=False
    )
    summary = fields.Char(compute="_compute_line_ids", compute_sudo=False)

    @api.model
    def _action(self, **records):
        """Return the action of the dialog; `records` are `lead` or `rule`."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What would happen?"),
            "res_model": self._name,
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "dialog_size": "extra-large",
                **{f"default_{name}_id": record.id for name, record in records.items()},
            },
        }

    @api.depends("lead_id", "rule_id", "stage_id")
    def _compute_line_ids(self):
        for simulation in self:
            lines = [simulation._line(rule) for rule in simulation._rules()]
            simulation.line_ids = [Command.clear(), *(Command.create(line) for line in lines)]
            simulation.summary = simulation._summary(lines)

    def _rules(self):
        """Return the rules to be shown, in the order of their stages; none before a deal is chosen."""
        rules = self.env["signature.rule"]
        if not self.lead_id:
            return rules
        self.lead_id.check_access("read")
        if self.rule_id:
            self.rule_id.check_access("read")
            return self.rule_id
        where = [("stage_id", "=", self.stage_id.id)] if self.stage_id else []
        return rules.search(where).sorted(lambda rule: (rule.stage_id.sequence, rule.stage_id.id))

    def _summary(self, lines):
        if not self.lead_id:
            return self.env._("Choose a deal.")
        if not lines:
            return self.env._("No rule stands there, so nothing would be sent.")
        gaps = {
            "firing": sum(line["fires"] for line in lines),
            "count": len(lines),
            "segments": sum(line["segments"] for line in lines),
        }
        summary = self.env._("%(firing)s of %(count)s rules would send a document; SMS: %(segments)s.", **gaps)
        failing = sum(line["fails"] for line in lines)
        return f"{summary} {self.env._('Would fail: %s.', failing)}" if failing else summary

    def _line(self, rule):
        """Return the values of the card of `rule`."""
        case = Case(self.env, rule.sudo(), self.lead_id._origin)
        reasons = case.reasons()
        card = {"rule": rule, "reasons": reasons} | ({} if reasons else case.sending())
        fires = not reasons and not card["problems"]
        url = f"/signature_workflow/template/{rule.template_id.id}/preview?record_id={self.lead_id._origin.id}"
        return {
            "fires": fires,
            "fails": not reasons and not fires,
            "segments": sum(person["segments"] for person in card["people"]) if fires else 0,
            "preview_url": fires and url,
            "details": self.env["ir.qweb"]._render("signature_workflow.simulation_card", card),
        }


class SignatureSimulationLine(models.TransientModel):
    """The card of one rule."""

    _name = "signature.simulation.line"
    _description = "What a rule would do"

    simulation_id = fields.Many2one("signature.simulation", ondelete="cascade")
    fires = fields.Boolean()
    fails = fields.Boolean()
    segments = fields.Integer()
    # made by a view of this addon, not by people
    details = fields.Html(sanitize=False)
    preview_url = fields.Char()


class SignatureRule(models.Model):
    _inherit = "signature.rule"

    def action_try(self):
        """Return the action that shows what this rule would do with a deal to be chosen."""
        self.ensure_one()
        return self.env["signature.simulation"]._action(rule=self)


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def action_simulate(self):
        """Return the action that shows what the stage rules would do with this deal."""
        self.ensure_one()
        return self.env["signature.simulation"]._action(lead=self)


class Case(NamedTuple):
    """One rule (sudo) and one deal, as if the deal came to the rule's stage now. Nothing is written."""

    env: object
    rule: models.BaseModel
    deal: models.BaseModel

    def moved(self):
        """Return the deal as it would be in the stage, in memory only."""
        if self.deal.stage_id == self.rule.stage_id:
            return self.deal
        moved = self.deal.new(origin=self.deal)
        moved.stage_id = self.rule.stage_id
        return moved

    # Whether

    def reasons(self):
        """Return the sentences that say why the rule would send nothing; empty when it would."""
        return [*self._never(), *self._not_this_deal(), *self._not_again()]

    def _never(self):
        template = self.rule.template_id
        if not self.rule.active:
            yield self.env._("The rule is archived.")
        if not template.active:
            yield self.env._("The template “%s” is archived.", template.name)

    def _not_this_deal(self):
        rule, deal, plan = self.rule, self.deal, self.rule._plan()
        name = deal.display_name
        if not deal.active:
            yield self.env._("“%s” is archived.", name)
        elif deal.type != "opportunity":
            yield self.env._("“%s” is a lead: it has to become a deal first.", name)
        elif plan.team_ids and deal.team_id.id not in plan.team_ids:
            names = ", ".join(rule.with_context(active_test=False).team_ids.mapped("name"))
            yield self.env._("It is for deals of %(teams)s only, and “%(deal)s” is none.", teams=names, deal=name)
        elif rule.company_id and deal.company_id and deal.company_id != rule.company_id:
            yield self.env._(
                "It is for deals of %(company)s only, and “%(deal)s” is none.", company=rule.company_id.name, deal=name
            )
        else:
            try:
                if not plan.matching(self.moved()):
                    yield self.env._("“%s” does not match the filter of the rule.", name)
            except ConditionError:
                yield rule._filter_unusable()

    def _not_again(self):
        states = self.rule._requests_so_far(self.rule.ids, self.deal)[self.rule.id, self.deal.id]
        if "completed" in states:
            yield self.env._("The document of this rule is signed already.")
        elif not STANDING.isdisjoint(states):
            yield self.env._("The document of this rule has been sent already and is not signed yet.")

    # What

    def sending(self):
        """Return the values of the card of a document that would be sent, with what is missing for it."""
        rule, template, signatory = self.rule, self.rule.template_id, self.rule.signatory_id
        company = self.deal.company_id or rule.company_id or template.company_id or self.env.company
        user = template._responsible(self.deal, signatory)
        record = template._localized(self.deal, user, company)
        channels = rule._request_values(template).get("channels", {})
        signers, problems = template._find_signers(record, user, signatory, channels=channels)
        if not problems:
            try:
                template._check_sending(record, signatory, channels=channels)
            except UserError as error:
                problems = str(error).splitlines()
        request = self._request(template, record, user, company)
        on_paper = request._wants_paper(signers)
        is_held = not on_paper and request._is_held(record)
        signers.sort(key=lambda values: values["sequence"])
        return {
            "name": request.name,
            "problems": problems,
            "on_paper": on_paper,
            "hold": request._hold_text(self.env.lang) if is_held else "",
            "people": [self._person(request, values, on_paper) for values in signers],
            "times": self._times(template),
            "outcomes": self._outcomes(),
        }

    def _request(self, template, record, user, company):
        """Return the request that would be made, in memory only."""
        values = {
            "name": template.with_context(lang=record.env.lang)._document_name(record),
            "template_id": template.id,
            "rule_id": self.rule.id,
            "res_model": self.deal._name,
            "res_id": self.deal.id,
            "company_id": company.id,
            "user_id": user.id,
        }
        return self.env["signature.request"].sudo().new(values)

    def _person(self, request, values, on_paper):
        """Return what the card says of somebody who takes part; `values` are those of a signer."""
        signer = self.env["signature.signer"].sudo().new({**values, "request_id": request})
        labels = {
            name: dict(signer._fields[name]._description_selection(self.env))[signer[name]]
            for name in ("participation", "channel")
        }
        ways = {"email": ["email"], "sms": ["phone"], "both": ["email", "phone"], "manual": []}[signer.channel]
        return {
            "name": signer.name,
            "turn": signer.sequence,
            "role": signer.role_id.name,
            "address": "" if on_paper else ", ".join(signer[way] for way in ways),
            "segments": 0 if on_paper else self._segments(signer),
            **labels,
        }

    def _segments(self, signer):
        """Return how many SMS segments `signer` costs when all goes well: to be asked, and to get their copy."""
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        url = links.sign_url(base, links.new_token(lambda count: "x" * links.SHORT_LENGTH, short=True))
        texts = []
        if signer.channel in ("sms", "both") and signer.participation != "copy":
            texts.append(signer._request_text(url))
        if signer.channel == "sms" and not signer.email and self.rule.template_id.copies_mail_id:
            texts.append(signer._copy_text(url))
        return sum(map(sms.segments, texts))

    def _times(self, template):
        """Return the sentences on the deadline and the reminders."""
        said, times = template._deadline(self.rule), []
        if said["expiry_days"]:
            times.append(self.env._("To be signed within %s days.", said["expiry_days"]))
        else:
            times.append(self.env._("To be signed at any time."))
        if not (said["remind_after"] and said["remind_times"]):
            times.append(self.env._("No reminders."))
        elif said["remind_times"] == 1:
            times.append(self.env._("One reminder after %s days.", said["remind_after"]))
        else:
            times.append(
                self.env._(
                    "Reminders after %(after)s days, then every %(every)s days, at most %(times)s.",
                    after=said["remind_after"],
                    every=said["remind_every"],
                    times=said["remind_times"],
                )
            )
        return times

    def _outcomes(self):
        """Return `[(event, what follows), …]` in the order of the rule."""
        actions = self.rule.with_env(self.env).sudo().action_ids
        events = dict(actions._fields["event"]._description_selection(self.env))
        return [(events[action.event], self._outcome(action)) for action in actions]

    def _outcome(self, action):
        text = action.display_name
        if action.kind == "next":
            try:
                text = f"{text}: {action._next_stage(self.moved()).name}"
            except UserError as error:
                return str(error)
        if action.kind in MOVES and action.event in GATED:
            return self.env._("%s, when all documents of the stage are signed", text)
        return text
