import base64
import io

from odoo.tests import BaseCase
from odoo.tools import mute_logger
from pypdf import PdfReader

from ..signature_workflow.engine.errors import RenderError
from ..signature_workflow.engine.pdf.inspect import inspect
from ..signature_workflow.engine.pdf.stamp import Stamp, stamp_pdf
from ..signature_workflow.engine.render import Paper, ReportStyle, Section, html_to_pdf, report_to_pdf
from .engine_common import FONTS, bounds_of, fonts_of, ink_of, text_of

PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)
PIXEL_BYTES = base64.b64decode(PIXEL.partition(",")[2])
SENTENCE = "Ștampila și țara: înființată în România. Voilà, garçon – cœur, Noël. Договор № 5."


def render(html, **changes):
    arguments = {"fonts": FONTS, "resources": None, "lang": "ro", "title": "Contract", **changes}
    return html_to_pdf(html, **arguments)


def links_of(pdf):
    return [
        annotation.get_object()["/A"]["/URI"]
        for page in PdfReader(io.BytesIO(pdf)).pages
        for annotation in page.get("/Annots", ())
        if "/A" in annotation.get_object()
    ]


class TestRender(BaseCase):
    def assertRefused(self, code, html, **changes):
        with self.assertRaises(RenderError) as caught:
            render(html, **changes)
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    def test_text_comes_out_as_it_went_in(self):
        document = render(f"<h1>Contract</h1><p>{SENTENCE}</p>")
        self.assertEqual(" ".join(text_of(document.pdf).split()), f"Contract {SENTENCE} 1/1")
        self.assertEqual(len(document.pages), 1)
        self.assertAlmostEqual(document.pages[0].width, 595.28, places=1)
        self.assertAlmostEqual(document.pages[0].height, 841.89, places=1)

    def test_only_own_fonts_are_embedded(self):
        pdf = render(f"<p>{SENTENCE} <b>bold</b> <i>italic <b>both</b></i></p>").pdf
        lines = fonts_of(pdf)
        self.assertEqual(len(lines), 4)
        for line in lines:
            self.assertRegex(line, r"Document-Sans.* yes yes yes")

    def test_rendered_documents_pass_the_door(self):
        document = render("<p>x <a href='sign:a'></a></p>" * 60)
        info = inspect(document.pdf)
        self.assertEqual(len(info.pages), len(document.pages))
        for ours, theirs in zip(document.pages, info.pages, strict=True):
            self.assertAlmostEqual(ours.width, theirs.width, places=3)
            self.assertAlmostEqual(ours.height, theirs.height, places=3)

    def test_anchors_stand_where_their_lines_are(self):
        html = "<p style='margin: {}mm 0 0 {}mm'><a href='sign:k' class='sign-signature'></a></p>"
        for down, right in ((0, 0), (100, 20), (200, 90)):
            document = render(html.format(down, right), stylesheet="@page{@bottom-right{content:''}}")
            (anchor,) = document.anchors
            left, _top, line_end, bottom = bounds_of(ink_of(document.pdf, dpi=144))
            self.assertAlmostEqual(anchor.box.x, left, delta=0.3)
            self.assertAlmostEqual(anchor.box.x + anchor.box.width, line_end, delta=0.3)
            self.assertAlmostEqual(anchor.box.y + anchor.box.height, bottom, delta=0.3)
            self.assertAlmostEqual(anchor.box.width * document.pages[0].width / 100, 170.1, delta=1)
            self.assertAlmostEqual(anchor.box.height * document.pages[0].height / 100, 51, delta=1)

    def test_anchors_are_found_on_all_pages_in_order(self):
        html = (
            "<p>I agree <a href='sign:client/terms' class='sign-checkbox'><span>x</span></a></p>"
            "<p class='page-break'><a href='sign:client%20two/name' class='sign-name'>\u200b</a></p>"
            "<p><a href='sign:client/terms' class='sign-date'></a></p>"
        )
        anchors = render(html).anchors
        self.assertEqual(
            [(anchor.key, anchor.box.page) for anchor in anchors],
            [("client/terms", 1), ("client two/name", 2), ("client/terms", 2)],
        )
        self.assertLess(anchors[0].box.width, 3)
        for anchor in anchors:
            anchor.box.resolved(2)

    def test_anchors_leave_no_link_and_no_text(self):
        html = "<p><a href='sign:a' class='sign-text'>hidden</a><a href='https://a.test/'>web</a></p>"
        pdf = render(html).pdf
        self.assertEqual(links_of(pdf), ["https://a.test/"])
        self.assertEqual(text_of(pdf).split(), ["web", "1/1"])

    def test_dangerous_links_and_attachments_are_left_out(self):
        html = (
            "<link rel='attachment' href='https://a.test/x'>"
            "<p><a href='javascript:alert(1)'>a</a> <a href='file:///etc/passwd'>b</a>"
            "<a href='/web/login'>c</a> <a rel='attachment' href='https://a.test'>d</a>"
            "<a href='mailto:a@a.test'>e</a><a href='#top'>f</a></p><p id='top'>x</p>"
        )
        pdf = render(html).pdf
        self.assertEqual(links_of(pdf), ["mailto:a@a.test"])
        inspect(pdf)

    def test_an_anchor_off_the_page_is_refused(self):
        html = "<p style='margin-left: 190mm'><a href='sign:k' class='sign-text'></a></p>"
        self.assertEqual(self.assertRefused("anchor_outside", html).params["key"], "k")

    def test_images_come_from_the_document_or_the_caller_only(self):
        asked = []

        def resources(url):
            asked.append(url)
            if "known" not in url:
                raise KeyError(url)
            return PIXEL_BYTES, "image/png"

        render(f"<img src='{PIXEL}'><img src='/web/image/known'>", resources=resources)
        render("<img src='https://a.test/known.png'>", resources=resources)
        self.assertEqual(asked, ["/web/image/known", "https://a.test/known.png"])
        self.assertRefused("resource_refused", "<img src='/web/image/9'>", resources=resources)

    def test_nothing_else_is_loaded(self):
        for html in (
            "<img src='file:///etc/passwd'>",
            "<img src='http://127.0.0.1:1/x.png'>",
            "<img src='//a.test/x.png'>",
            "<base href='file:///etc/'><img src='passwd'>",
            "<link rel='stylesheet' href='https://a.test/x.css'>",
            "<style>@import 'https://a.test/x.css';</style>",
            "<style>@font-face {font-family: x; src: url('file:///x.ttf')}</style>",
            "<p style='background: url(ftp://a.test/x.png)'>x</p>",
            "<object data='/etc/passwd'></object>",
            "<img src='data:text/html,<b>x</b>'>",
            "<img src='font:regular'>",
        ):
            with self.subTest(html):
                error = self.assertRefused("resource_refused", html)
                self.assertTrue(error.params["url"])
        large = "data:image/png;base64," + "A" * (12 * 1024 * 1024)
        self.assertRefused("resource_too_large", f"<img src='{large}'>")

    @mute_logger("weasyprint")
    def test_missing_glyphs_and_broken_images_do_no_harm(self):
        pdf = render("<p>😀 漢字 \ufffe \u0378</p><img src='data:image/png;base64,AAAA'>").pdf
        self.assertIn("1/1", text_of(pdf))

    def test_letterhead_footer_and_page_numbers(self):
        html = (
            "<div class='letterhead'><div>ACME</div><div>Street 1</div></div>"
            "<div class='page-footer'>IBAN 123</div><p>one</p><p class='page-break'>two</p>"
        )
        pdf = render(html).pdf
        self.assertEqual(" ".join(text_of(pdf, 1).split()), "ACME Street 1 one IBAN 123 1/2")
        self.assertEqual(" ".join(text_of(pdf, 2).split()), "two IBAN 123 2/2")

    def test_title_and_language_are_in_the_file(self):
        reader = PdfReader(io.BytesIO(render("<p>x</p>", title="Ofertă <1>", lang="ro-RO").pdf))
        self.assertEqual(reader.metadata.title, "Ofertă <1>")
        self.assertEqual(reader.root_object["/Lang"], "ro-RO")

    def test_a_value_can_be_stamped_onto_its_anchor(self):
        html = "<p style='margin-top:50mm'><a href='sign:name' class='sign-name'></a></p>"
        document = render(html)
        stamp = Stamp(document.anchors[0].box, "name", "Ștefan Țăranu")
        pdf = stamp_pdf(document.pdf, [stamp], fonts=FONTS)
        self.assertIn("Ștefan Țăranu", text_of(pdf))

    def test_missing_fonts_are_named(self):
        broken = type(FONTS)(**{**vars(FONTS), "bold": FONTS.bold.with_name("absent.ttf")})
        error = self.assertRefused("font_missing", "<p>x</p>", fonts=broken)
        self.assertIn("absent.ttf", error.params["path"])


class TestReportToPdf(BaseCase):
    def print_report(self, *bodies, style=".x { color: red }", files=None, paper=None, **changes):
        footer = "<div>Page <span class='page'></span> / <span class='topage'></span> of {}</div>"
        sections = [
            Section(f"<b>head {number}</b>", body, footer.format(number)) for number, body in enumerate(bodies, 1)
        ]
        arguments = {"lang": "en", "title": "Report", "paper": paper or Paper(), "keys": {"k"}, **changes}
        arguments.setdefault("resources", None)
        return report_to_pdf(
            sections, style=ReportStyle(style, fonts=FONTS, files=files or {}.__getitem__), **arguments
        )

    def test_sections_have_their_own_header_footer_and_count(self):
        document = self.print_report("<p>one</p><p style='break-before: page'>two</p>", "<p>three</p>")
        texts = [" ".join(text_of(document.pdf, number).split()) for number in (1, 2, 3)]
        self.assertEqual(
            texts,
            ["head 1 one Page 1/2 of 1", "head 1 two Page 2/2 of 1", "head 2 three Page 1/1 of 2"],
        )

    def test_paper(self):
        paper = Paper(width=148, height=210, margins=(50, 20, 30, 40), header_top=10, header_line=True)
        for shrunk, square in ((True, 60), (False, 75)):
            paper = Paper(**{**vars(paper), "shrunk": shrunk})
            box = "<div style='width: 100px; height: 100px; background: black'></div>"
            document = report_to_pdf(
                [Section("", box, "")],
                style=ReportStyle("body { margin: 0 }", fonts=FONTS, files={}.__getitem__),
                paper=paper,
                keys=(),
                resources=None,
                lang="en",
                title="x",
            )
            (page,) = document.pages
            self.assertAlmostEqual(page.width, 148 / 25.4 * 72, places=1)
            self.assertAlmostEqual(page.height, 210 / 25.4 * 72, places=1)
            ink = ink_of(document.pdf, dpi=72)
            line = next(y for y, row in enumerate(ink) if any(row))
            self.assertAlmostEqual(line * 25.4 / 72, 10, delta=0.6)
            below = [row for row in ink[line + 3 :] if any(row)]
            self.assertAlmostEqual(len(below), square, delta=1)
            self.assertAlmostEqual(sum(below[5]), square, delta=1)
            self.assertAlmostEqual(below[5].index(True) * 25.4 / 72, 40, delta=0.6)

    def test_anchors_are_measured_on_the_printed_page(self):
        html = "<p style='margin: 400px 0 0 100px'><a href='sign:k' class='sign-signature'></a></p>"
        for shrunk, width in ((True, 136), (False, 170)):
            document = report_to_pdf(
                [Section("", html, "")],
                style=ReportStyle("", fonts=FONTS, files={}.__getitem__),
                paper=Paper(shrunk=shrunk),
                keys={"k"},
                resources=None,
                lang="en",
                title="x",
            )
            (anchor,) = document.anchors
            left, _top, right, bottom = bounds_of(ink_of(document.pdf, dpi=144))
            self.assertAlmostEqual(anchor.box.x, left, delta=0.3)
            self.assertAlmostEqual(anchor.box.x + anchor.box.width, right, delta=0.3)
            self.assertAlmostEqual(anchor.box.y + anchor.box.height, bottom, delta=0.3)
            self.assertAlmostEqual(anchor.box.width * document.pages[0].width / 100, width, delta=1)

    def test_anchors_that_nobody_expects_are_dropped(self):
        html = "<a href='sign:k'></a> <a href='sign:x'></a> <p style='-weasy-link: url(sign:y)'>text</p>"
        document = self.print_report(html)
        self.assertEqual([anchor.key for anchor in document.anchors], ["k"])
        self.assertFalse(links_of(document.pdf))

    def test_fonts_come_from_the_caller_only(self):
        asked = []

        def files(path):
            asked.append(path)
            if "own" not in path:
                raise LookupError(path)
            return FONTS.hands["caveat"].read_bytes(), "font/ttf"

        faces = "".join(
            f"@font-face {{ font-family: {name}; src: url('{url}') }} .{name} {{ font-family: {name} }}"
            for name, url in (
                ("Own", "/web/static/own.ttf?v=1"),
                ("Absent", "/web/static/absent.woff2"),
                ("Far", "https://a.test/own.ttf"),
                ("Here", FONTS.bold.as_uri()),
                ("Other", "/web/static/own.exe"),
            )
        )
        with self.assertNoLogs("weasyprint", "WARNING"):
            document = self.print_report("<p class='Own'>x</p><p class='Far'>y</p>", style=faces, files=files)
        self.assertEqual(asked, ["/web/static/own.ttf", "/web/static/absent.woff2"])
        self.assertTrue(any("Own" in line for line in fonts_of(document.pdf)))

    def test_a_stylesheet_made_for_browsers_leaves_no_noise_in_the_log(self):
        style = "@media (min-width: 9px) { p { color: red } } p { display: -webkit-box; text-align: ; zoom: 1 }"
        with self.assertNoLogs("weasyprint", "WARNING"):
            document = self.print_report("<p>text</p>", style=style)
        self.assertIn("text", text_of(document.pdf))

    def test_pictures_are_refused_as_in_documents(self):
        for html in ("<img src='https://a.test/x.png'>", "<link rel='stylesheet' href='/x.css'>"):
            with self.assertRaises(RenderError) as caught:
                self.print_report(html)
            self.assertEqual(caught.exception.code, "resource_refused")
        with self.assertRaises(RenderError):
            self.print_report("<p class='x'>x</p>", style=".x { background: url(/etc/x.png) }")

    def test_shares_of_a_row_that_add_up_stay_in_it(self):
        style = ".row { display: flex; flex-wrap: wrap } .row > * { flex: 0 0 auto; width: 8.33333333% }"
        style += ".five { width: 41.66666667%; margin-left: 8.33333333% } .six { width: 50% }"
        document = self.print_report("<div class='row'><p class='six'>a</p><p class='five'>b</p></div>", style=style)
        self.assertRegex(text_of(document.pdf), r"a +b")
