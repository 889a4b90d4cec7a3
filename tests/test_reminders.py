import json
from unittest.mock import patch

from freezegun import freeze_time
from odoo import fields
from odoo.addons.signature_workflow.signature_workflow.models.signature_signer_reminding import SignatureSigner
from odoo.addons.sms.tests.common import SMSCase
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from . import test_concurrency
from .common import SignatureCase

# a Wednesday, ten o'clock in UTC
SENT = "2026-11-25 10:00:00"


class ReminderCase(SignatureCase, SMSCase):
    """Everything is sent on a Wednesday at ten; the client is in UTC unless told otherwise."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.env["resource.calendar"].create({"name": "Office", "tz": "UTC", "company_id": False})
        cls.env.company.resource_calendar_id = cls.calendar
        cls.template.write({"expiry_days": 30, "warn_days": 3, "remind_after": 3, "remind_every": 2, "remind_times": 3})
        cls.partner.tz = "UTC"

    def send_on(self, moment=SENT, **values):
        with freeze_time(moment):
            request = self.send(**values)
        self.assertEqual(request.state, "sent", request.failure)
        return request

    def remind(self, moment):
        """Run the reminders at `moment`; return the mails and the SMS that go out."""
        with freeze_time(moment), self.enter_registry_test_mode(), self.mock_mail_gateway(mail_unlink_sent=True):
            self.env.ref("signature_workflow.ir_cron_remind").method_direct_trigger()
            self.env.ref("mail.ir_cron_mail_scheduler_action").method_direct_trigger()
            mails = list(self._mails)
            with self.mockSMSGateway():
                self.env.ref("sms.ir_cron_sms_scheduler_action").method_direct_trigger()
                texts = list(self._sms)
        self.env.invalidate_all()
        return mails, texts

    def events(self, request, kind):
        return [line for line in request.event_ids if line.kind == kind]

    def todos(self, request, user=None):
        todos = self.env["mail.activity"].search([("signature_request_id", "=", request.id)])
        return todos.filtered(lambda todo: todo.user_id == (user or self.salesman))


@tagged("post_install", "-at_install")
class TestReminders(ReminderCase):
    """Who has not answered is reminded on working days, so often and no more."""

    def test_three_times(self):
        request = self.send_on()
        client = request.signer_ids[0]
        self.assertEqual(client.date_remind, fields.Datetime.to_datetime("2026-11-28 10:00:00"))
        self.assertFalse(request.signer_ids[1].date_remind, "it is not their turn")
        # three days on is a Saturday
        self.assertEqual(self.remind("2026-11-28 10:30:00"), ([], []))
        self.assertEqual(str(client.date_remind), "2026-11-30 09:00:00")
        mails, texts = self.remind("2026-11-30 09:10:00")
        self.assertFalse(texts)
        self.assertEqual([mail["subject"] for mail in mails], [f"Reminder: {request.name}"])
        self.assertEqual((client.reminders, str(client.date_remind)), (1, "2026-12-02 09:10:00"))
        # the link of the reminder and the first one both work
        self.assertEqual(client.sudo().link_ids.mapped("revoked"), [False, False])
        token = self.link_of(mails, "zoe@client.example")
        self.assertEqual(self.env["signature.signer"]._from_token(token), client)
        self.assertStoredNowhere(token)
        self.assertEqual(self.remind("2026-11-30 10:10:00"), ([], []))
        for moment in ("2026-12-02 10:00:00", "2026-12-04 10:00:00"):
            self.assertEqual(len(self.remind(moment)[0]), 1, moment)
        self.assertEqual(client.reminders, 3)
        # what is left is the warning before the deadline
        self.assertEqual(str(client.date_remind), "2026-12-22 00:00:00")
        self.assertEqual(self.remind("2026-12-15 10:00:00"), ([], []))
        self.assertEqual(len(self.events(request, "reminded")), 3)
        request.event_ids._verify_chain()

    def test_stop(self):
        def sign(request):
            self.sign(request.signer_ids[0])

        def decline(request):
            request.signer_ids[0].sudo()._decline("No", "n", {})

        def cancel(request):
            request.with_user(self.salesman).action_cancel()

        for end in (sign, decline, cancel):
            with self.subTest(end.__name__):
                request = self.send_on()
                with freeze_time("2026-11-26 10:00:00"):
                    end(request)
                mails, __ = self.remind("2026-11-30 10:00:00")
                to_client = [mail for mail in mails if "zoe@" in str(mail["email_to"])]
                self.assertFalse([mail for mail in to_client if mail["subject"].startswith("Reminder")])
                self.assertFalse(request.signer_ids[0].date_remind)
                self.assertFalse(self.events(request, "reminded"))

    def test_next_in_turn_is_reminded_from_their_own_sending(self):
        request = self.send_on()
        with freeze_time("2026-11-30 08:00:00"):
            self.sign(request.signer_ids[0])
            self.work()
        self.assertEqual(str(request.signer_ids[1].date_remind), "2026-12-03 08:00:00")
        mails, __ = self.remind("2026-12-03 12:00:00")
        self.assertEqual(len(mails), 1)
        self.assertIn("ceo@company.example", str(mails[0]["email_to"]))

    def test_none_wanted(self):
        for values in ({"remind_after": 0}, {"remind_times": 0}):
            self.template.write({"remind_after": 3, "remind_times": 3, "warn_days": 0, **values})
            self.assertFalse(self.send_on().signer_ids[0].date_remind)

    def test_time_zones(self):
        for zone, due, planned in (
            # due Monday at ten in UTC: eleven in the evening, two in the night, a quarter to four
            ("Pacific/Auckland", "2026-11-30 10:00:00", "2026-11-30 20:00:00"),
            ("America/Los_Angeles", "2026-11-30 10:00:00", "2026-11-30 17:00:00"),
            ("Asia/Kathmandu", "2026-11-30 10:00:00", None),
            # Sunday evening in UTC is Monday morning there
            ("Pacific/Auckland", "2026-11-29 20:30:00", None),
        ):
            with self.subTest(zone=zone, due=due):
                self.partner.tz = zone
                request = self.send_on("2026-11-26 09:00:00")
                mails, __ = self.remind(due)
                client = request.signer_ids[0]
                if planned:
                    self.assertEqual((mails, str(client.date_remind)), ([], planned))
                    mails, __ = self.remind(planned)
                self.assertEqual((len(mails), client.reminders), (1, 1))
                request.action_cancel()

    def test_clocks_change(self):
        self.calendar.attendance_ids.filtered(lambda line: line.dayofweek == "0").unlink()
        self.partner.tz = "Europe/Bucharest"
        for sent, due, planned in (
            # clocks go forward on the last Sunday of March, back on that of October; Mondays are free
            ("2026-03-26 18:00:00", "2026-03-29 18:00:00", "2026-03-31 06:00:00"),
            ("2026-10-22 18:00:00", "2026-10-25 18:00:00", "2026-10-27 07:00:00"),
        ):
            request = self.send_on(sent)
            self.remind(due)
            self.assertEqual(str(request.signer_ids[0].date_remind), planned)
            request.action_cancel()

    def test_company_holiday(self):
        other = self.env["res.company"].create({"name": "Other company"})
        # in this company's calendar, and in all of its calendars
        self.env["resource.calendar.leaves"].with_company(other).create(
            {
                "name": "Bridge",
                "calendar_id": self.calendar.id,
                "date_from": "2026-11-30 00:00:00",
                "date_to": "2026-11-30 23:59:59",
            }
        )
        self.env["resource.calendar.leaves"].create(
            {"name": "National day", "date_from": "2026-12-01 00:00:00", "date_to": "2026-12-01 23:59:59"}
        )
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Theirs",
                "calendar_id": other.resource_calendar_id.id,
                "date_from": "2026-12-02 00:00:00",
                "date_to": "2026-12-02 23:59:59",
            }
        )
        request = self.send_on()
        self.assertEqual(self.remind("2026-11-30 10:00:00"), ([], []))
        self.assertEqual(str(request.signer_ids[0].date_remind), "2026-12-02 09:00:00")

    def test_other_calendars(self):
        days = self.env["signature.signer"]._working_days
        week = [fields.Date.to_date(f"2026-11-{day}") for day in range(23, 30)]
        with freeze_time(SENT):
            weekdays = set(week[:5])
            self.calendar.schedule_type = "flexible"
            self.assertEqual(days(self.env.company.id) & set(week), weekdays - {week[0]})
            self.calendar.schedule_type = "fully_fixed"
            self.calendar.switch_calendar_type()
            self.calendar.attendance_ids.filtered(lambda line: line.week_type == "1").unlink()
            fortnight = days(self.env.company.id)
            self.assertEqual(len({(day.toordinal() - 1) // 7 % 2 for day in fortnight}), 1)
            self.env.company.sudo().resource_calendar_id = False
            self.assertEqual(days(self.env.company.id) & set(week), weekdays - {week[0]})

    def test_in_their_language(self):
        self.env["res.lang"]._activate_lang("ro_RO")
        template = self.env.ref("signature_workflow.mail_template_reminder")
        template.with_context(lang="ro_RO").subject = "Vă reamintim: {{ object.request_id.name }}"
        self.partner.lang = "ro_RO"
        request = self.send_on()
        mails, __ = self.remind("2026-11-30 10:00:00")
        self.assertEqual(mails[0]["subject"], f"Vă reamintim: {request.name}")

    def test_poisonous_template(self):
        """What cannot be made is a to-do; the others are reminded."""
        self.env.ref("signature_workflow.mail_template_reminder").subject = "{{ 1 / (len(object.name) - 3) }}"
        poisoned = self.send_on(partner_id=self.env["res.partner"].create({"name": "Zoe", "email": "z@z.example"}).id)
        other = self.send_on()
        with mute_logger("odoo.addons.mail.models.mail_render_mixin"):
            mails, __ = self.remind("2026-11-30 10:00:00")
        self.assertEqual(len(mails), 1)
        self.assertEqual(other.signer_ids[0].reminders, 1)
        self.assertEqual(poisoned.state, "sent")
        self.assertIn("could not be reminded", self.todos(poisoned).note)
        self.assertFalse(poisoned.signer_ids[0].date_remind)
        self.assertFalse(self.events(poisoned, "reminded"))

    def test_group(self):
        """Each of a group is reminded, until one of them has signed."""
        members = (self.manager | self.signatory).partner_id
        board = self.env["signature.role"].create(
            {"name": "Board", "policy": "group", "member_ids": [(6, 0, members.ids)]}
        )
        self.template.body = "<p/>"
        self.template.role_ids[1].unlink()
        self.template.role_ids = [(0, 0, {"role_id": board.id, "sequence": 1})]
        self.template.body = "<p>{{signature;role=Client}} {{signature;role=Board}}</p>"
        request = self.send_on()
        mails, __ = self.remind("2026-11-30 10:00:00")
        self.assertEqual(len(mails), 3)
        with freeze_time("2026-12-01 10:00:00"):
            self.sign(request.signer_ids.filtered(lambda signer: signer.role_id == board)[0])
        mails, __ = self.remind("2026-12-02 11:00:00")
        self.assertEqual([mail["email_to"] for mail in mails], [[request.signer_ids[0].email_formatted]])

    def test_try_harder(self):
        self.partner.write({"phone": "0721 234 567", "country_id": self.env.ref("base.ro").id})
        self.team.user_id = self.manager
        self.template.write({"remind_every": 1, "remind_times": 5, "remind_escalate": True})
        request = self.send_on("2026-11-27 10:00:00")
        client = request.signer_ids[0]
        mails, texts = self.remind("2026-11-30 10:00:00")
        self.assertEqual((len(mails), texts), (1, []))
        mails, texts = self.remind("2026-12-01 10:00:00")
        self.assertEqual((mails, [text["number"] for text in texts]), ([], ["+40721234567"]))
        self.assertIn("still waits for your signature", texts[0]["body"])
        self.assertEqual(self.remind("2026-12-02 10:00:00"), ([], []))
        call = self.todos(request)
        self.assertEqual(call.activity_type_id, self.env.ref("mail.mail_activity_data_call"))
        self.assertIn("+40721234567", call.note)
        for day in (3, 4, 5):
            self.assertEqual(self.remind(f"2026-12-0{day} 10:00:00"), ([], []))
        leader = self.todos(request, self.manager)
        # one, with what was last said
        self.assertIn("Saul sent them", leader.note)
        self.assertIn("reminders so far: 4", leader.note)
        self.assertEqual((client.reminders, len(self.events(request, "reminded"))), (5, 5))
        # an answer closes them all
        with freeze_time("2026-12-05 10:00:00"):
            self.sign(client)
        self.assertFalse(self.todos(request) | self.todos(request, self.manager))

    def test_the_call_is_for_who_looks_after_the_deal_now(self):
        self.template.write({"remind_every": 1, "remind_times": 3, "remind_escalate": True})
        request = self.send_on("2026-11-27 10:00:00")
        colleague = self._make_user("colleague", "sales_team.group_sale_salesman_all_leads")
        request._record().user_id = colleague
        for day in ("11-30", "12-01", "12-02"):
            self.remind(f"2026-{day} 10:00:00")
        call = self.todos(request, colleague)
        self.assertEqual(call.activity_type_id, self.env.ref("mail.mail_activity_data_call"))

    def test_try_harder_without_a_number(self):
        self.template.write({"remind_every": 1, "remind_escalate": True})
        self.env["res.users"].browse(self.salesman.id).sale_team_id.user_id = False
        self.send_on("2026-11-27 10:00:00")
        self.assertEqual(len(self.remind("2026-11-30 10:00:00")[0]), 1)
        self.assertEqual(len(self.remind("2026-12-01 10:00:00")[0]), 1)

    def test_by_hand_channel(self):
        """Who gets the link by hand is not written to: the salesperson is asked again."""
        self.template.role_ids[0].channel = "manual"
        request = self.send_on()
        self.todos(request).unlink()
        self.assertEqual(self.remind("2026-11-30 10:00:00"), ([], []))
        self.assertIn("has not answered", self.todos(request).summary)
        with self.assertRaisesRegex(UserError, "by hand"):
            request.signer_ids[0].action_remind()

    def test_sms_that_a_limit_holds_back(self):
        self.partner.write({"phone": "0721 234 567", "country_id": self.env.ref("base.ro").id})
        self.template.role_ids[0].channel = "sms"
        request = self.send_on()
        self.assertEqual(len(self.remind(SENT)[1]), 1, "the request itself")
        with freeze_time("2026-11-30 10:00:00"):
            for __ in range(10):
                self.env["signature.sending"].create(
                    {"signer_id": request.signer_ids[0].id, "channel": "sms", "address": "+40721234567"}
                )
        self.assertEqual(self.remind("2026-11-30 10:00:00"), ([], []))
        self.assertIn("Too many SMS", self.todos(request).note)
        self.assertFalse(self.events(request, "reminded"))

    def test_somebody_else(self):
        """Who takes over a part is reminded as if it had just been sent to them."""
        self.template.role_ids[0].may_forward = True
        request = self.send_on()
        client = request.signer_ids[0]
        self.remind("2026-11-30 10:00:00")
        with freeze_time("2026-12-01 10:00:00"):
            client.sudo()._forward("Bob", "bob@client.example", "", {})
        self.assertEqual((client.reminders, str(client.date_remind)), (0, "2026-12-04 10:00:00"))

    def test_now(self):
        request = self.send_on()
        client, ceo = request.signer_ids
        with freeze_time("2026-11-28 10:30:00"):
            answer = client.with_user(self.salesman).action_remind()
            self.assertEqual(answer["params"]["message"], f"Reminded: {client.name}.")
            mails = self.work()
        self.link_of(mails, "zoe@client.example")
        # it does not count, and the next one is three days on again
        self.assertEqual((client.reminders, str(client.date_remind)), (0, "2026-12-01 10:30:00"))
        with freeze_time("2026-11-28 10:39:00"):
            with self.assertRaisesRegex(UserError, "less than ten minutes"):
                client.action_remind()
            with self.assertRaisesRegex(UserError, "less than ten minutes"):
                request.action_remind_all()
        with freeze_time("2026-11-28 10:41:00"):
            answer = request.with_user(self.salesman).action_remind_all()
            self.assertEqual(answer["params"]["message"], f"Reminded: {client.name}.")
            with self.assertRaisesRegex(UserError, "Ceo's turn"):
                ceo.action_remind()
            request.action_cancel()
            with self.assertRaisesRegex(UserError, "Nobody has to answer"):
                request.action_remind_all()
        self.assertEqual([event.kind for event in request.event_ids][-3:], ["reminded", "reminded", "cancelled"])

    def test_by_salesperson_of_the_deal_only(self):
        request = self.send_on()
        stranger = self._make_user("stranger", "sales_team.group_sale_salesman")
        for act in (
            request.signer_ids[0].with_user(stranger).action_remind,
            request.with_user(stranger).action_remind_all,
        ):
            with self.assertRaises(AccessError):
                act()


@tagged("post_install", "-at_install")
class TestReminderAtOnce(test_concurrency.SentRequestsCase):
    """Two workers remind at the instant at which half of the signers sign."""

    def _run(self, env, signer_id, nonce):
        return self._sign(env, signer_id, nonce) if signer_id else env["signature.signer"]._cron_remind

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_no_reminder_after_the_answer(self):
        with self.transaction() as env:
            clients = env["signature.request"].browse(self.request_ids).signer_ids.filtered("partner_id.email")
            clients = env["signature.signer"].browse(min(each.ids) for each in clients.grouped("request_id").values())
            clients.date_remind = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
            signing, everybody = clients.ids[::2], clients.ids
        with patch.object(SignatureSigner, "_decent_moment", lambda self, now, working_days: now):
            self.at_once(self._run, [(signer_id, f"n{signer_id}") for signer_id in signing] + [(False, False)] * 2)
            with self.transaction() as env:
                env["signature.signer"]._cron_remind()
        with self.transaction() as env:
            for signer in env["signature.signer"].browse(everybody):
                kinds = signer.request_id.event_ids.filtered(lambda line, signer=signer: line.signer_id == signer)
                kinds = kinds.mapped("kind")
                self.assertIn(kinds, (["signed"], ["reminded", "signed"]) if signer.id in signing else (["reminded"],))
                mails = env["mail.mail"].search_count(
                    [("signature_signer_id", "=", signer.id), ("subject", "=like", "Reminder%")]
                )
                self.assertEqual((mails, signer.reminders), (kinds.count("reminded"),) * 2)
                self.assertEqual(bool(signer.date_remind), signer.id not in signing)
                signer.request_id.event_ids._verify_chain()


@tagged("post_install", "-at_install")
class TestDeadline(ReminderCase):
    """The last day, the warning before it, and changing it."""

    def test_warning(self):
        self.template.remind_after = 0
        self.partner.tz = "America/Los_Angeles"
        request = self.send_on()
        client = request.signer_ids[0]
        self.assertEqual((str(request.date_expire), str(request.date_warn)), ("2026-12-25", "2026-12-22"))
        self.assertEqual(self.remind("2026-12-21 17:00:00"), ([], []))
        # night there, then morning
        self.assertEqual(self.remind("2026-12-22 10:00:00"), ([], []))
        mails, __ = self.remind("2026-12-22 17:00:00")
        to_client, to_sender = [[mail for mail in mails if name in str(mail["email_to"])] for name in ("zoe@", "saul@")]
        self.assertIn("12/25/2026", to_client[0]["subject"])
        self.assertIn("12/25/2026", to_sender[0]["body"])
        self.assertNotIn("/sign/", to_sender[0]["body"])
        self.link_of(mails, "zoe@client.example")
        self.assertEqual(self.remind("2026-12-23 17:00:00"), ([], []))
        self.assertEqual(len(self.events(request, "warned")), 1)
        self.assertEqual(client.reminders, 0)

    def test_warning_on_a_sunday(self):
        self.template.write({"expiry_days": 5, "warn_days": 1})
        request = self.send_on()
        self.assertEqual(str(request.date_warn), "2026-11-29")
        # the reminder that was put off to Monday does not hold up the warning
        self.remind("2026-11-28 10:00:00")
        self.assertEqual(str(request.signer_ids[0].date_remind), "2026-11-29 00:00:00")
        mails, __ = self.remind("2026-11-29 10:00:00")
        self.assertEqual(len([mail for mail in mails if "zoe@" in str(mail["email_to"])]), 1)
        self.assertEqual(len(self.events(request, "warned")), 1)

    def test_no_warning_in_the_past(self):
        self.template.write({"expiry_days": 3, "warn_days": 3})
        self.assertFalse(self.send_on().date_warn)
        self.template.expiry_days = 0
        request = self.send_on()
        self.assertEqual((request.date_expire, request.date_warn), (False, False))

    def expire(self, moment):
        with freeze_time(moment), self.enter_registry_test_mode():
            self.env.ref("signature_workflow.ir_cron_expire").method_direct_trigger()
        self.env.invalidate_all()

    def test_expiry(self):
        """The last day ends where the signer is."""
        self.partner.tz = "America/Los_Angeles"
        request = self.send_on()
        self.expire("2026-12-25 23:00:00")
        self.assertEqual(request.state, "sent")
        self.expire("2026-12-26 07:30:00")
        self.assertEqual(request.state, "sent", "it is half past eleven there")
        self.expire("2026-12-26 08:30:00")
        self.assertEqual(request.state, "expired")
        self.assertIn("Not signed in time", self.todos(request).summary)
        self.assertEqual(self.remind("2026-12-28 17:00:00"), ([], []))
        self.assertFalse(request.signer_ids[0].date_remind)

    def change(self, request, moment, **values):
        with freeze_time(moment):
            action = request.with_user(self.salesman).action_deadline()
            form = Form(self.env[action["res_model"]].with_user(self.salesman).with_context(**action["context"]))
            self.assertEqual(form.date_expire, request.date_expire)
            for name, value in values.items():
                setattr(form, name, value)
            return form.save().action_change()

    def test_more_time(self):
        request = self.send_on()
        self.remind("2026-12-22 10:00:00")
        self.assertTrue(request.signer_ids[0].is_warned)
        self.change(request, "2026-12-23 10:00:00", date_expire="2027-01-08", remind_times=0)
        self.assertEqual((str(request.date_expire), str(request.date_warn)), ("2027-01-08", "2027-01-05"))
        self.assertEqual(str(request.signer_ids[0].date_remind), "2027-01-05 00:00:00")
        event = self.events(request, "extended")[0]
        self.assertEqual(json.loads(event.data), {"before": "2026-12-25", "until": "2027-01-08"})
        self.expire("2026-12-28 10:00:00")
        self.assertEqual(request.state, "sent")
        # told again, for it is another day
        self.remind("2027-01-05 10:00:00")
        self.assertEqual(len(self.events(request, "warned")), 2)

    def test_reminders_of_one_document(self):
        self.template.remind_times = 0
        request = self.send_on()
        self.change(request, "2026-11-26 10:00:00", remind_times=2, remind_after=5)
        self.assertEqual(str(request.signer_ids[0].date_remind), "2026-11-30 10:00:00")
        self.assertEqual(self.template.remind_times, 0)
        self.assertFalse(self.events(request, "extended"))

    def test_refused(self):
        request = self.send_on()
        with self.assertRaisesRegex(UserError, "in the past"):
            self.change(request, "2026-11-26 10:00:00", date_expire="2026-11-25")
        with self.assertRaisesRegex(ValidationError, "At most 5"):
            self.change(request, "2026-11-26 10:00:00", remind_times=6)
        self.expire("2026-12-28 10:00:00")
        with self.assertRaisesRegex(UserError, "Send the document again"):
            self.change(request, "2026-12-29 10:00:00", date_expire="2027-01-25")
