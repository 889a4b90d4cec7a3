"""pdf.js in a fifth of its size: the signing page opens on slow phones, too."""

import functools
import gzip
import os

from odoo import http
from odoo.http import STATIC_CACHE, request
from odoo.tools import file_path
from werkzeug.exceptions import NotFound

FILES = ("pdf.js", "pdf.worker.js")


@functools.lru_cache(maxsize=len(FILES))
def _compressed(path, _mtime):
    """Return the file compressed; done once in a process, and again after an update of Odoo."""
    with open(path, "rb") as file:
        return gzip.compress(file.read(), mtime=0)


class PdfJs(http.Controller):
    @http.route(
        "/signature_workflow/pdfjs/<string:name>", type="http", auth="public", methods=["GET"], save_session=False
    )
    def pdfjs(self, name):
        """Serve a file of Odoo's pdf.js, compressed if the browser can read that.

        Odoo sends static files as they are, and the usual proxy in front of it does not compress
        scripts either; uncompressed, pdf.js takes a quarter of a minute on a slow connection.
        """
        if name not in FILES:
            raise NotFound()
        stream = http.Stream.from_path(f"web/static/lib/pdfjs/build/{name}", public=True)
        if "gzip" in request.httprequest.headers.get("Accept-Encoding", ""):
            path = file_path(f"web/static/lib/pdfjs/build/{name}")
            data = _compressed(path, os.path.getmtime(path))
            stream = http.Stream(
                type="data",
                data=data,
                size=len(data),
                etag=f"{stream.etag}-gzip",
                public=True,
                mimetype="text/javascript",
                last_modified=stream.last_modified,
            )
        stream.max_age = STATIC_CACHE
        response = stream.get_response()
        if stream.type == "data":
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        return response
