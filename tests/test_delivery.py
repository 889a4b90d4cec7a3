import contextlib
import smtplib
from unittest.mock import patch

from odoo import Command
from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.addons.signature_workflow.signature_workflow.models import signature_sending
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SignatureCase

# what Odoo deletes itself, and what it keeps
FAILURES = (AssertionError(IrMail_Server.NO_VALID_RECIPIENT), smtplib.SMTPException("The mailbox is full"))


@tagged("post_install", "-at_install")
class TestDelivery(SignatureCase):
    """A mail that does not go out comes back as a to-do."""

    def work_and_fail(self, failure):
        """Do what `work` does, while the mail server takes nothing."""
        self.commit()
        with (
            self.enter_registry_test_mode(),
            self.mock_mail_gateway(mail_unlink_sent=True),
            patch.object(IrMail_Server, "send_email", side_effect=failure),
            mute_logger("odoo.addons.mail.models.mail_mail"),
        ):
            self.run_crons()

    def send_and_fail(self, failure):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.work_and_fail(failure)
        return self.requests_of(deal)

    def undelivered(self, request):
        """Return the to-dos about what did not arrive."""
        todos = self.env["mail.activity"].search([("signature_request_id", "=", request.id)])
        return todos.filtered(lambda todo: "not delivered" in todo.summary)

    def test_link(self):
        for failure in FAILURES:
            with self.subTest(str(failure)):
                request = self.send_and_fail(failure)
                todo = self.undelivered(request)
                self.assertEqual(todo.user_id, self.salesman)
                self.assertIn("zoe@client.example", todo.note)
                self.assertIn(str(failure), todo.note)
                self.assertEqual(request.event_ids.mapped("kind").count("undelivered"), 1)
                # the secret is gone, and a new one is the way on
                self.assertFalse(self.env["mail.mail"].search([("signature_signer_id", "in", request.signer_ids.ids)]))
                request.signer_ids[0].with_user(self.salesman).action_resend()
                self.assertFalse(self.undelivered(request))
                self.link_of(self.work(), "zoe@client.example")

    def test_address_that_was_corrected_meanwhile(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.commit()
        with self.enter_registry_test_mode():
            self.env.ref("signature_workflow.ir_cron_process").method_direct_trigger()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        request.signer_ids[0].sudo().email = "new@client.example"
        self.work_and_fail(FAILURES[0])
        self.assertFalse(self.undelivered(request))

    def reacted(self, request):
        return request.reaction_ids.filtered(lambda reaction: reaction.event == "undelivered")

    def lose_undelivered(self):
        reason = self.env["crm.lost.reason"].create({"name": "Not reached"})
        lost = {"event": "undelivered", "kind": "lost", "lost_reason_id": reason.id}
        self.rule.action_ids = [Command.clear(), Command.create(lost)]

    def test_only_the_request_itself_counts(self):
        self.lose_undelivered()
        self.assertTrue(self.reacted(self.send_and_fail(FAILURES[1])))
        request = self.send()
        request.signer_ids[0].with_user(self.salesman).action_remind()
        self.work_and_fail(FAILURES[1])
        self.assertTrue(self.undelivered(request))
        self.assertFalse(self.reacted(request))
        self.assertTrue(request._record().active)

    def test_perhaps_it_has_arrived(self):
        self.lose_undelivered()
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.commit()
        with (
            self.enter_registry_test_mode(),
            self.mock_mail_gateway(mail_unlink_sent=True),
            patch.object(IrMail_Server, "send_email", side_effect=smtplib.SMTPServerDisconnected("gone")),
            mute_logger("odoo.addons.mail.models.mail_mail"),
            contextlib.suppress(smtplib.SMTPServerDisconnected),
        ):
            self.run_crons()
        self.env.invalidate_all()
        request = self.requests_of(deal)
        self.assertTrue(self.undelivered(request))
        self.assertFalse(self.reacted(request))

    def test_limit_loses_no_deal(self):
        self.lose_undelivered()
        self.partner.phone = "+40721234567"
        self.template.role_ids[0].channel = "sms"
        self.patch(signature_sending, "LIMITS", {"sms": [("address", 24, 0)]})
        request = self.send()
        self.assertTrue(self.undelivered(request))
        self.assertFalse(self.reacted(request))

    def test_what_to_do_while_it_is_held(self):
        self.template.write({"hold_domain": "[('priority', '=', '3')]", "hold_reason": "the deposit"})
        request = self.send_and_fail(FAILURES[1])
        self.assertEqual(request.state, "held")
        self.assertIn("Change the address on the request", self.undelivered(request).note)

    def test_who_never_got_it_is_not_told_that_it_is_cancelled(self):
        request = self.send_and_fail(FAILURES[0])
        request.action_cancel("Not wanted")
        self.assertEqual(self.work(), [])
        self.assertIn("Nobody was to be told", request.reaction_ids.mapped("outcome")[0])
        line = request.event_ids.filtered(lambda event: event.kind == "undelivered")
        self.assertEqual(line.with_user(self.salesman).details_text, f"zoe@client.example, {FAILURES[0]}")
        # once a new link has come through they know of it
        request = self.send_and_fail(FAILURES[0])
        request.signer_ids[0].with_user(self.salesman).action_resend()
        self.work()
        request.action_cancel("Not wanted")
        self.assertEqual([mail["email_to"] for mail in self.work()], [['"Zoë Țăndărică" <zoe@client.example>']])

    def test_signed_copy(self):
        for failure in FAILURES:
            with self.subTest(str(failure)):
                request = self.send()
                self.sign(request.signer_ids[0])
                self.work()
                self.sign(request.signer_ids[1])
                self.work_and_fail(failure)
                self.assertEqual(request.state, "completed", request.failure)
                todos = self.undelivered(request)
                self.assertEqual(len(todos), 2)
                self.assertIn("Send them the signed copy", todos[0].note)

    def test_nobody_has_an_address(self):
        self.template.role_ids[1].unlink()
        self.template.body = "<p>{{signature;role=Client}}</p>"
        self.template.role_ids.channel = "manual"
        self.partner.email = False
        request = self.send()
        self.assertEqual(request.state, "sent", request.failure)
        self.sign(request.signer_ids)
        self.work()
        self.assertEqual(request.state, "completed", request.failure)
        (copies,) = request.reaction_ids.filtered(lambda reaction: reaction.kind == "copies")
        self.assertEqual((copies.state, copies.outcome), ("done", "Nobody has an address to send it to."))
        todos = self.env["mail.activity"].search([("signature_request_id", "=", request.id)])
        self.assertEqual(todos.mapped("summary"), ["Give Zoë Țăndărică their copy"])
