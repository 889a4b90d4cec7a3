from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError


class SignatureRequest(models.Model):
    """How long a document waits, and what happens when that is over."""

    _inherit = "signature.request"

    def _deadline_dates(self, today):
        """Return the values of the dates that count from the sending on `today`."""
        self.ensure_one()
        limit = today + timedelta(days=self.expiry_days) if self.expiry_days else False
        return {"date_expire": limit, "date_warn": self._date_warn(limit, self.warn_days, today)}

    @api.model
    def _date_warn(self, limit, days, today):
        """Return when it is time to warn of the date `limit`, or False when that is not after `today`."""
        warn = limit - timedelta(days=days) if limit and days else False
        return warn if warn and warn > today else False

    def _next_reminder(self, since, reminders):
        """Return when a signer, told something at the moment `since`, is told something next; UTC, or False.

        `reminders` is how often they have been reminded so far.
        """
        self.ensure_one()
        moment = False
        if self.remind_after and reminders < self.remind_times:
            moment = since + timedelta(days=self.remind_every if reminders else self.remind_after)
        return False if self.is_test else self._or_warning(moment, since)

    def _or_warning(self, moment, since):
        """Return `moment`, or that of the warning where it comes first and after `since`; UTC, or False."""
        moments = [moment] if moment else []
        if self.date_warn and self.date_warn > since.date():
            moments.append(datetime.combine(self.date_warn, time()))
        return min(moments, default=False)

    def _replan_reminders(self):
        """Plan anew when those are told something who have not answered: the deadline or the reminders have changed."""
        self.signer_ids.is_warned = False
        now = fields.Datetime.now()
        for signer in self.signer_ids._acting().filtered(lambda signer: signer._is_turn()):
            since = now if signer.reminders else max(filter(None, (signer.date_sent, signer.date_reminded)))
            signer.date_remind = self._next_reminder(since, signer.reminders)

    def _team_leader(self):
        """Return the leader of the record's team, else of the salesperson's; the salesperson where there is none."""
        self.ensure_one()
        record = self._record().sudo().exists()
        teams = record["team_id"] if record._name == "crm.lead" else self.env["crm.team"]
        leaders = (teams | self.user_id.sudo().sale_team_id).user_id.filtered("active")
        return (leaders or self.user_id)[:1]

    def _tell_of_warning(self, signers):
        """Tell the salesperson that the time of `signers` runs out."""
        self.ensure_one()
        text = self.env._(
            "No answer yet from: %(names)s. “%(document)s” can be signed until %(date)s. You can give more time on the "
            "request, under “Deadline and reminders”.",
            names=", ".join(signers.mapped("name")),
            document=self.name,
            date=self._date_expire_text(self.env.lang),
        )
        self._notify_sender(self.env._("Not signed yet: %s", self.name), text)

    # Buttons

    def action_remind_all(self):
        """Remind all who have not answered; return a notification that says whom, and why somebody was not."""
        self.ensure_one()
        self._check_may_change()
        request = self.sudo()
        request._bump()
        signers = request.signer_ids._acting().filtered(lambda signer: signer._is_turn())
        obstacles = {signer: signer._reminder_obstacle() for signer in signers}
        ready = signers.filtered(lambda signer: not obstacles[signer])
        reasons = [obstacle for obstacle in obstacles.values() if obstacle]
        if not ready:
            nobody = self.env._(
                "Nobody has to answer “%s” at the moment. Reload the page to see where it stands.", self.name
            )
            raise UserError("\n".join(reasons) or nobody)
        return self.env["signature.template"]._notification(" ".join([ready._remind_by_hand(), *reasons]))

    def action_deadline(self):
        """Return the action of the dialog that changes how long this document waits."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Deadline and reminders"),
            "res_model": "signature.request.deadline",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_request_id": self.id},
        }

    # Expiry

    @api.model
    def _cron_expire(self):
        """Close what was not signed in time and tell the salesperson."""
        late = [("state", "=", "sent"), ("date_expire", "<", fields.Date.today())]
        if not self._queue_run(late, lambda request: request._expire()):
            self.env["ir.cron"]._commit_progress(remaining=1)

    def _expire(self):
        """Close this document, unless it is still the last day where one of those is who have to answer."""
        self.ensure_one()
        self._bump()
        left = self.signer_ids._acting().filtered(lambda signer: not signer.is_done)
        if not all(signer._is_late_there() for signer in left):
            return
        moved = self._for_sender()._move("expired", to_dispatch=False)
        if moved:
            moved._close_todos()
            moved._log_events("expired", note=moved.env._("“%s” was not signed in time.", self.name))
            moved._add_todo(
                moved.env._("Not signed in time: %s", self.name),
                moved.env._("Talk to the customer, then send the document again."),
            )
            moved._react("expired")
