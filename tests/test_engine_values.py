import base64
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.tests import BaseCase

from ..signature_workflow.engine import marks, values
from ..signature_workflow.engine.errors import ValueRefused
from . import pdf_samples, picture_samples

LINES = ("name", "company", "position", "text")
PICTURES = ("signature", "initials", "stamp")
TYPED = {"kind": "typed", "text": "Ana"}
DRAWN = {"kind": "drawn", "width": 400, "height": 150, "strokes": [[20, 100, 300, 120]]}
examples = settings(max_examples=200, deadline=None, database=None, derandomize=True)


def encoded(data):
    return base64.b64encode(data).decode()


class TestValues(BaseCase):
    def assertRefused(self, code, type, raw, **more):
        with self.assertRaises(ValueRefused) as caught:
            values.parse(type, raw, **more)
        self.assertEqual(caught.exception.code, code, raw)
        return caught.exception

    def test_values_have_the_type_of_their_field(self):
        for field_type in LINES:
            self.assertEqual(values.parse(field_type, " S\u0326tefan "), "Ștefan")
        self.assertEqual(values.parse("multiline", "a\r\nb\tc\r"), "a\nb c")
        for field_type in ("checkbox", "radio"):
            self.assertIs(values.parse(field_type, True), True)
            self.assertIs(values.parse(field_type, False), False)
        for field_type in ("signature", "initials"):
            self.assertIsInstance(values.parse(field_type, DRAWN), marks.Drawn)
            self.assertEqual(values.parse(field_type, TYPED), marks.Typed("Ana"))

    def test_other_types_are_refused(self):
        texts = (*LINES, "multiline", "email", "phone", "number", "date", "choice")
        for raw in (None, 1, 1.5, True, [], {}):
            for field_type in texts:
                self.assertRefused("value_type", field_type, raw)
        for raw in (None, 1, 0, "true", "on", []):
            self.assertRefused("value_type", "checkbox", raw)
            self.assertRefused("value_type", "radio", raw)

    def test_an_empty_text_is_a_value(self):
        for field_type in (*LINES, "multiline", "email", "phone", "number", "date", "choice"):
            self.assertEqual(values.parse(field_type, "", options=("a",), pattern="99"), "")

    def test_the_server_fills_its_own_fields(self):
        self.assertRefused("not_fillable", "date_signed", "2026-01-01")
        self.assertRefused("not_fillable", "merge", "x")
        self.assertRefused("type_unknown", "__class__", "x")

    def test_lengths_are_limited(self):
        self.assertEqual(len(values.parse("multiline", "x" * 2000)), 2000)
        for field_type, limit in (("text", 2000), ("multiline", 2000), ("name", 500), ("company", 500), ("email", 254)):
            self.assertRefused("too_long", field_type, "x" * (limit + 1))
            self.assertRefused("too_long", field_type, "x" * 10_000_000)

    def test_one_line_is_one_line(self):
        for field_type in (*LINES, "email", "phone", "number", "date"):
            for raw in ("1\n2", "1\r2", "1\u20282", "1\x002"):
                self.assertRefused("control_character", field_type, raw)

    def test_numbers_are_plain_decimals(self):
        for raw, expected in (
            ("-12.5", "-12.5"),
            ("12.50", "12.50"),
            ("+007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            ("0", "0"),
            ("-0", "0"),
            ("-0.00", "0.00"),
            (" 3 ", "3"),
            ("999999999999999", "999999999999999"),
        ):
            self.assertEqual(values.parse("number", raw), expected)
        for raw in ("1e5", "NaN", "Infinity", "0x10", "1,5", "1 000", "--1", ".", "-", "١٢", "1_000", "1" * 16):
            self.assertRefused("number_invalid", "number", raw)

    @examples
    @given(st.text(alphabet="0123456789+-.eE_ ,١", max_size=20))
    def test_whatever_is_a_number_keeps_its_worth(self, raw):
        try:
            value = values.parse("number", raw)
        except ValueRefused:
            return
        if value:
            self.assertEqual(Decimal(value), Decimal(raw.strip()))
        self.assertRegex(value, r"\A(-?(0|[1-9][0-9]*)(\.[0-9]+)?)?\Z")
        self.assertEqual(values.parse("number", value), value)

    def test_dates_exist(self):
        for raw in ("2026-02-28", "2024-02-29", "1900-01-01", "2200-12-31"):
            self.assertEqual(values.parse("date", raw), raw)
        for raw in (
            "2026-02-29",
            "2026-13-01",
            "20260228",
            "2026-W01-1",
            "28.02.2026",
            "1899-12-31",
            "2201-01-01",
            "x",
        ):
            self.assertRefused("date_invalid", "date", raw)

    @examples
    @given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
    def test_every_day_is_a_date(self, day):
        self.assertEqual(values.parse("date", day.isoformat()), day.isoformat())

    def test_a_choice_is_one_of_its_options(self):
        self.assertEqual(values.parse("choice", "Lunar – 10 €", options=("Anual", "Lunar – 10 €")), "Lunar – 10 €")
        for raw in ("lunar", "x", " Anual"):
            self.assertRefused("choice_unknown", "choice", raw, options=("Anual", "Lunar"))
        self.assertRefused("choice_unknown", "choice", "x")

    def test_mail_addresses_look_like_one(self):
        for raw in ("ana@example.com", "a.b+c@mail.example.co.uk", "x_y'z@xn--bcher-kva.example"):
            self.assertEqual(values.parse("email", f" {raw} "), raw)
        for raw in ("ana", "ana@", "@example.com", "ana@localhost", "a b@example.com", "ana@example..com"):
            self.assertRefused("email_invalid", "email", raw)
        for raw in ("ana@-example.com", "ana@example.com, b@example.com", "Ana <ana@example.com>", "ana@exam_ple.com"):
            self.assertRefused("email_invalid", "email", raw)

    def test_phone_numbers_look_like_one(self):
        for raw in ("+40 721 234 567", "(021) 312-34.56", "0040/21/3123456", "112", "+1 (212) 555-0100 ext. 12"):
            self.assertEqual(values.parse("phone", raw), raw)
        for raw in ("12", "+", "call me", "+40 721 234 567 890 1234", "1+234567", "*#06#", "12 ext 34567"):
            self.assertRefused("phone_invalid", "phone", raw)

    def test_patterns_are_masks(self):
        self.assertEqual(values.parse("text", "12-345-Șb", pattern="99-999-AA"), "12-345-Șb")
        for raw in ("12-345-A1", "12-345-ABC", "12345AB", "1٢-345-AB", "12.345-AB"):
            error = self.assertRefused("pattern_mismatch", "text", raw, pattern="99-999-AA")
            self.assertEqual(error.params, {"pattern": "99-999-AA"})
        self.assertTrue(values.match_mask("***", "a1Ț"))
        self.assertFalse(values.match_mask("***", "a-1"))
        self.assertTrue(values.match_mask("RO9.(A+", "RO1.(x+"), "no regular expression")
        self.assertRefused("pattern_mismatch", "phone", "0721 234", pattern="9999999")
        self.assertEqual(values.parse("email", "ana@example.com", pattern="99"), "ana@example.com")

    def test_signatures_and_stamps_may_be_pictures(self):
        for kind in ("PNG", "JPEG"):
            raw = {"kind": "picture", "data": encoded(picture_samples.plain(30, 10, kind))}
            for field_type in PICTURES:
                picture = values.parse(field_type, raw)
                self.assertEqual((picture.width, picture.height), (30, 10))
                self.assertEqual(values.parse(field_type, marks.dump(picture)), picture)

    def test_a_stamp_is_nothing_but_a_picture(self):
        for raw in (DRAWN, TYPED):
            self.assertRefused("mark_kind", "stamp", raw)

    def test_other_pictures_are_refused(self):
        good = {"kind": "picture", "data": encoded(picture_samples.plain(30, 10))}
        bomb = picture_samples.promising(50_000, 50_000)
        for field_type in PICTURES:
            for code, changes in (
                ("mark_shape", {"mimetype": "image/png"}),
                ("value_type", {"data": "not base64!"}),
                ("value_type", {"data": 5}),
                ("image_too_large", {"data": "A" * 12_000_000}),
                ("image_pixels", {"data": encoded(bomb)}),
                ("image_broken", {"data": encoded(picture_samples.plain(30, 10)[:50])}),
                *(("image_type", {"data": encoded(data)}) for data in picture_samples.IMPOSTORS),
            ):
                with self.subTest(type=field_type, code=code, data=str(changes)[:60]):
                    self.assertRefused(code, field_type, {**good, **changes})

    def test_of_a_file_with_two_faces_only_the_pixels_are_kept(self):
        for data in picture_samples.polyglots():
            for field_type in PICTURES:
                picture = values.parse(field_type, {"kind": "picture", "data": encoded(data)})
                self.assertEqual(picture.width, 30)
                for payload in picture_samples.PAYLOADS:
                    self.assertNotIn(payload, picture.png)


class TestFiles(BaseCase):
    def assertRefused(self, code, raw):
        with self.assertRaises(ValueRefused) as caught:
            values.parse("file", raw)
        self.assertEqual(caught.exception.code, code, str(raw)[:80])

    def parsed(self, name, data):
        return values.parse("file", {"name": name, "data": encoded(data)})

    def test_the_content_gives_the_type(self):
        pdf, png, jpeg = pdf_samples.simple(), picture_samples.plain(9, 9), picture_samples.plain(9, 9, "JPEG")
        for name, data, expected, mimetype in (
            ("scan.pdf", pdf, "scan.pdf", "application/pdf"),
            ("scan.PDF", pdf, "scan.pdf", "application/pdf"),
            ("id.jpeg", jpeg, "id.jpeg", "image/jpeg"),
            ("id.png", jpeg, "id.jpg", "image/jpeg"),
            ("page.html", png, "page.png", "image/png"),
            ("noname", pdf, "noname.pdf", "application/pdf"),
        ):
            answer = self.parsed(name, data)
            self.assertEqual((answer.name, answer.data, answer.mimetype), (expected, data, mimetype))

    def test_other_files_are_refused(self):
        for data in (b"<html>", b"<svg/>", b"GIF89a", b"PK\x03\x04", b"MZ", b" %PDF-1.7", b"plain"):
            self.assertRefused("file_type", {"name": "a.pdf", "data": encoded(data)})
        self.assertRefused("file_empty", {"name": "a.pdf", "data": ""})
        self.assertRefused("image_broken", {"name": "a.png", "data": encoded(picture_samples.plain(9, 9)[:40])})
        too_much = encoded(b"%PDF-" + bytes(10 * 1024 * 1024))
        self.assertRefused("file_too_large", {"name": "a.pdf", "data": too_much})

    def test_other_shapes_are_refused(self):
        for raw in (None, "x", [], {}, {"name": "a"}, {"name": 1, "data": ""}, {"name": "a", "data": "", "x": 1}):
            self.assertRefused("value_type", raw)
        for data in (None, 5, "€", "a", "%%%%", "AA A"):
            self.assertRefused("value_type", {"name": "a.pdf", "data": data})

    def test_names_are_only_names(self):
        pdf = pdf_samples.simple()
        for name, expected in (
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\Users\\ana\\Contract 5.pdf", "Contract 5.pdf"),
            (" Ofertă\u202e\x00\n.pdf ", "Ofertă.pdf"),
            ("..hidden..pdf", "hidden.pdf"),
            ("a" * 300 + ".pdf", "a" * 116 + ".pdf"),
        ):
            self.assertEqual(self.parsed(name, pdf).name, expected)
        for name in ("", "/", "..", "\x00", " . "):
            self.assertRefused("file_name", {"name": name, "data": encoded(pdf)})

    @examples
    @given(st.text(max_size=200))
    def test_no_name_does_harm(self, name):
        try:
            cleaned = self.parsed(name, pdf_samples.simple()).name
        except ValueRefused as error:
            self.assertEqual(error.code, "file_name")
            return
        self.assertLessEqual(len(cleaned), 120)
        self.assertRegex(cleaned, r"\A[^/\\\x00-\x1f]+\.pdf\Z")
        self.assertFalse(cleaned.startswith("."))
