from odoo import api, fields, models
from odoo.tools import format_date

from ..engine import marks

SHOWN_COLUMNS = [
    "signer_id", "type", "name", "help", "required", "readonly", "options", "group", "pattern",
    "page", "x", "y", "width", "height", "value", "attachment_id",
]  # fmt: skip
# the states in which the page shows the fields over the original
FIELD_STATES = ("ready", "signed", "sealing")


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
        if self.state == "skipped":
            return "released"
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
        if self._page_state() not in (*FIELD_STATES, "completed"):
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
        answers = self.env["signature.request.field"].search_fetch(parts, SHOWN_COLUMNS)
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
            "fields": self._page_fields(answers) if state in FIELD_STATES else [],
            "parties": [self._party(signer, answers) for signer in signers if signer.state != "skipped"],
            "released_by": self._released_by().name if state == "released" else "",
            "consent": self._consent(),
            "date_expire": request.date_expire,
            "tz": self.tz or "UTC",
        }

    def _today(self):
        """Return today's date as this signer writes it."""
        today = fields.Date.context_today(self.with_context(tz=self.tz or "UTC"))
        return format_date(self.env, today, lang_code=self.lang)

    def _page_fields(self, answers):
        labels = dict(answers._fields["type"]._description_selection(self.env))
        shown = []
        for field in answers:
            mine = field.signer_id.role_id == self.role_id
            is_open = mine and not self.is_done and not field.readonly and field.type != "date_signed"
            shown.append(
                {
                    "id": field.id,
                    "type": field.type,
                    "label": field.name or labels[field.type],
                    "help": field.help or "",
                    "group": field.group or "",
                    "options": field._choices(),
                    "pattern": field.pattern or "",
                    "page": field.page,
                    "x": field.x,
                    "y": field.y,
                    "width": field.width,
                    "height": field.height,
                    "required": field.required,
                    "open": is_open,
                    **(self._open_value(field) if is_open else self._fixed_value(field, mine)),
                }
            )
        return shown

    def _open_value(self, field):
        """Return what stands in a field that this signer is asked to fill."""
        has_stamp = field.type == "stamp" and self._has_company_stamp()
        return {"value": {"kind": "company"} if has_stamp else self._prefill(field), "picture": has_stamp}

    def _fixed_value(self, field, mine):
        """Return what a field shows to somebody whom it does not ask."""
        mark = field._mark()
        picture = field.type == "stamp" and bool(field.attachment_id)
        value = field.value if field.signer_id.is_done or field.readonly else ""
        if mine and not self.is_done:
            value = self._today() if field.type == "date_signed" else self._prefill(field)
            picture = field.type == "stamp" and self._has_company_stamp()
        if mark or field.type == "stamp":
            value = mark.text if isinstance(mark, marks.Typed) else ""
        return {"value": field._printed(value) or "", "picture": picture, "svg": self._svg(mark)}

    def _prefill(self, field):
        """Return what stands in a field before anybody types, in the form in which it is stored."""
        if field.value or field.type not in ("name", "company", "position", "email", "phone"):
            return field.value or ""
        if field.type in ("name", "email"):
            return self[field.type]
        partner = self.partner_id
        if field.type == "company":
            colleague = self.user_id and self.request_id.company_id.name
            return colleague or partner.commercial_company_name or ""
        return partner[{"position": "function", "phone": "phone"}[field.type]] or ""

    def _has_company_stamp(self):
        """Tell whether this signer may put the company's stamp: a colleague, where there is one."""
        return bool(self.user_id and self.request_id.company_id.signature_stamp)

    def _picture(self, field_id):
        """Return the PNG, as bytes, that a stamp field of this document shows to this signer, or None."""
        if self._page_state() not in FIELD_STATES:
            return None
        domain = [("id", "=", field_id), ("request_id", "=", self.request_id.id), ("type", "=", "stamp")]
        field = self.env["signature.request.field"].search(domain)
        if field.attachment_id:
            return field.attachment_id.raw
        if field.signer_id.role_id == self.role_id and self._has_company_stamp():
            return self.request_id.company_id._signature_picture().png
        return None

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
