"""Finding text tags in a long document, against bare text extraction by the fastest library there is."""

import functools
import io

import pypdfium2
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from signature_workflow.engine.pdf import pages
from signature_workflow.engine.pdf.discover import discover
from signature_workflow.engine.pdf.inspect import inspect
from signature_workflow.engine.pdf.text_tags import TagSearch
from tools.bench import samples
from tools.bench.harness import compare, interleave

PAGES = 300
LINES = 45
TEXT = "{}: the parties agree that the services described in the offer are rendered with due care, in time."
TAG = "Signed by {{{{signature;role=Client}}}} on page {}"


def run(part, _odoo):
    """Tags on every tenth page, and on every page; the search alone, and with the child process around it."""
    rare, all_over = _document(10), _document(1)
    cases = {
        "rare": _search(rare, PAGES // 10),
        "rare, floor": _extraction(rare),
        "all over": _search(all_over, PAGES),
        "all over, floor": _extraction(all_over),
        "pypdf": _pypdf(all_over),
    }
    done = interleave(cases)
    whole = interleave({"discover": _call(discover, rare), "inspect": _call(inspect, rare)})
    note = "floor: pypdfium2"
    return [
        compare(part, f"{PAGES} pages, a tag on every tenth", done["rare"], done["rare, floor"], 2, note=note),
        compare(part, f"{PAGES} pages, a tag on each", done["all over"], done["all over, floor"], 2, note=note),
        compare(part, "  the same, floor: pypdf", done["all over"], done["pypdf"]),
        compare(part, "discover, against inspect", whole["discover"], whole["inspect"], by="wall"),
    ]


@functools.cache
def _document(distance):
    pdfmetrics.registerFont(TTFont("bench", samples.FONTS.regular))
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(595, 842), invariant=1)
    for page in range(PAGES):
        canvas.setFont("bench", 9)
        for line in range(LINES):
            has_tag = line == LINES // 2 and page % distance == 0
            canvas.drawString(50, 800 - 16 * line, (TAG if has_tag else TEXT).format(page))
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _search(pdf, expected):
    def case(meter):
        with meter:
            writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
            search = TagSearch(writer, float("inf"))
            for number, page in enumerate(pages.walk(writer), 1):
                search.search_page(number, page, page.geometry(number))
            search.finish()
        assert len(search.found) == expected

    return case


def _extraction(pdf):
    def case(meter):
        with meter:
            document = pypdfium2.PdfDocument(pdf)
            size = sum(len(document[number].get_textpage().get_text_range()) for number in range(len(document)))
        assert size > PAGES * LINES

    return case


def _pypdf(pdf):
    def case(meter):
        with meter:
            for page in PdfReader(io.BytesIO(pdf)).pages:
                page.extract_text()

    return case


def _call(function, pdf):
    def case(meter):
        with meter:
            function(pdf)

    return case
