import base64
import hashlib
import io
from unittest.mock import patch

from odoo.addons.signature_workflow.signature_workflow.models import signature_signer_answers
from odoo.tests import tagged
from PIL import Image

from ..signature_workflow.engine import images
from . import pdf_samples
from .common import STROKES, pdf_text
from .test_http_signing import SignatureHttpCase

INITIALS = {"kind": "typed", "text": "ZȚ"}

# a document with a field of each type, in two columns
FIELDS = [
    {"type": "signature", "name": "Signature", "height": 6},
    {"type": "initials", "name": "Initials"},
    {"type": "stamp", "name": "Stamp", "required": False, "height": 8},
    {"type": "name", "name": "Name"},
    {"type": "company", "name": "Company", "required": False},
    {"type": "position", "name": "Position", "required": False},
    {"type": "email", "name": "Mail", "required": False},
    {"type": "phone", "name": "Phone", "required": False},
    {"type": "date_signed", "name": "Date signed"},
    {"type": "text", "name": "Order", "required": False, "pattern": "AA-999"},
    {"type": "multiline", "name": "Address", "required": False, "height": 8},
    {"type": "number", "name": "Amount", "required": False},
    {"type": "date", "name": "Start", "required": False},
    {"type": "checkbox", "name": "Agreed", "required": False, "width": 3},
    {"type": "radio", "name": "By post", "group": "Delivery", "width": 3, "height": 2},
    {"type": "radio", "name": "By mail", "group": "Delivery", "width": 3, "height": 2},
    {"type": "choice", "name": "Terms", "options": "Monthly\nYearly", "required": False},
    {"type": "file", "name": "Register extract", "required": False},
    {"type": "text", "name": "Contract", "readonly": True, "default_value": "C-7"},
]


def picture(width=300, height=120, kind="PNG"):
    """Return the bytes of a red picture."""
    target = io.BytesIO()
    Image.new("RGB", (width, height), "red").save(target, kind)
    return target.getvalue()


def sent(data):
    """Return bytes as the browser sends them."""
    return base64.b64encode(data).decode()


def stamp(data):
    return {"kind": "picture", "data": sent(data)}


@tagged("post_install", "-at_install")
class TestAnswers(SignatureHttpCase):
    """What a signer gives for each type of field: taken, refused, printed."""

    def setUp(self):
        super().setUp()
        self.template.write({"kind": "pdf", "pdf_file": base64.b64encode(pdf_samples.boxed(blank=True))})
        role = self.role_client.id
        places = [{"x": 5 + 50 * (n % 2), "y": 3 + 9 * (n // 2), "width": 40, "height": 4} for n in range(len(FIELDS))]
        self.template.field_ids = [(5,)] + [
            (0, 0, {"role_id": role, **place, **values}) for place, values in zip(places, FIELDS, strict=True)
        ]
        self.template.field_ids = [(0, 0, {"name": "Theirs", "role_id": self.role_company.id, "y": 94, "height": 3})]
        self.open_document()

    def open_document(self):
        self.request, self.token = self.send()
        self.assertEqual(self.request.state, "sent", self.request.failure)
        self.client, self.company = self.request.signer_ids

    def field(self, name):
        return self.request.field_ids.filtered(lambda field: field.name == name)

    def give(self, token=None, **answers):
        """Submit what is required and `answers`, by the name of the field with _ for a blank."""
        given = {"Signature": STROKES, "Initials": INITIALS, "Name": "Zoë", "By post": True, "By mail": False}
        given |= {name.replace("_", " "): value for name, value in answers.items()}
        response = self.call(
            f"/sign/{token or self.token}/submit",
            values={str(self.field(name).id): value for name, value in given.items() if value is not None},
            nonce="n",
            document=self.request.original_sha256,
            consent=True,
        )
        self.env.invalidate_all()
        return response.json()["result"]

    def assertTaken(self, **answers):
        self.assertEqual(self.give(**answers), {"state": "signed"})

    def assertRefused(self, code, **answers):
        error = self.give(**answers).get("error")
        self.assertTrue(error, answers)
        self.assertEqual(error["code"], code, error)
        self.assertEqual(self.client.state, "sent")
        self.assertFalse(self.request.field_ids.attachment_id)
        return error

    def seal(self):
        """Let the company sign and the worker seal; return the text of the signed copy."""
        token = self.link_of(self.work(), "ceo@company.example")
        values = {str(self.company.field_ids.id): STROKES}
        self.call(
            f"/sign/{token}/submit", values=values, nonce="c", document=self.request.original_sha256, consent=True
        )
        self.work()
        self.assertEqual(self.request.state, "completed", self.request.failure)
        return pdf_text(self.request.final_id.raw)

    def test_every_type_comes_into_the_sealed_document(self):
        pdf = pdf_samples.simple()
        self.assertTaken(
            Stamp=stamp(picture()),
            Company="Țăndărică SRL",
            Position="Directoare",
            Mail="zoe@client.example",
            Phone="+40 21 123 4567",
            Order="PO-123",
            Address="Strada Lungă 1\n500001 Brașov",
            Amount="1234567.50",
            Start="2026-12-31",
            Agreed=True,
            Terms="Yearly",
            Register_extract={"name": "C:\\scans\\extract.pdf", "data": sent(pdf)},
        )
        self.assertEqual(self.field("Amount").value, "1234567.50")
        self.assertEqual(self.field("Start").value, "2026-12-31")
        self.assertEqual(self.field("Agreed").value, "1")
        self.assertEqual(self.field("By post").value, "1")
        self.assertFalse(self.field("By mail").value)
        self.assertEqual(self.field("Contract").value, "C-7")
        text = self.seal()
        for words in (
            "Țăndărică SRL", "Directoare", "zoe@client.example", "+40 21 123 4567", "PO-123", "Strada Lungă 1\n",
            "500001 Brașov", "1,234,567.50", "12/31/2026", "Yearly", "extract.pdf", "C-7", "Zoë", "ZȚ",
        ):  # fmt: skip
            self.assertIn(words, text)
        filed = self.request._record().message_ids.attachment_ids
        self.assertEqual(filed.filtered(lambda file: file.name == "extract.pdf").raw, pdf)

    def test_printed_as_the_signer_writes(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        self.open_document()
        self.assertTaken(Amount="-1234.5", Start="2026-12-31")
        shown = self.field("Amount")
        self.assertEqual(shown.value, "-1234.5")
        self.assertRegex(shown._printed(shown.value), r"^-1\W?234,5$")
        self.assertIn("31/12/2026", self.seal())

    def test_optional_may_stay_empty(self):
        self.assertTaken()
        self.assertFalse(self.field("Amount").value)
        self.seal()

    def test_files_are_kept_with_the_request(self):
        file, seal = pdf_samples.simple(), picture(3000, 1000, "JPEG")
        self.assertTaken(Stamp=stamp(seal), Register_extract={"name": "extract.pdf", "data": sent(file)})
        kept = self.field("Register extract")
        self.assertEqual((kept.value, kept.attachment_id.name), ("extract.pdf", "extract.pdf"))
        self.assertEqual((kept.attachment_id.raw, kept.attachment_id.mimetype), (file, "application/pdf"))
        self.assertEqual(
            (kept.attachment_id.res_model, kept.attachment_id.res_id), (self.request._name, self.request.id)
        )
        self.assertEqual(images.mimetype_of(self.field("Stamp").attachment_id.raw), "image/png")
        self.assertNotIn(b"JFIF", self.field("Stamp").attachment_id.raw)
        self.assertEqual(self.field("Stamp").value, "picture")

    def test_a_large_picture_from_the_signer_stays_as_it_is(self):
        data = picture(3000, 2500, "JPEG")
        self.assertTaken(Register_extract={"name": "scan.jpeg", "data": sent(data)})
        self.assertEqual(self.field("Register extract").attachment_id.raw, data)

    def test_the_trail_covers_the_files(self):
        hashes = set()
        for colour in ("red", "blue"):
            target = io.BytesIO()
            Image.new("RGB", (9, 9), colour).save(target, "PNG")
            self.open_document()
            self.assertTaken(Register_extract={"name": "a.png", "data": sent(target.getvalue())})
            event = self.request.event_ids.filtered(lambda event: event.kind == "signed")
            hashes.add(event.data.partition("answers_sha256")[2][:80])
            digest = hashlib.sha256(target.getvalue()).hexdigest()
            self.assertEqual(hashlib.sha256(self.field("Register extract").attachment_id.raw).hexdigest(), digest)
        self.assertEqual(len(hashes), 2)

    def test_only_files_that_are_asked_for_are_looked_at(self):
        file = {"name": "a.pdf", "data": sent(pdf_samples.simple())}
        for name in ("Name", "Theirs"):
            with self.subTest(name), patch.object(signature_signer_answers, "inspect") as door:
                self.assertRefused("unknown_field", **{name: file})
                door.assert_not_called()
        self.request.action_cancel()
        with patch.object(signature_signer_answers, "inspect") as door:
            self.assertEqual(self.give(Register_extract=file)["error"]["code"], "cancelled")
            door.assert_not_called()

    def test_a_signature_may_be_a_picture(self):
        self.assertTaken(Signature=stamp(picture(kind="JPEG")), Initials=stamp(picture()))
        signature = self.field("Signature")
        self.assertEqual((signature.value, signature.attachment_id.mimetype), ("picture", "image/png"))
        shown = self.url_open(f"/sign/{self.token}/picture/{signature.id}")
        self.assertEqual(shown.content, signature.attachment_id.raw)
        self.seal()
        self.assertEqual(self.request.final_id.raw.count(b"/Subtype /Image"), 2)
        page = self.url_open(f"/sign/{self.token}").text
        self.assertIn(f"/picture/{signature.id}", page)
        self.assertEqual(self.url_open(f"/sign/{self.token}/picture/{signature.id}").status_code, 200)

    def test_pictures_are_shown_and_files_are_not(self):
        files = {"Stamp": stamp(picture()), "Register_extract": {"name": "a.pdf", "data": sent(pdf_samples.simple())}}
        self.assertTaken(**files)
        theirs = self.link_of(self.work(), "ceo@company.example")
        for token in (self.token, theirs):
            shown = self.url_open(f"/sign/{token}/picture/{self.field('Stamp').id}")
            self.assertEqual(shown.content, self.field("Stamp").attachment_id.raw)
            self.assertEqual(shown.headers["Content-Type"], "image/png")
            self.assertEqual(shown.headers["X-Content-Type-Options"], "nosniff")
            self.assertIn("no-store", shown.headers["Cache-Control"])
            for name in ("Register extract", "Name"):
                self.assertEqual(self.url_open(f"/sign/{token}/picture/{self.field(name).id}").status_code, 404)
            self.assertIn("a.pdf", self.url_open(f"/sign/{token}").text)
        stamped = self.field("Stamp")
        __, other = self.send()
        self.assertEqual(self.url_open(f"/sign/{other}/picture/{stamped.id}").status_code, 404)
        attachment = self.field("Register extract").attachment_id
        self.assertIn(self.url_open(f"/web/content/{attachment.id}").status_code, (403, 404))

    def test_values_that_are_refused(self):
        html = b"<html><script>alert(1)</script></html>"
        for name, values in {
            "Initials": [stamp(html), stamp(picture()[:50]), "ZT"],
            "Stamp": [STROKES, stamp(html), stamp(picture()[:50]), {"kind": "picture", "data": "%%%"}],
            "Name": ["a\nb", 7],
            "Mail": ["nobody", "a@b", "a b@c.example"],
            "Phone": ["call me", "1"],
            "Order": ["PO-12", "12-123", "PO-123 "[::-1]],
            "Address": ["a\x00b", "x" * 2001],
            "Amount": ["1e9", "NaN", "12,5", 12, "1" * 16],
            "Start": ["31.12.2026", "2026-02-30", "0001-01-01"],
            "Agreed": ["yes", 1],
            "By mail": ["true"],
            "Terms": ["Never", ["Yearly"]],
            "Register extract": [
                "extract.pdf",
                {"name": "a.pdf", "data": sent(html)},
                {"name": "a.pdf", "data": sent(b"")},
                {"name": "a.pdf", "data": "%%%"},
                {"name": "a.pdf", "data": sent(pdf_samples.encrypted())},
                {"name": "a.pdf", "data": sent(pdf_samples.javascript())},
                {"name": "a.pdf", "data": sent(b"%PDF-1.7 and nothing else")},
                {"name": "a.pdf", "data": sent(pdf_samples.simple()), "path": "/etc"},
            ],
        }.items():
            for value in values:
                with self.subTest(name, value=str(value)[:60]):
                    error = self.assertRefused("value", **{name: value})
                    self.assertEqual(error["field_id"], self.field(name).id)
                    self.assertNotIn("administrator", error["message"])

    def test_pictures_of_too_many_pixels(self):
        # mostly the same colour, so that few bytes stand for many pixels
        huge = io.BytesIO()
        Image.new("1", (10000, 5000)).save(huge, "PNG")
        for name, value in {
            "Stamp": stamp(huge.getvalue()),
            "Register extract": {"name": "a.png", "data": sent(huge.getvalue())},
        }.items():
            self.assertIn("megapixels", self.assertRefused("value", **{name: value})["message"])

    def test_largest_file(self):
        larger = sent(pdf_samples.scan_13mb(pages=11))
        error = self.assertRefused("value", Register_extract={"name": "a.pdf", "data": larger})
        self.assertIn("10 MB", error["message"])
        self.assertTaken(Register_extract={"name": "a.pdf", "data": sent(pdf_samples.scan_13mb(pages=9))})

    def test_what_is_too_long_for_its_box_is_said_and_never_cut(self):
        for name, text in {"Company": "Very long company name " * 21, "Address": "Strada Lungă\n" * 20}.items():
            error = self.assertRefused("too_long_for_box", **{name: text})
            self.assertEqual(error["field_id"], self.field(name).id)
            self.assertIn("Shorten", error["message"])

    def test_a_long_file_name_is_shortened_on_paper_only(self):
        name = f"{'extract-of-the-register-' * 4}2026.pdf"
        self.template.field_ids.filtered(lambda field: field.type == "file").write({"width": 12, "height": 2})
        self.open_document()
        self.assertTaken(Register_extract={"name": name, "data": sent(pdf_samples.simple())})
        self.assertEqual(self.field("Register extract").value, name)
        self.assertRegex(self.seal().replace("\n", ""), r"extract.*….*\.pdf")

    def test_radio_buttons(self):
        chosen = {"By_post": True, "By_mail": True}
        self.assertRefused("several_chosen", **chosen)
        error = self.assertRefused("required", By_post=False)
        self.assertIn("Delivery", error["message"])
        self.assertEqual(error["field_id"], self.field("By post").id)
        self.assertRefused("required", By_post=None, By_mail=None)
        self.assertTaken(By_post=False, By_mail=True)
        self.assertEqual(self.field("By mail").value, "1")

    def test_radio_buttons_of_an_optional_group(self):
        self.template.field_ids.filtered("group").required = False
        self.open_document()
        self.assertTaken(By_post=None, By_mail=None)

    def test_read_only_fields_keep_what_they_hold(self):
        self.assertRefused("readonly", Contract="C-8")
        self.assertTaken(Contract="C-7")
        self.assertEqual(self.field("Contract").value, "C-7")

    def test_other_signers_fields_and_server_fields(self):
        self.assertRefused("unknown_field", Date_signed="today")
        self.assertRefused("unknown_field", Theirs=STROKES)

    def test_prefilled_from_the_contact(self):
        company = self.env["res.partner"].create({"name": "Client SA", "is_company": True})
        self.partner.write({"parent_id": company.id, "function": "CEO", "phone": "+32 2 123 45 67"})
        self.open_document()
        page = self.url_open(f"/sign/{self.token}").text
        for words in ("Client SA", "CEO", "+32 2 123 45 67", "zoe@client.example", "C-7", "AA-999", "Monthly"):
            self.assertIn(words, page)

    def test_what_cannot_work_is_said_before_sending(self):
        for name, values, words in (
            ("Start", {"width": 1, "height": 1}, "does not fit"),
            ("Terms", {"options": "Monthly\n" + "A very long way to say yearly " * 30}, "does not fit"),
            ("Contract", {"default_value": "C-7 " * 300}, "does not fit"),
        ):
            with self.subTest(name, values=str(values)[:50]):
                field = self.template.field_ids.filtered(lambda field, name=name: field.name == name)
                before = {key: field[key] for key in values}
                field.write(values)
                deal = self._make_deal(stage_id=self.stage_sign.id)
                self.work()
                request = self.requests_of(deal)
                self.assertEqual(request.state, "failed")
                self.assertIn(words, request.failure)
                field.write(before)

    def test_defaults_are_the_signers_to_change(self):
        self.template.field_ids.filtered(lambda field: field.name == "Amount").default_value = "12.5"
        self.open_document()
        self.assertEqual(self.field("Amount").value, "12.5")
        self.assertTaken(Amount="")
        self.assertFalse(self.field("Amount").value)

    def test_company_stamp(self):
        self.assertRefused("value", Stamp={"kind": "company"})
        self.env.company.signature_stamp = base64.b64encode(picture())
        self.assertRefused("value", Stamp={"kind": "company"})
        place = {"type": "stamp", "name": "Our stamp", "role_id": self.role_company.id, "x": 60, "y": 90, "height": 6}
        self.template.field_ids = [(0, 0, place)]
        self.open_document()
        ours = self.field("Our stamp")
        self.assertEqual(self.url_open(f"/sign/{self.token}/picture/{ours.id}").status_code, 404)
        self.assertTaken()
        token = self.link_of(self.work(), "ceo@company.example")
        self.assertIn('{"kind": "company"}', self.url_open(f"/sign/{token}").text)
        shown = self.url_open(f"/sign/{token}/picture/{ours.id}").content
        self.assertEqual(images.mimetype_of(shown), "image/png")
        self.call(
            f"/sign/{token}/submit",
            values={str(ours.id): {"kind": "company"}, str((self.company.field_ids - ours).id): STROKES},
            nonce="c",
            document=self.request.original_sha256,
            consent=True,
        )
        self.env.invalidate_all()
        self.assertEqual(ours.attachment_id.raw, shown)
        # another stamp later does not change what was signed
        self.env.company.signature_stamp = False
        self.work()
        self.assertEqual(self.request.state, "completed", self.request.failure)
