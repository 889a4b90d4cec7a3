"""The signer's page: whoever holds the secret link reads, signs, declines. No account."""

from odoo import http
from odoo.http import request
from werkzeug.exceptions import NotFound

from ..engine import links
from ..models.refused import SubmitRefused
from ..models.signature_authentication import PASS_HOURS
from . import responses

MAX_BODY = 1024 * 1024
# Files come as base64 within JSON: one of the greatest size, or several that together are not much more.
MAX_ANSWERS = 16 * 1024 * 1024
NONCE_LIMIT = 64
# kept by the browser, for this link alone, once a code was entered
PASS_COOKIE = "signature_pass"  # noqa: S105 - its name, not a secret

# No session: a signer has no account, and the page leaves no cookie but that of a code.
READ = {"type": "http", "auth": "public", "methods": ["GET"], "save_session": False}
ACT = {
    "type": "jsonrpc",
    "auth": "public",
    "save_session": False,
    "max_content_length": MAX_BODY,
}
SUBMIT = {**ACT, "max_content_length": MAX_ANSWERS}


def _is_nonce(value):
    """Tell whether `value` may name one attempt of the page; it is kept with the signature."""
    return isinstance(value, str) and 0 < len(value) <= NONCE_LIMIT and value.isascii() and value.isprintable()


class SigningPage(http.Controller):
    # Reading: nothing is written

    @http.route("/s/<string:token>", **READ)
    def short(self, token, **_params):
        """Lead from the short link of a text message to the page."""
        if not links.is_well_formed(token):
            return self._unknown_link()
        return responses.private(request.redirect(f"/sign/{token}", code=302), responses.PAGE_POLICY)

    @http.route("/sign/<string:token>", **READ)
    def page(self, token, **_params):
        signer = self._signer(token)
        if signer and signer._host() and request.session.uid:
            # the device of the salesperson: whoever holds it now must not be at home in the back office
            away = request.redirect_query("/web/session/logout", {"redirect": f"/sign/{token}"})
            return responses.private(away, responses.PAGE_POLICY)
        if signer:
            return responses.signing_page(signer, f"/sign/{token}")
        link = request.env["signature.link"]._find(token)
        return self._revoked_link(link) if link else self._unknown_link()

    @http.route("/sign/<string:token>/document", **{**READ, "auth": "none"})
    def document(self, token, download=None, **_params):
        # no words, so no language either
        signer = self._visitor(token)
        attachment = signer and signer._document()
        return responses.document(attachment, download) if attachment else self._unknown_link()

    @http.route("/sign/<string:token>/picture/<int:field_id>", **READ)
    def picture(self, token, field_id, **_params):
        signer = self._visitor(token)
        png = signer and signer._picture(field_id)
        return responses.picture(png) if png else self._unknown_link()

    @http.route("/sign/<string:token>/status", **READ)
    def status(self, token, **_params):
        signer = self._signer(token)
        if not signer:
            return self._unknown_link()
        state = signer._page_state()
        response = request.make_json_response({"state": state, "ready": state == "completed"})
        return responses.private(response, responses.PAGE_POLICY)

    # Acting

    @http.route("/sign/<string:token>/viewed", **ACT)
    def viewed(self, token, **_params):
        self._signer_or_404(token)._record_view(responses.origin())
        return {}

    @http.route("/sign/<string:token>/draft", **ACT)
    def draft(self, token, draft=None, **_params):
        return self._answer(token, lambda signer: signer._keep_draft(draft))

    @http.route("/sign/<string:token>/submit", **SUBMIT)
    def submit(self, token, values=None, nonce=None, document=None, consent=None, comment="", **_params):
        def act(signer):
            if not (_is_nonce(nonce) and isinstance(document, str)):
                raise self._malformed()
            if consent is not True:
                raise SubmitRefused("consent", request.env._("Please agree to sign electronically, then finish."))
            return signer._submit(self._by_field(values), nonce, document, responses.origin(), comment)

        return self._answer(token, act)

    @http.route("/sign/<string:token>/decline", **ACT)
    def decline(self, token, reason=None, reason_id=None, nonce=None, **_params):
        def act(signer):
            if not (_is_nonce(nonce) and type(reason_id) in (int, type(None))):
                raise self._malformed()
            return signer._decline(reason, nonce, responses.origin(), reason_id)

        return self._answer(token, act)

    @http.route("/sign/<string:token>/forward", **ACT)
    def forward(self, token, name=None, email=None, phone=None, **_params):
        return self._answer(token, lambda signer: signer._forward(name, email, phone, responses.origin()))

    @http.route("/sign/<string:token>/code", **ACT)
    def send_code(self, token, **_params):
        return self._answer(
            token, lambda signer: request.env["signature.authentication"]._send(signer, responses.origin())
        )

    @http.route("/sign/<string:token>/code/check", **ACT)
    def check_code(self, token, code=None, **_params):
        """Let the browser in that sends the right code; a wrong one counts, so nothing is undone."""
        signer = self._signer_or_404(token)
        passed, refused = request.env["signature.authentication"]._check(signer, code, responses.origin())
        if refused:
            return self._refusal(refused)
        request.future_response.set_cookie(
            PASS_COOKIE,
            passed,
            max_age=PASS_HOURS * 3600,
            path=f"/sign/{token}",
            secure=request.httprequest.scheme == "https",
            httponly=True,
            samesite="Lax",
        )
        return {"state": "ready"}

    @http.route("/sign/<string:token>/return", **ACT)
    def return_device(self, token, **_params):
        """Close the link of a device that was handed over; tell where the salesperson goes on."""
        record = self._signer_or_404(token)._return_device(responses.origin())
        if not record:
            raise NotFound()
        return {"url": f"/odoo/{record.res_model}/{record.res_id}"}

    # Who, what, from where

    def _answer(self, token, act):
        """Return what `act(signer)` came to, or why it was refused, for the page to show."""
        signer = self._signer_or_404(token)
        try:
            # the refusal is a normal answer: only the savepoint undoes what came before it
            with request.env.cr.savepoint():
                return {"state": act(signer)}
        except SubmitRefused as refused:
            return self._refusal(refused)

    def _refusal(self, refused):
        error = {"code": refused.code, "message": str(refused)}
        if refused.field_id:
            error["field_id"] = refused.field_id
        return {"error": error}

    def _by_field(self, values):
        # only ASCII digits are ids: int() would also read "١" and "1_0"
        if not isinstance(values, dict) or not all(key.isascii() and key.isdigit() and len(key) < 10 for key in values):
            raise self._malformed()
        return {int(key): value for key, value in values.items()}

    def _visitor(self, token):
        """Return the signer whom the link belongs to, or nobody."""
        passed = request.httprequest.cookies.get(PASS_COOKIE, "")
        return request.env["signature.signer"]._from_token(token, passed)

    def _signer(self, token):
        """Return the signer whom the link belongs to, answered in the signer's language, or nobody."""
        return responses.use_language(self._visitor(token))

    def _signer_or_404(self, token):
        signer = self._signer(token)
        if not signer:
            raise NotFound()
        return signer

    def _malformed(self):
        message = request.env._("This page is out of date. Reload it and try again.")
        return SubmitRefused("malformed", message)

    def _unknown_link(self):
        """Answer malformed and unknown links alike: nothing tells them apart."""
        request.env["ir.http"]._auth_method_public()
        return responses.page("signature_workflow.signing_page_unknown", {}, 404)

    def _revoked_link(self, link):
        """Say why a link that was once good works no more, and whom to ask; nothing of the document."""
        signer = responses.use_language(link.signer_id)
        values = {"reason": link.revoked, "company": signer.request_id.company_id, "sender": signer._sender_values()}
        return responses.page("signature_workflow.signing_page_revoked", values, 410)
