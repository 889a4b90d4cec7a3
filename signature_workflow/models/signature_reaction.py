from odoo import api, fields, models
from odoo.exceptions import UserError


class SignatureReaction(models.Model):
    """One outcome still to be applied. It commits together with its own *done* mark."""

    _name = "signature.reaction"
    _inherit = ["signature.document.access", "signature.queue"]
    _description = "Signature reaction"
    _order = "id"

    kind = fields.Selection(
        [("copies", "Mail the signed copy"), ("move", "Move the deal")],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        [("pending", "To do"), ("done", "Done"), ("failed", "Failed")],
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
        if request.rule_id.signed_action not in (False, "none"):
            kinds.append("move")
        self.create([{"request_id": request.id, "kind": kind} for kind in kinds])

    def _apply(self):
        self.ensure_one()
        outcome = getattr(self, f"_apply_{self.kind}")()
        self.write({"state": "done", "outcome": outcome, "failure": False})

    def _apply_copies(self):
        self.request_id._send_copies()
        return self.env._("Sent to %s", ", ".join(self.request_id.signer_ids.mapped("email")))

    def _apply_move(self):
        request = self.request_id
        deal = request._record().exists()
        if not deal:
            return self.env._("The deal no longer exists.")
        return request.rule_id._apply_signed(deal, request)

    def _queue_failed(self, message):
        for reaction in self:
            reaction.write({"state": "failed", "failure": message})
            kind = dict(self._fields["kind"]._description_selection(self.env))[reaction.kind]
            reaction.request_id._add_todo(
                None,
                self.env._("“%(kind)s” failed: %(document)s", kind=kind, document=reaction.request_id.name),
                message,
            )

    def action_retry(self):
        """Apply failed reactions once more."""
        self.check_access("read")
        if any(reaction.state != "failed" for reaction in self):
            raise UserError(self.env._("Only what has failed can be run again."))
        self.sudo().write({"state": "pending", "failure": False, "attempts": 0})
        self._queue_trigger()
