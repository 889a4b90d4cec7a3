"""Odoo's stock quotation and invoice, printed in this process and by Odoo's own engine, wkhtmltopdf."""

import contextlib
import dataclasses
import re
import resource
import subprocess

from tools import odoo_server
from tools.bench.harness import Result, compare, interleave
from tools.system import free_port

QUOTATION, INVOICE = "sale.action_report_saleorder", "account.account_invoices"
# without waiting for scripts: by default a second of wall time each
SETTINGS = {"report.print_delay": "0"}
FOOTER = "IBAN RO49 AAAA 1B31 0075 9384 0000"
LONG = 40
"""Lines that make a quotation three pages long."""


def run(part, odoo):
    """CPU time of both engines, sizes of their files, and what of header and footer is there as text."""
    papers = _papers(odoo)
    results = []
    with _assets(odoo()):
        for what, (report, record) in papers.items():
            files = {}
            cases = {
                "own": _case(odoo, report, record, files, "own", _print),
                "wkhtmltopdf": _case(odoo, report, record, files, "wkhtmltopdf", _wkhtmltopdf),
            }
            done = interleave(cases)
            results.append(compare(part, f"{what}, against wkhtmltopdf", done["own"], done["wkhtmltopdf"]))
            results += _looks(part, files)
    return results


def _looks(part, files):
    found = {name: _complete_pages(pdf) for name, pdf in files.items()}
    (pages, complete), (other_pages, other_complete) = found["own"], found["wkhtmltopdf"]
    ratio = len(files["own"]) / len(files["wkhtmltopdf"])
    return [
        Result(part, "  size of the file", ratio, "x bytes", 1),
        Result(
            part,
            f"  pages with footer and page number as text, of {pages}",
            complete,
            "pages",
            pages,
            at_least=True,
            note=f"wkhtmltopdf: {other_complete} of {other_pages}",
        ),
    ]


def _complete_pages(pdf):
    text = subprocess.run(
        ["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True
    ).stdout.decode()
    pages = text.split("\f")[:-1]
    numbered = (re.search(rf"Page\s+{number} / {len(pages)}\b", page) for number, page in enumerate(pages, 1))
    return len(pages), sum(bool(FOOTER in page and shown) for page, shown in zip(pages, numbered, strict=True))


def _papers(odoo):
    """A quotation of one page, one of three, and an invoice, as report and record id."""
    with odoo().env(commit=True, tracking_disable=True) as env:
        env.company.report_footer = f"<p>{FOOTER}</p>"
        env["account.chart.template"].try_loading("generic_coa", company=env.company, install_demo=False)
        partner = env["res.partner"].create({"name": "Zoë", "street": "Strada Lungă 1", "city": "Brașov"})
        product = env["product.product"].create({"name": "Support", "list_price": 120, "invoice_policy": "order"})
        line = (0, 0, {"product_id": product.id, "product_uom_qty": 3})
        short, long = env["sale.order"].create(
            [{"partner_id": partner.id, "order_line": [line] * count} for count in (4, LONG)]
        )
        short.action_confirm()
        invoice = short._create_invoices()
        invoice.action_post()
        return {
            "quotation, one page": (QUOTATION, long.copy({"order_line": [line] * 4}).id),
            "quotation, three pages": (QUOTATION, long.id),
            "invoice, one page": (INVOICE, invoice.id),
        }


@contextlib.contextmanager
def _assets(odoo):
    """A server that wkhtmltopdf gets the stylesheets from."""
    port = free_port()
    with odoo.env(commit=True) as env:
        for key, value in {**SETTINGS, "report.url": f"http://127.0.0.1:{port}"}.items():
            env["ir.config_parameter"].set_param(key, value)
    with odoo_server.server(odoo.setup, odoo.database, port=port, options=["--max-cron-threads", 0]):
        yield


def _case(odoo, report, record, files, name, engine):
    def case(meter):
        with odoo().env(lang="en_US") as env:
            action = env.ref(report)
            before = _children()
            with meter:
                files[name] = engine(action, env[action.model].browse(record))
        meter.sample = dataclasses.replace(meter.sample, cpu=meter.sample.cpu + _children() - before)

    return case


def _print(report, record):
    return report.env["signature.report"]._print(report, record).pdf


def _wkhtmltopdf(report, record):
    context = {"force_report_rendering": True, "report_pdf_no_attachment": True}
    return report.with_context(**context)._render_qweb_pdf(report, record.ids)[0]


def _children():
    """Seconds of CPU time of processes that have ended: wkhtmltopdf is one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
