import base64
import io
from unittest.mock import patch

from odoo.addons.signature_workflow.signature_workflow.engine import docx
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from pypdf import PdfReader

from . import docx_samples, template_samples
from .common import SignatureCase, pdf_text
from .engine_common import text_of


def encoded(pdf):
    return base64.b64encode(pdf)


@tagged("post_install", "-at_install")
class TestTemplateSource(SignatureCase):
    """Files that come in, and the fields that they bring."""

    def template_of(self, pdf, **values):
        return self._make_template(kind="pdf", pdf_file=encoded(pdf), pdf_name="contract.pdf", **values)

    def field(self, template, name):
        return template.field_ids.filtered(lambda field: field.name == name)

    def test_form_fields_become_ours_and_the_widgets_go(self):
        template = self.template_of(template_samples.form(2))
        found = {field.name: (field.type, field.role_id, field.page) for field in template.field_ids}
        self.assertEqual(
            found,
            {
                "Order number": ("text", self.role_client, 2),
                "Our company remarks": ("multiline", self.role_company, 2),
                "I agree": ("checkbox", self.role_client, 2),
                "Delivery": ("choice", self.role_client, 2),
            },
        )
        order = self.field(template, "Order number")
        self.assertEqual((order.required, order.default_value), (True, "PO 1"))
        self.assertEqual(self.field(template, "Delivery")._choices(), ["Mail", "Courier"])
        # 72 points from the left of 595, 600 to 620 from the bottom of 842
        self.assertAlmostEqual(order.x, 72 / 595.276 * 100, delta=0.3)
        self.assertAlmostEqual(order.y, (841.89 - 620) / 841.89 * 100, delta=0.3)
        reader = PdfReader(io.BytesIO(base64.b64decode(template.pdf_file)))
        self.assertFalse(reader.get_fields() or reader.pages[1].get("/Annots"))
        self.assertIn("put in their places: 4", template.notice)

    def test_tags_become_fields_and_leave_the_text(self):
        template = self.template_of(
            template_samples.tagged(
                "signature;role=Client",
                "Start;type=date;role=our company;required=false",
                "partner_id.name",
            )
        )
        fields = [(field.type, field.role_id, field.required, field.merge_path) for field in template.field_ids]
        self.assertEqual(
            fields,
            [
                ("signature", self.role_client, True, False),
                ("date", self.role_company, False, False),
                ("merge", self.env["signature.role"], True, "partner_id.name"),
            ],
        )
        text = text_of(base64.b64decode(template.pdf_file))
        self.assertNotIn("{{", text)
        self.assertEqual(text.count("and on"), 3)

    def test_tag_that_is_not_understood_is_told_with_its_page(self):
        template = self.template_of(template_samples.tagged("signature;role=Butler", "frobnicate;role=Client"))
        self.assertIn("Page 1", template.notice)
        self.assertIn("Butler", template.notice)
        self.assertIn("frobnicate", template.notice)
        # a signature for nobody's role is not lost: the first role has it
        self.assertEqual(template.field_ids.role_id, self.role_client)

    def test_new_file_keeps_fields_and_says_what_fell_off(self):
        template = self.template_of(template_samples.plain(3))
        template.field_ids = [
            (0, 0, {"role_id": self.role_client.id, "name": "First", "page": 1}),
            (0, 0, {"role_id": self.role_company.id, "name": "Third", "page": 3}),
            (0, 0, {"role_id": self.role_company.id, "name": "Last", "page": -1}),
        ]
        template.pdf_file = encoded(template_samples.plain(2))
        self.assertEqual(set(template.field_ids.mapped("name")), {"Last", "First", "Third"})
        self.assertIn("“Third” stood on page 3", template.notice)
        self.assertNotIn("“First”", template.notice)
        with self.assertRaisesRegex(UserError, "stands on page 3"):
            template._build_document(self._make_deal())

    def test_new_file_moves_the_fields_that_it_has_itself(self):
        template = self.template_of(template_samples.form(1))
        order = self.field(template, "Order number")
        order.help = "On your purchase order"
        template.pdf_file = encoded(template_samples.form(2))
        self.assertEqual(self.field(template, "Order number"), order)
        self.assertEqual((order.page, order.help), (2, "On your purchase order"))
        self.assertEqual(len(template.field_ids), 4)

    def test_each_type_asks_for_what_it_needs(self):
        template = self.template_of(template_samples.plain())
        role = self.role_client.id
        for values, problem in (
            ({"type": "choice", "role_id": role}, "what can be chosen"),
            ({"type": "radio", "role_id": role}, "Name the group"),
            ({"type": "merge"}, "Choose the merge field"),
            ({"type": "text"}, "Choose the role"),
            ({"type": "text", "role_id": role, "merge_path": "nowhere"}, "cannot be used"),
            ({"type": "text", "role_id": role, "write_path": "create_date"}, "Nothing can be written"),
            ({"type": "text", "role_id": role, "page": 2}, "does not lie on the document"),
            ({"type": "date", "role_id": role, "default_value": "tomorrow"}, "The default"),
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, problem), self.env.cr.savepoint():
                template.field_ids = [(0, 0, values)]

    def test_text_that_does_not_fit_is_told_before_sending(self):
        template = self.template_of(template_samples.plain())
        template.field_ids = [
            (0, 0, {"type": "merge", "merge_path": "description", "width": 10, "height": 1.5}),
            (0, 0, {"type": "signature", "role_id": self.role_client.id}),
            (0, 0, {"type": "signature", "role_id": self.role_company.id}),
        ]
        self.template = self.rule.template_id = template
        request = self.send(description="<p>" + "A very long story. " * 40 + "</p>")
        self.assertEqual(request.state, "failed")
        self.assertIn("does not fit", request.failure)

    def test_sent_document_keeps_its_version(self):
        template = self.template_of(template_samples.plain())
        template.field_ids = [
            (0, 0, {"type": "signature", "role_id": role.id, "y": y})
            for role, y in ((self.role_client, 20), (self.role_company, 40))
        ]
        self.rule.template_id = template
        request = self.send()
        self.assertEqual((template.version, request.template_version), (1, 1))
        before = request.field_ids.mapped("y"), request.original_sha256, request.original_id.raw
        template.field_ids[0].y = 60
        template.pdf_file = encoded(template_samples.plain(2, "Another text"))
        self.assertEqual(template.version, 2)
        self.assertEqual((request.field_ids.mapped("y"), request.original_sha256, request.original_id.raw), before)
        again = self.send()
        self.assertEqual((again.template_version, len(again.page_sizes)), (2, 2))
        template.copy()
        self.assertEqual((template.version, template.request_count), (2, 2))
        template.role_ids[1].sequence = 1
        self.assertEqual(template.version, 3)

    def test_prefilled_values(self):
        template = self.template_of(template_samples.plain())
        template.field_ids = [
            (0, 0, {"type": kind, "role_id": self.role_client.id, "y": 10 + 5 * number, "height": 4, **values})
            for number, (kind, values) in enumerate(
                [
                    ("signature", {}),
                    ("email", {"merge_path": "partner_id.email"}),
                    ("number", {"merge_path": "expected_revenue"}),
                    ("date", {"merge_path": "date_deadline", "readonly": True}),
                    ("text", {"merge_path": "partner_id.vat", "default_value": "none"}),
                ]
            )
        ]
        template.role_ids[1].unlink()
        self.rule.template_id = template
        request = self.send(expected_revenue=1234.5, date_deadline="2026-12-24")
        values = {field.type: field.value for field in request.field_ids}
        self.assertEqual(values["email"], "zoe@client.example")
        self.assertEqual(values["number"], "1234.5")
        self.assertEqual(values["date"], "2026-12-24")
        self.assertEqual(values["text"], "none")
        self.assertFalse(request.field_ids.filtered("readonly").required)

    def test_gallery(self):
        template = self.template_of(template_samples.form())
        self.assertTrue(template.preview_due)
        with self.enter_registry_test_mode():
            self.env.ref("signature_workflow.ir_cron_preview").method_direct_trigger()
        self.env.invalidate_all()
        self.assertTrue(base64.b64decode(template.preview).startswith(b"\x89PNG"))
        self.assertFalse(template.preview_due)
        self.rule.template_id = self.template
        self.complete(self.send())
        self.send()
        self.assertEqual((self.template.request_count, self.template.signed_rate), (2, 100))

    def test_first_page_without_a_record_has_labels(self):
        __, document = self.template._sample_document()
        self.assertIn("‹Contact: Name›", pdf_text(document.pdf))


@tagged("post_install", "-at_install")
class TestWordTemplate(SignatureCase):
    """Templates written in Word, printed by the real LibreOffice."""

    def template_of(self, *runs, **values):
        data = encoded(docx_samples.text(*runs))
        return self._make_template(kind="docx", docx_file=data, docx_name="offer.docx", **values)

    def test_values_and_tags(self):
        template = self.template_of(
            "Offer for {{partner_id.name}}, {{partner_id.vat?}} ",
            "{{signature;role=Client}} {{Bank account;type=text;role=Client;pattern=AA99;required=false}} ",
            "{{signature;role=Our company}}",
        )
        self.rule.template_id = template
        request = self.send()
        self.assertEqual(request.state, "sent", request.failure)
        self.assertEqual(sorted(request.field_ids.mapped("type")), ["signature", "signature", "text"])
        self.assertEqual(request.field_ids.filtered("pattern").pattern, "AA99")
        text = pdf_text(request.original_id.raw)
        self.assertIn("Offer for Zoë Țăndărică", text)
        self.assertNotIn("{{", text)

    def test_what_will_not_work_is_refused_as_it_is_uploaded(self):
        for text, problem in (
            ("{{partner_id.password}}", "cannot be used"),
            ("{{signature;role=Butler}}", "is not understood"),
            ("{% for line in order %}", "{% for"),
        ):
            with self.subTest(text), self.assertRaises(UserError) as caught, self.env.cr.savepoint():
                self.template_of(text)
            self.assertIn(problem, str(caught.exception))
        with self.assertRaises(UserError):
            self._make_template(kind="docx", docx_file=encoded(b"no Word file"))

    def test_file_of_a_record_does_not_get_at_the_deal(self):
        with self.assertRaisesRegex(UserError, "only a template may do"):
            self.template_of("{{expected_revenue}} {{signature;role=Client}}", is_adhoc=True)

    def test_without_libreoffice_the_form_says_so(self):
        template = self.template_of("{{signature;role=Client}}")
        self.assertTrue(template.has_converter)
        with patch.object(docx, "is_available", return_value=False):
            template.invalidate_recordset(["has_converter"])
            self.assertFalse(template.has_converter)
            with self.assertRaisesRegex(UserError, "LibreOffice"):
                template._shown_document(self._make_deal())


@tagged("post_install", "-at_install")
class TestEditorMethods(SignatureCase):
    """What the visual editor reads and saves."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template = cls._make_template(kind="pdf", pdf_file=encoded(template_samples.form()))

    def test_load_and_save(self):
        template = self.template.with_user(self.manager)
        loaded = template.editor_load()
        self.assertEqual(len(loaded["pages"]), 1)
        self.assertEqual([role["name"] for role in loaded["roles"]], ["Client", "Our company"])
        fields = loaded["fields"]
        kept = [field for field in fields if field["name"] != "Delivery"]
        kept[0]["x"] = 33.25
        new = dict(kept[0], id=False, name="New", type="signature", y=5)
        saved = template.editor_save([*kept, new], loaded["revision"])
        self.assertEqual(len(saved["fields"]), 4)
        self.assertNotEqual(saved["revision"], loaded["revision"])
        self.assertEqual(template.field_ids.filtered(lambda f: f.id == kept[0]["id"]).x, 33.25)
        self.assertIn("New", template.field_ids.mapped("name"))

    def test_unchanged_fields_are_not_written(self):
        template = self.template.with_user(self.manager)
        loaded = template.editor_load()
        self.env.flush_all()
        before = template.field_ids.mapped("write_date")
        self.assertEqual(template.editor_save(loaded["fields"], loaded["revision"])["revision"], loaded["revision"])
        self.env.invalidate_all()
        self.assertEqual(template.field_ids.mapped("write_date"), before)

    def test_somebody_else_came_first(self):
        template = self.template.with_user(self.manager)
        loaded = template.editor_load()
        self.template.field_ids[0].x = 50
        with self.assertRaisesRegex(UserError, "Somebody else"):
            template.editor_save(loaded["fields"], loaded["revision"])

    def test_salesperson_only_looks(self):
        template = self.template.with_user(self.salesman)
        loaded = template.editor_load()
        self.assertFalse(loaded["template"]["can_write"])
        with self.assertRaises(AccessError):
            template.editor_save([], loaded["revision"])

    def test_keys_of_a_field_cannot_be_smuggled_in(self):
        template = self.template.with_user(self.manager)
        loaded = template.editor_load()
        other = self._make_template(kind="pdf", pdf_file=encoded(template_samples.form()))
        smuggled = [dict(loaded["fields"][0], template_id=other.id), *loaded["fields"][1:]]
        template.editor_save(smuggled, loaded["revision"])
        self.assertEqual(len(template.field_ids), 4)
        foreign = [dict(loaded["fields"][0], id=other.field_ids[0].id, x=77)]
        template.editor_save(foreign, template.editor_load()["revision"])
        self.assertNotEqual(other.field_ids[0].x, 77)
