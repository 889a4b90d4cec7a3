from odoo import api, fields, models
from odoo.exceptions import UserError


class SignatureReaction(models.Model):
    """One outcome still to be applied. It commits together with its own *done* mark."""

    _name = "signature.reaction"
    _inherit = ["signature.document.access", "signature.queue"]
    _description = "Signature reaction"
    _order = "id"

    kind = fields.Selection(
        [("copies", "Mail the signed copy"), ("write", "Write answers back"), ("move", "Move the deal")],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("pending", "To do"), ("waiting", "Waits for other documents"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        readonly=True,
        default="pending",
    )
    outcome = fields.Char(readonly=True, help="What was done, or why nothing was to be done.")

    _kind_uniq = models.UniqueIndex("(request_id, kind)")
    _pending_idx = models.Index("(id) WHERE state = 'pending'")

    @api.model
    def _plan(self, request):
        """Note what follows from the completion of `request`."""
        kinds = ["copies"]
        if not request.is_test and any(request.field_ids.mapped("write_path")):
            kinds.append("write")
        if request.rule_id.signed_action not in (False, "none"):
            kinds.append("move")
        self.create([{"request_id": request.id, "kind": kind} for kind in kinds])
        self._wake(request)
        self._queue_trigger()

    @api.model
    def _wake(self, requests):
        """Look again at what waited for these requests to end."""
        for request in requests:
            waiting = self.sudo().search(
                [
                    ("state", "=", "waiting"),
                    ("request_id.res_model", "=", request.res_model),
                    ("request_id.res_id", "=", request.res_id),
                ]
            )
            if waiting:
                waiting.state = "pending"
                self._queue_trigger()

    def _for_sender(self):
        return self.with_context(lang=self.request_id.user_id.lang)

    def _apply(self):
        self.ensure_one()
        state, outcome = getattr(self, f"_apply_{self.kind}")()
        self.write({"state": state, "outcome": outcome, "failure": False})

    def _apply_copies(self):
        sent = self.request_id.signer_ids._send_copies()
        return "done", self.env._("Sent to %s", sent) if sent else self.env._("Nobody has an address to send it to.")

    def _apply_write(self):
        return "done", self.request_id._write_back()

    def _apply_move(self):
        request = self.request_id
        deal = request._record().exists()
        if not deal:
            return "done", self.env._("The deal no longer exists.")
        return request.rule_id._apply_signed(deal, request)

    def _queue_failed(self, message):
        for reaction in self:
            reaction.write({"state": "failed", "failure": message})
            request = reaction.request_id._for_sender()
            kinds = dict(self._fields["kind"]._description_selection(request.env))
            request._close_todos()
            request._add_todo(
                request.env._("“%(kind)s” failed: %(document)s", kind=kinds[reaction.kind], document=request.name),
                message,
            )

    def action_done_by_hand(self):
        """Put aside what has failed: somebody has done it in another way."""
        self.request_id._check_may_change()
        if any(reaction.state != "failed" for reaction in self):
            raise UserError(self.env._("Only what has failed can be done by hand."))
        reactions = self.sudo()
        for reaction in reactions:
            outcome = reaction.env._("Done by hand by %s", self.env.user.name)
            reaction.write({"state": "done", "failure": False, "outcome": outcome})
        reactions.request_id._close_todos()

    def action_retry(self):
        """Apply failed reactions once more."""
        self.request_id._check_may_change()
        if any(reaction.state != "failed" for reaction in self):
            raise UserError(self.env._("Only what has failed can be run again."))
        reactions = self.sudo()
        reactions.write({"state": "pending", "failure": False, "attempts": 0})
        reactions.request_id._close_todos()
        self._queue_trigger()
