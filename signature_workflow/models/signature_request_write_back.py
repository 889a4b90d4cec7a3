from decimal import Decimal
from math import isfinite

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .signature_template_field import PREFILLED

# types of fields whose answer can be written, and the types of Odoo's fields that take it; the others are words
WRITTEN_TYPES = PREFILLED | {"radio", "date_signed"}
WORDS = {"char", "text", "html", "selection"}
SUITABLE = {
    "number": {"integer", "float", "monetary", "char", "text"},
    "date": {"date", "char", "text"},
    "date_signed": {"date", "char", "text"},
    "checkbox": {"boolean"},
}
# more does not go into PostgreSQL's integers
MAX_INTEGER = 2**31 - 1


class SignatureMerge(models.AbstractModel):
    """Answers on their way back to the fields of the record."""

    _inherit = "signature.merge"

    @api.model
    def _check_write_path(self, record, path, kind):
        """Return `(records, field)` at the end of `path`, to which the answer to a field of type `kind` can be written.

        Raises UserError when it cannot, or not with the rights of `record`'s user. With an empty `record`, models and
        fields are checked, which is done as a template is saved.
        """
        label = dict(self.env["signature.template.field"]._fields["type"]._description_selection(self.env))[kind]
        if kind not in WRITTEN_TYPES:
            raise UserError(
                self.env._(
                    "Fields of the type “%(type)s” have no answer that could be written to “%(path)s”. Take the path "
                    "out, or choose another type.",
                    type=label,
                    path=path,
                )
            )
        records, field = self._follow(record, path)
        writable = (
            field.type in WORDS.union(*SUITABLE.values()) and not field.readonly and (field.store or field.inverse)
        )
        if not writable or not records.browse().has_access("write"):
            raise UserError(
                self.env._(
                    "Nothing can be written to “%(path)s”: it is not a plain field that you may change. Choose another "
                    "field, or none.",
                    path=path,
                )
            )
        if field.type not in SUITABLE.get(kind, WORDS):
            raise UserError(
                self.env._(
                    "“%(path)s” does not take the answer to a field of the type “%(type)s”. Choose another field, or "
                    "none.",
                    path=path,
                    type=label,
                )
            )
        return records, field

    @api.model
    def _to_field(self, field, answer):
        """Return `answer`, text or False, as a value of `field`. Raises UserError."""
        try:
            match field.type:
                case "boolean":
                    return bool(answer)
                case "integer":
                    return self._to_integer(answer or "0")
                case "float" | "monetary":
                    return self._to_float(answer or "0")
                case _ if not answer:
                    return self._to_nothing(field)
                case "date":
                    return fields.Date.to_date(answer)
                case "html":
                    return plaintext2html(answer)
                case "selection":
                    return next(
                        key for key, label in field._description_selection(self.env) if answer.strip() in (key, label)
                    )
        except (ValueError, ArithmeticError, StopIteration):
            raise UserError(
                self.env._(
                    "The answer “%(answer)s” cannot be written to the field “%(field)s”. Enter it there yourself.",
                    answer=answer or "",
                    field=field._description_string(self.env),
                )
            ) from None
        return answer

    @api.model
    def _to_integer(self, answer):
        number = Decimal(answer)
        if abs(number) > MAX_INTEGER or number != number.to_integral_value():
            raise ValueError(answer)
        return int(number)

    @api.model
    def _to_float(self, answer):
        number = float(answer)
        if not isfinite(number):
            raise ValueError(answer)
        return number

    @api.model
    def _to_nothing(self, field):
        if field.required:
            raise ValueError(field.name)
        return False


class SignatureRequestField(models.Model):
    """What an answer is to the record."""

    _inherit = "signature.request.field"

    def _written_answer(self):
        """Return the answer as text that does not depend on a language, or False when there is none."""
        self.ensure_one()
        if self.type == "radio":
            return self.value and self.name
        if self.type == "date_signed":
            signer = self.signer_id
            signed = signer.date_signed
            return signed and str(fields.Date.context_today(self.with_context(tz=signer.tz or "UTC"), signed))
        return self.value


class SignatureRequest(models.Model):
    """What signers have answered gets into the fields of the record."""

    _inherit = "signature.request"

    def _write_back(self):
        """Write the answers to the fields that the template names, and return in words what was done.

        What was left or made empty becomes empty; a radio button that was not chosen leaves its field to the others.
        This has the rights of the rule's owner, or of who sent the document. Raises UserError; then the caller rolls
        back what was written.
        """
        self.ensure_one()
        owner = (self.rule_id or self).create_uid
        record = self._record().exists().with_user(owner).with_company(self.company_id)
        if not record:
            return self.env._("The record no longer exists.")
        merge, written, lines = self.env["signature.merge"], [], []
        for asked in self.field_ids.filtered(lambda field: field.write_path and (field.type != "radio" or field.value)):
            target, field = merge._check_write_path(record, asked.write_path, asked.type)
            if len(target) != 1:
                raise UserError(
                    self.env._(
                        "The answer to “%(field)s” cannot be written back: “%(record)s” does not lead to one record by "
                        "“%(path)s”. Enter it yourself, or set what is missing and run this again.",
                        field=asked.name,
                        record=record.display_name,
                        path=asked.write_path,
                    )
                )
            answer = asked._written_answer()
            target[field.name] = merge._to_field(field, answer)
            written.append([asked.write_path, answer or ""])
            lines.append(
                f"{merge._title(record, asked.write_path)}: {merge._format(target.sudo(), field, False) or '–'}"
            )
        if not written:
            return self.env._("Nothing was chosen that would be written.")
        self._log_events("written", data={"values": written})
        note = self.env._("Written back from “%(document)s”:\n%(values)s", document=self.name, values="\n".join(lines))
        self._log_notes({self.id: plaintext2html(note)})
        return self.env._("Written: %s", ", ".join(path for path, __ in written))
