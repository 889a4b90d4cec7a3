import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, tagged

from . import template_samples
from .common import SignatureCase, SignatureFixture, pdf_text


@tagged("post_install", "-at_install")
class TestSendDialog(SignatureCase):
    """On a deal: press *Sign*, then *Send*."""

    def dialog(self, deal, user=None):
        user = user or self.salesman
        action = deal.with_user(user).action_sign()
        return Form(self.env["signature.request.send"].with_user(user).with_context(**action["context"]))

    def test_second_deal_in_two_clicks(self):
        self.rule.active = False
        other = self._make_template(name="Another", kind="html", body="<p>{{signature;role=Client}}</p>", sequence=0)
        other.role_ids[1].unlink()
        first = self.dialog(self._make_deal())
        first.template_id = self.template
        first.signatory_id = self.signatory
        first.message = "Please sign by Friday."
        first.save().action_send()
        self.work()
        client = self.env["res.partner"].create({"name": "Second client", "email": "second@client.example"})
        deal = self._make_deal(partner_id=client.id)
        second = self.dialog(deal)
        # all that was filled in for the first deal, with the people of this one
        self.assertEqual(second.template_id, self.template)
        self.assertEqual(second.message, "Please sign by Friday.")
        self.assertFalse(second.problems)
        with second.signer_ids.edit(0) as line:
            self.assertEqual((line.role_id, line.email), (self.role_client, "second@client.example"))
        second.save().action_send()
        mails = self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        self.assertEqual(request.signer_ids[0].email, "second@client.example")
        self.assertIn("Please sign by Friday.", mails[-1]["body"])

    def test_sent_once(self):
        deal = self._make_deal()
        send = self.dialog(deal).save()
        send.action_send()
        with self.assertRaisesRegex(UserError, "sent already"):
            send.action_send()
        self.assertEqual(len(self.requests_of(deal)), 1)

    def test_missing_people_are_told_and_can_be_replaced(self):
        self.partner.email = False
        deal = self._make_deal()
        dialog = self.dialog(deal)
        self.assertIn("no valid e-mail address", dialog.problems)
        with self.assertRaisesRegex(UserError, "no valid e-mail address"):
            dialog.save().action_send()
        deputy = self.env["res.partner"].create({"name": "Deputy", "email": "deputy@client.example"})
        with dialog.signer_ids.edit(0) as line:
            line.partner_id = deputy
        self.assertFalse(dialog.problems)
        dialog.save().action_send()
        self.work()
        self.assertEqual(self.requests_of(deal).signer_ids[0].partner_id, deputy)

    def test_by_text_message_in_two_clicks(self):
        self.partner.write({"email": False, "phone": "+40721234567"})
        self.template.role_ids[0].channel = "sms"
        deal = self._make_deal()
        dialog = self.dialog(deal)
        self.assertFalse(dialog.problems)
        with dialog.signer_ids.edit(0) as line:
            self.assertEqual((line.participation, line.channel, line.address), ("sign", "sms", "+40721234567"))
        dialog.save().action_send()
        self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        self.assertEqual((request.signer_ids[0].channel, request.signer_ids[0].phone), ("sms", "+40721234567"))
        # only what was changed is kept with the request
        self.assertFalse(request.channels)
        self.assertEqual(request.signer_ids[0].link_ids.mapped("channel"), ["sms"])

    def test_another_way_than_the_template_says(self):
        self.partner.email = False
        deal = self._make_deal()
        dialog = self.dialog(deal)
        self.assertIn("no valid e-mail address", dialog.problems)
        with dialog.signer_ids.edit(0) as line:
            # they are shown, though no message reaches them yet
            self.assertEqual((line.partner_id, line.address), (self.partner, ""))
            line.channel = "sms"
        self.assertIn("no phone number", dialog.problems)
        with dialog.signer_ids.edit(0) as line:
            line.channel = "manual"
        self.assertFalse(dialog.problems)
        action = dialog.save().action_send()
        self.assertIn("give Zoë Țăndărică the link", action["params"]["message"])
        mails = self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        self.assertEqual(request.channels, {str(self.role_client.id): "manual"})
        self.assertEqual(request.signer_ids.mapped("channel"), ["manual", "email"])
        self.assertFalse([mail for mail in mails if "/sign/" in mail["body"]])
        self.assertIn("Zoë Țăndărică gets the document by hand", deal.activity_ids.mapped("summary"))
        # nothing was sent, and nothing says that it was
        self.assertNotIn("link_sent", request.event_ids.mapped("kind"))
        self.assertNotIn("was sent to", " ".join(deal.message_ids.mapped("body")))
        with self.assertRaisesRegex(UserError, "gets the link by hand"):
            request.signer_ids[0].with_user(self.salesman).action_resend()

    def test_a_group_is_reached_in_one_way(self):
        both = self.env["res.partner"].create(
            [{"name": name, "email": f"{name}@us.example", "phone": "+40721234567"} for name in ("ann", "ben")]
        )
        self.role_client.write({"policy": "group", "member_ids": [(6, 0, both.ids)]})
        deal = self._make_deal()
        dialog = self.dialog(deal)
        with dialog.signer_ids.edit(0) as line:
            self.assertEqual(line.name, "ann")
            line.channel = "sms"
        self.assertIn("Client", dialog.problems)
        with self.assertRaisesRegex(UserError, "in the same way"):
            dialog.save().action_send()
        with dialog.signer_ids.edit(1) as line:
            line.channel = "sms"
        self.assertFalse(dialog.problems)
        dialog.save().action_send()
        self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.signer_ids.mapped("channel"), ["sms", "sms", "email"], request.failure)

    def test_both_ways_are_shown(self):
        self.partner.phone = "+40721234567"
        dialog = self.dialog(self._make_deal())
        with dialog.signer_ids.edit(0) as line:
            line.channel = "both"
            self.assertEqual(line.address, "zoe@client.example, +40721234567")

    def test_missing_value_is_told_before_anything_is_queued(self):
        self.template.body = self.template.body + "<p>{{partner_id.vat}}</p>"
        deal = self._make_deal()
        dialog = self.dialog(deal).save()
        with self.assertRaisesRegex(UserError, "Tax ID"):
            dialog.action_send()
        self.assertFalse(self.requests_of(deal))

    def test_document_that_waits_already_is_told(self):
        deal = self._make_deal()
        self.send(deal)
        self.assertIn("waits to be signed already", self.dialog(deal).waiting)

    def test_somebody_elses_deal(self):
        deal = self._make_deal(user_id=self.manager.id)
        with self.assertRaises(AccessError):
            self.dialog(deal)
        sends = self.env["signature.request.send"].with_user(self.salesman)
        with self.assertRaises(AccessError):
            sends.create(
                {"res_model": "crm.lead", "res_id": deal.id, "template_id": self.template.id}
            ).signer_ids.mapped("email")

    def test_message_of_somebody_else_is_not_offered(self):
        self.template._make_requests(self._make_deal(), message="Dear Ann, 40 % as agreed")
        self.assertFalse(self.dialog(self._make_deal()).message)

    def test_contact_that_one_may_not_read(self):
        company = self.env["res.company"].create({"name": "Other company"})
        secret = self.env["res.partner"].create(
            {"name": "Secret", "email": "secret@other.example", "company_id": company.id}
        )
        dialog = self.dialog(self._make_deal()).save()
        dialog.signer_ids[0].sudo().write({"partner_id": secret.id, "is_changed": True})
        with self.assertRaises(AccessError):
            dialog.action_send()

    def test_text_that_does_not_fit_is_told_in_the_dialog(self):
        self.template.write(
            {
                "kind": "pdf",
                "pdf_file": base64.b64encode(template_samples.plain()),
                "field_ids": [
                    (0, 0, {"type": "signature", "role_id": self.role_client.id, "y": 50}),
                    (0, 0, {"type": "signature", "role_id": self.role_company.id, "y": 60}),
                    (
                        0,
                        0,
                        {
                            "type": "text",
                            "role_id": self.role_client.id,
                            "merge_path": "name",
                            "width": 10,
                            "height": 1.5,
                        },
                    ),
                ],
            }
        )
        deal = self._make_deal(name="A very long name of a deal " * 20)
        with self.assertRaisesRegex(UserError, "does not fit"):
            self.dialog(deal).save().action_send()
        self.assertFalse(self.requests_of(deal))

    def test_test_to_oneself_leaves_no_trace_on_the_deal(self):
        deal = self._make_deal()
        messages = deal.message_ids
        self.template.role_ids.may_forward = True
        self.dialog(deal).save().action_send_test()
        mails = self.work()
        self.assertTrue(mails)
        self.assertTrue(all("saul@company.example" in str(mail["email_to"]) for mail in mails))
        request = self.requests_of(deal)
        self.assertEqual(request.signer_ids[0].name, self.partner.name)
        self.assertFalse(any(request.signer_ids.mapped("may_forward")))
        self.complete(request)
        self.assertEqual(deal.message_ids, messages)
        self.assertFalse(deal.activity_ids)
        # its copy says what it is, and carries no seal of the company
        self.assertIn("TEST – nobody has signed this", pdf_text(request.final_id.raw))
        self.assertNotIn(b"/ByteRange", request.final_id.raw)
        self.assertIn("TEST", request.name)
        self.assertFalse(deal.signature_state)
        self.assertEqual(deal.stage_id, self.stage_new)
        self.assertFalse(self.template.request_count)


@tagged("post_install", "-at_install")
class TestTemplateRoutes(SignatureFixture, HttpCase):
    """Pictures and examples of a template's document."""

    def test_preview(self):
        deal = self._make_deal()
        url = f"/signature_workflow/template/{self.template.id}/preview"
        self.assertIn("/web/login", self.url_open(url).url)
        self.authenticate("saul", "saul-password")
        for path in (url, f"{url}?record_id={deal.id}"):
            response = self.url_open(path)
            self.assertEqual((response.status_code, response.headers["Content-Type"]), (200, "image/png"))
        self.template.body = "<p>{{partner_id.vat}} {{signature;role=Client}}</p>"
        response = self.url_open(f"{url}?record_id={deal.id}")
        self.assertEqual(response.status_code, 422)
        self.assertIn("Tax ID", response.text)

    def test_document(self):
        template = self._make_template(kind="pdf", pdf_file=base64.b64encode(template_samples.form()))
        self.authenticate("saul", "saul-password")
        response = self.url_open(f"/signature_workflow/template/{template.id}/document")
        self.assertEqual(response.content, base64.b64decode(template.pdf_file))
        shown = self.url_open(f"/signature_workflow/template/{template.id}/document?places=1")
        self.assertIn("Our company remarks", pdf_text(shown.content))

    def test_somebody_elses_record(self):
        deal = self._make_deal(user_id=self.manager.id)
        self.authenticate("saul", "saul-password")
        response = self.url_open(f"/signature_workflow/template/{self.template.id}/preview?record_id={deal.id}")
        self.assertIn(response.status_code, (403, 422))
        self.assertNotIn("Big deal", response.text)
