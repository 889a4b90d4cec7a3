import json

from odoo import api, fields, models
from odoo.tools import format_date

from ..engine import marks, transitions
from .signature_policy import ACTING, POLICY
from .signature_request_field import MARK_TYPES, PICTURE
from .signature_signer_acting import FORWARD_LIMIT

SHOWN_COLUMNS = [
    "signer_id", "type", "name", "help", "required", "readonly", "options", "group", "pattern",
    "page", "x", "y", "width", "height", "value", "attachment_id",
]  # fmt: skip
PICTURED_TYPES = (*MARK_TYPES, "stamp")
# Of every row only what is shown: Odoo reads whole rows otherwise, and those of users, contacts and companies are wide.
VISITOR_COLUMNS = ["request_id", "role_id", "state", "lang", "tz", "participation", "authentication"]
DOCUMENT_COLUMNS = ["state", "date_expire", "original_id", "final_id", "is_paper"]
SIGNER_COLUMNS = [
    "request_id", "role_id", "partner_id", "user_id", "name", "email", "phone", "lang", "tz", "state", "date_signed",
    *POLICY, "forwards", "forwarded_by",
]  # fmt: skip
REQUEST_COLUMNS = [
    "name", "state", "company_id", "user_id", "original_id", "original_sha256", "final_id", "date_expire",
    "is_test", "is_paper", "cancel_reason", "template_id", "replaced_by_id",
]  # fmt: skip
# nothing of the document is shown, so no code is asked for either
ENDED_STATES = ("declined", "expired", "cancelled", "paper")
# the states in which the page shows the fields over the original
FIELD_STATES = ("ready", "held", "reading", "signed", "sealing")
# the states in which it shows the signed copy
COPY_STATES = ("completed", "withdrawn")


class SignatureSigner(models.Model):
    """What the signing page shows."""

    _inherit = "signature.signer"

    @api.model
    def _from_token(self, token, passed=""):
        """Return the signer (sudo) of a live secret link in their own language, or nobody.

        `passed` is what the browser keeps since a code was entered there.
        """
        link = self.env["signature.link"]._find(token)
        signer = link.signer_id if not link.revoked else link.signer_id.browse()
        signer.fetch(VISITOR_COLUMNS)
        return signer.with_context(
            lang=signer.lang or self.env.lang, tz=signer.tz or "UTC", signature_link=link.id, signature_passed=passed
        )

    def _seen_as(self):
        """Return this signer as one who shows the page to the salesperson: no code, and never too early."""
        return self.with_context(lang=self.lang or self.env.lang, tz=self.tz or "UTC", signature_preview=True)

    def _page_state(self):
        """Return where this signer stands, as one of the states of the page."""
        self.ensure_one()
        request, is_preview = self.request_id, self.env.context.get("signature_preview")
        if request.state in ENDED_STATES:
            return request.state
        if self.state == "skipped" and not request.is_paper:
            return "released"
        if not is_preview and not self._is_identified():
            return "code"
        if request.state in ("sent", "signed"):
            return self._open_state()
        if request.state == "held":
            return "held" if is_preview or self in request._next_signers() else "waiting"
        if request.state in COPY_STATES:
            return request.state
        if request.state == "failed":
            return "signed" if self.state in transitions.SIGNER_DONE else "failed"
        return "preparing"

    def _open_state(self):
        """Return where this signer stands while the document is with its signers."""
        request, is_preview = self.request_id, self.env.context.get("signature_preview")
        is_late = request.state == "sent" and self._is_late()
        if self.participation not in ACTING:
            return self._reading_state(is_late)
        if request.state == "signed":
            return "sealing"
        if self.state in transitions.SIGNER_DONE:
            return "signed"
        if is_late:
            return "expired"
        return "ready" if self.state in ("sent", "viewed") or is_preview else "waiting"

    def _reading_state(self, is_late):
        is_too_early = self.state == "waiting" and self.request_id.state == "sent"
        if is_too_early and not self.env.context.get("signature_preview"):
            return "waiting"
        return "expired" if is_late else "reading"

    def _is_late(self):
        limit = self.request_id.date_expire
        return bool(limit) and limit < fields.Date.context_today(self)

    def _consent(self):
        if self.participation == "approve":
            return self.env._("By approving I confirm that I have read this document and agree to it.")
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
        request.fetch(DOCUMENT_COLUMNS)
        if self._page_state() not in (*FIELD_STATES, *COPY_STATES):
            return request.original_id.browse()
        return request.final_id or request.original_id

    def _page_values(self):
        """Return all that the page shows to this signer; times are UTC. Before a code, that is next to nothing."""
        self.ensure_one()
        request = self.request_id
        request.fetch(REQUEST_COLUMNS)
        self.fetch(["draft", *SIGNER_COLUMNS])
        state = self._page_state()
        values = {
            "state": state,
            "document": {"name": "", "sha256": "", "pages": []},
            "signer": {
                "name": "",
                "participation": self.participation,
                "authentication": self.authentication,
                "date": self.date_signed,
            },
            "code": self._code_values(),
            "sender": self._sender_values(),
            "company": request.company_id,
            "is_test": request.is_test,
            "is_preview": bool(self.env.context.get("signature_preview")),
            "host": self._host().name or "",
            "forwarded_by": self.forwarded_by or "",
            "may_forward": self.may_forward and not self._host() and self.forwards < FORWARD_LIMIT,
            "draft": self._kept_draft() if state == "ready" else None,
            "reasons": self._decline_reasons() if state == "ready" else [],
            "released_by": self._released_by().name if state == "released" else "",
            "consent": self._consent(),
            "date_expire": request.date_expire,
            "tz": self.tz or "UTC",
            "fields": [],
            "parties": [],
            "cancel_reason": "",
            "is_paper": request.is_paper,
            **self._outcome_values(state),
        }
        is_known = values["is_preview"] or self._is_identified()
        return values | self._document_values(state) if is_known else values

    def _outcome_values(self, state):
        """Return what only some of the states show."""
        request, values = self.request_id, {}
        if state in ("reading", "signed", "sealing"):
            request.template_id.fetch(["copies_mail_id"])
            values["gets_copy"] = bool(request.template_id.copies_mail_id) or request.is_test
        elif state == "held":
            is_away = self._host() or self.env.context.get("signature_preview")
            values["held_for"] = request._hold_text(self.lang)
            values["hold_link"] = not is_away and request._hold_link(self)
        elif state == "cancelled":
            values["is_replaced"] = bool(request.replaced_by_id)
        elif state in COPY_STATES and request.is_paper:
            values["date_completed"] = request.date_completed
        if state == "withdrawn":
            values |= {"date_withdrawn": request.date_withdrawn, "withdraw_reason": request.withdraw_reason}
        return values

    def _document_values(self, state):
        """Return what the page shows of the document and of those who take part."""
        request = self.request_id
        # one query each, where reading the one2many takes two
        parts = [("request_id", "=", request.id)]
        signers = self.search_fetch(parts, SIGNER_COLUMNS)
        signers.role_id.fetch(["name"])
        answers = self.env["signature.request.field"].search_fetch(parts, SHOWN_COLUMNS)
        return {
            "document": {
                "name": request.name,
                "sha256": request.original_sha256 or "",
                "pages": request._read_page_sizes(),
            },
            "signer": {
                "name": self.name,
                "email": self.email,
                "phone": self.phone,
                "role": self.role_id.name,
                "lang": self.lang,
                "participation": self.participation,
                "channel": self.channel,
                "authentication": self.authentication,
                "date": self.date_signed,
            },
            "fields": self._page_fields(answers, state) if state in FIELD_STATES else [],
            "parties": [self._party(signer, answers) for signer in signers._acting() if signer.state != "skipped"],
            "cancel_reason": request.cancel_reason or "",
        }

    def _kept_draft(self):
        if self.env.context.get("signature_preview"):
            return None
        return json.loads(self.draft) if self.draft else None

    @api.model
    def _decline_reasons(self):
        """Return `[{"id", "name", "needs_words"}]` of the reasons to choose from."""
        return self.env["signature.decline.reason"].search_read([("active", "=", True)], ["name", "needs_words"])

    def _sender_values(self):
        """Return what every page says of the sender, also to those who may not see the document."""
        self.ensure_one()
        user, company = self.request_id.user_id, self.request_id.company_id
        user.fetch(["partner_id"])
        # what a user has of these is the contact's
        sender = user.partner_id
        sender.fetch(["name", "email", "phone"])
        company.fetch(["name", "uses_default_logo"])
        return {"name": sender.name, "company": company.name, "email": sender.email, "phone": sender.phone}

    def _today(self):
        """Return today's date as this signer writes it."""
        today = fields.Date.context_today(self.with_context(tz=self.tz or "UTC"))
        return format_date(self.env, today, lang_code=self.lang)

    def _page_fields(self, answers, state):
        labels = dict(answers._fields["type"]._description_selection(self.env))
        shown = []
        for field in answers:
            mine = field.signer_id.role_id == self.role_id
            may_fill = mine and not self.is_done and state != "held"
            is_open = may_fill and not field.readonly and field.type != "date_signed"
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
        picture = field.value == PICTURE and bool(field.attachment_id)
        value = field.value if field.signer_id.is_done or field.readonly else ""
        if mine and not self.is_done:
            value = self._today() if field.type == "date_signed" else self._prefill(field)
            picture = field.type == "stamp" and self._has_company_stamp()
        if mark or field.type == "stamp":
            value = mark.text if isinstance(mark, marks.Typed) else ""
        return {"value": field._printed(value) or "", "picture": picture, **self._drawing(mark)}

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
        """Return the PNG, as bytes, that a field of this document shows to this signer, or None."""
        if self._page_state() not in (*FIELD_STATES, *COPY_STATES):
            return None
        domain = [("id", "=", field_id), ("request_id", "=", self.request_id.id), ("type", "in", PICTURED_TYPES)]
        field = self.env["signature.request.field"].search(domain)
        if field.attachment_id:
            return field.attachment_id.raw
        if field.type == "stamp" and field.signer_id.role_id == self.role_id and self._has_company_stamp():
            return self.request_id.company_id._signature_picture().png
        return None

    def _party(self, signer, answers):
        signed = answers.filtered(lambda f: f.signer_id == signer and f.type == "signature" and f.value)[:1]
        mark = signed and signed._mark()
        return {
            "name": signer.name,
            "role": signer.role_id.name,
            "participation": signer.participation,
            "state": signer.state,
            "date": signer.date_signed,
            "is_me": signer == self,
            "mark": mark and self._mark_values(signed, mark),
        }

    @api.model
    def _mark_values(self, field, mark):
        """Return how the page shows who has signed: a text, strokes, or the id of the field with the picture."""
        text = mark.text if isinstance(mark, marks.Typed) else ""
        return {"text": text, "picture": isinstance(mark, marks.Picture) and field.id, **self._drawing(mark)}

    @api.model
    def _drawing(self, mark):
        """Return the hand of a typed mark, and the strokes of a drawn one for an SVG image."""
        svg = None
        if isinstance(mark, marks.Drawn):
            svg = {"path": marks.svg_path(mark), "width": mark.width, "height": mark.height}
        return {"font": mark.font if isinstance(mark, marks.Typed) else "", "svg": svg}
