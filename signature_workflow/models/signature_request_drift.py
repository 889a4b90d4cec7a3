import base64
import logging
from datetime import timedelta
from html import unescape

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..engine import docx
from ..engine.errors import TagError
from ..engine.tags import parse_tag
from .signature_merge import INVISIBLE, PLACEHOLDER, Table
from .signature_queue import CONCURRENCY_ERRORS
from .signature_request import WAITING_STATES

_logger = logging.getLogger(__name__)

# what stands for a value that a report prints: it is not known what else a report says
REPORT = "report;"
REPORTED = ("name", "partner_id", "amount_total", "expected_revenue")
# a transaction that began so long ago may have committed since the last look
OVERLAP = timedelta(hours=1)
# so long may one run of the cron take in its parts; it is shorter than its interval
RUN = timedelta(minutes=10)
COMPARE_BATCH = 100


class SignatureTemplate(models.Model):
    """What a document says of its record."""

    _inherit = "signature.template"

    def _said_keys(self, record):
        """Return what stands in the document of `record`, in the language of its environment, each once.

        A key is a field path, `table;…` as in the text, or `report;` and a field of what the report prints. The
        customer is always one: a document waits for nobody else.
        """
        self.ensure_one()
        localized = self.with_context(lang=record.env.lang)
        keys = [*record._mail_get_partner_fields()[:1], *getattr(localized, f"_said_keys_{self.kind}")(record)]
        placed = localized.field_ids.filtered("merge_path") if self.kind != "html" else ()
        return list(dict.fromkeys([*keys, *(field.merge_path for field in placed)]))

    def _said_keys_html(self, record):
        merge = self.env["signature.merge"]
        for match in PLACEHOLDER.finditer(merge._own_placeholders(self.body, record)):
            placeholder = merge._parse(match[1])
            if isinstance(placeholder, str):
                yield from self._said_by_tag(placeholder)
            elif isinstance(placeholder, Table):
                yield unescape(match[1]).translate(INVISIBLE).strip()
            else:
                yield placeholder.path

    def _said_keys_docx(self, record):
        asked = docx.placeholders(base64.b64decode(self.docx_file))
        yield from (path.removesuffix("?") for path in asked.paths)
        for tag in asked.tags:
            yield from self._said_by_tag(tag)

    def _said_keys_pdf(self, record):
        return ()

    def _said_keys_report(self, record):
        printed = self._report_record(record.sudo())
        return (REPORT + name for name in REPORTED if name in printed._fields)

    @api.model
    def _said_by_tag(self, text):
        try:
            path = parse_tag(text).options.get("merge")
        except TagError:
            path = None
        return [path] if path else []


class SignatureRequest(models.Model):
    """What has changed on the record while its document waits."""

    _inherit = "signature.request"

    replaced_ids = fields.One2many(
        "signature.request", "replaced_by_id", readonly=True, help="What this corrected document was sent instead of."
    )
    drift = fields.Text("Changed since", compute="_compute_drift")

    # Values -----------------------------------------------------------------

    def _merged_values(self, record):
        """Return what the document says of `record`, in its language: `{"lang", "tz", "texts": {key: text}}`.

        See `signature.template._said_keys` for the keys. What is read has just been read for the document.
        """
        self.ensure_one()
        tz = self.env["signature.merge"]._customer_tz(record.sudo()) or self.env.user.tz or "UTC"
        texts = self._read_texts(record, self.template_id._said_keys(record), tz)
        return {"lang": record.env.lang, "tz": tz, "texts": texts}

    def _read_texts(self, record, keys, tz):
        """Return `{key: text}`; what can no longer be read, because a field is gone, is left out."""
        texts = {}
        for key in keys:
            try:
                texts[key] = self._read_text(record.sudo(), key, tz)
            except UserError:
                continue
        return texts

    def _read_text(self, record, key, tz):
        merge = self.env["signature.merge"]
        if key.startswith(REPORT):
            return merge._text(self.template_id._report_record(record), key.removeprefix(REPORT), tz)
        placeholder = merge._parse(key)
        if isinstance(placeholder, Table):
            __, rows = merge._table_rows(record, placeholder, tz)
            return "\n".join(", ".join(filter(None, row)) for row in rows)
        return merge._text(record, placeholder.path, tz)

    def _texts_now(self, records=None):
        """Return `{key: text}` of today in the words of the document; `records` are those of a batch, by model."""
        self.ensure_one()
        record = self._batch_record(records) if records else self._record().exists()
        said = self.merged_values
        if not (record and said):
            return {}
        # as the worker read them, whoever asks: names depend on the context
        plain = self.env(user=SUPERUSER_ID, context={"lang": said["lang"]})
        record = record.with_env(plain).with_company(self.company_id)
        return self._read_texts(record, said["texts"], said["tz"])

    def _changes(self):
        """Return `[(label, text in the document, text now)]`, labels in the language of the environment.

        What somebody has left as it is does not count, nor does a document that nobody waits for.
        """
        self.ensure_one()
        if self.state not in WAITING_STATES or self.is_test or self.is_unlinked:
            return []
        now, said = self._texts_now(), self.merged_values or {}
        left = said.get("left", {})
        return [
            (self._label_of(key), *self._differing(said["texts"][key], text))
            for key, text in now.items()
            if text not in (said["texts"][key], left.get(key))
        ]

    def _label_of(self, key):
        merge, record = self.env["signature.merge"], self._record().sudo()
        if key.startswith(REPORT):
            return merge._title(self.template_id._report_record(record), key.removeprefix(REPORT))
        return merge._title(record, merge._parse(key).path)

    @api.model
    def _differing(self, before, after):
        """Return the two texts without the lines that both have."""
        old, new = before.splitlines(), after.splitlines()
        if len(old) < 2 and len(new) < 2:
            return before, after
        return "\n".join(line for line in old if line not in new), "\n".join(line for line in new if line not in old)

    @api.model
    def _changes_text(self, changes):
        """Return what has changed, in one line."""
        nothing = self.env._("nothing")
        return "; ".join(f"{label}: {old or nothing} → {new or nothing}" for label, old, new in changes)

    @api.depends("merged_values", "state", "is_unlinked")
    def _compute_drift(self):
        for request in self:
            request.drift = self._changes_text(request.sudo()._changes()) or False

    # Told to the salesperson --------------------------------------------------

    @api.model
    def _compare_waiting(self):
        """Tell the salespeople of waiting documents whose values have changed, once for each change.

        When the time of the cron run is over, the next one goes on.
        """
        cron, ids = self.env["ir.cron"], self._perhaps_changed().ids
        for start in range(0, len(ids), COMPARE_BATCH):
            batch = self.browse(ids[start : start + COMPARE_BATCH])
            batch._compare()
            if not cron._commit_progress(len(batch), remaining=max(len(ids) - start - len(batch), 0)):
                return

    def _compare(self):
        """Compare these documents in one transaction; when that fails, each in one of its own."""
        try:
            # committed before the work: a record that stops the server does not hold up the others
            self.try_lock_for_update(allow_referencing=True).date_compared = fields.Datetime.now()
            self.env["ir.cron"]._commit_progress()
            self.try_lock_for_update(allow_referencing=True)._tell_changes()
            self.env.cr.flush()
        except CONCURRENCY_ERRORS:
            # somebody signed or cancelled at this moment
            self.env.cr.rollback()
        except Exception:
            # nor does one that cannot be read, for whatever reason
            self.env.cr.rollback()
            if len(self) == 1:
                _logger.exception("%s could not be compared with its record", self)
                return
            for request in self:
                request._compare()
                self.env["ir.cron"]._commit_progress()

    @api.model
    def _perhaps_changed(self):
        """Return the waiting documents that say something of a record written since the last run of the cron.

        What was written is found first, then the documents that are made of it: most have not changed.
        """
        waiting = Domain("state", "in", WAITING_STATES) & Domain("merged_values", "!=", False)
        waiting &= Domain("is_test", "=", False) & Domain("is_unlinked", "=", False)
        last, found = self.env.context.get("lastcall"), self.browse()
        for (name,) in self._read_group(waiting, ["res_model"]):
            if name in self.env:
                records = self.env[name].sudo().with_context(active_test=False)
                ours = waiting & Domain("res_model", "=", name)
                if last:
                    written = Domain.OR(
                        Domain(f"{path}.write_date".lstrip("."), ">", last - OVERLAP) for path in self._watched(ours)
                    )
                    ours &= Domain("res_id", "in", records._search(written))
                found |= self.search_fetch(ours, ["date_compared", "date_sent"])
        # an earlier part of this run has compared the others; or they have only been made
        lately = fields.Datetime.now() - RUN
        return found.filtered(
            lambda request: (
                not request.date_compared
                or request.date_compared < lately
                or request.date_compared == request.date_sent
            )
        )

    @api.model
    def _watched(self, domain):
        """Return the set of paths from the record to all records of which the documents of `domain` say something."""
        by_template = domain & Domain("template_id.is_adhoc", "=", False)
        newest = [found for __, found in self._read_group(by_template, ["template_id"], ["id:max"])]
        paths = {""}
        for request in self.browse(newest):
            for key in request.merged_values["texts"]:
                paths |= request._watched_by(key)
        return paths

    def _watched_by(self, key):
        merge, prefix = self.env["signature.merge"], ""
        if key.startswith(REPORT):
            prefix = self.template_id.report_path or ""
            ends = [key.removeprefix(REPORT)]
        elif isinstance(placeholder := merge._parse(key), Table):
            prefix, ends = placeholder.path, [column for column, __ in placeholder.columns]
        else:
            ends = [placeholder.path]
        return set().union(*(self._searchable(f"{prefix}.{end}".strip(".")) for end in ends))

    def _searchable(self, path):
        """Return the parts of `path`, from its beginning, that lead to records by which can be searched."""
        records, found, parts = self._record().browse().sudo(), set(), []
        for name in path.split("."):
            field = records._fields.get(name)
            if not (field and field.relational and field._description_searchable):
                break
            parts.append(name)
            found.add(".".join(parts))
            records = records[name]
        return found

    def _tell_changes(self):
        """Give the salespeople of these documents a to-do for what has changed and is not known yet."""
        records = {
            name: self.env[name].browse(requests.mapped("res_id")).exists()
            for name, requests in self.grouped("res_model").items()
        }
        for request in self.filtered(lambda request: request.state in WAITING_STATES):
            said, now = request.merged_values, request._texts_now(records)
            known = said["texts"] | said.get("told", {})
            if any(text != known.get(key) for key, text in now.items()):
                request.merged_values = {**said, "told": now}
                request._for_sender()._tell_change()

    def _tell_change(self):
        changes = self._changes_text(self._changes())
        self._close_change_todo()
        if not changes:
            # it says again what the document says
            return
        gaps = {"document": self.name, "changes": changes}
        self._log_notes({self.id: self.env._("“%(document)s” waits with other values. %(changes)s", **gaps)})
        self._add_todo(
            self._change_summary(),
            self.env._(
                "“%(document)s” waits with other values. %(changes)s\nOpen it: send a corrected one, or leave it as it "
                "is.",
                **gaps,
            ),
        )

    def _change_summary(self):
        return self.env._("Changed since it was sent: %s", self.name)

    def _close_change_todo(self):
        summary = self._for_sender()._change_summary()
        todos = [("signature_request_id", "=", self.id), ("summary", "=", summary)]
        self.env["mail.activity"].sudo().search(todos).unlink()

    def action_leave_values(self):
        """Let these documents wait as they are: what has changed so far is not shown any more."""
        self._check_may_change()
        for request in self.sudo():
            request._bump()
            told = request._for_sender()
            changes = told._changes()
            if changes:
                now = request._texts_now()
                request.merged_values = {**request.merged_values, "told": now, "left": now}
                note = told.env._(
                    "%(name)s left “%(document)s” as it is, with other values. %(changes)s",
                    name=self.env.user.name,
                    document=request.name,
                    changes=told._changes_text(changes),
                )
                told._log_events("left", data={"changes": changes}, note=note)
                told._close_change_todo()


class CrmLead(models.Model):
    _inherit = "crm.lead"

    signature_changed_ids = fields.Many2many(
        "signature.request",
        compute="_compute_signature_changed_ids",
        help="Documents that wait with other values than those of the deal.",
    )

    @api.depends("signature_request_ids")
    def _compute_signature_changed_ids(self):
        for lead in self:
            lead.signature_changed_ids = lead.signature_request_ids.filtered("drift")
