import functools
from datetime import UTC, datetime, time, timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date
from odoo.tools.intervals import Intervals

from ..engine import schedule, sms
from .signature_policy import ACTING
from .signature_request import TODO_ACTIVITY

# so many are reminded in one transaction, for the time of which nobody of them can sign
BATCH = 20
# by hand not more often than this
PAUSE = timedelta(minutes=10)
MESSAGES = ("email", "sms", "both")
CALL_ACTIVITY = "mail.mail_activity_data_call"


class SignatureSigner(models.Model):
    """How those are reminded who have not answered, and warned before the time to sign is over."""

    _name = "signature.signer"
    _inherit = ["signature.signer", "signature.queue"]

    date_reminded = fields.Datetime("Last reminded", readonly=True)
    is_warned = fields.Boolean("Warned of the deadline", readonly=True)

    # When

    def _plan_reminder(self):
        """Set when each of these signers, who have just been sent their link, is told something next."""
        now = fields.Datetime.now()
        for signer in self._acting():
            signer.date_remind = signer.request_id._next_reminder(now, signer.reminders)

    def _restart_reminders(self):
        """Begin anew with signers for whom everything has begun anew."""
        self.write({"reminders": 0, "is_warned": False, "date_remind": False, "date_reminded": False})
        self.filtered(lambda signer: signer._is_turn())._plan_reminder()

    def _move(self, target, **vals):
        if target not in ("sent", "viewed"):
            # with the answer, in the same row
            vals["date_remind"] = False
        return super()._move(target, **vals)

    def _change_person(self, reason, **vals):
        result = super()._change_person(reason, **vals)
        self._restart_reminders()
        return result

    def action_resend(self):
        action = super().action_resend()
        self.sudo().date_reminded = fields.Datetime.now()
        self.sudo()._plan_reminder()
        return action

    def _decent_moment(self, now, working_days):
        """Return `now` when this signer may be reminded now, else when; UTC."""
        self.ensure_one()
        company = self.request_id.company_id
        tz_name = self.tz or company.resource_calendar_id.tz or ""
        # the time runs out on Sundays, too
        is_working_day = (lambda day: True) if self._is_to_warn() else working_days(company.id).__contains__
        return schedule.next_moment(now, tz_name, is_working_day)

    @api.model
    def _working_days(self, company_id):
        """Return the working days of the company as a set of dates: the past day, and all that the schedule asks for.

        Without fixed hours, those are Monday to Friday; company holidays are taken away.
        """
        calendar = self.env["res.company"].browse(company_id).resource_calendar_id
        zone, today = schedule.zone(calendar.tz or ""), fields.Date.today()
        first = datetime.combine(today - timedelta(days=1), time(), zone)
        last = first + timedelta(days=schedule.PATIENCE_DAYS + 3)
        if not calendar or calendar.flexible_hours:
            days = [first + timedelta(days=number) for number in range((last - first).days)]
            hours = (timedelta(hours=9), timedelta(hours=18))
            spans = Intervals([(day + hours[0], day + hours[1], calendar) for day in days if day.weekday() < 5])
        else:
            spans = calendar._attendance_intervals_batch(first.astimezone(UTC), last.astimezone(UTC))[False]
        if calendar:
            ours = ["|", ("calendar_id", "=", calendar.id), ("company_id", "in", [False, company_id])]
            holidays = [*ours, ("time_type", "=", "leave")]
            spans -= calendar._leave_intervals_batch(first, last, domain=holidays)[False]
        return {begin.date() for begin, __, __ in spans}

    # The worker

    @api.model
    def _queue_trigger(self):
        self.env.ref("signature_workflow.ir_cron_remind").sudo()._trigger()

    @api.model
    def _cron_remind(self):
        """Remind and warn those who are due, wherever it is a working day and a decent hour."""
        due = [("date_remind", "<=", fields.Datetime.now())]
        working_days = functools.cache(self._working_days)
        if not self._queue_run(due, lambda signers: signers._remind_due(working_days), BATCH):
            self.env["ir.cron"]._commit_progress(remaining=1)

    def _for_sender(self):
        return self.with_context(lang=self.request_id.user_id.lang)

    def _queue_failed(self, message):
        for signer in self:
            signer.write({"date_remind": False, "attempts": 0})
            request = signer.request_id._for_sender()
            note = request.env._(
                "%(name)s could not be reminded of “%(document)s”: %(message)s",
                name=signer.name,
                document=request.name,
                message=message,
            )
            request._log_notes({request.id: note})
            request._add_todo(request.env._("Not reminded: %s", signer.name), note, signer)

    def _remind_due(self, working_days):
        """Remind those of self, who are due, for whom this is a good moment; put it off for the others.

        It is planned anew in the transaction in which the mail is queued, so that nobody is reminded twice. A document
        at which somebody else is at work is left to the next run.
        """
        now, ready = fields.Datetime.now(), self.browse()
        for signer in self:
            if signer.request_id.state == "failed":
                signer.date_remind = now + timedelta(days=1)
            elif not signer._is_turn() or signer._is_late_there():
                signer.date_remind = False
            elif (moment := signer._decent_moment(now, working_days)) > now:
                signer.date_remind = signer.request_id._or_warning(moment, now)
            else:
                ready |= signer
        requests = ready.request_id.try_lock_for_update(allow_referencing=True)
        requests._bump()
        ready = ready.filtered(lambda signer: signer.request_id in requests)
        ready._go_by_hand()
        to_warn = ready.filtered(lambda signer: signer._is_to_warn())
        to_warn._warn()
        (ready - to_warn)._remind()

    def _is_late_there(self):
        """Tell whether the time to sign is over where this signer is."""
        return self.with_context(tz=self.tz or "UTC")._is_late()

    def _is_to_warn(self):
        limit = self.request_id.date_warn
        return not self.is_warned and bool(limit) and limit <= fields.Date.today()

    # Reminding

    def _remind(self):
        """Remind these signers, each in the way that comes next for them."""
        ways = self.grouped(lambda signer: signer._reminder_way())
        for signer in self:
            signer.reminders += 1
        self._plan_reminder()
        for way, signers in ways.items():
            if way in MESSAGES:
                signers._remind_by(way)
            else:
                for signer in signers:
                    signer._ask_colleague(way)

    def _reminder_way(self):
        """Return how this signer is reminded next: a channel, or what a colleague does instead."""
        self.ensure_one()
        number = self.reminders + 1
        if self.request_id.remind_escalate:
            if number >= 3:
                return "call" if number == 3 else "leader"
            if number == 2 and self.phone and self.channel != "manual":
                return "sms"
        return self.channel

    def _remind_by(self, way, *, is_by_hand=False):
        """Send these signers a reminder by that channel; return those to whom one went."""
        reached = self._send_by(way, "signature_workflow.mail_template_reminder", "_reminder_text")
        reached.date_reminded = fields.Datetime.now()
        for signer in reached:
            request = signer.request_id._for_sender()
            data = {"number": 0 if is_by_hand else signer.reminders, "channel": way, "to": signer._address_by(way)}
            note = request.env._("%(name)s was reminded of “%(document)s”.", name=signer.name, document=request.name)
            request._log_events("reminded", signer=signer, data=data, note=note)
        return reached

    def _address_by(self, way):
        columns = {"email": ("email",), "sms": ("phone",), "both": ("email", "phone")}[way]
        return [self[column] for column in columns]

    def _ask_colleague(self, way):
        """Give a colleague a to-do about this signer, who has not answered."""
        self.ensure_one()
        request = self.request_id
        user = request._team_leader() if way == "leader" else request._looks_after()
        told = request.with_context(lang=user.lang)
        gaps = {"name": self.name, "document": request.name, "user": request.user_id.name, "times": self.reminders - 1}
        gaps["date"] = format_date(told.env, self.date_sent)
        if way == "call":
            summary = told.env._("Call %s, who has not answered", self.name)
            note = told.env._(
                "“%(document)s” was sent to them on %(date)s; reminders so far: %(times)s. Ask whether they have got "
                "it and what stands in the way. You can send the link again from the request.",
                **gaps,
            )
            number = self.phone or told.env._("no number is known")
            note = "\n".join([note, told.env._("Phone: %s", number)])
        elif way == "leader":
            summary = told.env._("%s has not answered", self.name)
            note = told.env._(
                "%(user)s sent them “%(document)s” on %(date)s; reminders so far: %(times)s. Decide together: somebody "
                "else there, more time, or cancel it.",
                **gaps,
            )
        else:
            summary = told.env._("%s has not answered", self.name)
            note = told.env._(
                "“%(document)s” waits for them since %(date)s. Open the request: show the QR code, copy the link, or "
                "hand over your device.",
                **gaps,
            )
        self._replace_todo(user, summary, note, CALL_ACTIVITY if way == "call" else TODO_ACTIVITY)
        told = request._for_sender()
        line = told.env._(
            "%(name)s has not answered “%(document)s”: %(user)s got a to-do.", **gaps | {"user": user.name}
        )
        data = {"number": self.reminders, "channel": way, "to": [user.name]}
        told._log_events("reminded", signer=self, data=data, note=line)

    def _replace_todo(self, user, summary, note, kind):
        """Give `user` a to-do about this signer."""
        # the one so far says the same, of fewer reminders
        same = [("signature_signer_id", "=", self.id), ("user_id", "=", user.id)]
        self.env["mail.activity"].sudo().search([*same, ("activity_type_id", "=", self.env.ref(kind).id)]).unlink()
        self.request_id._add_todo(summary, note, self, user=user, kind=kind)

    # Warning

    def _warn(self):
        """Tell these signers, and once the salesperson, that the time to sign runs out."""
        first = self.request_id.filtered(lambda request: not any(request.signer_ids.mapped("is_warned")))
        self.is_warned = True
        self._plan_reminder()
        for way, signers in self.filtered(lambda signer: signer.channel in MESSAGES).grouped("channel").items():
            for signer in signers._send_by(way, "signature_workflow.mail_template_warning", "_warning_text"):
                request = signer.request_id._for_sender()
                gaps = {"name": signer.name, "document": request.name}
                gaps["date"] = request._date_expire_text(request.env.lang)
                data = {"channel": way, "to": signer._address_by(way), "until": str(request.date_expire)}
                note = request.env._("%(name)s was told that “%(document)s” can be signed until %(date)s.", **gaps)
                request._log_events("warned", signer=signer, data=data, note=note)
        for request in first:
            request._for_sender()._tell_of_warning(self & request.signer_ids)

    # By hand

    def action_remind(self):
        """Remind these signers now; return a notification. Raises UserError saying why somebody cannot be."""
        self.request_id._check_may_change()
        # everybody once, however often a call names them
        signers = (self | self).sudo()
        signers.request_id._bump()
        signers._go_by_hand()
        for signer in signers:
            if obstacle := signer._reminder_obstacle():
                raise UserError(obstacle)
        return self.env["signature.template"]._notification(signers._remind_by_hand())

    def _reminder_obstacle(self):
        """Return why this signer cannot be reminded by hand now, or ""."""
        self.ensure_one()
        if not self._is_turn() or self.participation not in ACTING:
            return self.env._("It is not %s's turn, so there is nothing to remind them of.", self.name)
        if self.channel == "manual":
            return self.env._("%s gets the link by hand: show it from the request.", self.name)
        if self._is_late_there():
            return self.env._("The time to sign is over for %s. Give more time first.", self.name)
        if self.date_reminded and self.date_reminded > fields.Datetime.now() - PAUSE:
            return self.env._("%s was reminded less than ten minutes ago. Give them a moment.", self.name)
        return ""

    def _remind_by_hand(self):
        """Remind these signers in the way chosen for them; return whom, in words.

        It does not count as one of those planned; the time until the next of these begins anew.
        """
        reached = self.browse()
        for way, signers in self.grouped("channel").items():
            reached |= signers._remind_by(way, is_by_hand=True)
        reached._plan_reminder()
        if not reached:
            return self.env._("Nothing was sent: the to-do on the record says why.")
        return self.env._("Reminded: %s.", ", ".join(reached.mapped("name")))

    # Text messages

    def _reminder_text(self, url):
        """Return the text message that reminds this signer, with their link."""
        self.ensure_one()
        env, company = self._texting_env(), self.request_id.company_id.name

        def compose(name):
            gaps = {"company": company, "document": name, "link": url}
            if self.participation == "approve":
                return env._("%(company)s: %(document)s still waits for your approval %(link)s", **gaps)
            return env._("%(company)s: %(document)s still waits for your signature %(link)s", **gaps)

        return sms.fit(compose, self.request_id.name)

    def _warning_text(self, url):
        """Return the text message that tells this signer that the time runs out, with their link."""
        self.ensure_one()
        env, company = self._texting_env(), self.request_id.company_id.name
        date = format_date(env, self.request_id.date_expire)

        def compose(name):
            gaps = {"company": company, "document": name, "date": date, "link": url}
            if self.participation == "approve":
                return env._("%(company)s: please approve %(document)s by %(date)s %(link)s", **gaps)
            return env._("%(company)s: please sign %(document)s by %(date)s %(link)s", **gaps)

        return sms.fit(compose, self.request_id.name)
