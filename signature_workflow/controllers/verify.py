"""The public page that tells whether a signed copy is genuine. Nothing is written, nothing of the document is told."""

import re
from datetime import datetime

from odoo import http
from odoo.http import request
from odoo.tools import format_datetime

from ..engine import links
from . import responses

READ = {"type": "http", "auth": "public", "methods": ["GET"], "save_session": False}
CHECK = {
    "type": "jsonrpc",
    "auth": "public",
    "methods": ["POST"],
    "save_session": False,
    "max_content_length": 4096,
}
# without JavaScript, the browser itself sends the form with a code
POLICY = responses.PAGE_POLICY.replace("form-action 'none'", "form-action 'self'")


class VerifyPage(http.Controller):
    @http.route("/verify", **READ)
    def start(self, code=None, **_params):
        """Ask for a code or a file; lead from a code that was typed to its document."""
        if code is None:
            return self._page({"document": None})
        if known := links.read_code(code):
            return responses.private(request.redirect(f"/verify/{known}", code=302), POLICY)
        return self._unknown()

    @http.route("/verify/<string:code>", **READ)
    def document(self, code, **_params):
        """Tell what is public of the document with this code."""
        document = request.env["signature.request"]._from_code(links.read_code(code))
        return self._page(self._told(document)) if document else self._unknown()

    @http.route("/verify/check", **CHECK)
    def check(self, sha256=None, code=None, page=None, **_params):
        """Judge a file of which only this was sent.

        :param sha256: of the whole file, lower-case hex
        :param code: that stands in the file, if any
        :param page: code of the page on which it is checked, if any
        :return: `{"verdict": genuine|altered|unknown|wrong, "facts": of the document that was found, "html": the
            answer}`; wrong: the record of that document does not hold, so nothing is said of it
        """
        documents, page = request.env["signature.request"], links.read_code(page)
        document, verdict = documents._from_sha256(sha256), "genuine"
        if not document:
            document = documents._from_code(links.read_code(code))
            verdict = "altered" if document else "unknown"
        self._use_language()
        told = self._told(document)
        values = {
            **told,
            "verdict": "wrong" if told["is_wrong"] else verdict,
            "page": page,
            "is_other": bool(document and page and document.verify_code != page),
        }
        html = request.env["ir.qweb"]._render("signature_workflow.verify_answer", values, minimal_qcontext=True)
        return {"verdict": values["verdict"], "facts": self._written(values["facts"]), "html": html}

    def _told(self, document):
        facts = document._public_facts() if document else {}
        return {
            "document": document,
            "company": document.company_id,
            "facts": facts,
            "is_wrong": bool(document) and not facts,
            # the name of the month: no two countries agree on the order of the numbers
            "when": lambda date: format_datetime(request.env, date, tz="UTC", dt_format="long"),
        }

    def _written(self, facts):
        """Return `facts` as JSON takes them."""
        return {
            name: f"{fact:%Y-%m-%dT%H:%M:%SZ}" if isinstance(fact, datetime) else fact for name, fact in facts.items()
        }

    def _unknown(self):
        """Answer malformed and unknown codes alike."""
        return self._page({"document": None, "is_unknown": True}, 404)

    def _page(self, values, status=200):
        self._use_language()
        return responses.private(responses.page("signature_workflow.verify_page", values, status), POLICY)

    def _use_language(self):
        """Answer in the first language of the browser that is installed, if need be as another country speaks it."""
        installed = [code for code, _name in request.env["res.lang"].get_installed()]
        for tag in request.httprequest.accept_languages.values():
            wanted = tag.replace("-", "_").lower()
            for code in sorted(installed, key=lambda code: code.lower() != wanted):
                if re.split("[_@]", code.lower())[0] == wanted.split("_")[0]:
                    request.update_context(lang=code)
                    return
