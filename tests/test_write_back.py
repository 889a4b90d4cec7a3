import base64

from odoo.exceptions import UserError
from odoo.tests import tagged

from . import template_samples
from .common import SignatureCase


@tagged("post_install", "-at_install")
class TestWriteBack(SignatureCase):
    """Answers on their way back to the deal and its contact."""

    def template_with(self, *fields):
        template = self._make_template(kind="pdf", pdf_file=base64.b64encode(template_samples.plain()))
        template.role_ids[1].unlink()
        usual = {"role_id": self.role_client.id, "height": 3, "required": False}
        template.field_ids = [
            (0, 0, {"type": "signature", "role_id": self.role_client.id, "y": 90}),
            *(
                (0, 0, {"type": "text", "name": "Answer", "y": 5 + 5 * number, **usual, **values})
                for number, values in enumerate(fields)
            ),
        ]
        return template

    def request_with(self, *fields, **deal):
        self.rule.template_id = self.template_with(*fields)
        return self.send(**deal)

    def signed(self, request, **given):
        """Sign, let the worker write back, and return how that went."""
        for signer in request.signer_ids:
            self.sign(signer, **given)
        self.work()
        self.assertEqual(request.state, "completed")
        return request.reaction_ids.filtered(lambda reaction: reaction.kind == "write")

    def assertFails(self, reaction, problem):
        self.assertEqual(reaction.state, "failed")
        self.assertRegex(reaction.failure, problem)
        self.assertNotIn("Something unexpected", reaction.failure)

    def test_answer_is_written_and_logged(self):
        request = self.request_with({"write_path": "partner_id.function"})
        self.assertEqual(self.signed(request).state, "done")
        self.assertEqual(self.partner.function, "PO 7")
        self.assertIn("written", request.event_ids.mapped("kind"))
        self.assertIn("Job Position: PO 7", "".join(request._record().message_ids.mapped("body")))

    def test_each_type_as_its_field_takes_it(self):
        request = self.request_with(
            {"type": "number", "write_path": "expected_revenue"},
            {"type": "date", "write_path": "date_deadline"},
            {"type": "checkbox", "write_path": "partner_id.active"},
            {"type": "choice", "options": "Low\nHigh", "write_path": "priority"},
            {"type": "multiline", "write_path": "description"},
            {"type": "radio", "name": "Courier", "group": "delivery", "write_path": "referred"},
        )
        text = "<img src=x onerror=alert(1)>\nsecond"
        answers = {"number": "1234.50", "date": "2026-12-24", "checkbox": True, "choice": "High", "radio": True}
        self.assertEqual(self.signed(request, multiline=text, **answers).state, "done")
        deal = request._record()
        self.assertEqual((deal.expected_revenue, str(deal.date_deadline)), (1234.5, "2026-12-24"))
        self.assertEqual((deal.partner_id.active, deal.referred), (True, "Courier"))
        self.assertEqual(dict(deal._fields["priority"].selection)[deal.priority], "High")
        notes = "".join(deal.message_ids.mapped("body"))
        for html in (deal.description, notes):
            self.assertNotIn("<img", html)
            self.assertIn("&lt;img", html)

    def test_date_of_signing_is_the_signers_own_day(self):
        request = self.request_with({"type": "date_signed", "write_path": "date_deadline"})
        signer = request.signer_ids
        signer.tz = "Pacific/Kiritimati"
        self.sign(signer)
        # noon in London is the next day there
        signer.date_signed = "2026-12-23 12:00:00"
        self.work()
        self.assertEqual(str(request._record().date_deadline), "2026-12-24")

    def test_what_is_emptied_becomes_empty(self):
        self.partner.function = "Old"
        request = self.request_with(
            {"write_path": "partner_id.function", "merge_path": "partner_id.function"},
            {"type": "number", "write_path": "expected_revenue", "merge_path": "expected_revenue"},
            {"type": "date", "write_path": "date_deadline", "merge_path": "date_deadline"},
            {"type": "checkbox", "write_path": "partner_id.active", "default_value": "yes"},
            expected_revenue=500,
            date_deadline="2026-12-24",
        )
        reaction = self.signed(request, text="", number="", date="", checkbox=False)
        self.assertEqual(reaction.state, "done")
        deal = request._record()
        self.assertEqual((self.partner.function, deal.expected_revenue, deal.date_deadline), (False, 0, False))
        self.assertFalse(self.partner.active)
        self.assertIn("Job Position: –", "".join(deal.message_ids.mapped("body")))

    def test_only_the_chosen_radio_button_writes(self):
        group = {"type": "radio", "group": "delivery", "write_path": "referred"}
        request = self.request_with({**group, "name": "Courier"}, {**group, "name": "Mail"}, referred="Nobody")
        signer, (courier, __) = request.signer_ids, request.field_ids.filtered(lambda field: field.type == "radio")
        answers = {**self.answers(signer), courier.id: True}
        signer.sudo()._submit(answers, "nonce", request.original_sha256, {"ip": "192.0.2.7", "user_agent": "Phone"})
        self.work()
        self.assertEqual(request._record().referred, "Courier")

        request = self.request_with({**group, "name": "Courier"}, referred="Nobody")
        self.assertEqual(self.signed(request).state, "done")
        self.assertEqual(request._record().referred, "Nobody")

    def test_numbers_that_do_not_fit(self):
        number = {"type": "number", "write_path": "color"}
        for answer in ("2147483648", "-999999999999999", "1.5"):
            with self.subTest(answer):
                request = self.request_with({"write_path": "partner_id.function"}, number)
                self.assertFails(self.signed(request, number=answer), "cannot be written to the field “Color")
                # nothing of it: the text was written first
                self.assertFalse(self.partner.function)
        merge, lead = self.env["signature.merge"], self.env["crm.lead"]
        for name in ("color", "expected_revenue"):
            for answer in ("nan", "inf", "-Infinity", "1e400", "1e999999999", "1,5", "x"):
                with self.subTest(answer, field=name), self.assertRaisesRegex(UserError, "cannot be written"):
                    merge._to_field(lead._fields[name], answer)
        self.assertEqual(merge._to_field(lead._fields["color"], "12.00"), 12)

    def test_required_field_is_not_emptied(self):
        request = self.request_with({"write_path": "name"})
        self.assertFails(self.signed(request, text=""), "cannot be written to the field “Opportunity”")

    def test_what_follows_does_not_wait_for_a_failure(self):
        request = self.request_with({"type": "choice", "options": "Sometimes", "write_path": "priority"})
        reaction = self.signed(request, choice="Sometimes")
        self.assertFails(reaction, "“Sometimes” cannot be written")
        self.assertEqual(set((request.reaction_ids - reaction).mapped("state")), {"done"})

    def test_only_what_suits_can_be_chosen(self):
        for values, problem in (
            ({"type": "signature", "write_path": "description"}, "“Signature” have no answer"),
            ({"type": "initials", "write_path": "description"}, "no answer"),
            ({"type": "stamp", "write_path": "partner_id.image_1920"}, "no answer"),
            ({"type": "file", "write_path": "description"}, "no answer"),
            ({"type": "merge", "merge_path": "name", "write_path": "description"}, "no answer"),
            ({"write_path": "partner_id"}, "not a plain field"),
            ({"write_path": "create_date"}, "not a plain field"),
            ({"write_path": "color"}, "does not take the answer"),
            ({"type": "checkbox", "write_path": "function"}, "does not take the answer"),
            ({"type": "number", "write_path": "date_deadline"}, "does not take the answer"),
            ({"type": "date", "write_path": "expected_revenue"}, "does not take the answer"),
            ({"type": "date_signed", "write_path": "priority"}, "does not take the answer"),
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, problem), self.env.cr.savepoint():
                self.template_with(values)

    def test_rights_are_those_of_the_owner(self):
        request = self.request_with({"write_path": "partner_id.function"})
        self.env.cr.execute("UPDATE signature_rule SET create_uid = %s WHERE id = %s", [self.salesman.id, self.rule.id])
        self.env.invalidate_all()
        self.env["ir.rule"].create(
            {
                "name": "Nobody writes contacts",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": "[(0, '=', 1)]",
                "perm_read": False,
            }
        )
        self.assertEqual(self.signed(request).state, "failed")
        self.assertFalse(self.partner.function)
