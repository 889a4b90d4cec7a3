"""A tiny addon, written into a temporary folder: the floors that the pages over HTTP are measured against."""

import contextlib
import tempfile
from pathlib import Path

NAME = "signature_bench_floor"
TEMPLATE = f"{NAME}.page"
CONTROLLER = f"""
from odoo import http
from odoo.http import request

OPTIONS = {{"type": "http", "auth": "public", "methods": ["GET"], "save_session": False}}


class Floor(http.Controller):
    @http.route("/bench/page", website=True, **OPTIONS)
    def page(self):
        return request.render("{TEMPLATE}")

    @http.route("/bench/document/<int:attachment>", **OPTIONS)
    def document(self, attachment):
        stream = request.env["ir.attachment"].sudo().browse(attachment)._to_http_stream()
        return stream.get_response(mimetype="application/pdf")

    @http.route("/bench/write", type="jsonrpc", auth="public", save_session=False)
    def write(self, **values):
        row = {{"type": "server", "name": "bench", "path": "", "line": "", "func": "", "message": str(values)}}
        return request.env["ir.logging"].sudo().create(row).id
"""
PAGE = """
<t t-name="page">
    <t t-call="portal.frontend_layout"><div id="wrap" class="container"><h1>Hello</h1><p>A page.</p></div></t>
</t>
"""


@contextlib.contextmanager
def folder():
    """A folder for the addons path; Odoo loads the addon with ``--load``, without installing it."""
    with tempfile.TemporaryDirectory() as path:
        home = Path(path, NAME)
        home.mkdir()
        (home / "__init__.py").write_text(CONTROLLER)
        (home / "__manifest__.py").write_text('{"name": "Floor", "license": "LGPL-3", "depends": ["portal"]}\n')
        yield path


def make_page(env):
    """The template of the minimal portal page."""
    env["ir.ui.view"].create({"name": "Floor", "type": "qweb", "key": TEMPLATE, "arch": PAGE})
