"""The evidence of documents as an archive, for those who see their records."""

import tempfile

from odoo import http
from odoo.http import request
from werkzeug.exceptions import NotFound
from werkzeug.utils import send_file

from ..models.signature_request_evidence import EXPORT_LIMIT
from . import responses


class Evidence(http.Controller):
    @http.route("/signature_workflow/evidence/<string:ids>", type="http", auth="user", methods=["GET"])
    def evidence(self, ids, **_params):
        """Return the archive of the requests with these `ids`, separated by commas; reading changes nothing."""
        requests = self._requests(ids)
        # on disk: a scan has megabytes
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        requests._write_evidence(file)
        file.seek(0)
        response = send_file(
            file,
            request.httprequest.environ,
            mimetype="application/zip",
            as_attachment=True,
            download_name=requests._evidence_name(),
            response_class=http.Response,
        )
        return responses.private(response, responses.DOCUMENT_POLICY)

    def _requests(self, ids):
        """Return the requests, all of which this user sees; raises NotFound alike for hidden, missing and malformed."""
        numbers = ids.split(",")
        # the database has integers of 31 bits
        if len(numbers) > EXPORT_LIMIT or not all(n.isascii() and n.isdigit() and len(n) < 10 for n in numbers):
            raise NotFound()
        requests = request.env["signature.request"].browse(int(number) for number in dict.fromkeys(numbers))
        # who may not use this at all is told the same
        if len(requests.exists()) != len(requests) or not requests.has_access("read"):
            raise NotFound()
        return requests
