from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

WRITABLE = {"char", "text", "html", "integer", "float", "monetary", "date", "boolean", "selection"}


class SignatureMerge(models.AbstractModel):
    """Answers on their way back to the fields of the record."""

    _inherit = "signature.merge"

    @api.model
    def _follow_for_writing(self, record, path):
        """Return `(records, field)` at the end of `path`, which can be written with the rights of `record`'s user.

        Raises UserError otherwise. With an empty `record`, models and fields are checked, which is done as a template
        is saved.
        """
        records, field = self._follow(record, path)
        writable = field.type in WRITABLE and not field.readonly and (field.store or field.inverse)
        if not writable or not records.browse().has_access("write"):
            raise UserError(
                self.env._(
                    "Nothing can be written to “%(path)s”: it is not a plain field that you may change. Choose another "
                    "field, or none.",
                    path=path,
                )
            )
        return records, field

    @api.model
    def _to_field(self, field, answer):
        """Return `answer`, as it is stored with the signed document, as a value of `field`. Raises UserError."""
        try:
            match field.type:
                case "boolean":
                    return answer == "1"
                case "integer":
                    return int(float(answer))
                case "float" | "monetary":
                    return float(answer)
                case "date":
                    return fields.Date.to_date(answer)
                case "html":
                    return plaintext2html(answer)
                case "selection":
                    return next(
                        key for key, label in field._description_selection(self.env) if answer.strip() in (key, label)
                    )
        except (ValueError, StopIteration):
            raise UserError(
                self.env._(
                    "The answer “%(answer)s” cannot be written to the field “%(field)s”. Enter it there yourself.",
                    answer=answer,
                    field=field._description_string(self.env),
                )
            ) from None
        return answer


class SignatureRequest(models.Model):
    """What signers have answered gets into the fields of the record."""

    _inherit = "signature.request"

    def _write_back(self):
        """Write the answers to the fields that the template names, and return in words what was done.

        This has the rights of the rule's owner, or of who sent the document. Raises UserError, then nothing is written.
        """
        self.ensure_one()
        owner = (self.rule_id or self).create_uid
        record = self._record().exists().with_user(owner)
        if not record:
            return self.env._("The record no longer exists.")
        merge, written = self.env["signature.merge"], []
        for answer in self.field_ids.filtered(lambda field: field.write_path and field.value):
            target, field = merge._follow_for_writing(record, answer.write_path)
            if len(target) != 1:
                raise UserError(
                    self.env._(
                        "The answer to “%(field)s” cannot be written back: “%(record)s” does not lead to one record by "
                        "“%(path)s”. Enter it yourself, or set what is missing and run this again.",
                        field=answer.name,
                        record=record.display_name,
                        path=answer.write_path,
                    )
                )
            target[field.name] = merge._to_field(field, answer.value)
            written.append([answer.write_path, answer.value])
        self._log_events("written", data={"values": written})
        lines = [f"{path}: {value}" for path, value in written]
        note = self.env._("Written back from “%(document)s”:\n%(values)s", document=self.name, values="\n".join(lines))
        self._log_notes({self.id: plaintext2html(note)})
        return self.env._("Written: %s", ", ".join(path for path, __ in written))
