import re

from odoo import models
from odoo.http import request
from werkzeug.exceptions import HTTPException

# nothing of these pages belongs into caches, referrers, indexes or foreign frames
PRIVATE_HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "frame-ancestors 'self'",
}
OWN_PATHS = re.compile(r"/(?:sign|s|verify|my/signatures|signature_workflow)(?:/|$)")


class IrHttp(models.AbstractModel):
    """What is answered on our addresses names documents and people: it is kept private, errors too."""

    _inherit = "ir.http"

    @classmethod
    def _post_dispatch(cls, response):
        result = super()._post_dispatch(response)
        if OWN_PATHS.match(request.httprequest.path):
            cls._keep_private(response)
        return result

    @classmethod
    def _handle_error(cls, exception):
        answer = super()._handle_error(exception)
        if not OWN_PATHS.match(request.httprequest.path):
            return answer
        # Odoo also answers with exceptions: they make a response when they are called
        is_raised = isinstance(answer, HTTPException)
        response = answer.get_response(request.httprequest.environ) if is_raised else answer
        cls._keep_private(response)
        cls._drop_traceback(response)
        return response

    @classmethod
    def _keep_private(cls, response):
        """Add the headers that the controller has not set itself."""
        for name, value in PRIVATE_HEADERS.items():
            response.headers.setdefault(name, value)

    @classmethod
    def _drop_traceback(cls, response):
        """Keep the server's insides from visitors, to whose scripts Odoo sends them with each error."""
        if response.mimetype == "application/json":
            answer = response.get_json()
            answer["error"]["data"]["debug"] = ""
            response.set_data(request.make_json_response(answer).get_data())
