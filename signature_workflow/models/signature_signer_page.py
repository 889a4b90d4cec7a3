from odoo import api, fields, models
from odoo.tools import format_date

from ..engine import marks

ANSWER_FIELDS = ["signer_id", "type", "name", "required", "page", "x", "y", "width", "height", "value"]


class SignatureSigner(models.Model):
    """What the signing page shows."""

    _inherit = "signature.signer"

    @api.model
    def _from_token(self, token):
        """Return the signer (sudo) of a secret link in their own language, or nobody."""
        signer = self.env["signature.link"]._find_signer(token)
        return signer.with_context(lang=signer.lang or self.env.lang, tz=signer.tz or "UTC")

    def _page_state(self):
        """Return where this signer stands, as one of the states of the page."""
        self.ensure_one()
        request = self.request_id
        if request.state == "completed":
            return "completed"
        if request.state in ("declined", "expired", "cancelled"):
            return request.state
        if request.state == "failed":
            return "signed" if self.is_done else "failed"
        if request.state == "signed":
            return "sealing"
        if request.state != "sent":
            return "preparing"
        if self.is_done:
            return "signed"
        if self._is_late():
            return "expired"
        return "ready" if self.state in ("sent", "viewed") else "waiting"

    def _is_late(self):
        limit = self.request_id.date_expire
        return bool(limit) and limit < fields.Date.context_today(self)

    def _consent(self):
        return self.env._(
            "By finishing I sign this document electronically and agree that my electronic "
            "signature counts as my handwritten one."
        )

    def _document(self):
        """Return the PDF that this signer may read now (sudo), or nothing.

        That is the signed copy once there is one. Who has not signed when the request ends, or whose
        turn has not come, gets nothing.
        """
        self.ensure_one()
        request = self.request_id
        if self._page_state() not in ("ready", "signed", "sealing", "completed"):
            return request.original_id.browse()
        return request.final_id or request.original_id

    def _page_values(self):
        """Return all that the page shows to this signer; times are UTC."""
        self.ensure_one()
        request, state = self.request_id, self._page_state()
        sizes = request.page_sizes or []
        sender = request.user_id
        # one query each, where reading the one2many takes two
        parts = [("request_id", "=", request.id)]
        signers = self.search_fetch(parts, ["name", "role_id", "state", "date_signed"])
        answers = self.env["signature.request.field"].search_fetch(parts, ANSWER_FIELDS)
        return {
            "state": state,
            "document": {
                "name": request.name,
                "sha256": request.original_sha256 or "",
                "pages": [{"width": width, "height": height} for width, height in sizes],
            },
            "signer": {
                "name": self.name,
                "email": self.email,
                "role": self.role_id.name,
                "lang": self.lang,
            },
            "sender": {
                "name": sender.name,
                "company": request.company_id.name,
                "email": sender.email,
                "phone": sender.phone,
            },
            "company": request.company_id,
            "fields": self._page_fields(answers) if state in ("ready", "signed", "sealing") else [],
            "parties": [self._party(signer, answers) for signer in signers],
            "consent": self._consent(),
            "date_expire": request.date_expire,
            "tz": self.tz or "UTC",
        }

    def _today(self):
        """Return today's date as this signer writes it."""
        today = fields.Date.context_today(self.with_context(tz=self.tz or "UTC"))
        return format_date(self.env, today, lang_code=self.lang)

    def _page_fields(self, answers):
        shown = []
        for field in answers:
            mine, mark = field.signer_id == self, field._mark()
            value = field.value
            if isinstance(mark, marks.Typed):
                value = mark.text
            elif mark:
                value = ""
            elif mine and not self.is_done:
                value = {"name": self.name, "date_signed": self._today()}.get(field.type, "")
            shown.append(
                {
                    "id": field.id,
                    "type": field.type,
                    "label": field.name,
                    "help": "",
                    "page": field.page,
                    "x": field.x,
                    "y": field.y,
                    "width": field.width,
                    "height": field.height,
                    "required": field.required,
                    "value": value or "",
                    "mine": mine,
                    "svg": self._svg(mark),
                }
            )
        return shown

    def _party(self, signer, answers):
        signed = answers.filtered(lambda f: f.signer_id == signer and f.type == "signature" and f.value)
        mark = signed[0]._mark() if signed else None
        return {
            "name": signer.name,
            "role": signer.role_id.with_context(lang=self.env.lang).name,
            "state": signer.state,
            "date": signer.date_signed,
            "is_me": signer == self,
            "mark": {"text": mark.text if isinstance(mark, marks.Typed) else "", "svg": self._svg(mark)}
            if mark
            else None,
        }

    @api.model
    def _svg(self, mark):
        """Return the strokes of a drawn mark for an SVG image, or None."""
        if not isinstance(mark, marks.Drawn):
            return None
        return {"path": marks.svg_path(mark), "width": mark.width, "height": mark.height}
