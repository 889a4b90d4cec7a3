import io

from odoo.tests import BaseCase
from PIL import Image

from ..signature_workflow.engine.errors import PdfRefused, PlacementError
from ..signature_workflow.engine.pdf.inspect import Limits
from ..signature_workflow.engine.pdf.preview import preview
from . import pdf_samples


class TestPreview(BaseCase):
    def assertSize(self, size, data, **arguments):
        picture = Image.open(io.BytesIO(preview(data, **arguments)))
        self.assertEqual((picture.format, picture.size), ("PNG", size))
        return picture.convert("L")

    def test_pages_are_drawn_as_displayed(self):
        picture = self.assertSize((480, 679), pdf_samples.simple(2), page=2)
        self.assertLess(picture.getextrema()[0], 100)
        self.assertSize((300, 213), pdf_samples.rotated(90), width=300)
        self.assertSize((250, 360), pdf_samples.cropped(), width=250)
        self.assertSize((30, 900), pdf_samples.boxed(media=(0, 0, 100, 3000)), width=300)

    def test_foreign_files_do_no_harm(self):
        for make in (pdf_samples.truncated, pdf_samples.bomb_in_layers, pdf_samples.page_loop, pdf_samples.xref_loop):
            with self.subTest(make.__name__), self.assertRaises(PdfRefused):
                preview(make())
        for make in (pdf_samples.huge_page, pdf_samples.bomb_picture, pdf_samples.form_recursion):
            with self.subTest(make.__name__):
                self.assertTrue(preview(make()))

    def test_limits_hold(self):
        for data, limits, code in (
            (b"GIF89a", Limits(), "not_a_pdf"),
            (pdf_samples.simple(), Limits(size=1000), "too_large"),
            (pdf_samples.simple(), Limits(memory=16 * 1024 * 1024), "broken"),
        ):
            with self.subTest(code), self.assertRaises(PdfRefused) as caught:
                preview(data, limits=limits)
            self.assertEqual(caught.exception.code, code)

    def test_a_page_that_is_not_there(self):
        for page in (0, 2):
            with self.assertRaises(PlacementError) as caught:
                preview(pdf_samples.simple(), page=page)
            self.assertEqual(caught.exception.params, {"page": page, "pages": 1})
