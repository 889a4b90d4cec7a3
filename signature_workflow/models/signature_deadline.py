from odoo import api, fields, models
from odoo.exceptions import ValidationError

# what a request takes over when it is made
DEADLINE = ("expiry_days", "warn_days", "remind_after", "remind_every", "remind_times", "remind_escalate")
MAX_REMINDERS = 5
MAX_DAYS = 3650


class SignatureDeadline(models.AbstractModel):
    """How long a document waits for answers, and how those are reminded who have not answered."""

    _name = "signature.deadline"
    _description = "Deadline and reminders"

    expiry_days = fields.Integer(
        "Days to sign", default=30, help="After so many days the links stop working. 0: never."
    )
    warn_days = fields.Integer(
        "Warn before", default=3, help="So many days before, those who have not answered are told. 0: never."
    )
    remind_after = fields.Integer("First reminder after", default=3, help="In days. 0: no reminders.")
    remind_every = fields.Integer("Then every", default=3)
    remind_times = fields.Integer("At most", default=1)
    remind_escalate = fields.Boolean(
        "Try harder each time",
        help="The first reminder goes the usual way, the second by SMS, the third is a call for the salesperson, and "
        "then the team leader is told.",
    )

    @api.onchange("remind_escalate")
    def _onchange_remind_escalate(self):
        # harder than the first time there must be a second one
        if self.remind_escalate and self.remind_times < 2:
            self.remind_times = MAX_REMINDERS

    @api.constrains("expiry_days", "warn_days", "remind_after", "remind_every", "remind_times")
    def _check_deadline(self):
        for record in self:
            if min(record.expiry_days, record.warn_days, record.remind_after) < 0:
                raise ValidationError(self.env._("Days cannot be negative."))
            if max(record.expiry_days, record.warn_days, record.remind_after, record.remind_every) > MAX_DAYS:
                raise ValidationError(self.env._("At most %s days are possible.", MAX_DAYS))
            if record.remind_every < 1:
                raise ValidationError(self.env._("There must be at least one day between two reminders."))
            if not 0 <= record.remind_times <= MAX_REMINDERS:
                raise ValidationError(self.env._("At most %s reminders can be sent.", MAX_REMINDERS))
