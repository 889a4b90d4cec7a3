"""Pictures and examples of a template's document, for the people who work with it."""

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from ..engine.errors import EngineError
from ..engine.pdf.preview import preview
from ..models.engine_messages import engine_message

READ = {"type": "http", "auth": "user", "methods": ["GET"]}
# pixels; twice what the send dialog shows, for dense screens
PREVIEW_WIDTH = 800
EXAMPLE_SECONDS = 600


class TemplateDocument(http.Controller):
    @http.route("/signature_workflow/template/<int:template_id>/document", **READ)
    def document(self, template_id, record_id=None, places=None, **_params):
        """Return the template's document as an example (PDF), made from `record_id` or the newest record.

        With `places`, the places of its fields are drawn on it.
        """
        template = self._template(template_id)
        __, document = template._sample_document(self._id(record_id))
        pdf = template._with_places(document, sample=True) if places else document.pdf
        return self._private(pdf, "application/pdf")

    @http.route("/signature_workflow/template/<int:template_id>/preview", **READ)
    def preview(self, template_id, record_id=None, page=None, **_params):
        """Return a page of the document of `record_id` as a PNG, with the places of its fields.

        Without a record, it is an example. The header `X-Pages` says how many pages there are. What is missing is
        answered as 422, with a sentence.
        """
        template, record_id = self._template(template_id), self._id(record_id)
        try:
            if record_id:
                document = template._shown_document(template._sample_record(record_id))
            else:
                __, document = template._sample_document()
            number = min(max(self._id(page) or 1, 1), len(document.page_sizes))
            pdf = template._with_places(document, sample=not record_id)
            picture = preview(pdf, page=number, width=PREVIEW_WIDTH)
            response = self._private(picture, "image/png")
            response.headers["X-Pages"] = len(document.page_sizes)
            if not record_id:
                # the gallery asks for examples each time it is shown
                response.headers["Cache-Control"] = f"private, max-age={EXAMPLE_SECONDS}"
            return response
        except UserError as error:
            return request.make_response(str(error), [("Content-Type", "text/plain; charset=utf-8")], status=422)
        except EngineError as error:
            message = engine_message(request.env, error)
            return request.make_response(message, [("Content-Type", "text/plain; charset=utf-8")], status=422)

    def _template(self, template_id):
        template = request.env["signature.template"].browse(template_id).exists()
        # whoever may not read it learns no more than that there is nothing
        if not template or not template.has_access("read"):
            raise request.not_found()
        return template

    def _id(self, record_id):
        return int(record_id) if (record_id or "").isdecimal() else False

    def _private(self, data, mimetype):
        headers = [
            ("Content-Type", mimetype),
            ("Content-Length", len(data)),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(data, headers)
