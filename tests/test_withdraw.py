from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2.errors import ForeignKeyViolation

from . import pdf_samples
from .common import SignatureCase
from .test_signing_pages import PAGES, SigningPagesCase


@tagged("post_install", "-at_install")
class TestWithdraw(SignatureCase):
    def setUp(self):
        super().setUp()
        self.deal = self._make_deal()
        self.request = self.send(self.deal)
        self.complete(self.request)

    def withdraw(self, reason="The price was wrong", user=None):
        wizard = self.env["signature.request.withdraw"].with_user(user or self.manager)
        with Form(wizard.with_context(default_request_id=self.request.id)) as form:
            form.reason = reason
        form.record.action_withdraw()
        return self.work()

    def test_withdraw(self):
        copy = self.request.final_id
        mails = self.withdraw()
        self.assertEqual(self.request.state, "withdrawn")
        self.assertEqual(self.request.withdrawn_by_id, self.manager)
        self.assertEqual(self.request.withdraw_reason, "The price was wrong")
        self.assertTrue(self.request.date_withdrawn)
        self.assertEqual(self.request.final_id, copy)
        event = self.request.event_ids[-1]
        self.assertEqual((event.kind, event.user_id), ("withdrawn", self.manager))
        self.assertIn("The price was wrong", event.data)
        self.request.event_ids._verify_chain()
        self.assertIn("The price was wrong", self.deal.message_ids[0].body)
        self.assertEqual(
            {mail["email_to"][0] for mail in mails},
            {'"Zoë Țăndărică" <zoe@client.example>', '"Ceo" <ceo@company.example>'},
        )
        for mail in mails:
            self.assertIn("The price was wrong", mail["body"])
            self.assertNotIn("/sign/", mail["body"])

    def test_stage_sends_again(self):
        self.deal.stage_id = self.stage_new
        self.send(self.deal)
        self.assertEqual(len(self.requests_of(self.deal)), 1)
        self.withdraw()
        self.deal.stage_id = self.stage_new
        self.commit()
        requests = self.send(self.deal)
        self.assertEqual(sorted(requests.mapped("state")), ["sent", "withdrawn"])

    def test_who_and_when(self):
        with self.assertRaises(AccessError):
            self.request.with_user(self.salesman).action_withdraw("No")
        with self.assertRaises(AccessError):
            self.env["signature.request.withdraw"].with_user(self.salesman).create(
                {"request_id": self.request.id, "reason": "No"}
            )
        with self.assertRaisesRegex(UserError, "Say why"):
            self.request.with_user(self.manager).action_withdraw(" ")
        self.withdraw()
        with self.assertRaisesRegex(UserError, "not completed"):
            self.request.with_user(self.manager).action_withdraw("Again")
        waiting = self.send()
        with self.assertRaisesRegex(UserError, "not completed"):
            waiting.with_user(self.manager).action_withdraw("Too early")
        self.assertEqual(waiting.state, "sent")

    def test_record_that_one_may_not_write(self):
        rule = {
            "name": "Others' deals are hidden",
            "model_id": self.env["ir.model"]._get_id("crm.lead"),
            "domain_force": f"[('id', '!=', {self.deal.id})]",
        }
        self.env["ir.rule"].create(rule)
        with self.assertRaises(AccessError):
            self.withdraw()

    def test_what_had_still_to_follow_is_dropped(self):
        reaction = self.request.reaction_ids.filtered(lambda reaction: reaction.kind == "rule")
        reaction.state = "waiting"
        self.withdraw()
        self.assertEqual(reaction.state, "done")
        self.assertIn("withdrawn", reaction.outcome)

    def test_answers_are_not_written_any_more(self):
        request = self.request.sudo()
        values = {"request_id": request.id, "kind": "write", "event": "signed", "state": "failed"}
        reaction = self.env["signature.reaction"].create(values)
        self.withdraw()
        self.assertEqual(reaction.state, "done")

    def test_signed_on_paper(self):
        self.deal, by_link = self._make_deal(), self._make_deal()
        self.partner.signature_opt_out = True
        self.request = self.send(self.deal)
        self.partner.signature_opt_out = False
        links = self.send(by_link)
        for request in self.request + links:
            request.with_user(self.salesman)._sign_on_paper([pdf_samples.simple()])
        self.partner.signature_opt_out = True
        mails = self.withdraw()
        self.assertEqual(mails, [])
        todos = self.deal.activity_ids
        self.assertEqual(
            sorted(todos.mapped("summary")),
            [f"Tell {name} that the acceptance was withdrawn" for name in ("Ceo", "Zoë Țăndărică")],
        )
        self.assertEqual(todos.user_id, self.salesman)
        self.assertIn("The price was wrong", todos[0].note)
        # who had a link is told by mail
        self.partner.signature_opt_out = False
        self.request = links
        self.assertEqual([mail["email_to"] for mail in self.withdraw()], [['"Zoë Țăndărică" <zoe@client.example>']])
        self.assertEqual(by_link.activity_ids.mapped("summary"), ["Tell Ceo that the acceptance was withdrawn"])

    def test_test_cannot_be_withdrawn(self):
        self.template._make_requests(self.deal, is_test=True, user_id=self.manager.id)
        self.work()
        test = self.env["signature.request"].search([("is_test", "=", True)])
        self.complete(test)
        with self.assertRaisesRegex(UserError, "not completed"):
            test.with_user(self.manager).action_withdraw("A test")


@tagged("post_install", "-at_install")
class TestConfirmation(SignatureCase):
    """The e-mail with the signed copy can be edited, and switched off."""

    def test_as_it_comes(self):
        request = self.send()
        for mail in self.complete(request):
            self.assertIn("Everybody has signed", mail["body"])
            self.assertIn(f'href="{request._verify_url()}"', mail["body"])

    def test_another_text(self):
        mail = self.env.ref("signature_workflow.mail_template_completed").copy(
            {"subject": "Welcome, {{ object.name }}", "body_html": "<p>Your copy</p>"}
        )
        self.template.copies_mail_id = mail
        mails = self.complete(self.send())
        self.assertEqual({mail["subject"] for mail in mails}, {"Welcome, Zoë Țăndărică", "Welcome, Ceo"})
        self.assertTrue(all(mail["attachments"] for mail in mails))

    def test_none(self):
        self.template.copies_mail_id = False
        request = self.send()
        client = request.signer_ids[0]
        self.assertTrue(client._page_values())
        mails = self.complete(request)
        self.assertEqual(mails, [])
        self.assertNotIn("copies", request.reaction_ids.mapped("kind"))

    def test_texts_are_edited_and_reset_as_odoo_does(self):
        menu = self.env.ref("signature_workflow.menu_mail_templates")
        self.assertNotIn(menu.id, self.env["ir.ui.menu"].with_user(self.manager)._visible_menu_ids())
        self.manager.group_ids += self.env.ref("mail.group_mail_template_editor")
        self.assertIn(menu.id, self.env["ir.ui.menu"].with_user(self.manager)._visible_menu_ids())
        action = self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_mail_template_action")
        templates = self.env["mail.template"].with_user(self.manager).search([("model", "=", "signature.signer")])
        self.assertIn("signature.signer", action["domain"])
        for template in templates:
            template.subject = f"{template.subject}!"
        mails = self.send() and self._mails
        self.assertTrue(all(mail["subject"].endswith("!") for mail in mails))
        templates.reset_template()
        self.assertFalse(any(template.subject.endswith("!") for template in templates))

    def test_mail_in_use_is_not_deleted(self):
        mail = self.env.ref("signature_workflow.mail_template_completed").copy()
        self.template.copies_mail_id = mail
        with self.assertRaises(ForeignKeyViolation), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            mail.unlink()


@tagged("post_install", "-at_install")
class TestTold(SignatureCase):
    """Who is told that a document was cancelled."""

    def test_only_those_who_had_a_link(self):
        request = self.send()
        request.action_cancel("New price")
        (mail,) = self.work()
        self.assertIn("zoe@client.example", mail["email_to"][0])
        self.assertIn("New price", mail["body"])
        self.assertIn("Nothing is needed", mail["body"])

    def test_corrected(self):
        request = self.send()
        request.sudo().replaced_by_id = self.send()
        request.action_cancel()
        (mail,) = self.work()
        self.assertIn("a corrected version follows", mail["body"])

    def test_nobody_before_it_was_sent(self):
        deal = self._make_deal(stage_id=self.stage_sign.id)
        self.commit()
        self.requests_of(deal).action_cancel()
        self.assertEqual(self.work(), [])

    def test_nobody_of_a_test_and_not_oneself(self):
        self.template._make_requests(self._make_deal(), is_test=True, user_id=self.salesman.id)
        self.work()
        self.env["signature.request"].search([("is_test", "=", True)]).action_cancel()
        self.assertEqual(self.work(), [])
        request = self.send()
        self.sign(request.signer_ids[0])
        self.work()
        request.with_user(self.signatory).action_cancel()
        self.assertEqual([mail["email_to"][0] for mail in self.work()], ['"Zoë Țăndărică" <zoe@client.example>'])

    def test_told_by_sms(self):
        self.partner.write({"email": False, "phone": "+40721234567"})
        self.template.role_ids[0].channel = "sms"
        for words, act in (
            ("was cancelled. Nothing is needed", lambda request: request.action_cancel()),
            ("You keep your signed copy", self.withdraw_completed),
        ):
            request = self.send()
            act(request)
            self.work()
            newest = self.env["sms.sms"].sudo().search([("number", "=", "+40721234567")], order="id desc", limit=1)
            self.assertIn(words, newest.body)

    def test_told_in_the_way_chosen_for_them(self):
        self.partner.phone = "+40721234567"
        self.template.role_ids[0].channel = "sms"
        self.send().action_cancel()
        self.assertEqual(self.work(), [])
        newest = self.env["sms.sms"].sudo().search([("number", "=", "+40721234567")], order="id desc", limit=1)
        self.assertIn("was cancelled", newest.body)

    def withdraw_completed(self, request):
        self.complete(request)
        request.action_withdraw("The price was wrong")


@tagged("post_install", "-at_install")
class TestWithdrawnPage(SigningPagesCase):
    def setUp(self):
        super().setUp()
        self.submit(self.token, self.client)
        token = self.link_of(self.work(), "ceo@company.example")
        self.submit(token, self.company, nonce="c")
        self.work()
        self.request.with_user(self.manager).action_withdraw("The price\nwas <wrong>")

    def test_page(self):
        page = self.open()
        company = self.request.company_id.name
        self.assertWords(page, "The acceptance was withdrawn", f"{company} has withdrawn it on", "was <wrong>")
        self.assertWords(page, "Download the signed copy")
        self.assertEqual(len(page.xpath(PAGES)), 1)
        self.assertEqual(self.url_open(f"/sign/{self.token}/document").content, self.request.final_id.raw)
        self.assertFalse(page.xpath("//*[@data-action='primary']"))

    def test_refused(self):
        self.request.sudo().signer_ids[0].nonce = "other"
        self.assertIn("withdrawn", str(self.submit(self.token, self.client)))

    def test_portal(self):
        user = self._make_user("zoe", "base.group_portal")
        self.client.partner_id = user.partner_id
        self.authenticate("zoe", "zoe-password")
        page = self.url_open("/my/signatures?filterby=ended").text
        self.assertIn("Acceptance withdrawn", page)
        self.assertIn(f"/my/signatures/{self.client.id}/copy", page)
        copy = self.url_open(f"/my/signatures/{self.client.id}/copy")
        self.assertEqual(copy.content, self.request.final_id.raw)
        self.assertNotIn(self.request.name, self.url_open("/my/signatures?filterby=done").text)


@tagged("post_install", "-at_install")
class TestOutcomePages(SigningPagesCase):
    """States that nothing in the page leads to."""

    def test_corrected(self):
        self.request.sudo().write({"state": "cancelled", "replaced_by_id": self.request.copy().id})
        page = self.open()
        self.assertWords(page, "because a corrected version follows", "the newest message")

    def test_to_be_signed_on_paper(self):
        self.request.sudo().state = "paper"
        page = self.open()
        self.assertWords(page, "This document is to be signed on paper", "nothing to do here")
        self.assertEqual(page.xpath(PAGES), [])
        self.assertIn("signed on paper", str(self.submit(self.token, self.client)))

    def test_signed_on_paper(self):
        scan = self.request.original_id.sudo().copy({"name": "scan.pdf"})
        now = self.env.cr.now()
        values = {"state": "completed", "is_paper": True, "final_id": scan.id, "date_completed": now}
        self.request.sudo().write(values)
        self.request.signer_ids.sudo().state = "skipped"
        page = self.open()
        self.assertWords(page, "Signed on paper", "It was filed on", "Download the signed copy")
        self.assertNotIn("sealed", self.words(page))
        self.assertEqual(self.url_open(f"/sign/{self.token}/document").status_code, 200)

    def test_copy_comes_by_no_mail(self):
        self.template.copies_mail_id = False
        self.submit(self.token, self.client)
        self.assertWords(self.open(), "Once everybody is done, you find the signed copy here")
