from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from . import docx_samples, template_samples
from .common import SignatureCase, pdf_text


@tagged("post_install", "-at_install")
class TestSendAttachment(SignatureCase):
    """A file that lies on the deal: its fields are placed once, and used again for its like."""

    def attach(self, deal, pdf, name="Contract.pdf"):
        return self.env["ir.attachment"].create(
            {"name": name, "raw": pdf, "res_model": deal._name, "res_id": deal.id, "mimetype": "application/pdf"}
        )

    def begin(self, attachment, user=None):
        templates = self.env["signature.template"].with_user(user or self.salesman)
        return templates.action_send_attachment(attachment.id)

    def template_of(self, attachment):
        return self.env["signature.template"].search([("attachment_id", "=", attachment.id)])

    def place(self, template, user=None):
        """Put a signature on the page, as the visual editor does."""
        template = template.with_user(user or self.salesman)
        loaded = template.editor_load()
        field = {
            "type": "signature",
            "role_id": self.role_client.id,
            "page": 1,
            "x": 20,
            "y": 70,
            "width": 30,
            "height": 6,
        }
        template.editor_save([field], loaded["revision"])

    def dialog(self, action, user=None):
        model = self.env["signature.request.send"].with_user(user or self.salesman)
        return Form(model.with_context(**action["context"]))

    def test_layout_is_offered_for_the_next_one(self):
        deal = self._make_deal()
        attachment = self.attach(deal, template_samples.plain(2, "for Zoë"))
        action = self.begin(attachment)
        self.assertEqual(action["tag"], "signature_workflow.template_editor")
        template = self.template_of(attachment)
        self.assertEqual(action["params"]["next"], {"res_model": "crm.lead", "res_id": deal.id})
        self.place(template)
        dialog = self.dialog(template.with_user(self.salesman).action_send_for("crm.lead", deal.id))
        self.assertEqual(dialog.template_id, template)
        dialog.message = "As agreed"
        dialog.save().action_send()
        self.work()
        request = self.requests_of(deal)
        # our company has no field in it, so it does not take part
        self.assertEqual((request.state, request.signer_ids.role_id), ("sent", self.role_client), request.failure)

        client = self.env["res.partner"].create({"name": "Next", "email": "next@client.example"})
        other = self._make_deal(partner_id=client.id)
        following = self.attach(other, template_samples.plain(2, "for somebody else"))
        action = self.begin(following)
        self.assertEqual(action["res_model"], "signature.request.send")
        dialog = self.dialog(action)
        self.assertEqual((dialog.layout_id, dialog.message), (template, "As agreed"))
        dialog.save().action_send()
        self.work()
        request = self.requests_of(other)
        self.assertEqual((request.state, request.signer_ids.email), ("sent", "next@client.example"), request.failure)
        self.assertEqual((request.field_ids.x, request.field_ids.y), (20, 70))
        self.assertIn("for somebody else", pdf_text(request.original_id.raw))

    def test_another_number_of_pages_is_another_layout(self):
        deal = self._make_deal()
        first = self.attach(deal, template_samples.plain(2))
        self.begin(first)
        self.place(self.template_of(first))
        self.assertEqual(
            self.begin(self.attach(deal, template_samples.plain(3)))["tag"], "signature_workflow.template_editor"
        )

    def test_begun_twice_is_one(self):
        attachment = self.attach(self._make_deal(), template_samples.plain())
        self.begin(attachment)
        self.begin(attachment)
        self.assertEqual(len(self.template_of(attachment)), 1)

    def test_others_do_not_see_it(self):
        attachment = self.attach(self._make_deal(), template_samples.plain())
        self.begin(attachment)
        template = self.template_of(attachment)
        colleague = self._make_user("paula", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            template.with_user(colleague).read(["pdf_file"])
        with self.assertRaises(AccessError):
            self.begin(attachment, colleague)
        self.assertTrue(template.with_user(self.manager).name)

    def test_only_managers_make_templates(self):
        attachment = self.attach(self._make_deal(), template_samples.plain())
        self.begin(attachment)
        template = self.template_of(attachment)
        with self.assertRaises(AccessError):
            template.with_user(self.salesman).action_keep()
        with self.assertRaises(AccessError):
            self.env["signature.template"].with_user(self.salesman).create({"name": "Mine"})
        template.with_user(self.manager).action_keep()
        self.assertFalse(template.is_adhoc)
        with self.assertRaises(AccessError):
            template.with_user(self.salesman).name = "Changed"

    def test_tags_of_a_foreign_file_do_not_get_at_the_deal(self):
        pdf = template_samples.tagged(
            "signature;role=Client", "expected_revenue", "Note;type=text;role=Client;merge=expected_revenue;write=name"
        )
        attachment = self.attach(self._make_deal(expected_revenue=4711), pdf)
        self.begin(attachment)
        template = self.template_of(attachment)
        self.assertFalse(any(template.field_ids.mapped("merge_path")) or any(template.field_ids.mapped("write_path")))
        self.assertIn("only a template may do", template.notice)

    def test_a_salesperson_does_not_get_at_fields(self):
        attachment = self.attach(self._make_deal(), template_samples.plain())
        self.begin(attachment)
        template = self.template_of(attachment).with_user(self.salesman)
        loaded = template.editor_load()
        self.assertNotIn("merge", [kind["type"] for kind in loaded["types"]])
        field = {"page": 1, "x": 20, "y": 10, "width": 60, "height": 4, "role_id": self.role_client.id}
        for values in (
            {"type": "merge", "merge_path": "partner_id.opportunity_ids.name"},
            {"type": "text", "merge_path": "partner_id.opportunity_ids.name"},
            {"type": "text", "write_path": "name"},
        ):
            with (
                self.subTest(values),
                self.assertRaisesRegex(UserError, "only a template may do"),
                self.env.cr.savepoint(),
            ):
                template.editor_save([{**field, **values}], loaded["revision"])

    def test_a_salesperson_does_not_get_into_templates(self):
        attachment = self.attach(self._make_deal(), template_samples.plain())
        self.begin(attachment)
        own = self.template_of(attachment).with_user(self.salesman)
        self.place(own)
        own.role_ids[0].role_id = self.env.ref("signature_workflow.role_salesperson")
        for part in (own.field_ids, own.role_ids[0]):
            with self.subTest(part=part), self.assertRaises(AccessError), self.env.cr.savepoint():
                part.write({"template_id": self.template.id})
        for column, value in (("is_adhoc", False), ("kind", "html"), ("version", 9), ("page_sizes", [[1, 1]])):
            with self.subTest(column), self.assertRaises(AccessError), self.env.cr.savepoint():
                own.write({column: value})
        self.assertEqual(self.template.version, 1)

    def test_word_file_of_a_record_does_not_get_at_the_deal(self):
        deal = self._make_deal()
        for tag in ("Note;type=text;role=Client;merge=description", "Price;type=number;role=Client;write=name"):
            data = docx_samples.text(f"{{{{{tag}}}}} {{{{signature;role=Client}}}}")
            word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
            attachment = self.attach(deal, data, "offer.docx")
            attachment.mimetype = word
            with (
                self.subTest(tag),
                self.assertRaisesRegex(UserError, "only a template may do"),
                self.env.cr.savepoint(),
            ):
                self.begin(attachment)

    def test_fields_of_the_file_itself_come_before_any_layout(self):
        deal = self._make_deal()
        first = self.attach(deal, template_samples.plain())
        self.begin(first)
        self.place(self.template_of(first))
        action = self.template_of(first).with_user(self.salesman).action_send_for("crm.lead", deal.id)
        self.dialog(action).save().action_send()
        form = self.attach(deal, template_samples.form())
        self.begin(form)
        self.assertEqual(len(self.template_of(form).field_ids), 4)
        following = self.attach(deal, template_samples.plain())
        dialog = self.dialog(self.begin(following)).save()
        self.assertTrue(dialog.layout_id)
        self.assertEqual(dialog.action_drop_layout()["tag"], "signature_workflow.template_editor")
        self.assertFalse(self.template_of(following).field_ids or self.template_of(following).layout_id)

    def test_what_was_never_sent_is_forgotten(self):
        deal = self._make_deal()
        attachments = [self.attach(deal, template_samples.plain(pages)) for pages in (1, 2)]
        for attachment in attachments:
            self.begin(attachment)
        old, young = (self.template_of(attachment) for attachment in attachments)
        self.env.cr.execute("UPDATE signature_template SET write_date = '2020-01-01' WHERE id = %s", [old.id])
        self.env.invalidate_all()
        self.env["signature.template"]._gc_adhoc()
        self.assertEqual((old | young).exists(), young)
        self.assertTrue(self.template.exists())

    def test_files_that_cannot_be_sent(self):
        deal = self._make_deal()
        picture = self.env["ir.attachment"].create(
            {"name": "photo.png", "raw": b"\x89PNG", "res_model": deal._name, "res_id": deal.id}
        )
        with self.assertRaisesRegex(UserError, "only PDF and Word files"):
            self.begin(picture)
        with self.assertRaisesRegex(UserError, "not a PDF"):
            self.begin(self.attach(deal, b"not really", "fake.pdf"))
