import base64
import contextlib
from smtplib import SMTPServerDisconnected
from unittest.mock import patch

from freezegun import freeze_time
from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..signature_workflow.engine.errors import RenderError
from . import pdf_samples
from .common import SignatureCase, pdf_text


class Killed(BaseException):
    """Ends the worker as the operating system would: nothing catches it."""


@tagged("post_install", "-at_install")
class TestGenerate(SignatureCase):
    """A queued request becomes a document in the hands of its first signer, or a to-do."""

    def assertFailed(self, request, words):
        self.assertEqual(request.state, "failed")
        self.assertIn(words, request.failure)
        todo = self.env["mail.activity"].search([("signature_request_id", "=", request.id)])
        self.assertEqual(todo.user_id, self.salesman)
        self.assertEqual((todo.res_model, todo.res_id), (request.res_model, request.res_id))
        self.assertIn(words, todo.note)

    def work_without_mail(self, error):
        """Run the worker and the mail queue while the mail server answers with `error`."""
        self.commit()
        server = type(self.env["ir.mail_server"])
        with (
            self.enter_registry_test_mode(),
            self.mock_smtplib_connection(),
            patch.object(server, "send_email", side_effect=error),
            mute_logger("odoo.addons.mail.models.mail_mail", "odoo.addons.base.models.ir_cron"),
            # what a cron run by hand raises when its job failed
            contextlib.suppress(RuntimeError),
        ):
            self.run_crons()
        self.env.invalidate_all()

    def test_rich_text(self):
        request = self.send()
        self.assertEqual(request.state, "sent", request.failure)
        client, company = request.signer_ids
        self.assertEqual((client.state, company.state), ("sent", "waiting"))
        self.assertEqual(client.email, "zoe@client.example")
        self.assertEqual(company.user_id, self.signatory)
        self.assertEqual(client.field_ids.mapped("type"), ["signature", "name", "date_signed", "text", "checkbox"])
        text = pdf_text(request.original_id.raw)
        self.assertIn("Zoë Țăndărică", text)
        self.assertNotIn("{{", text)
        self.assertEqual(request.event_ids.mapped("kind"), ["created", "link_sent"])
        request.event_ids._verify_chain()

    def test_uploaded_pdf_with_merge_value(self):
        self.template.write(
            {
                "kind": "pdf",
                "pdf_file": base64.b64encode(pdf_samples.rotated(90)),
                "field_ids": [
                    (0, 0, {"type": "signature", "role_id": self.role_client.id, "page": 1}),
                    (0, 0, {"type": "signature", "role_id": self.role_company.id, "page": -1, "x": 60}),
                    (0, 0, {"type": "merge", "merge_path": "name", "x": 10, "y": 10}),
                ],
            }
        )
        request = self.send(name="Ștefan's deal")
        self.assertEqual(request.state, "sent", request.failure)
        self.assertEqual(len(request.field_ids), 2)
        self.assertIn("Ștefan's deal", pdf_text(request.original_id.raw))

    def test_mail_is_in_the_language_of_the_signer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        mail = self.env.ref("signature_workflow.mail_template_request")
        mail.with_context(lang="fr_FR").subject = "À signer : {{ object.request_id.name }}"
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        (sent,) = self.work()
        self.assertTrue(sent["subject"].startswith("À signer"))
        self.assertEqual(sent["email_to"], ['"Zoë Țăndărică" <zoe@client.example>'])

    def test_no_email_is_a_todo_and_can_be_tried_again(self):
        self.partner.email = False
        request = self.send()
        self.assertFailed(request, "no valid e-mail address")
        self.partner.email = "zoe@client.example"
        request.with_user(self.salesman).action_retry()
        self.assertFalse(self.env["mail.activity"].search([("signature_request_id", "=", request.id)]))
        self.assertTrue(self.work())
        self.assertEqual(request.state, "sent")
        self.assertFalse(request.failure)

    def test_all_problems_are_said_at_once(self):
        self.partner.email = False
        self.signatory.partner_id.email = False
        request = self.send()
        self.assertFailed(request, "Zoë Țăndărică (Client)")
        self.assertIn("Ceo (Our company)", request.failure)

    def test_customer_known_by_mail_only(self):
        request = self.send(partner_id=False, contact_name="Ana Pop", email_from="ana@pop.example")
        self.template.body = "<p>{{signature;role=Client}}</p><p>{{signature;role=Our company}}</p>"
        request.action_retry()
        self.work()
        self.assertEqual(request.signer_ids[0].name, "Ana Pop")
        self.assertEqual(request.signer_ids[0].email, "ana@pop.example")

    def test_nobody(self):
        self.assertFailed(self.send(partner_id=False), "Nobody plays the role “Client”")

    def test_empty_merge_field(self):
        self.template.body = "<p>{{partner_id.vat}} {{partner_id.website?}} {{signature;role=Client}}</p>"
        self.assertFailed(self.send(), "Tax ID (partner_id.vat)")

    def test_merge_paths_are_never_code(self):
        for path in ("partner_id.unlink", "env", "partner_id.signup_type", "__class__", "name.upper()"):
            with self.subTest(path=path), self.assertRaisesRegex(UserError, "cannot be used"):
                self.template.body = f"<p>{{{{{path}}}}} {{{{signature;role=Client}}}}</p>"

    def test_author_needs_the_right_to_read_what_is_merged(self):
        author = self._make_user("author", "signature_workflow.group_manager")
        with self.assertRaisesRegex(UserError, "cannot be used"):
            self.template.with_user(author).body = "<p>{{name}}</p>"
        self.template.with_user(self.manager).body = "<p>{{name}}</p>"

    def test_merge_values_are_escaped(self):
        request = self.send(name="<b>&amp; <img src='/etc/passwd'/></b>")
        self.assertEqual(request.state, "sent", request.failure)
        self.assertIn("<b>&amp;", pdf_text(request.original_id.raw))

    def test_tag_not_understood(self):
        with self.assertRaisesRegex(UserError, "{{signature;role=Nobody}}"):
            self.template.body = "<p>{{signature;role=Nobody}}</p>"

    def test_role_without_a_place(self):
        self.template.body = "<p>{{signature;role=Client}}</p>"
        self.assertFailed(self.send(), "no signature for Our company")

    def test_one_poisonous_document_among_many(self):
        deals = self.env["crm.lead"].concat(*(self._make_deal(name=f"D{n}") for n in range(6)))
        deals[3].partner_id = self.env["res.partner"].create({"name": "Nomail"})
        deals.stage_id = self.stage_sign
        self.work()
        states = [self.requests_of(deal).state for deal in deals]
        self.assertEqual(states, ["sent"] * 3 + ["failed"] + ["sent"] * 2)

    def test_document_that_kills_the_worker_fails_alone(self):
        deals = self.env["crm.lead"].concat(*(self._make_deal(name=f"D{n}") for n in range(4)))
        deals.stage_id = self.stage_sign
        self.commit()
        model, build = type(self.env["signature.template"]), type(self.env["signature.template"])._build_document

        def kill(template, record):
            if record.name == "D2":
                raise Killed
            return build(template, record)

        with patch.object(model, "_build_document", kill):
            for _start in range(4):
                with self.enter_registry_test_mode(), self.registry.cursor() as cr:
                    try:
                        self.env(cr=cr)["signature.request"]._cron_process()
                    except Killed:
                        cr.rollback()
        self.env.invalidate_all()
        requests = [self.requests_of(deal) for deal in deals]
        self.assertEqual([request.state for request in requests], ["sent", "sent", "failed", "sent"])
        self.assertFailed(requests[2], "stopped 3 times")

    def test_request_cancelled_while_others_fail_is_not_sent(self):
        deals = self.env["crm.lead"].concat(*(self._make_deal(name=f"D{n}") for n in range(3)))
        deals.stage_id = self.stage_sign
        self.commit()
        model, build = type(self.env["signature.template"]), type(self.env["signature.template"])._build_document

        def cancel_other(template, record):
            if record.name == "D0":
                requests = template.env["signature.request"].search([("res_id", "=", deals[2].id)])
                if requests.state == "queued" and requests.attempts and self.fallback:
                    requests.action_cancel()
                self.fallback = True
            if record.name == "D1":
                raise RenderError("anchor_outside")
            return build(template, record)

        self.fallback = False
        with patch.object(model, "_build_document", cancel_other):
            self.work()
        request = self.requests_of(deals[2])
        self.assertEqual(request.state, "cancelled")
        self.assertEqual(request.event_ids.mapped("kind"), ["cancelled"])
        self.assertFalse(request.signer_ids)

    def test_dragged_out_again_before_the_worker_came(self):
        deal = self._make_deal(stage_id=self.stage_sign.id)
        self.commit()
        deal.stage_id = self.stage_new
        self.assertFalse(self.work())
        self.assertEqual(self.requests_of(deal).state, "cancelled")

    def test_deal_without_salesperson(self):
        self.team.user_id = self.manager
        request = self.send(user_id=False)
        self.assertEqual(request.user_id, self.manager)
        self.team.user_id = False
        self.assertEqual(self.send(user_id=False, name="Second").user_id, self.signatory)

    def test_company_of_the_rule(self):
        branch = self.env["res.company"].create({"name": "Branch SRL", "email": "b@branch.example"})
        self.rule.company_id = branch
        request = self.send(company_id=False, team_id=False)
        self.assertEqual(request.company_id, branch)
        self.assertIn("Branch SRL", pdf_text(request.original_id.raw))

    def test_unexpected_error_is_shown_and_logged(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        model = type(self.env["signature.template"])
        with (
            patch.object(model, "_build_document", side_effect=OSError("disk full")),
            self.assertLogs("odoo.addons.signature_workflow", "ERROR"),
        ):
            self.work()
        self.assertFailed(self.requests_of(deal), "OSError")

    def test_mail_server_that_hangs_up(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.work_without_mail(SMTPServerDisconnected("gone"))
        request = self.requests_of(deal)
        self.assertEqual((request.state, len(request.signer_ids)), ("sent", 2))
        # perhaps it has arrived; somebody is told, and nothing else fails
        self.assertEqual(request.event_ids.mapped("kind"), ["created", "link_sent", "undelivered"])
        self.assertIn("perhaps the message has arrived", deal.activity_ids.note)

    def test_failure_is_told_in_the_language_of_the_salesperson(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.write({"lang": "fr_FR", "email": False})
        request = self.send()
        self.assertFailed(request, "no valid e-mail address")

    def test_deal_shows_and_retries_what_failed(self):
        self.partner.email = False
        deal = self._make_deal()
        self.send(deal)
        self.assertEqual(deal.signature_state, "failed")
        self.assertIn("no valid e-mail address", deal.signature_failure)
        self.partner.email = "zoe@client.example"
        deal.with_user(self.salesman).action_retry_signatures()
        self.work()
        self.assertEqual((deal.signature_state, deal.signature_failure), ("waiting", ""))

    def test_deal_that_sent_nothing_can_be_deleted(self):
        self.partner.email = False
        deal = self._make_deal()
        request = self.send(deal)
        deal.unlink()
        self.assertEqual(request.state, "cancelled")
        sent = self._make_deal()
        self.partner.email = "zoe@client.example"
        self.send(sent)
        with self.assertRaisesRegex(UserError, "Archive it"):
            sent.unlink()

    def test_cancel_closes_the_link(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        token = self.link_of(self.work(), "zoe@client.example")
        request = self.requests_of(deal)
        request.with_user(self.salesman).action_cancel()
        signer = self.env["signature.signer"]._from_token(token)
        self.assertEqual(signer._page_state(), "cancelled")
        with self.assertRaisesRegex(UserError, "cancelled"):
            self.sign(signer)
        with self.assertRaisesRegex(UserError, "cannot be cancelled"):
            request.action_cancel()

    def test_expiry(self):
        request = self.send()
        self.assertEqual((request.date_expire - fields.Date.today()).days, self.template.expiry_days)
        with freeze_time(fields.Datetime.add(fields.Datetime.now(), days=31)):
            self.assertEqual(request.signer_ids[0]._page_state(), "expired")
            with self.enter_registry_test_mode():
                self.env.ref("signature_workflow.ir_cron_expire").method_direct_trigger()
        self.assertEqual(request.state, "expired")
        self.assertEqual(request.event_ids[-1].kind, "expired")

    def test_mail_that_fails_is_a_todo_and_can_be_sent_again(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.work_without_mail(OSError("gateway down"))
        request = self.requests_of(deal)
        client = request.signer_ids[0]
        self.assertEqual((request.state, client.state), ("sent", "sent"))
        todo = self.env["mail.activity"].search([("signature_request_id", "=", request.id)])
        self.assertEqual(todo.user_id, self.salesman)
        self.assertIn("gateway down", todo.note)
        self.assertFalse(self.env["mail.mail"].search([("signature_signer_id", "=", client.id)]))
        client.with_user(self.salesman).action_resend()
        mails = self.work()
        self.assertEqual(client.sudo().link_ids.mapped("revoked"), ["resent", False])
        token = self.link_of(mails, client.email)
        self.assertEqual(self.env["signature.signer"]._from_token(token), client)
        with self.assertRaisesRegex(UserError, "Ceo's turn"):
            request.signer_ids[1].action_resend()

    def test_refused_upload(self):
        for name in ("encrypted", "javascript", "signed"):
            with self.subTest(name), self.assertRaises(UserError):
                self._make_template(kind="pdf", pdf_file=base64.b64encode(getattr(pdf_samples, name)()))

    def test_field_off_the_page(self):
        with self.assertRaisesRegex(UserError, "does not lie on the document"):
            self._make_template(
                kind="pdf",
                pdf_file=base64.b64encode(pdf_samples.simple(2)),
                field_ids=[(0, 0, {"role_id": self.role_client.id, "page": 3})],
            )

    def test_latest_quotation_of_the_deal(self):
        if "order_ids" not in self.env["crm.lead"]._fields:
            self.skipTest("Quotations are not installed")
        self.template.write(
            {
                "kind": "report",
                "report_id": self.env.ref("sale.action_report_saleorder").id,
                "report_path": "order_ids",
                "field_ids": [
                    (0, 0, {"role_id": self.role_client.id, "page": -1}),
                    (0, 0, {"role_id": self.role_company.id, "page": -1, "x": 60}),
                ],
            }
        )
        deal = self._make_deal()
        self.assertFailed(self.send(deal), "prints Sales Order of “Big deal”, but there is none")
        __, new = self.env["sale.order"].create([{"partner_id": self.partner.id, "opportunity_id": deal.id}] * 2)
        with self.allow_pdf_render():
            document = self.template.with_context(force_report_rendering=True)._build_document(deal)
        self.assertTrue(document.pdf.startswith(b"%PDF"))
        self.assertEqual([field["page"] for field in document.fields], [len(document.page_sizes)] * 2)
        self.assertEqual(self.template._report_record(deal), new)

    def test_quotation_that_the_sender_may_not_see(self):
        if "order_ids" not in self.env["crm.lead"]._fields:
            self.skipTest("Quotations are not installed")
        self.template.write(
            {
                "kind": "report",
                "report_id": self.env.ref("sale.action_report_saleorder").id,
                "report_path": "order_ids",
                "field_ids": [(0, 0, {"role_id": self.role_client.id, "page": -1})],
            }
        )
        deal = self._make_deal()
        own, __ = self.env["sale.order"].create(
            [
                {"partner_id": self.partner.id, "opportunity_id": deal.id, "user_id": user.id}
                for user in (self.salesman, self.manager)
            ]
        )
        # the newest one is what the worker sends, so an older one that they may see is not shown instead
        with self.assertRaises(AccessError):
            self.template.with_user(self.salesman)._build_document(deal.with_user(self.salesman))
        self.assertTrue(own.with_user(self.salesman).has_access("read"))

    def test_report_of_another_record_is_refused(self):
        if "order_ids" not in self.env["crm.lead"]._fields:
            self.skipTest("Quotations are not installed")
        with self.assertRaisesRegex(UserError, "Choose the field that leads to it"):
            self.template.write({"kind": "report", "report_id": self.env.ref("sale.action_report_saleorder").id})

    def test_used_template_cannot_be_deleted(self):
        self.send()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.template.unlink()
