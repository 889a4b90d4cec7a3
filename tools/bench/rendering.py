"""Rich text to PDF, against WeasyPrint as it comes with the same stylesheet and a shared font configuration.

And many fields stamped, against few.
"""

import logging

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from signature_workflow.engine import marks
from signature_workflow.engine.pdf.stamp import Stamp, stamp_pdf
from signature_workflow.engine.placement import Box
from signature_workflow.engine.render import html_to_pdf
from tools.bench import samples
from tools.bench.harness import compare, interleave
from tools.paths import CHECKOUT

ENGINE = CHECKOUT / "signature_workflow" / "engine"
STYLESHEETS = [ENGINE / "common.css", ENGINE / "document.css"]
PARAGRAPH = (
    "The parties agree that the services described in the offer are rendered with due care, within the time "
    "stated there, and that invoices are paid within thirty days of receipt. "
)
HTML_TEXT = f"""
<div class="letterhead"><div></div><div><strong>Bench SRL</strong><div>Strada Lungă 1</div></div></div>
<h1>Service agreement</h1><p>between <b>Bench SRL</b> and <b>Zoë Țăndărică</b></p>
{"".join(f"<h2>{number}. Clause</h2><p>{PARAGRAPH * 2}</p>" for number in range(1, 4))}
<table><tr><th>Item</th><th>Price</th></tr><tr><td>Support</td><td>1 200,00 €</td></tr></table>
<p><a href="sign:0" class="sign-signature">\u200b</a> <a href="sign:1" class="sign-name">\u200b</a>
<a href="sign:2" class="sign-date">\u200b</a> <a href="sign:3" class="sign-checkbox">\u200b</a></p>
"""
PAGES, FEW, MANY = 10, 5, 200
FIELDS = [
    ("signature", marks.parse(samples.drawn())),
    ("name", "Zoë Țăndărică"),
    ("date_signed", "14/03/2026"),
    ("text", "PO 4711"),
    ("checkbox", True),
    ("company", "Bench SRL"),
    ("multiline", "Strada Lungă 1\nBrașov"),
    ("number", "1 234,50"),
    ("choice", "Monthly"),
    ("radio", True),
]


def run(part, _odoo):
    """One page of rich text; fields of all kinds on ten pages."""
    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)
    done = interleave({"floor": _bare(), "engine": _engine})
    stamped = interleave({"few": _stamping(FEW), "many": _stamping(MANY)})
    return [
        compare(part, "one page of rich text, against bare WeasyPrint", done["engine"], done["floor"], 1.2),
        compare(part, f"stamping {MANY} fields, against {FEW}", stamped["many"], stamped["few"], 3),
    ]


def _engine(meter):
    with meter:
        document = html_to_pdf(HTML_TEXT, fonts=samples.FONTS, resources=None, lang="en", title="Service agreement")
    assert (len(document.pages), len(document.anchors)) == (1, 4)


def _stamping(count):
    """A case that stamps ``count`` fields, the first ones on a page each."""
    document, stamps = samples.pdf(PAGES), []
    for number in range(count):
        row, page = divmod(number, PAGES)
        box = Box(page + 1, 5 + 45 * (row % 2), 5 + 9 * (row // 2), 40, 7)
        stamps.append(Stamp(box, *FIELDS[(number + row) % len(FIELDS)]))

    def case(meter):
        with meter:
            stamp_pdf(document, stamps, fonts=samples.FONTS)

    return case


class _Fonts(URLFetcher):
    def fetch(self, url, headers=None):
        data = getattr(samples.FONTS, url.removeprefix("font:")).read_bytes()
        return URLFetcherResponse(url, data, {"Content-Type": "font/ttf"})


def _bare():
    fonts = FontConfiguration()
    base = [CSS(filename=sheet, font_config=fonts, url_fetcher=_Fonts()) for sheet in STYLESHEETS]

    def case(meter):
        with meter:
            document = HTML(string=HTML_TEXT).render(font_config=fonts, stylesheets=base, presentational_hints=True)
            document.write_pdf()

    return case
