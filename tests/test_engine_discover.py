import itertools
import json
import shutil
import subprocess
from unittest.mock import patch

from odoo.tests import BaseCase
from reportlab.pdfbase.pdfmetrics import stringWidth

from ..signature_workflow.engine.errors import PdfRefused
from ..signature_workflow.engine.pdf import child
from ..signature_workflow.engine.pdf.discover import Notice, discover
from ..signature_workflow.engine.pdf.inspect import Limits, inspect
from ..signature_workflow.engine.render import html_to_pdf
from ..signature_workflow.engine.tags import LEAST_SIZES
from . import pdf_samples
from .engine_common import FONTS, pixels_of, run_tool, text_of

HTML = """<p>Signed by {{signature;role=Client;help=Here}} at the office on {{Order
date;type=date;role=Client}}</p><table><tr><td style="width: 90px">Țară {{Long label with words;type=text;
role=Client}}</td><td>{{na<b>me</b>;role=Us}} after</td></tr></table>
<p style="text-align: justify">The parties {{partner_id.name}} agree that the services described in the offer are
rendered with due care, within the time stated there, and that {{city;type=text;role=Us}} is the place.</p>"""


class TestDiscover(BaseCase):
    def discover(self, data):
        """Find, and check that the result is sound and that nothing has changed outside of the fields."""
        result = discover(data)
        self.assertEqual(result.info, inspect(result.pdf))
        self.assertTrue(result.pdf.startswith(data))
        for page in range(1, len(result.info.pages) + 1):
            boxes = [field.box for field in result.found if field.box.page == page]
            before, after = pixels_of(data, page), pixels_of(result.pdf, page)
            self.assertEqual(_masked(*before, boxes), _masked(*after, boxes))
            if any(field.source == "tag" for field in result.found):
                self.assertNotEqual(before, after)
        return result

    def assertNothing(self, data, *notices):
        result = discover(data)
        self.assertTrue(result.pdf == data, "the bytes stay the same")
        self.assertEqual((result.found, result.notices), ((), notices))

    def test_a_file_without_fields_stays_as_it_is(self):
        for make in (pdf_samples.simple, pdf_samples.object_streams, pdf_samples.hybrid, pdf_samples.unbalanced):
            with self.subTest(make.__name__):
                self.assertNothing(make())
        self.assertEqual(discover(pdf_samples.simple()).info, inspect(pdf_samples.simple()))

    def test_form_fields_become_ours(self):
        result = self.discover(pdf_samples.full_form())
        found = {field.name: field for field in result.found}
        self.assertEqual(
            {name: field.type for name, field in found.items()},
            {
                "Delivery address": "multiline",
                "home.city": "text",
                "agree": "checkbox",
                "land": "choice",
                "sign": "signature",
                "big": "radio",
                "small": "radio",
                "photo": "file",
            },
        )
        self.assertEqual({field.source for field in result.found}, {"form"})
        address, city, land = found["Delivery address"], found["home.city"], found["land"]
        self.assertEqual((address.value, address.max_length, address.required), ("Strada Lunga 1", 200, True))
        self.assertEqual((city.value, city.readonly, city.required), ("Cluj", True, False))
        self.assertEqual((land.options, land.value), (("Romania", "Moldova"), "Romania"))
        self.assertEqual([found[name].value for name in ("agree", "big", "small")], ["true", "true", ""])
        self.assertEqual({found[name].group for name in ("big", "small")}, {"Your size"})
        box = address.box
        for ours, theirs in zip((box.x, box.y, box.width, box.height), (20, 20, 100, 30), strict=True):
            self.assertAlmostEqual(ours, theirs / 3)
        self.assertEqual(result.notices, (Notice("field_unplaced", 0, "lost"),))

    def test_widgets_go_and_links_stay(self):
        result = discover(pdf_samples.full_form())
        self.assertFalse(result.info.has_form)
        self.assertNothing(result.pdf)
        shown = run_tool("qpdf", "--json", "--json-key=qpdf", "FILE", pdf=result.pdf)
        objects = json.loads(shown.stdout)["qpdf"][1]
        page = next(node["value"] for node in objects.values() if node.get("value", {}).get("/Type") == "/Page")
        (link,) = (objects[f"obj:{reference}"]["value"] for reference in page["/Annots"])
        self.assertEqual(link["/Subtype"], "/Link")

    def test_a_tag_is_found_where_it_stands(self):
        before, tag, after = "Signed by ", "{{signature;role=Client;required=no}}", " on that day"
        result = self.discover(pdf_samples.tagged((72, 700, before + tag + after)))
        (field,) = result.found
        self.assertEqual((field.source, field.type, field.name), ("tag", "signature", "signature"))
        self.assertEqual((field.text, field.required), (tag[2:-2], False))
        width, height = pdf_samples.A4
        left = 72 + stringWidth(before, "Helvetica", 12)
        self.assertAlmostEqual(field.box.x * width / 100, left, 2)
        self.assertAlmostEqual(field.box.width * width / 100, stringWidth(tag, "Helvetica", 12), 2)
        bottom = height - (field.box.y + field.box.height) * height / 100
        self.assertAlmostEqual(bottom, 700 - 0.207 * 12, 2)
        # as high as a signature needs, not as the letters of its tag
        self.assertAlmostEqual(field.box.height * height / 100, LEAST_SIZES["signature"][1], 2)
        self.assertRegex(text_of(result.pdf), r"Signed by +on that day")

    def test_a_size_grows_from_the_bottom_left(self):
        plain, sized, topmost = discover(
            pdf_samples.tagged(
                (72, 500, "{{text;role=A}}"),
                (72, 300, "{{text;role=A;width=200;height=50}}"),
                (500, 830, "{{text;role=A;width=200;height=50}}"),
            )
        ).found[::-1]
        plain, sized = sorted((plain, sized), key=lambda field: field.box.width)
        width, height = pdf_samples.A4
        self.assertAlmostEqual(sized.box.width * width / 100, 200)
        self.assertAlmostEqual(sized.box.height * height / 100, 50)
        self.assertAlmostEqual(sized.box.x, plain.box.x)
        self.assertAlmostEqual(sized.box.y + sized.box.height, 100 - (300 - 0.207 * 12) / height * 100, 3)
        self.assertAlmostEqual(topmost.box.x + topmost.box.width, 100)
        self.assertEqual(topmost.box.y, 0)

    def test_tags_in_pages_of_any_shape(self):
        data = pdf_samples.tagged((150, 400, "At {{signature;role=A}} x"), (150, 300, "{{date;role=B}} y"))
        for rotation, crop in itertools.product((0, 90, 180, 270), (None, (100, 200, 400, 500))):
            with self.subTest(rotation=rotation, crop=crop):
                shaped = pdf_samples.with_geometry(data, (-20, -30, 600, 900), crop, rotation)
                found = self.discover(shaped).found
                self.assertEqual({field.type for field in found}, {"signature", "date"})
        self.assertEqual(len(self.discover(pdf_samples.updated(data)).found), 2)

    def test_tags_of_a_browsers_layout(self):
        for name, data in (("weasyprint", _rendered()), ("wkhtmltopdf", _wkhtmltopdf())):
            with self.subTest(name):
                result = self.discover(data)
                self.assertEqual(
                    {(field.name, field.type) for field in result.found},
                    {
                        ("signature", "signature"),
                        ("Order date", "date"),
                        ("Long label with words", "text"),
                        ("name", "name"),
                        ("partner_id.name", "merge"),
                        ("city", "text"),
                    },
                )
                self.assertEqual(result.notices, ())
                self.assertNotIn("{{", text_of(result.pdf))

    def test_tags_in_any_pieces(self):
        for content in (
            rb"BT /F1 12 Tf 20 200 Td (a {) Tj ({na) Tj (me;ro) Tj (le=A}} z) Tj ET",
            rb"BT /F1 12 Tf 20 200 Td [(a {{na)-20(me;)10<726F6C65>-5(=A}) 3 (} z)] TJ ET",
            rb"BT /F1 12 Tf 14 TL 20 214 Td (a {\173name;r\157le=A}}) ' 60 0 Td (z) Tj ET",
            rb"BT /F1 12 Tf 14 TL 20 214 Td 3 1 (a {{name;role=A}} z) "
            rb'" ET',
            rb"BT /F1 1 Tf 12 0 0 12 20 200 Tm (a {{name;) Tj 80 Tz (role=A}} z) Tj ET",
            rb"1 0 0 -1 0 300 cm BT 12 0 0 -12 20 100 Tm /F1 1 Tf (a {{name;role=A}} z) Tj ET",
            rb"BT /F1 12 Tf 20 200 Td (z }}) Tj -10 30 Td (x) Tj ET BT /F1 12 Tf 1 0 0 1 20 100 Tm (a {{name;) Tj ET "
            rb"BT /F1 12 Tf 1 0 0 1 120 200 Tm (z) Tj 1 0 0 1 71.4 100 Tm (role=A}} z) Tj ET",
            rb"/Span<</ActualText(a {{name;role=A}} z)>>BDC BT /F1 12 Tf 20 200 Td (a {{name;role=A}} z) Tj ET EMC",
            rb"BI /W 4 /H 1 /BPC 8 /CS /G ID ((EI EI BT /F1 12 Tf 20 200 Td (a {{name;role=A}} z) Tj ET",
            rb"q BT /F1 40 Tf ET Q BT /F1 12 Tf 3 Tr 0 0 1 rg 20 200 Td (a {{name;role=A}} z) Tj ET",
        ):
            with self.subTest(content):
                result = discover(pdf_samples.text_page(content))
                self.assertEqual([(field.text, field.type) for field in result.found], [("name;role=A", "name")])
                self.assertNotIn("name", text_of(result.pdf))
                self.assertIn("z", text_of(result.pdf))
                before, after = (pixels_of(pdf) for pdf in (pdf_samples.text_page(content), result.pdf))
                boxes = [result.found[0].box]
                self.assertEqual(_masked(*before, boxes), _masked(*after, boxes))

    def test_text_drawn_twice_is_one_field(self):
        line = b"1 0 0 1 %d 200 Tm ({{name;role=A}}) Tj "
        result = discover(pdf_samples.text_page(b"BT /F1 12 Tf " + line % 20 + line % 20 + b"ET"))
        self.assertEqual(len(result.found), 1)
        self.assertEqual(text_of(result.pdf).strip(), "")

    def test_tags_in_form_xobjects(self):
        """A letterhead that all pages share has its field on each of them."""
        forms = [(b"/Matrix[1 0 0 1 50 20]", b"BT /F1 12 Tf 20 200 Td (Head {{date;role=A}} end) Tj ET")]
        result = self.discover(pdf_samples.text_page(b"q 1 0 0 1 0 10 cm /X1 Do Q", forms, pages=2))
        self.assertEqual([(field.box.page, field.type) for field in result.found], [(1, "date"), (2, "date")])
        left = 50 + 20 + stringWidth("Head ", "Helvetica", 12)
        self.assertAlmostEqual(result.found[0].box.x * 3, left, 2)
        for page in (1, 2):
            self.assertRegex(text_of(result.pdf, page), "Head +end")

    def test_letters_without_a_size(self):
        content = b"BT /F1 12 Tf 50 200 Td ({{name}) Tj /F1 0 Tf (}) Tj ET"
        self.assertEqual(len(discover(pdf_samples.text_page(content)).info.pages), 1)

    def test_nothing_is_lost_in_silence(self):
        data = pdf_samples.tagged(
            (72, 700, "{{Foo;type=bar}} stays"),
            (72, 600, "{{open;role=Client"),
            (590, 500, "{{signature;role=Client}}"),
            (72, 400, "a {single} brace, }} and { more"),
        )
        notices = (
            Notice("tag_unreadable", 1, "Foo;type=bar"),
            Notice("field_unplaced", 1, "signature;role=Client"),
            Notice("tag_unclosed", 1, "open;role=Client"),
        )
        result = discover(data)
        self.assertEqual((result.pdf, result.found), (data, ()))
        self.assertCountEqual(result.notices, notices)

    def test_refused_as_at_the_door(self):
        for make, code in (
            (pdf_samples.encrypted, "encrypted"),
            (pdf_samples.signed, "already_signed"),
            (pdf_samples.javascript, "active_content"),
            (pdf_samples.embedded_file, "active_content"),
            (pdf_samples.xfa, "active_content"),
            (pdf_samples.bomb, "bomb"),
            (pdf_samples.xref_loop, "broken"),
            (pdf_samples.huge_page, "page_size"),
            (bytes, "not_a_pdf"),
        ):
            with self.subTest(make.__name__), self.assertRaises(PdfRefused) as caught:
                discover(make())
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(PdfRefused) as caught:
            discover(pdf_samples.simple(), limits=Limits(size=1000))
        self.assertEqual(caught.exception.code, "too_large")

    def test_hostile_content_is_bounded(self):
        for make, notices in (
            (pdf_samples.form_recursion, ()),
            (pdf_samples.form_explosion, (Notice("page_unsearched", 1, ""),)),
            (pdf_samples.many_operators, (Notice("page_unsearched", 1, ""),)),
            (pdf_samples.many_shows, (Notice("page_unsearched", 1, ""),)),
        ):
            with self.subTest(make.__name__):
                self.assertNothing(make(), *notices)
        self.assertEqual(len(discover(pdf_samples.unclosed_strings()).found), 1)
        self.assertEqual(len(discover(pdf_samples.parent_loop()).found), 1)

    def test_answers_of_the_child_are_not_trusted(self):
        info = {"pages": [[[0, 0, 9, 9], [0, 0, 9, 9], 0]], "has_form": False, "notices": []}
        field = {"source": "tag", "box": [1, 0, 0, 9, 9], "type": "text", "required": True, "readonly": False}
        field |= {"name": "a", "text": "", "group": "", "value": "", "help": "", "options": [], "max_length": None}
        wrong = ({"box": [1, 0, 0, 999, 9]}, {"box": [1, 0]}, {"type": "code"}, {"name": 5}, {"options": [1]})
        for answer in (
            b"",
            b"null",
            json.dumps(info).encode(),
            json.dumps({**info, "found": [], "notices": [{"code": "odd", "page": 1, "text": ""}]}).encode(),
            *(json.dumps({**info, "found": [{**field, **change}]}).encode() for change in wrong),
        ):

            def run(command, stdout, answer=answer, **options):
                stdout.write(answer)
                return subprocess.CompletedProcess(command, 0)

            with self.subTest(answer[-60:]), patch.object(child.subprocess, "run", run):
                with self.assertRaises(PdfRefused) as caught:
                    discover(pdf_samples.simple())
                self.assertEqual(caught.exception.code, "broken")


def _masked(width, height, pixels, boxes):
    """Return the picture with the boxes, and a pixel around them, in white."""
    rows = [bytearray(pixels[y * width : (y + 1) * width]) for y in range(height)]
    for box in boxes:
        left, right = int(box.x * width / 100) - 1, int((box.x + box.width) * width / 100) + 2
        top, bottom = int(box.y * height / 100) - 1, int((box.y + box.height) * height / 100) + 2
        left, right = max(left, 0), min(right, width)
        for row in rows[max(top, 0) : bottom]:
            row[left:right] = b"\xff" * (right - left)
    return rows


def _rendered():
    return html_to_pdf(HTML, fonts=FONTS, resources=None, lang="en", title="Sample").pdf


def _wkhtmltopdf():
    page = f"<meta charset=utf-8>{HTML}"
    command = (shutil.which("wkhtmltopdf"), "--quiet", "-", "-")
    return subprocess.run(command, input=page.encode(), capture_output=True, check=True).stdout
