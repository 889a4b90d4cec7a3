from contextlib import contextmanager

from freezegun import freeze_time
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .test_reminders import ReminderCase


@tagged("post_install", "-at_install")
class TestRemindersByHand(ReminderCase):
    """What a person sends counts: nobody is written to twice in a short time, whatever is pressed or called."""

    def change(self, request, moment, **values):
        with freeze_time(moment):
            context = request.with_user(self.salesman).action_deadline()["context"]
            dialog = self.env["signature.request.deadline"].with_user(self.salesman).with_context(**context)
            return dialog.create(values).action_change()

    def mails_to_client(self):
        return [mail for mail in self.work() if "client.example" in str(mail["email_to"])]

    def test_deadline_is_changed_afterwards(self):
        """The next reminder is three days after the last message, of whatever kind."""
        self.template.role_ids[0].may_forward = True

        def remind(client):
            client.action_remind()

        def resend(client):
            client.action_resend()

        def forward(client):
            client.sudo()._forward("Bob", "bob@client.example", "", {})

        for act in (remind, resend, forward):
            with self.subTest(act.__name__):
                request = self.send_on()
                client = request.signer_ids[0]
                with freeze_time("2026-11-28 10:30:00"):
                    act(client)
                    self.work()
                self.assertEqual(str(client.date_remind), "2026-12-01 10:30:00")
                self.change(request, "2026-11-28 11:00:00", date_expire="2027-01-25")
                self.assertEqual(str(client.date_remind), "2026-12-01 10:30:00")
                self.assertEqual(self.remind("2026-11-30 10:30:00"), ([], []))
                request.action_cancel()

    def test_named_twice_in_one_call(self):
        client = self.send_on().signer_ids[0].with_user(self.salesman)
        with freeze_time("2026-11-28 10:30:00"):
            answer = client.browse(client.ids * 20).action_remind()
            self.assertEqual(answer["params"]["message"], f"Reminded: {client.name}.")
            self.assertEqual(len(self.mails_to_client()), 1)
        with freeze_time("2026-11-28 10:32:00"):
            answer = client.browse(client.ids * 10).action_resend()
            self.assertIn(f"{client.name} gets a new link", answer["params"]["message"])
            self.assertEqual(len(self.mails_to_client()), 1)
        self.assertEqual(len(self.events(client.request_id, "reminded")), 1)

    def test_new_link_once_a_minute(self):
        client = self.send_on().signer_ids[0].with_user(self.salesman)
        with freeze_time("2026-11-28 10:30:00"):
            client.action_resend()
        with freeze_time("2026-11-28 10:30:50"), self.assertRaisesRegex(UserError, "less than a minute ago"):
            client.action_resend()
        with freeze_time("2026-11-28 10:31:10"):
            client.action_resend()
            self.assertEqual(len(self.mails_to_client()), 2)

    def test_one_todo_about_who_does_not_answer(self):
        self.template.role_ids[0].channel = "manual"
        request = self.send_on()
        for day in ("2026-11-30", "2026-12-02", "2026-12-04"):
            self.remind(f"{day} 10:00:00")
        self.assertEqual(request.signer_ids[0].reminders, 3)
        self.assertEqual(self.todos(request).mapped("summary"), [f"{self.partner.name} has not answered"])

    def test_warning_names_all(self):
        self.template.role_ids.sequence = 1
        request = self.send_on()
        mails, __ = self.remind("2026-12-22 10:00:00")
        (to_sender,) = [mail for mail in mails if "saul@" in str(mail["email_to"])]
        self.assertIn(f"No answer yet from: {', '.join(request.signer_ids.mapped('name'))}.", to_sender["body"])

    @contextmanager
    def refused(self):
        with self.assertRaisesRegex(ValidationError, "At most 3650 days"), self.env.cr.savepoint():
            yield

    def test_days_without_end(self):
        for name in ("expiry_days", "warn_days", "remind_after", "remind_every"):
            for holder in (self.template, self.rule):
                with self.subTest(name), self.refused():
                    holder[name] = 10**9
        request = self.send_on()
        for name in ("warn_days", "remind_after", "remind_every"):
            with self.subTest(name), self.refused():
                self.change(request, "2026-11-26 10:00:00", **{name: 10**9})
