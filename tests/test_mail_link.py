import secrets
from datetime import timedelta
from unittest.mock import patch
from urllib.parse import quote

from markupsafe import Markup
from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import LINK, SignatureCase

BODY = '<p>Dear <t t-out="object.partner_id.name"/>, sign here: <t t-out="object.signature_link"/></p>'


@tagged("post_install", "-at_install")
class TestMailLink(SignatureCase):
    """The placeholder for the secret link in mails of a deal."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the two act side by side
        cls.template.role_ids.sequence = 1
        cls.mail_template = cls.env["mail.template"].create(
            {
                "name": "Invitation",
                "model_id": cls.env["ir.model"]._get_id("crm.lead"),
                "subject": "Your contract",
                "body_html": BODY,
                "partner_to": "{{ object.partner_id.id }}",
                "auto_delete": False,
            }
        )

    def setUp(self):
        super().setUp()
        self.request = self.send()
        self.deal = self.request._record()
        self.client, self.company = self.request.signer_ids
        self.address = self.deal.signature_link

    def tokens(self, email):
        """Return the different tokens in the mails that went out to `email` last."""
        bodies = [mail["body"] for mail in self._mails if email in str(mail["email_to"])]
        self.assertTrue(bodies, f"no mail to {email}")
        # a layout may show the text twice
        return list(dict.fromkeys(match[1] for body in bodies for match in LINK.finditer(body)))

    def signer_of(self, token):
        return self.env["signature.signer"]._from_token(token)

    def post(self, partners, user=None, body=None, **values):
        """Write a message on the deal, as the composer does; return it."""
        composer = (
            self.env["mail.compose.message"]
            .with_user(user or self.salesman)
            .create(
                {
                    "model": "crm.lead",
                    "res_ids": str(self.deal.ids),
                    "template_id": self.mail_template.id,
                    "partner_ids": [(6, 0, partners.ids)],
                    **values,
                }
            )
        )
        messages = self.deal.message_ids
        with self.mock_mail_gateway():
            composer._action_send_mail()
        return self.deal.message_ids - messages

    def assertNoSecret(self, *texts):
        for text in texts:
            self.assertNotRegex(text or "", r"/sign/|/s/")

    def test_address_is_harmless(self):
        self.assertTrue(self.address.endswith(f"/my/signatures/crm.lead/{self.deal.id}"))
        links = self.env["signature.link"].sudo().search_count([])
        self.deal.invalidate_recordset()
        self.assertEqual(self.deal.with_user(self.salesman).signature_link, self.address)
        self.assertEqual(self.env["signature.link"].sudo().search_count([]), links)

    def test_each_gets_their_own_link_and_the_chatter_none(self):
        message = self.post(self.partner | self.signatory.partner_id)
        (client,), (company,) = self.tokens(self.client.email), self.tokens(self.company.email)
        self.assertNotEqual(client, company)
        self.assertEqual((self.signer_of(client), self.signer_of(company)), (self.client, self.company))
        # the text alternative has it, too, and nobody has the other's
        for mail in self._mails:
            self.assertNotIn(self.address, mail["body"])
            self.assertIn("/sign/", mail["body_alternative"])
        self.assertIn(self.address, message.body)
        stored = self.env["mail.mail"].sudo().search([("mail_message_id", "in", message.ids)])
        self.assertNoSecret(message.body, *stored.mapped("body_html"))
        links = self.env["signature.link"].sudo().search([("channel", "=", "template")])
        self.assertEqual(links.signer_id, self.client | self.company)
        event = self.request.event_ids.filtered(lambda e: e.kind == "link_sent" and e.signer_id == self.client)
        self.assertIn('"template"', event.data)
        self.request.event_ids._verify_chain()

    def test_nobody_else_gets_one(self):
        colleague = self.manager.partner_id
        self.deal.message_subscribe(colleague.ids)
        self.post(colleague)
        self.assertEqual(self.tokens(colleague.email), [])
        self.assertTrue(all(self.address in mail["body"] for mail in self._mails))

    def test_mail_to_several_or_with_a_copy_has_none(self):
        for values in (
            {"email_to": f"{self.client.email}, other@client.example"},
            {"email_to": self.client.email, "email_cc": "other@client.example"},
        ):
            with self.subTest(values), self.mock_mail_gateway():
                mail = self.env["mail.mail"].create(
                    {"model": "crm.lead", "res_id": self.deal.id, "body_html": f"<p>{self.address}</p>", **values}
                )
                mail.send()
                self.assertEqual(self.tokens(self.client.email), [])

    def test_only_the_deal_of_the_mail(self):
        other = self._make_deal()
        longer = f"{self.address}0"
        for record, body in ((other, self.address), (self.partner, self.address), (self.deal, longer)):
            with self.subTest(record), self.mock_mail_gateway():
                values = {"model": record._name, "res_id": record.id, "body_html": f"<p>{body}</p>"}
                self.env["mail.mail"].create({**values, "email_to": self.client.email}).send()
                self.assertEqual(self.tokens(self.client.email), [])

    def test_template_that_is_sent_by_itself(self):
        with self.mock_mail_gateway():
            self.mail_template.send_mail(self.deal.id, force_send=True)
        (token,) = self.tokens(self.client.email)
        self.assertEqual(self.signer_of(token), self.client)

    def test_as_a_link_in_the_text(self):
        self.mail_template.body_html = '<p><a t-att-href="object.signature_link">Sign</a></p>'
        message = self.post(self.partner)
        (token,) = self.tokens(self.client.email)
        self.assertIn(f'href="{self.address}"', message.body)
        self.assertIn(f'/sign/{token}"', self._mails[0]["body"])

    def test_what_is_left_to_do_comes_first(self):
        newer = self.template._make_requests(self.deal, signatory=self.signatory)
        self.work()
        self.post(self.partner)
        self.assertEqual(self.signer_of(self.tokens(self.client.email)[0]).request_id, newer)
        self.sign(newer.signer_ids[0])
        self.post(self.partner)
        self.assertEqual(self.signer_of(self.tokens(self.client.email)[0]), self.client)

    def test_closed_request_gives_none(self):
        self.request.action_cancel()
        self.post(self.partner)
        self.assertFalse(self.tokens(self.client.email))

    def test_who_only_gets_the_copy_gets_none(self):
        self.client.participation = "copy"
        self.post(self.partner)
        self.assertFalse(self.tokens(self.client.email))

    def test_mail_of_a_stage_waits_for_the_document(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.commit()
        with self.mock_mail_gateway():
            mail = self.env["mail.mail"].browse(self.mail_template.send_mail(deal.id, force_send=True))
        self.assertFalse(self._mails)
        self.assertEqual(mail.state, "outgoing")
        self.assertGreater(mail.scheduled_date, fields.Datetime.now())
        self.work()
        mail.scheduled_date = fields.Datetime.now() - timedelta(minutes=1)
        signer = self.signer_of(self.link_of(self.work(), self.client.email))
        self.assertEqual(signer, self.requests_of(deal).signer_ids[0])
        self.assertEqual(signer.link_ids.mapped("channel"), ["email", "template"])

    def test_salespeople_may_use_it(self):
        author = self.manager
        author.group_ids -= self.env.ref("mail.group_mail_template_editor")
        template = (
            self.env["mail.template"]
            .with_user(author)
            .create(
                {"name": "Own", "model_id": self.env["ir.model"]._get_id("crm.lead"), "body_html": BODY.split("<t")[0]}
            )
        )
        template.body_html = '<p><t t-out="object.signature_link"/></p>'
        self.assertIn(self.address, template._render_field("body_html", self.deal.ids)[self.deal.id])
        with self.assertRaises(AccessError):
            template.body_html = '<p><t t-out="object.company_id.name"/></p>'

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_answer_that_quotes_the_link(self):
        message = self.post(self.partner)
        (token,) = self.tokens(self.client.email)
        link = f"https://odoo.example/sign/{token}"
        for content, text in (("plain", f"Done.\n> {link}"), ("html", f'<p>Done.</p><a href="{link}">x</a>')):
            with self.subTest(content), self.mock_mail_gateway():
                self.env["mail.thread"].message_process(
                    "crm.lead",
                    f"From: {self.client.email}\nTo: catchall@company.example\nSubject: Re: Your contract\n"
                    f"Message-Id: <answer-{content}@client.example>\nIn-Reply-To: {message.message_id}\n"
                    f"Content-Type: text/{content}; charset=utf-8\n\n{text}",
                )
            answer = self.deal.message_ids[0]
            self.assertIn("Done.", answer.body)
            self.assertIn("/my/signatures", answer.body)
            self.assertNotIn(token, answer.body)

    @mute_logger("odoo.addons.mail.models.mail_thread")
    def test_answer_that_quotes_the_link_as_a_mail_gateway_wrote_it(self):
        message = self.post(self.partner)
        links = self.env["signature.link"].sudo()
        urls = (links._make(self.client, channel)[self.client.id] for channel in ("email", "sms") for _try in range(99))
        # Proofpoint has words of its own for these two
        chosen = [
            next(url for url in urls if "-" in url[-22:] and "_" in url[-22:] and way in url)
            for way in ("/sign/", "/s/")
        ]
        # and these of our tokens look like such words
        with patch.object(secrets, "token_urlsafe", lambda size: "-5f" * 7 + ("x" if size == 16 else "_" * 22)):
            chosen += [links._make(self.client, channel)[self.client.id] for channel in ("email", "sms")]
        for url in chosen:
            token = url.rpartition("/")[2]
            quoted, old = (
                quote(url, safe=""),
                url.replace("-", "-2D").replace("_", "-5F").replace(":", "-3A").replace("/", "_"),
            )
            for number, address in enumerate(
                (
                    f"https://eur01.safelinks.protection.outlook.com/?url={quoted}&data=05",
                    f"https://linkprotect.cudasvc.com/url?a={quoted.replace('%2F', '%2f')}&c=E",
                    f"https://urldefense.proofpoint.com/v2/url?u={old}&d=DwMF",
                    f"https://urldefense.com/v3/__{url}__;!!Kq",
                )
            ):
                with self.subTest(address), self.mock_mail_gateway():
                    self.env["mail.thread"].message_process(
                        "crm.lead",
                        f"From: {self.client.email}\nTo: catchall@company.example\nSubject: Re: Your contract\n"
                        f"Message-Id: <gate-{number}-{token}@client.example>\nIn-Reply-To: {message.message_id}\n"
                        f'Content-Type: text/html; charset=utf-8\n\n<p>Done.</p><a href="{address}">x</a>',
                    )
                    answer = self.deal.message_ids[0].body
                    self.assertIn("Done.", answer)
                    self.assertNotIn(token, answer)
                    self.assertNotIn(token.replace("-", "-2D").replace("_", "-5F"), answer)

    def test_nobody_answers_to_all_with_the_link(self):
        other = self.env["res.partner"].create({"name": "Other", "email": "other@client.example"})
        with self.mock_mail_gateway():
            self.deal.with_user(self.salesman).message_post(
                body=Markup("<p>%s</p>") % self.address,
                partner_ids=(self.partner | other).ids,
                subtype_xmlid="mail.mt_comment",
            )
        client = next(mail for mail in self._mails if self.client.email in str(mail["email_to"]))
        self.assertRegex(client["body"], LINK)
        self.assertNotIn("other@client.example", str(client["EmailMessage"]))
        # Odoo names them to all others
        (theirs,) = [mail for mail in self._mails if other.email in str(mail["email_to"])]
        self.assertIn(self.client.email, str(theirs["headers"].get("X-Msg-To-Add")))

    def test_composer_of_the_deal(self):
        action = {"default_model": "crm.lead", "default_res_ids": self.deal.ids}
        form = Form(self.env["mail.compose.message"].with_user(self.salesman).with_context(**action))
        form.template_id = self.mail_template
        self.assertIn(self.address, form.body)
