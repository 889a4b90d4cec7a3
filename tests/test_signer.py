from odoo.addons.signature_workflow.signature_workflow.models.refused import SubmitRefused
from odoo.tests import tagged

from .common import STROKES, SignatureCase


@tagged("post_install", "-at_install")
class TestSigner(SignatureCase):
    """What a signer may do, and what not."""

    def setUp(self):
        super().setUp()
        self.request = self.send()
        self.client, self.company = self.request.signer_ids

    def assertRefused(self, code, signer, answers=None, sha256=None):
        signer = signer.sudo()
        with self.assertRaises(SubmitRefused) as caught:
            signer._submit(
                self.answers(signer) if answers is None else answers,
                "other",
                sha256 or self.request.original_sha256,
                {},
            )
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    def field(self, kind):
        return self.client.field_ids.filtered(lambda field: field.type == kind)

    def test_order(self):
        self.assertRefused("waiting", self.company)
        self.assertEqual(self.sign(self.client), "signed")
        self.assertEqual(self.company.state, "waiting")
        mails = self.work()
        self.assertEqual(self.company.state, "sent")
        self.link_of(mails, "ceo@company.example")
        self.assertEqual(self.sign(self.company), "sealing")

    def test_same_turn_gets_links_together(self):
        self.template.role_ids.sequence = 1
        request = self.send()
        self.assertEqual(request.signer_ids.mapped("state"), ["sent", "sent"])

    def test_repeat_with_same_nonce(self):
        self.sign(self.client, nonce="n1")
        revision = self.request.revision
        self.assertEqual(self.sign(self.client, nonce="n1"), "signed")
        self.assertEqual(self.request.revision, revision)
        self.assertRefused("signed", self.client)
        self.assertEqual(self.request.event_ids.mapped("kind").count("signed"), 1)

    def test_what_is_stored(self):
        self.sign(self.client, text="Comandă 12")
        self.assertEqual(self.field("name").value, "Zoë Țăndărică")
        self.assertEqual(self.field("text").value, "Comandă 12")
        self.assertEqual(self.field("checkbox").value, "1")
        self.assertRegex(self.field("date_signed").value, r"\d")
        self.assertEqual(self.client.ip, "192.0.2.7")
        event = self.request.event_ids[-1]
        self.assertEqual((event.kind, event.user_agent), ("signed", "Phone"))
        self.assertIn("consent_sha256", event.data)

    def test_required(self):
        answers = self.answers(self.client)
        del answers[self.field("signature").id]
        refused = self.assertRefused("required", self.client, answers)
        self.assertEqual(refused.field_id, self.field("signature").id)
        self.assertEqual(self.client.state, "sent")

    def test_optional_may_stay_empty(self):
        answers = self.answers(self.client)
        del answers[self.field("text").id]
        self.client.sudo()._submit(answers, "n", self.request.original_sha256, {})
        self.assertEqual(self.client.state, "signed")
        self.assertFalse(self.field("text").value)

    def test_foreign_and_server_fields(self):
        theirs = self.company.field_ids[:1].id
        for field_id in (theirs, self.field("date_signed").id, 0):
            with self.subTest(field_id):
                answers = self.answers(self.client) | {field_id: STROKES}
                self.assertRefused("unknown_field", self.client, answers)

    def test_bad_values(self):
        for kind, value in (
            ("signature", "data:image/png;base64,AAAA"),
            ("signature", {**STROKES, "strokes": [[1, 2, float("nan"), 4]]}),
            ("signature", {**STROKES, "strokes": []}),
            ("name", ["list"]),
            ("name", "x" * 501),
            ("name", "evil\u202etxt"),
            ("text", "a\x00b"),
            ("checkbox", "yes"),
        ):
            with self.subTest(kind=kind, value=str(value)[:40]):
                answers = self.answers(self.client) | {self.field(kind).id: value}
                refused = self.assertRefused("value", self.client, answers)
                self.assertEqual(refused.field_id, self.field(kind).id)

    def test_other_document(self):
        self.assertRefused("document_changed", self.client, sha256="0" * 64)

    def test_decline(self):
        state = self.client.sudo()._decline("Price too high", "n", {"ip": "192.0.2.9"})
        self.assertEqual((state, self.request.state), ("declined", "declined"))
        todo = self.env["mail.activity"].search([("signature_request_id", "=", self.request.id)])
        self.assertEqual(todo.user_id, self.salesman)
        self.assertIn("Price too high", todo.note)
        self.assertRefused("declined", self.company)
        self.assertEqual(self.client.sudo()._decline("Price too high", "n", {}), "declined")

    def test_markup_of_a_signer_is_text_in_the_todo(self):
        self.client.sudo()._decline('<a href="https://evil.example">Pay</a>', "n", {})
        todo = self.env["mail.activity"].search([("signature_request_id", "=", self.request.id)])
        self.assertIn("&lt;a href", todo.note)
        self.assertNotIn("<a", todo.note)

    def test_decline_shows_on_the_deal(self):
        self.client.sudo()._decline("Too dear", "n", {})
        self.assertEqual(self.request._record().signature_state, "declined")

    def test_decline_wants_a_reason(self):
        with self.assertRaises(SubmitRefused):
            self.client.sudo()._decline("  ", "n", {})
        self.assertEqual(self.request.state, "sent")

    def test_view_is_noted_once(self):
        for _twice in range(2):
            self.client.sudo()._record_view({"ip": "192.0.2.7"})
        self.assertEqual(self.client.state, "viewed")
        self.assertEqual(self.request.event_ids.mapped("kind").count("viewed"), 1)

    def test_collecting_does_not_open_the_pdf_and_stays_cheap(self):
        self.sign(self.send().signer_ids[0])  # caches
        request = self.send()
        client = request.signer_ids[0].sudo()
        answers = self.answers(client)
        self.commit()
        self.env.invalidate_all()
        with self.assertQueryCount(20):
            client._submit(answers, "n", request.original_sha256, {"ip": "192.0.2.7"})
            self.commit()
