from odoo import api, fields, models
from odoo.exceptions import UserError

# what a person may change of a document that waits
REMINDERS = ("warn_days", "remind_after", "remind_every", "remind_times", "remind_escalate")


class SignatureRequestDeadline(models.TransientModel):
    """Give a document more or less time, and remind of it more or less often."""

    _name = "signature.request.deadline"
    _description = "Deadline and reminders of a document"
    _inherit = ["signature.deadline"]

    request_id = fields.Many2one("signature.request", required=True, readonly=True, ondelete="cascade")
    date_expire = fields.Date("To be signed until", help="After this day the links stop working. Empty: never.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        request = self.env["signature.request"].browse(values.get("request_id"))
        request.check_access("read")
        return values | {name: request[name] for name in ("date_expire", *REMINDERS) if name in fields}

    @api.constrains("request_id")
    def _check_request_id(self):
        # Odoo checks with all rights, but it is the user's that count
        self.sudo(False).request_id.check_access("read")

    def action_change(self):
        """Change the deadline and the reminders. Raises UserError when it is too late for that."""
        self.ensure_one()
        self.request_id._check_may_change()
        request = self.request_id.sudo()._for_sender()
        request._bump()
        if request.state != "sent":
            raise UserError(
                self.env._("“%s” does not wait for signatures any more. Send the document again instead.", request.name)
            )
        today = fields.Date.context_today(self)
        if self.date_expire and self.date_expire < today:
            raise UserError(self.env._("The deadline cannot be in the past. To end the document, cancel it."))
        before = request.date_expire
        values = {name: self[name] for name in REMINDERS}
        values |= {
            "date_expire": self.date_expire,
            "date_warn": request._date_warn(self.date_expire, self.warn_days, today),
        }
        request.write(values)
        if before != self.date_expire:
            self._log_extended(request, before)
        request._replan_reminders()
        message = self.env._("The deadline and the reminders of “%s” are changed.", request.name)
        following = {"type": "ir.actions.act_window_close"}
        return self.env["signature.template"]._notification(message, next=following)

    def _log_extended(self, request, before):
        gaps = {
            "document": request.name,
            "date": request._date_expire_text(request.env.lang),
            "user": self.env.user.name,
        }
        if request.date_expire:
            note = request.env._("%(user)s set the last day to sign “%(document)s” to %(date)s.", **gaps)
        else:
            note = request.env._("%(user)s took the deadline of “%(document)s” away.", **gaps)
        data = {"before": str(before or ""), "until": str(request.date_expire or "")}
        request._log_events("extended", data=data, note=note)
