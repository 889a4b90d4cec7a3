"""The page as a signer sees it, for colleagues who see the record: read-only, and nothing is counted."""

from odoo import http
from odoo.http import request
from werkzeug.exceptions import NotFound

from . import responses

READ = {"type": "http", "auth": "user", "methods": ["GET"]}


class SeenAs(http.Controller):
    @http.route("/signature_workflow/signer/<int:signer_id>", **READ)
    def page(self, signer_id, **_params):
        return responses.signing_page(self._signer(signer_id), f"/signature_workflow/signer/{signer_id}")

    @http.route("/signature_workflow/signer/<int:signer_id>/document", **READ)
    def document(self, signer_id, download=None, **_params):
        attachment = self._signer(signer_id)._document()
        if not attachment:
            raise NotFound()
        return responses.document(attachment, download)

    @http.route("/signature_workflow/signer/<int:signer_id>/picture/<int:field_id>", **READ)
    def picture(self, signer_id, field_id, **_params):
        png = self._signer(signer_id)._picture(field_id)
        if not png:
            raise NotFound()
        return responses.picture(png)

    def _signer(self, signer_id):
        """Return the signer (sudo), in their language, whom this user may see by the rules of the record."""
        signer = request.env["signature.signer"].browse(signer_id).exists()
        if not signer or not signer.has_access("read"):
            raise NotFound()
        return responses.use_language(signer.sudo()._seen_as())
