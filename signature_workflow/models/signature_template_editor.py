import hashlib
import json

from odoo import models
from odoo.exceptions import UserError

from .signature_content import NOTED
from .signature_policy import ACTING
from .signature_template_field import DEFAULT_SIZE, EDITED, SIZES

ICONS = {
    "signature": "fa-pencil",
    "initials": "fa-font",
    "stamp": "fa-certificate",
    "name": "fa-user",
    "company": "fa-building-o",
    "position": "fa-briefcase",
    "email": "fa-envelope-o",
    "phone": "fa-phone",
    "date_signed": "fa-calendar-check-o",
    "text": "fa-i-cursor",
    "multiline": "fa-align-left",
    "number": "fa-hashtag",
    "date": "fa-calendar",
    "checkbox": "fa-check-square-o",
    "radio": "fa-dot-circle-o",
    "choice": "fa-list-ul",
    "file": "fa-paperclip",
    "merge": "fa-database",
}


class SignatureTemplate(models.Model):
    """What the visual editor reads and saves."""

    _inherit = "signature.template"

    def editor_load(self, record_id=False):
        """Return all that the visual editor shows; see `_editor_values`.

        `record_id` is the record from which a report or a text is made as an example; without one, the newest.
        """
        self.ensure_one()
        self.check_access("read")
        return self._editor_values(record_id)

    def editor_save(self, fields, revision, record_id=False):
        """Make `fields` the fields of this template, all at once, and return what `editor_load` returns.

        `fields` is a list of dicts with the keys of EDITED, and `id` for those that exist; what is not in it is
        removed. `revision` is the one that was loaded. Raises UserError if somebody else has saved since.
        """
        self.ensure_one()
        self.check_access("write")
        if self.kind == "html":
            raise UserError(
                self.env._("“%s” is a text: its fields are places to sign that are inserted there.", self.name)
            )
        self.lock_for_update()
        if revision != self._editor_revision():
            raise UserError(
                self.env._("Somebody else has changed the fields of “%s”. Reload them, then do it again.", self.name)
            )
        kept = {values["id"]: values for values in fields if values.get("id")}
        commands = [(2, field.id) for field in self.field_ids if field.id not in kept]
        commands += [
            (1, field.id, changed) for field in self.field_ids if (changed := field._changed(kept.get(field.id, {})))
        ]
        commands += [(0, 0, {key: values.get(key) for key in EDITED}) for values in fields if not values.get("id")]
        if commands:
            # once for all of them
            self.with_context(signature_content_noted=NOTED).field_ids = commands
            self._content_changed()
        return self._editor_values(record_id)

    def _editor_values(self, record_id):
        record, document = self._sample_document(record_id)
        acting = self.role_ids.filtered(lambda line: line.participation in ACTING)
        return {
            "template": {
                "id": self.id,
                "name": self.name,
                "kind": self.kind,
                "model": self.model,
                "can_write": self.has_access("write"),
                "reaches_record": not self.is_adhoc,
            },
            "revision": self._editor_revision(),
            "url": f"/signature_workflow/template/{self.id}/document?record_id={record.id or ''}",
            "record": {"id": record.id, "name": record.display_name or ""},
            "pages": document.page_sizes,
            "roles": [{"id": role.id, "name": role.name, "color": role.color} for role in acting.role_id.sorted()],
            "types": [
                {
                    "type": kind,
                    "label": label,
                    "icon": ICONS[kind],
                    "width": SIZES.get(kind, DEFAULT_SIZE)[0],
                    "height": SIZES.get(kind, DEFAULT_SIZE)[1],
                }
                for kind, label in self.env["signature.template.field"]._fields["type"]._description_selection(self.env)
                if kind != "merge" or not self.is_adhoc
            ],
            "fields": [field._editor_values() for field in self.field_ids],
        }

    def _editor_revision(self):
        """Return a name for the state of the fields, by which a save sees that another one came first."""
        state = json.dumps([field._editor_values() for field in self.field_ids.sorted("id")], sort_keys=True)
        return hashlib.sha256(state.encode()).hexdigest()
