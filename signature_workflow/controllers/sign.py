"""The signer's page: whoever holds the secret link reads, signs, declines. No account."""

import hashlib
import json

from odoo import http
from odoo.http import request
from odoo.tools import format_date, format_datetime, get_lang, groupby
from werkzeug.exceptions import NotFound

from ..engine import files, images
from ..models.signature_signer import SubmitRefused

MAX_BODY = 1024 * 1024
# Files come as base64 within JSON: one of the greatest size, or several that together are not much more.
MAX_ANSWERS = 16 * 1024 * 1024
# what the page accepts in all, which leaves room for marks and texts
MAX_FILES = 11 * 1024 * 1024
USER_AGENT_LIMIT = 512
NONCE_LIMIT = 64

# No session: a signer has no account, and the page leaves no cookie.
READ = {"type": "http", "auth": "public", "methods": ["GET"], "save_session": False}
ACT = {
    "type": "jsonrpc",
    "auth": "public",
    "save_session": False,
    "max_content_length": MAX_BODY,
}
SUBMIT = {**ACT, "max_content_length": MAX_ANSWERS}

# pdf.js makes images through blob:, all else comes from this server. The hash admits one inline
# handler, `__odooAssetError=1`, which Odoo writes on the scripts of every bundle.
PAGE_POLICY = (
    "default-src 'none'; "
    "script-src 'self' 'unsafe-hashes' 'sha256-8yDIMBSmZv57Ba62SxKgyLxU6rUm3YRxan7K7J0owqQ='; "
    "style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
DOCUMENT_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def _is_nonce(value):
    """Tell whether `value` may name one attempt of the page; it is kept with the signature."""
    return isinstance(value, str) and 0 < len(value) <= NONCE_LIMIT


def _private(response, policy):
    """Keep the secret link and what lies behind it out of caches, referrers, indexes and frames."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = policy
    return response


class SigningPage(http.Controller):
    @http.route("/sign/<string:token>", **READ)
    def page(self, token, **_params):
        signer = self._signer(token)
        if not signer:
            return self._unknown_link()
        return self._page("signature_workflow.signing_page", self._page_values(signer, token), 200)

    @http.route("/sign/<string:token>/document", **READ)
    def document(self, token, download=None, **_params):
        signer = self._signer(token)
        attachment = signer and signer._document()
        if not attachment:
            return self._unknown_link()
        stream = attachment._to_http_stream()
        stream.public = False
        response = stream.get_response(as_attachment=bool(download), mimetype="application/pdf", max_age=None)
        # pdf.js asks for ranges only when it is told that they are served
        response.headers["Accept-Ranges"] = "bytes"
        return _private(response, DOCUMENT_POLICY)

    @http.route("/sign/<string:token>/picture/<int:field_id>", **READ)
    def picture(self, token, field_id, **_params):
        signer = self._signer(token)
        png = signer and signer._picture(field_id)
        if not png:
            return self._unknown_link()
        return _private(request.make_response(png, [("Content-Type", "image/png")]), DOCUMENT_POLICY)

    @http.route("/sign/<string:token>/status", **READ)
    def status(self, token, **_params):
        signer = self._signer(token)
        if not signer:
            return self._unknown_link()
        state = signer._page_state()
        response = request.make_json_response({"state": state, "ready": state == "completed"})
        return _private(response, PAGE_POLICY)

    @http.route("/sign/<string:token>/viewed", **ACT)
    def viewed(self, token, **_params):
        self._signer_or_404(token)._record_view(self._origin())
        return {}

    @http.route("/sign/<string:token>/submit", **SUBMIT)
    def submit(self, token, values=None, nonce=None, document=None, consent=None, **_params):
        def act(signer):
            if not (_is_nonce(nonce) and isinstance(document, str)):
                raise self._malformed()
            if consent is not True:
                raise SubmitRefused("consent", request.env._("Please agree to sign electronically, then finish."))
            return signer._submit(self._by_field(values), nonce, document, self._origin())

        return self._answer(token, act)

    @http.route("/sign/<string:token>/decline", **ACT)
    def decline(self, token, reason=None, nonce=None, **_params):
        def act(signer):
            if not (isinstance(reason, str) and _is_nonce(nonce)):
                raise self._malformed()
            return signer._decline(reason, nonce, self._origin())

        return self._answer(token, act)

    def _answer(self, token, act):
        """Return what `act(signer)` came to, or why it was refused, for the page to show."""
        signer = self._signer_or_404(token)
        try:
            # the refusal is a normal answer: only the savepoint undoes what came before it
            with request.env.cr.savepoint():
                return {"state": act(signer)}
        except SubmitRefused as refused:
            error = {"code": refused.code, "message": str(refused)}
            if refused.field_id:
                error["field_id"] = refused.field_id
            return {"error": error}

    def _by_field(self, values):
        # only ASCII digits are ids: int() would also read "١" and "1_0"
        if not isinstance(values, dict) or not all(key.isascii() and key.isdigit() and len(key) < 10 for key in values):
            raise self._malformed()
        return {int(key): value for key, value in values.items()}

    def _signer(self, token):
        """Return the signer whom the link belongs to, in the signer's language, or nobody."""
        signer = request.env["signature.signer"]._from_token(token)
        # the language may have been switched off since: any other one beats an error
        lang = request.env["res.lang"]._get_code(signer.lang or "") or request.env.lang
        request.update_context(lang=lang)
        return signer.with_context(lang=lang)

    def _signer_or_404(self, token):
        signer = self._signer(token)
        if not signer:
            raise NotFound()
        return signer

    def _origin(self):
        user_agent = request.httprequest.user_agent.string[:USER_AGENT_LIMIT]
        return {"ip": request.httprequest.remote_addr, "user_agent": user_agent}

    def _malformed(self):
        message = request.env._("This page is out of date. Reload it and try again.")
        return SubmitRefused("malformed", message)

    def _page_values(self, signer, token):
        """Return what the page shows: the signer's values, worded and grouped for the templates."""
        values, env = signer._page_values(), request.env
        tz = values["tz"] or "UTC"
        shown = sorted(values["fields"], key=lambda field: (field["page"], field["y"], field["x"]))
        config = {
            "url": f"/sign/{token}",
            "storageKey": hashlib.sha256(f"page:{token}".encode()).hexdigest()[:24],
            "state": values["state"],
            "sha256": values["document"]["sha256"],
            "signerName": values["signer"]["name"],
            "fields": shown,
            "limits": {"file": files.MAX_BYTES, "picture": images.MAX_BYTES, "all": MAX_FILES},
            "locale": self._locale(),
        }
        return {
            **values,
            "config": config,
            "base_url": config["url"],
            "open_types": {field["type"] for field in shown if field["open"]},
            "fields_by_page": dict(groupby(shown, lambda field: field["page"])),
            "expire_text": values["date_expire"] and format_date(env, values["date_expire"], date_format="long"),
            # the whole name of the time zone: an offset says little to most people
            "when": lambda date: f"{format_datetime(env, date, tz=tz, dt_format='medium')} ({tz})",
        }

    def _locale(self):
        """Return how numbers and dates are written in the signer's language, for the page's script."""
        lang = get_lang(request.env)
        return {
            "decimal": lang.decimal_point,
            "thousands": lang.thousands_sep or "",
            "grouping": json.loads(lang.grouping),
            "date": lang.date_format,
        }

    def _unknown_link(self):
        """Answer malformed, unknown and revoked links alike: nothing tells them apart."""
        return self._page("signature_workflow.signing_page_unknown", {}, 404)

    def _page(self, template, values, status):
        lang = request.env["res.lang"]._get_data(code=request.env.lang or "en_US")
        values["html_lang"] = (lang.code or "en").split("@")[0].replace("_", "-")
        values["html_dir"] = lang.direction or "ltr"
        html = request.env["ir.ui.view"]._render_template(template, values)
        return _private(request.make_response(html, status=status), PAGE_POLICY)
