import base64
import io

from odoo.tests import TransactionCase, tagged
from PIL import Image
from pypdf import PdfReader

from ..signature_workflow.engine.errors import RenderError
from .engine_common import bounds_of, ink_of, run_tool, text_of

ROWS = 36
ARCH = f"""
<t t-name="signature_workflow.test_report">
    <t t-call="web.html_container">
        <t t-foreach="docs" t-as="o">
            <t t-call="web.external_layout">
                <t t-set="address"><div t-field="o.name"/></t>
                <div class="page">
                    <t t-out="o.comment"/>
                    <div class="row">
                        <div class="col-6">left</div><div class="col-5 offset-1">right</div>
                    </div>
                    <table class="table">
                        <thead style="display: table-row-group">
                            <tr><th>Item</th><th class="text-end">Price</th></tr>
                        </thead>
                        <tr t-foreach="range({ROWS})" t-as="i">
                            <td>Item <t t-out="i"/><br/>details of <t t-out="i"/></td>
                            <td class="text-end" t-out="i" t-options="{{'widget': 'float', 'precision': 2}}"/>
                        </tr>
                    </table>
                    <p><span>Street</span> <a href="sign:client/signature" class="sign-signature"/></p>
                </div>
            </t>
        </t>
    </t>
</t>
"""
SMALL = """
<t t-name="signature_workflow.test_report">
    <t t-call="web.html_container"><t t-foreach="docs" t-as="o"><t t-call="web.external_layout">
        <div class="page">%s</div>
    </t></t></t>
</t>
"""


def picture(color, size=(40, 20)):
    """Return a PNG of one colour."""
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, "PNG")
    return file.getvalue()


def pictures_of(document):
    """Return width, height and most frequent colour of each picture in the PDF."""
    return {
        (*image.image.size, image.image.convert("RGB").getpixel((5, 5)))
        for page in PdfReader(io.BytesIO(document.pdf)).pages
        for image in page.images
    }


@tagged("post_install", "-at_install")
class TestReport(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.write(
            {
                "report_footer": "<p>IBAN RO49 AAAA</p>",
                "company_details": "<p>Atelier Ștefănescu SRL</p>",
                "logo": base64.b64encode(picture("#aa0000", (200, 80))),
                "external_report_layout_id": cls.env.ref("web.external_layout_standard").id,
                "paperformat_id": cls.env.ref("base.paperformat_euro").id,
            }
        )
        cls.partner = cls.env["res.partner"].create(
            {
                "name": "Zoë <b>Țăndărică</b>",
                "comment": "<p>Hello <a href='https://a.test/'>web</a></p>",
                "image_1920": base64.b64encode(picture("#0000aa")),
            }
        )
        cls.view = cls.env["ir.ui.view"].create(
            {"type": "qweb", "name": "Test report", "key": "signature_workflow.test_report", "arch": ARCH}
        )
        cls.report = cls.env["ir.actions.report"].create(
            {"name": "Test report", "model": "res.partner", "report_name": cls.view.key}
        )

    def print_report(self, body=None, record=None):
        if body:
            self.view.arch = SMALL % body
        return self.env["signature.report"]._print(self.report, record or self.partner)

    def assertRefused(self, address):
        with self.subTest(address), self.assertRaises(RenderError) as caught:
            self.print_report(f"<img src='{address}'/>")
        self.assertEqual(caught.exception.code, "resource_refused")

    def test_header_footer_and_table_on_every_page(self):
        document = self.print_report()
        self.assertEqual(len(document.pages), 3)
        for number in (1, 2, 3):
            text = text_of(document.pdf, number)
            for part in ("Atelier Ștefănescu SRL", "IBAN RO49 AAAA", f"Page {number}/3", "Item", "Price"):
                self.assertIn(part, text)
        text = "".join(text_of(document.pdf, number) for number in (1, 2, 3))
        self.assertIn("Zoë <b>Țăndărică</b>", text)
        for row in (0, ROWS - 1):
            self.assertRegex(text, rf"Item {row} +{row}\.00")

    def test_rows_are_not_split(self):
        document = self.print_report()
        for number in (1, 2, 3):
            text = text_of(document.pdf, number)
            self.assertEqual(text.count("details of"), text.count(".00"))

    def test_columns_stand_side_by_side(self):
        self.assertRegex(text_of(self.print_report().pdf), r"left +right")

    def test_pages_are_as_large_as_the_paper_format_says(self):
        self.assertEqual([round(page.width) for page in self.print_report().pages], [595, 595, 595])
        self.report.paperformat_id = self.env["report.paperformat"].create(
            {
                "name": "Wide",
                "format": "Letter",
                "orientation": "Landscape",
                "margin_left": 20,
                "margin_top": 40,
                "header_spacing": 30,
            }
        )
        document = self.print_report("<div style='background: black; height: 50px'/>")
        (page,) = document.pages
        self.assertEqual((round(page.width), round(page.height)), (792, 612))
        # the logo comes first: 10 mm from above, 20 mm from the left, and what the layout adds
        left, top, *__ = bounds_of(ink_of(document.pdf, dpi=144))
        self.assertGreater(left, 100 * 20 / 279.4)
        self.assertGreater(top, 100 * 10 / 215.9)
        self.assertLess(top, 100 * 30 / 215.9)

    def test_anchors_stand_where_their_lines_are(self):
        body = "<p style='margin-top: 300px'><a href='sign:client/name' class='sign-signature'/></p>"
        self.company.write({"logo": False, "company_details": "<p> </p>", "report_footer": False})
        document = self.print_report(body)
        (anchor,) = document.anchors
        self.assertEqual((anchor.key, anchor.box.page), ("client/name", 1))
        ink = ink_of(document.pdf, dpi=144)
        middle = round((anchor.box.y + anchor.box.height) / 100 * len(ink))
        row = next(row for row in ink[middle - 3 : middle + 3] if any(row))
        dark = [x for x, pixel in enumerate(row) if pixel]
        self.assertAlmostEqual(100 * dark[0] / len(row), anchor.box.x, delta=0.4)
        self.assertAlmostEqual(100 * dark[-1] / len(row), anchor.box.x + anchor.box.width, delta=0.4)
        links = [a for page in PdfReader(io.BytesIO(document.pdf)).pages for a in page.get("/Annots", ())]
        self.assertFalse(links)

    def test_the_last_page_has_the_anchor(self):
        (anchor,) = self.print_report().anchors
        self.assertEqual((anchor.key, anchor.box.page), ("client/signature", 3))

    def test_a_text_of_the_record_makes_no_field(self):
        self.partner.comment = "<p><a href='sign:x;type=text;role=Client;merge=vat;write=name'>x</a></p>"
        document = self.print_report("<t t-out='o.comment'/><a href='sign:name;role=Our company'/>")
        self.assertEqual([anchor.key for anchor in document.anchors], ["name;role=Our company"])

    def test_only_harmless_links(self):
        document = self.print_report(
            "<a href='https://a.test/'>a</a> <a href='javascript:x'>b</a> <a t-att-href='docs.get_base_url()'>c</a>"
            "<a href='/web/login'>d</a> <a href='file:///etc/passwd'>e</a>"
        )
        links = [
            link.get_object()["/A"]["/URI"]
            for page in PdfReader(io.BytesIO(document.pdf)).pages
            for link in page["/Annots"]
        ]
        self.assertEqual(links, ["https://a.test/", self.partner.get_base_url()])

    def test_texts_are_escaped(self):
        self.partner.name = "<img src='file:///etc/passwd'/><script>x</script>"
        document = self.print_report("<p t-field='o.name'/>")
        self.assertIn("<img src='file:///etc/passwd'/><script>x</script>", text_of(document.pdf))

    def test_pictures_of_the_record_and_the_company(self):
        self.company.logo = base64.b64encode(picture("#aa0000", (200, 80)))
        blue, red = (0, 0, 170), (170, 0, 0)
        for body, expected in (
            ("<span t-field='o.image_1920' t-options=\"{'widget': 'image'}\"/>", (40, 20, blue)),
            ("<img t-attf-src='/web/image/res.partner/{{o.id}}/image_1920'/>", (40, 20, blue)),
            (
                "<img t-attf-src='{{o.get_base_url()}}/web/image/res.partner/{{o.id}}/image_1920/20x20'/>",
                (20, 10, blue),
            ),
            ("<img t-attf-src='/web/image?model=res.partner&amp;id={{o.id}}&amp;field=image_1920'/>", (40, 20, blue)),
            ("<img t-att-src='image_data_uri(o.image_1920)'/>", (40, 20, blue)),
            ("<p>the layout's logo</p>", (200, 80, red)),
        ):
            with self.subTest(body):
                self.assertIn(expected, pictures_of(self.print_report(body)))

    def test_only_open_pictures_of_the_record_and_the_company(self):
        stamp = base64.b64encode(picture("#00aa00"))
        self.company.signature_stamp = stamp
        company = f"/web/image/res.company/{self.company.id}"
        self.assertRefused(f"{company}/signature_stamp")
        self.assertRefused(f"/web/image?model=res.company&amp;id={self.company.id}&amp;field=signature_stamp")
        self.assertRefused(f"{company}/name")
        self.assertRefused(f"{company}/nothing")
        self.assertRefused(f"/web/image/res.partner/{self.partner.id}/comment")
        for name in ("logo", "logo_web"):
            with self.subTest(name):
                self.assertTrue(pictures_of(self.print_report(f"<img src='{company}/{name}'/>")))
        # what the report's author shows is shown, as of other records
        self.env.user.group_ids += self.env.ref("signature_workflow.group_user")
        body = "<span t-field='o.env.company.signature_stamp' t-options=\"{'widget': 'image'}\"/>"
        self.assertIn((40, 20, (0, 170, 0)), pictures_of(self.print_report(body)))

    def test_pictures_that_the_report_shows_of_other_records(self):
        other = self.env["res.partner"].create({"name": "x", "image_1920": base64.b64encode(picture("#00aa00"))})
        self.partner.parent_id = other
        body = "<span t-field='o.parent_id.image_1920' t-options=\"{'widget': 'image'}\"/>"
        self.assertIn((40, 20, (0, 170, 0)), pictures_of(self.print_report(body)))
        # the text of a stranger can name it, but not show it
        self.assertRefused(f"/web/image/res.partner/{other.id}/image_1920")
        self.assertRefused(f"/web/image/res.partner/{other.id}/image_1920?access_token=0o7fffffff")

    def test_attachments(self):
        values = {"name": "x.png", "raw": picture("#00aa00"), "res_model": "res.partner", "res_id": self.partner.id}
        secret, public = self.env["ir.attachment"].create([values, {**values, "public": True}])
        self.assertRefused(f"/web/image/{secret.id}")
        self.assertRefused(f"/web/content/{secret.id}")
        for address in (f"/web/image/{public.id}", f"/web/image/{public.id}-abc/x.png", f"/web/content/{public.id}"):
            with self.subTest(address):
                found = pictures_of(self.print_report(f"<img src='{address}'/>"))
                self.assertIn((40, 20, (0, 170, 0)), found)
        (token,) = secret.generate_access_token()
        self.print_report(f"<img src='/web/image/{secret.id}?access_token={token}'/>")

    def test_files_of_addons(self):
        self.print_report("<img src='/web/static/img/placeholder.png'/><img src='/logo.png'/>")

    def test_barcodes(self):
        self.company.write({"logo": False, "company_details": "<p> </p>", "report_footer": False})
        for address in (
            "/report/barcode/Code128/S00012?width=300&amp;height=60",
            "/report/barcode/QR/https://a.test/x?width=200&amp;height=200",
            "/report/barcode/?barcode_type=EAN13&amp;value=1234567890128&amp;humanreadable=1",
            "/report/barcode/EAN13/1234567890123",
            "/report/barcode/auto/12345670",
        ):
            with self.subTest(address):
                document = self.print_report(f"<img src='{address}'/>")
                dark = sum(map(sum, ink_of(document.pdf, dpi=144)))
                self.assertGreater(dark, 3000)
        for address in ("Nonsense/1", "EAN13/", "QR/x?width=99999", "QR/x?width=x", "Code128/%E6%BC%A2"):
            self.assertRefused(f"/report/barcode/{address}")

    def test_nothing_else_is_read(self):
        for address in (
            "https://a.test/x.png",
            "//a.test/x.png",
            "file:///etc/passwd",
            "/etc/passwd",
            "/web/static/../../web/__manifest__.py",
            "/web/static/%2e%2e/%2e%2e/base/static/x.png",
            "/web/static/src/main.js",
            "/web/session/logout",
            "/web/image/res.users/2/password",
            "/web/image/res.partner/x",
            "/web/image/99999999999",
            "/web/image?id=99999999999",
            "http://[/web/image/1",
            "/web/image?record=1&amp;company=2",
            "/web/content/res.partner/1/name",
        ):
            self.assertRefused(address)

    def test_language_and_company_of_the_record(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.view.with_context(lang="en_US").arch = SMALL % "<p>Good morning</p>"
        self.view.update_field_translations("arch_db", {"fr_FR": {"Good morning": "Bonjour"}})
        other = self.env["res.company"].create(
            {"name": "Other", "company_details": "<p>Second SRL</p>", "paperformat_id": self.us().id}
        )
        self.partner.company_id = other
        document = self.print_report(record=self.partner.with_context(lang="fr_FR"))
        text = text_of(document.pdf)
        self.assertIn("Bonjour", text)
        self.assertIn("Second SRL", text)
        self.assertEqual(round(document.pages[0].width), 612)
        self.assertEqual(PdfReader(io.BytesIO(document.pdf)).root_object["/Lang"], "fr-FR")

    def us(self):
        return self.env.ref("base.paperformat_us")

    def test_all_layouts(self):
        self.company.write({"report_header": "<p>Slogan</p>", "primary_color": "#714B67"})
        for layout in self.env["report.layout"].search([]):
            with self.subTest(layout.name):
                self.company.external_report_layout_id = layout.view_id
                document = self.print_report("<p>Content</p>")
                text = text_of(document.pdf)
                for part in ("Atelier Ștefănescu SRL", "Slogan", "Content", "IBAN RO49 AAAA", "Page 1/1"):
                    self.assertIn(part, text)

    def test_it_writes_nothing_and_needs_no_rights(self):
        self.env.flush_all()
        self.env["ir.attachment"].search([("url", "=like", "/web/assets/%report%")]).unlink()
        self.env.flush_all()
        salesman = self.env["res.users"].create({"name": "Saul", "login": "saul"})
        savepoint = self.env.cr.savepoint()
        self.env.cr.execute("SET LOCAL transaction_read_only TO on")
        document = self.print_report(record=self.partner.with_user(salesman))
        savepoint.close(rollback=True)
        self.assertEqual(len(document.pages), 3)

    def test_text_is_text(self):
        fonts = run_tool("pdffonts", "FILE", pdf=self.print_report().pdf).stdout.decode()
        self.assertIn("Lato", fonts)
        for line in fonts.splitlines()[2:]:
            self.assertRegex(line, " yes yes yes")

    def test_bold_and_italic_of_all_fonts(self):
        self.company.write({"logo": False, "company_details": "<p> </p>", "report_footer": False})
        for font in ("Lato", "Roboto", "Open_Sans", "Montserrat"):
            self.company.font = font
            ink = {
                tag: sum(map(sum, ink_of(self.print_report(f"<{tag} style='font-size: 80px'>IIII</{tag}>").pdf)))
                for tag in ("p", "b")
            }
            self.assertGreater(ink["b"], 1.15 * ink["p"], font)
