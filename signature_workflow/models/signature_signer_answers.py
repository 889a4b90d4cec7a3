import hashlib
import json
from typing import NamedTuple

from odoo import models
from odoo.fields import Domain

from ..engine import evidence, files, marks, values
from ..engine.errors import PdfRefused, ValueRefused
from ..engine.pdf.inspect import inspect
from .engine_messages import engine_message
from .refused import SubmitRefused
from .signature_request_field import PICTURE, TICKED_TYPES

ANSWER_COLUMNS = [
    "type", "name", "required", "readonly", "options", "group", "pattern", "page", "width", "height", "value",
    "request_id", "signer_id",
]  # fmt: skip
# what the signer types: the rest was chosen by whoever made the document, or needs no room
TYPED_TYPES = {"name", "company", "position", "email", "phone", "text", "multiline", "number"}


class Answer(NamedTuple):
    """A checked answer: the text that is stored, or False, and the picture or file that belongs to it."""

    value: str | bool = False
    file: files.FileAnswer | None = None


class SignatureSigner(models.Model):
    """What the signer has filled in."""

    _inherit = "signature.signer"

    def _inspect_files(self, answers):
        """Pass the PDFs of `answers` through the engine's door. Raises SubmitRefused.

        It may take seconds, so it is done before the request is locked, and only for who may sign and is asked for
        files; what else they are is checked after that.
        """
        # only a file has a name
        given = {field_id: raw for field_id, raw in answers.items() if isinstance(raw, dict) and "name" in raw}
        if not given:
            return
        self._check_may_act()
        asked = self.env["signature.request.field"].search(self._own_fields_domain() & Domain("type", "=", "file"))
        if given.keys() - set(asked.ids):
            raise SubmitRefused("unknown_field", self.env._("Reload the page, then try again."))
        for field_id, raw in given.items():
            try:
                file = files.parse(raw)
                if file.mimetype == "application/pdf":
                    inspect(file.data)
            except (ValueRefused, PdfRefused) as error:
                raise SubmitRefused("value", engine_message(self.env, error), field_id) from error

    def _store_answers(self, answers):
        """Keep the checked answers and the date; return the hash of them all. Raises SubmitRefused."""
        # one query, where reading the one2many takes two
        own = self.env["signature.request.field"].search_fetch(self._own_fields_domain(), ANSWER_COLUMNS, order="id")
        asked = own.filtered(lambda field: field.type != "date_signed")
        if set(answers) - set(asked.ids):
            raise SubmitRefused("unknown_field", self.env._("Reload the page, then try again."))
        stored = dict.fromkeys(own, Answer(self._today()))
        for field in asked:
            stored[field] = self._take_answer(field, answers.get(field.id))
        self._check_radios(stored)
        digests = self._write_answers(stored)
        return evidence.answers_sha256(
            (field.id, answer.value or "", digests.get(field)) for field, answer in stored.items()
        )

    def _take_answer(self, field, raw):
        """Return the Answer to a field: what the browser sent, or what a read-only field keeps."""
        if field.readonly:
            kept = self._kept_answer(field)
            if raw is not None and self._parse_answer(field, raw) != kept:
                message = self.env._("“%s” cannot be changed. Reload the page, then try again.", field.name)
                raise SubmitRefused("readonly", message, field.id)
            return kept
        answer = self._parse_answer(field, raw)
        if field.required and not answer.value and field.type != "radio":
            raise SubmitRefused("required", self.env._("“%s” is still to be filled in.", field.name), field.id)
        if answer.value and field.type in TYPED_TYPES and not field._fits(answer.value):
            message = self.env._("“%s” does not fit into its place in the document. Shorten it.", field.name)
            raise SubmitRefused("too_long_for_box", message, field.id)
        return answer

    def _parse_answer(self, field, raw):
        """Return what the browser sent for a field as an Answer. Raises SubmitRefused."""
        if raw is None:
            return Answer()
        try:
            if field.type == "stamp" and raw == {"kind": "company"} and self._has_company_stamp():
                return self._company_stamp_answer(field)
            value = values.parse(field.type, raw, options=field._choices(), pattern=field.pattern or "")
        except ValueRefused as error:
            raise SubmitRefused("value", engine_message(self.env, error), field.id) from error
        if isinstance(value, files.FileAnswer):
            return Answer(value.name, value)
        if isinstance(value, marks.Picture):
            return self._picture_answer(field, value)
        if field.type in TICKED_TYPES:
            return Answer("1" if value else False)
        if field.type in ("signature", "initials"):
            return Answer(json.dumps(marks.dump(value), separators=(",", ":")))
        return Answer(value or False)

    def _picture_answer(self, field, picture):
        return Answer(PICTURE, files.FileAnswer(f"{field.name}.png", picture.png, "image/png"))

    def _company_stamp_answer(self, field):
        return self._picture_answer(field, self.request_id.company_id._signature_picture())

    def _kept_answer(self, field):
        """Return what stands in a read-only field."""
        if field.type == "stamp":
            return self._company_stamp_answer(field) if self._has_company_stamp() else Answer()
        return Answer(self._prefill(field) or False)

    def _check_radios(self, stored):
        """Refuse a group in which several buttons are chosen, or none though one has to be."""
        groups = {}
        for field, answer in stored.items():
            if field.type == "radio":
                groups.setdefault(field.group, []).append((field, answer))
        for name, buttons in groups.items():
            chosen = [field for field, answer in buttons if answer.value]
            if len(chosen) > 1:
                message = self.env._("Only one of “%s” can be chosen. Reload the page, then try again.", name)
                raise SubmitRefused("several_chosen", message, chosen[1].id)
            open_buttons = [field for field, __ in buttons if field.required and not field.readonly]
            if open_buttons and not chosen:
                message = self.env._("Choose one of “%s”.", name)
                raise SubmitRefused("required", message, open_buttons[0].id)

    def _write_answers(self, stored):
        """Write the answers, files with the request; return `{field: SHA-256 of its file}`."""
        with_file = {field: answer for field, answer in stored.items() if answer.file}
        # a signer's file is kept as it is: no smaller copy of a picture
        attachments = (
            self.env["ir.attachment"]
            .with_context(image_no_postprocess=True)
            .create(
                [
                    {
                        "name": answer.file.name,
                        "raw": answer.file.data,
                        "mimetype": answer.file.mimetype,
                        "res_model": "signature.request",
                        "res_id": self.request_id.id,
                    }
                    for answer in with_file.values()
                ]
            )
        )
        for field, attachment in zip(with_file, attachments, strict=True):
            field.attachment_id = attachment
        for field, answer in stored.items():
            field.value = answer.value
        return {field: hashlib.sha256(answer.file.data).hexdigest() for field, answer in with_file.items()}
