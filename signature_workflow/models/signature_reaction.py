from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from .signature_rule_action import EVENTS, GATED, MOVES


class SignatureReaction(models.Model):
    """One outcome still to be applied. It commits together with its own *done* mark."""

    _name = "signature.reaction"
    _inherit = ["signature.document.access", "signature.queue"]
    _description = "Signature reaction"
    _order = "id"

    kind = fields.Selection(
        [
            ("copies", "Mail the signed copy"),
            ("tell", "Tell the signers"),
            ("write", "Write answers back"),
            ("rule", "What the stage rule says"),
            ("automation", "Automation rule"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("pending", "To do"), ("waiting", "Waits for other documents"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="pending",
    )
    event = fields.Selection([*EVENTS, ("withdrawn", "Acceptance withdrawn")], readonly=True, required=True)
    action_id = fields.Many2one("signature.rule.action", readonly=True, index="btree_not_null", ondelete="set null")
    automation_id = fields.Many2one("base.automation", readonly=True, index="btree_not_null", ondelete="set null")
    outcome = fields.Char(readonly=True, help="What was done, or why nothing was to be done.")

    _kind_uniq = models.UniqueIndex("(request_id, kind) WHERE kind IN ('copies', 'tell', 'write')")
    _action_uniq = models.UniqueIndex("(request_id, action_id) WHERE action_id IS NOT NULL")
    _automation_uniq = models.UniqueIndex("(request_id, automation_id, event) WHERE automation_id IS NOT NULL")
    _pending_idx = models.Index("(id) WHERE state = 'pending'")

    @api.depends("kind", "action_id", "automation_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for reaction in self:
            what = reaction.action_id.display_name or reaction.sudo().automation_id.name
            reaction.display_name = what or kinds[reaction.kind]

    @api.model
    def _plan(self, requests, event):
        """Note what follows for `requests` from `event`; each thing once, however often it happens."""
        known = {
            (each.request_id.id, each.kind, each.action_id.id, each.automation_id.id)
            for each in self.search([("request_id", "in", requests.ids)])
            # automations may be run by each of several events, all else by one
            if each.kind != "automation" or each.event == event
        }
        planned = [values for request in requests for values in self._following(request, event)]
        new = [
            {**values, "event": event}
            for values in planned
            if (
                values["request_id"],
                values["kind"],
                values.get("action_id", False),
                values.get("automation_id", False),
            )
            not in known
        ]
        self.create(new)
        self._wake(requests)
        self._queue_trigger()

    @api.model
    def _plan_telling(self, requests, event):
        """Note that the signers of `requests` are to be told that these were cancelled or withdrawn."""
        self.create([{"request_id": request.id, "kind": "tell", "event": event} for request in requests])
        self._queue_trigger()

    @api.model
    def _following(self, request, event):
        """Return the values of what follows for `request` from `event`, in the order in which it is done."""
        values = [{"kind": kind} for kind in self._kinds(request, event)]
        if not (request.is_test or request.is_unlinked):
            actions = request.rule_id.action_ids.filtered(lambda action: action.event == event)
            moves = actions.filtered(lambda action: action.kind in MOVES)
            # a deal that waits for all documents waits for the one that is sent next as well; else that one is of
            # the stage that the deal is moved to
            ordered = (actions - moves) + moves if event in GATED else moves + (actions - moves)
            values += [{"kind": "rule", "action_id": action.id} for action in ordered]
            automations = self.env["base.automation"]._signature_automation_ids(request.res_model, event)
            values += [{"kind": "automation", "automation_id": automation} for automation in automations]
        return [{"request_id": request.id, **each} for each in values]

    @api.model
    def _kinds(self, request, event):
        """Return what follows from a completed document whatever rules say."""
        if event not in GATED:
            return []
        kinds = ["copies"] if request.template_id.copies_mail_id or request.is_test else []
        # on paper nobody has answered: empty answers would empty the record
        without_answers = request.is_test or request.is_unlinked or request.is_paper
        if not without_answers and any(request.field_ids.mapped("write_path")):
            kinds.append("write")
        return kinds

    @api.model
    def _wake(self, requests):
        """Look again at what waited for these requests, or for what follows from them."""
        waiting = self.sudo().search(
            [
                ("state", "=", "waiting"),
                ("request_id.res_model", "in", list(set(requests.mapped("res_model")))),
                ("request_id.res_id", "in", requests.mapped("res_id")),
            ]
        )
        if waiting:
            waiting.state = "pending"
            self._queue_trigger()

    def _for_sender(self):
        return self.with_context(lang=self.request_id.user_id.lang)

    def _apply(self):
        self.ensure_one()
        if self._comes_after_pending():
            # another worker is at that one and goes on with this; should it pass over this now, somebody does so soon
            worker = self.env.ref("signature_workflow.ir_cron_process")
            worker._trigger(fields.Datetime.now() + timedelta(seconds=5))
            return
        # whatever is asked for until this transaction ends has come of this document
        self.request_id._set_cause()
        if self.request_id.is_unlinked and self.kind not in ("copies", "tell"):
            state, outcome = "done", self.env._("The document was unlinked, so nothing was done.")
        else:
            state, outcome = getattr(self, f"_apply_{self.kind}")()
        self.write({"state": state, "outcome": outcome, "failure": False})
        self._wake_stage()

    def _comes_after_pending(self):
        """Tell whether something else follows from the same document first: the order is that of the ids."""
        earlier = [("request_id", "=", self.request_id.id), ("state", "=", "pending"), ("id", "<", self.id)]
        return bool(self.search_count(earlier, limit=1))

    def _wake_stage(self):
        """Look again at what waits for another document to be sent, now that it is, is not to be, or cannot be."""
        if self.action_id.kind == "template":
            self._wake(self.request_id)

    def _apply_copies(self):
        sent = self.request_id.signer_ids._send_copies()
        return "done", self.env._("Sent to %s", sent) if sent else self.env._("Nobody has an address to send it to.")

    def _apply_tell(self):
        told = self.request_id._tell_end(self.event, self.create_uid)
        names = ", ".join(told.mapped("name"))
        return "done", self.env._("Told: %s", names) if names else self.env._("Nobody was to be told.")

    def _apply_write(self):
        return "done", self.request_id._write_back()

    def _apply_rule(self):
        request = self.request_id
        if not self.action_id:
            return "done", self.env._("The rule says this no more, so nothing was done.")
        deal = request._record().exists()
        if not deal:
            return "done", self.env._("The deal no longer exists.")
        return self.action_id._apply(deal, request)

    def _apply_automation(self):
        return self.automation_id._run_for(self.request_id)

    def _queue_failed(self, message):
        for reaction in self:
            reaction.write({"state": "failed", "failure": message})
            reaction._close_todo()
            told = reaction._for_sender()
            told.request_id._add_todo(told._failed_summary(), message)
            reaction._wake_stage()

    def _failed_summary(self):
        return self.env._("“%(what)s” failed: %(document)s", what=self.display_name, document=self.request_id.name)

    def _close_todo(self):
        """Close the to-do about the failure of this, and no other one about the document."""
        summary = self._for_sender()._failed_summary()
        todos = [("signature_request_id", "=", self.request_id.id), ("summary", "=", summary)]
        self.env["mail.activity"].sudo().search(todos).unlink()

    def action_done_by_hand(self):
        """Put aside what has failed: somebody has done it in another way."""
        self.request_id._check_may_change()
        if any(reaction.state != "failed" for reaction in self):
            raise UserError(self.env._("Only what has failed can be done by hand."))
        reactions = self.sudo()
        # who looks at this instant whether a deal may go on has to come after
        reactions.request_id._bump()
        for reaction in reactions:
            reaction._close_todo()
            outcome = reaction.env._("Done by hand by %s", self.env.user.name)
            reaction.write({"state": "done", "failure": False, "outcome": outcome})
        self._wake(reactions.request_id)

    def action_retry(self):
        """Apply failed reactions once more."""
        self.request_id._check_may_change()
        if any(reaction.state != "failed" for reaction in self):
            raise UserError(self.env._("Only what has failed can be run again."))
        reactions = self.sudo()
        for reaction in reactions:
            reaction._close_todo()
        reactions.write({"state": "pending", "failure": False, "attempts": 0})
        self._queue_trigger()
