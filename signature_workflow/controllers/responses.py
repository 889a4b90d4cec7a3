"""What all pages around a document to sign have in common."""

import hashlib
import json

from odoo.http import request
from odoo.tools import format_date, format_datetime, get_lang, groupby
from odoo.tools.json import scriptsafe

from ..engine import files, images
from ..models.ir_http import PRIVATE_HEADERS

# what the page accepts of files in all, which leaves room for marks and texts
MAX_FILES = 11 * 1024 * 1024
USER_AGENT_LIMIT = 512
# what Odoo's stream reads of a stored file
STREAM_COLUMNS = ["name", "mimetype", "checksum", "public", "store_fname"]

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


def private(response, policy):
    """Keep the secret link and what lies behind it out of caches, referrers, indexes and frames."""
    response.headers.update({**PRIVATE_HEADERS, "Content-Security-Policy": policy})
    return response


def origin():
    """Return `{"ip", "user_agent"}` of the visitor, for the audit trail."""
    user_agent = request.httprequest.user_agent.string[:USER_AGENT_LIMIT]
    # a database takes no control characters
    user_agent = "".join(char for char in user_agent if char.isprintable())
    return {"ip": request.httprequest.remote_addr, "user_agent": user_agent}


def use_language(signer):
    """Answer in the language of `signer`, who is in the context of it; returns the signer."""
    # the language may have been switched off since: any other one beats an error
    lang = request.env["res.lang"]._get_code(signer.lang or "") or request.env.lang
    request.update_context(lang=lang)
    return signer.with_context(lang=lang)


def page(template, values, status=200):
    """Return a page of the signing layout."""
    lang = request.env["res.lang"]._get_data(code=request.env.lang or "en_US")
    values["html_lang"] = (lang.code or "en").split("@")[0].replace("_", "-")
    values["html_dir"] = lang.direction or "ltr"
    # nothing of what Odoo adds is used, and that would read the user and the company
    html = request.env["ir.qweb"]._render(template, values, minimal_qcontext=True)
    return private(request.make_response(html, status=status), PAGE_POLICY)


def signing_page(signer, base_url):
    """Return the page of `signer`, whose document and actions lie under `base_url`."""
    return page("signature_workflow.signing_page", _page_values(signer, base_url))


def _page_values(signer, base_url):
    """Return what the page shows: the signer's values, worded and grouped for the templates."""
    values, env = signer._page_values(), request.env
    tz = values["tz"] or "UTC"
    shown = sorted(values["fields"], key=lambda field: (field["page"], field["y"], field["x"]))
    config = {
        "url": base_url,
        "storageKey": hashlib.sha256(f"page:{base_url}".encode()).hexdigest()[:24],
        "state": values["state"],
        "isPreview": values["is_preview"],
        "participation": values["signer"]["participation"],
        "sha256": values["document"]["sha256"],
        "pages": values["document"]["pages"],
        "signerName": values["signer"]["name"],
        "fields": shown,
        "draft": values["draft"],
        "limits": {"file": files.MAX_BYTES, "picture": images.MAX_BYTES, "all": MAX_FILES},
        "locale": _locale(),
    }
    return {
        **values,
        "config": scriptsafe.dumps(config),
        "base_url": base_url,
        "open_types": {field["type"] for field in shown if field["open"]},
        "fields_by_page": dict(groupby(shown, lambda field: field["page"])),
        "expire_text": values["date_expire"] and format_date(env, values["date_expire"], date_format="long"),
        # the whole name of the time zone: an offset says little to most people
        "when": lambda date: f"{format_datetime(env, date, tz=tz, dt_format='medium')} ({tz})",
    }


def _locale():
    """Return how numbers and dates are written in the signer's language, for the page's script."""
    lang = get_lang(request.env)
    return {
        "decimal": lang.decimal_point,
        "thousands": lang.thousands_sep or "",
        "grouping": json.loads(lang.grouping),
        "date": lang.date_format,
    }


def document(attachment, download):
    """Return the response that streams a PDF."""
    attachment.fetch(STREAM_COLUMNS)
    stream = attachment._to_http_stream()
    stream.public = False
    response = stream.get_response(as_attachment=bool(download), mimetype="application/pdf", max_age=None)
    # pdf.js asks for ranges only when it is told that they are served
    response.headers["Accept-Ranges"] = "bytes"
    return private(response, DOCUMENT_POLICY)


def picture(png):
    """Return the response with a picture that a field shows."""
    return private(request.make_response(png, [("Content-Type", "image/png")]), DOCUMENT_POLICY)
