"""Rich text to PDF, against WeasyPrint as it comes with the same stylesheet and a shared font configuration."""

import logging

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from signature_workflow.engine.render import html_to_pdf
from tools.bench import samples
from tools.bench.harness import compare, interleave
from tools.paths import CHECKOUT

STYLESHEET = CHECKOUT / "signature_workflow" / "engine" / "document.css"
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


def run(part, _odoo):
    """One page."""
    logging.getLogger("weasyprint.progress").setLevel(logging.WARNING)
    done = interleave({"floor": _bare(), "engine": _engine})
    return [compare(part, "one page of rich text, against bare WeasyPrint", done["engine"], done["floor"], 1.2)]


def _engine(meter):
    with meter:
        document = html_to_pdf(HTML_TEXT, fonts=samples.FONTS, resources=None, lang="en", title="Service agreement")
    assert (len(document.pages), len(document.anchors)) == (1, 4)


class _Fonts(URLFetcher):
    def fetch(self, url, headers=None):
        data = getattr(samples.FONTS, url.removeprefix("font:")).read_bytes()
        return URLFetcherResponse(url, data, {"Content-Type": "font/ttf"})


def _bare():
    fonts = FontConfiguration()
    base = CSS(filename=STYLESHEET, font_config=fonts, url_fetcher=_Fonts())

    def case(meter):
        with meter:
            document = HTML(string=HTML_TEXT).render(font_config=fonts, stylesheets=[base], presentational_hints=True)
            document.write_pdf()

    return case
