import base64
import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.errors import EngineError
from ..engine.pdf.discover import discover
from ..engine.tags import parse_tag
from .engine_messages import engine_message


class SignatureTemplate(models.Model):
    """Files that come in: through the engine's door, and with the fields that they bring."""

    _inherit = "signature.template"

    notice = fields.Text(readonly=True, copy=False, help="What is to be looked at in the file that was uploaded last.")
    layout_key = fields.Char(compute="_compute_layout_key", store=True, index="btree_not_null")

    @api.depends("kind", "page_sizes")
    def _compute_layout_key(self):
        """Give templates whose pages are alike, in number and size, the same key."""
        for template in self:
            sizes = template.kind == "pdf" and template.page_sizes
            points = [[round(side) for side in size] for size in sizes or ()]
            template.layout_key = hashlib.sha256(json.dumps(points).encode()).hexdigest() if sizes else False

    @api.model_create_multi
    def create(self, vals_list):
        taken = [self._take_in(vals) for vals in vals_list]
        templates = super().create([vals | files for vals, (files, __) in zip(vals_list, taken, strict=True)])
        for template, (__, discovery) in zip(templates, taken, strict=True):
            template._adopt(discovery)
        return templates

    def write(self, vals):
        self._check_may_write(vals)
        files, discovery = self._take_in(vals)
        result = super().write(vals | files)
        for template in self:
            template._adopt(discovery)
        return result

    @api.model
    def _take_in(self, vals):
        """Pass an uploaded PDF through the engine's door.

        Returns `(values, discovery)`: the file without form fields and tags, with the sizes of its pages, and what was
        found in it; `({}, None)` where no new file is. Raises UserError for a file that is not accepted.
        """
        if "pdf_file" not in vals:
            return {}, None
        if not vals["pdf_file"]:
            return {"page_sizes": False, "notice": False}, None
        try:
            discovery = discover(base64.b64decode(vals["pdf_file"]))
        except EngineError as error:
            raise UserError(engine_message(self.env, error)) from error
        sizes = [[page.width, page.height] for page in discovery.info.pages]
        return {"pdf_file": base64.b64encode(discovery.pdf), "page_sizes": sizes, "notice": False}, discovery

    def _adopt(self, discovery):
        """Make what was found in a new file fields of this template, and say what is to be looked at.

        A field that is there already, of the same type, role and label, is moved to its new place; the others stay.
        """
        self.ensure_one()
        if discovery is None:
            return
        notices = [self._notice_text(notice) for notice in discovery.notices]
        there = {(field.type, field.role_id, field.name): field for field in self.field_ids}
        commands = []
        for found in discovery.found:
            values, problem = self._found_values(found)
            if problem:
                notices.append(problem)
            if values:
                role = self.env["signature.role"].browse(values.get("role_id"))
                known = there.pop((values["type"], role, values["name"]), None)
                commands.append((1, known.id, self._box_values(found.box)) if known else (0, 0, values))
        if commands:
            self.field_ids = commands
            notices.insert(0, self.env._("Fields found in the file and put in their places: %s.", len(commands)))
        notices += [
            self.env._(
                "“%(field)s” stood on page %(page)s, which the file does not have. Move it to another page, or "
                "remove it.",
                field=field.display_name,
                page=field.page,
            )
            for field in self._misplaced_fields()
        ]
        self.sudo().notice = "\n".join(notices)

    def _found_values(self, found):
        """Return `(values, problem)` of a field that was found; one of them may be empty.

        A file of a record may come from anybody: its tags do not get at the fields of the record.
        """
        try:
            values, problem = self._found_tag(found) if found.source == "tag" else {}, False
        except UserError as error:
            problem = self.env._("Page %(page)s: %(problem)s", page=found.box.page, problem=error)
            if found.type == "merge":
                return {}, problem
            # its text has left the page: it must not get lost
            values = {"role_id": self.role_ids[:1].role_id.id}
        if not (values.get("role_id") or found.type == "merge"):
            values["role_id"] = self._guess_role(found).id
        if found.type != "merge" and not values.get("role_id"):
            return {}, self.env._(
                "Page %(page)s: “%(name)s” belongs to no role. Add a role.", page=found.box.page, name=found.name
            )
        return {
            "type": found.type,
            "name": found.name,
            "help": found.help,
            "required": found.required,
            "readonly": found.readonly,
            "options": "\n".join(found.options),
            "group": found.group,
            "default_value": found.value,
            **values,
            **self._box_values(found.box),
        }, problem

    def _found_tag(self, found):
        if self.is_adhoc and (found.type == "merge" or self._reaches_record(found.text)):
            raise UserError(
                self.env._(
                    "“%s” asks for a field of the record, which only a template may do. It was left out.", found.text
                )
            )
        if found.type != "merge":
            return self._tag_values(found.text)
        tag = parse_tag(found.text)
        path = tag.options.get("merge", "")
        self.env["signature.merge"]._follow(self.env[self.model], path)
        return {"merge_path": path, "name": False, "required": tag.required}

    def _guess_role(self, found):
        """Return the role of a form field: the one that its name names, else the first."""
        roles = self.role_ids.role_id
        words = found.name.casefold()
        named = roles.filtered(lambda role: role.name.casefold() in words)
        return (named or roles)[:1]

    def _misplaced_fields(self):
        """Return the fields that do not lie on the pages of the file."""
        self.ensure_one()
        count = len(self.page_sizes or ())
        return self.field_ids.filtered(lambda field: count and not field._lies_on(count))

    def _notice_text(self, notice):
        texts = {
            "tag_unclosed": self.env._("Page %(page)s: “%(text)s” has no end. Close it with two braces."),
            "tag_unreadable": self.env._("Page %(page)s: “%(text)s” is not understood, so it stays in the text."),
            "field_unplaced": self.env._("Page %(page)s: the form field “%(text)s” has no place, so it was left out."),
            "page_unsearched": self.env._("Page %(page)s could not be searched for fields. Place them by hand."),
        }
        return texts[notice.code] % {"page": notice.page, "text": notice.text}
