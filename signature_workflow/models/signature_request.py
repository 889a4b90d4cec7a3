import functools

from odoo import api, fields, models
from odoo.addons.base.models.ir_qweb_fields import nl2br
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import transitions

STATES = [
    ("draft", "Draft"),
    ("queued", "Being prepared"),
    ("held", "Held"),
    ("paper", "To be signed on paper"),
    ("sent", "Waiting for signatures"),
    ("signed", "Signed, being sealed"),
    ("completed", "Completed"),
    ("declined", "Declined"),
    ("expired", "Expired"),
    ("cancelled", "Cancelled"),
    ("withdrawn", "Acceptance withdrawn"),
    ("failed", "Failed"),
]
OPEN_STATES = ("draft", "queued", "held", "paper", "sent", "signed", "failed")
# made, and nobody has ended it: what a person is asked about who moves the record on
WAITING_STATES = ("held", "paper", "sent")
TODO_ACTIVITY = "signature_workflow.mail_activity_type_signature"


class SignatureRequest(models.Model):
    """One document of one record, sent to its signers. Nobody writes it but its own methods."""

    _name = "signature.request"
    _description = "Signature request"
    _inherit = ["signature.queue", "signature.deadline"]
    _order = "id desc"

    name = fields.Char("Document", required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="draft", index=True)
    revision = fields.Integer(
        readonly=True,
        help="Bumped by the first statement of each change, so that two changes at "
        "the same instant cannot both act on what was before.",
    )
    template_id = fields.Many2one("signature.template", readonly=True, index=True, ondelete="restrict")
    template_version = fields.Integer(readonly=True, help="Version of the template that the document was made from.")
    is_test = fields.Boolean(readonly=True, help="Sent to oneself to try a template: nothing follows from it.")
    # of a role the id of a contact, or `[{"partner_id", "user_id", "name", "email", "lang", "phone", "channel"}, ...]`
    people = fields.Json(readonly=True, help="Who was chosen for a role instead of whom the role finds, by role id.")
    channels = fields.Json(readonly=True, help="Ways chosen instead of those of the template, by role id.")
    message = fields.Text(readonly=True, help="What the sender writes to the signers.")
    rule_id = fields.Many2one("signature.rule", readonly=True, index=True, ondelete="set null")
    stage_id = fields.Many2one(
        "crm.stage",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Where the deal stood when this was asked for.",
    )
    batch_id = fields.Many2one("signature.batch", readonly=True, index="btree_not_null", ondelete="set null")
    cause_id = fields.Many2one(
        "signature.request",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="What came of this document asked for the present one.",
    )
    replaced_by_id = fields.Many2one(
        "signature.request", "Replaced by", readonly=True, index="btree_not_null", ondelete="set null"
    )
    merged_values = fields.Json(readonly=True, help="What the document says of the record, to be compared with later.")
    date_compared = fields.Datetime(
        readonly=True, help="When the values of the record were last compared with those in the document."
    )
    is_unlinked = fields.Boolean(
        "Unlinked", readonly=True, help="The record goes on without this document; it stays as evidence."
    )
    is_paper = fields.Boolean("Signed on paper", readonly=True)
    res_model = fields.Char("Record model", required=True, readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", required=True, readonly=True)
    record_name = fields.Char(compute="_compute_record_name")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True, index=True, ondelete="restrict")
    signatory_id = fields.Many2one("res.users", "Our signatory", readonly=True, ondelete="restrict")
    original_id = fields.Many2one("ir.attachment", readonly=True, index="btree_not_null", ondelete="restrict")
    original_sha256 = fields.Char("SHA-256 of the original", readonly=True)
    final_id = fields.Many2one(
        "ir.attachment", "Signed copy", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    final_sha256 = fields.Char("SHA-256 of the signed copy", readonly=True)
    page_sizes = fields.Json(readonly=True)
    to_dispatch = fields.Boolean(readonly=True, help="The next turn has yet to be sent its links.")
    date_sent = fields.Datetime("Sent on", readonly=True)
    date_expire = fields.Date("To be signed until", readonly=True)
    date_warn = fields.Date(readonly=True, help="When those who have not answered are told that the time runs out.")
    date_completed = fields.Datetime("Completed on", readonly=True)
    hours_to_sign = fields.Float(readonly=True, aggregator="avg", help="From sending to the signed copy.")
    cancel_reason = fields.Text(readonly=True)
    decline_reason_id = fields.Many2one("signature.decline.reason", readonly=True, ondelete="restrict")
    date_withdrawn = fields.Datetime("Withdrawn on", readonly=True)
    withdrawn_by_id = fields.Many2one("res.users", "Withdrawn by", readonly=True)
    withdraw_reason = fields.Text(readonly=True)
    signer_ids = fields.One2many("signature.signer", "request_id", "Signers", readonly=True)
    field_ids = fields.One2many("signature.request.field", "request_id", readonly=True)
    event_ids = fields.One2many("signature.event", "request_id", "Audit trail", readonly=True)
    reaction_ids = fields.One2many("signature.reaction", "request_id", readonly=True)
    progress = fields.Char("Signatures", compute="_compute_progress")

    _record_idx = models.Index("(res_model, res_id)")
    _queue_idx = models.Index("(id) WHERE state IN ('queued', 'signed')")
    _dispatch_idx = models.Index("(id) WHERE to_dispatch")
    _held_idx = models.Index("(id) WHERE state = 'held'")
    _expire_idx = models.Index("(date_expire) WHERE state = 'sent'")
    _final_once = models.Constraint(
        "CHECK ((state IN ('completed', 'withdrawn')) = (final_id IS NOT NULL))",
        "A request is completed when, and only when, it has its signed copy.",
    )

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        self.record_name = False
        for name, requests in self.grouped("res_model").items():
            if name in self.env:
                records = self.env[name].sudo().browse(requests.mapped("res_id")).exists()
                names = {record.id: record.display_name for record in records}
                for request in requests:
                    request.record_name = names.get(request.res_id)

    @api.depends("signer_ids.state")
    def _compute_progress(self):
        for request in self:
            request.progress = request.signer_ids._progress()

    # Access: a request is seen by those who see its record

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, *, active_test=True, bypass_access=False):
        if not (self.env.su or bypass_access):
            domain = Domain(domain) & self._visible_domain()
        return super()._search(
            domain,
            offset,
            limit,
            order,
            active_test=active_test,
            bypass_access=bypass_access,
        )

    @api.model
    def _visible_domain(self):
        names = self.sudo()._read_group([], ["res_model"])
        return Domain.OR(
            Domain("res_model", "=", name)
            & Domain("res_id", "in", self.env[name].with_context(active_test=False)._search([]))
            for (name,) in names
            if name in self.env and self.env[name].has_access("read")
        )

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su:
            return result
        forbidden, error = result or (self.browse(), None)
        seen = set()
        for name, requests in (self - forbidden).sudo().grouped("res_model").items():
            if name in self.env:
                records = self.env[name].browse(requests.mapped("res_id")).exists()
                allowed = set(records._filtered_access("read").ids)
                seen.update(request.id for request in requests if request.res_id in allowed)
        hidden = (self - forbidden).filtered(lambda request: request.id not in seen)
        if not hidden:
            return result
        return forbidden + hidden, error or functools.partial(self._hidden_error, operation, hidden)

    def _hidden_error(self, operation, hidden):
        return self.env["ir.rule"]._make_access_error(operation, hidden)

    def _check_may_change(self):
        """Raise AccessError unless the user may write on the records that the documents belong to."""
        self.check_access("read")
        for name, requests in self.sudo().grouped("res_model").items():
            if name in self.env:
                self.env[name].browse(requests.mapped("res_id")).check_access("write")

    # State

    def _record(self):
        """Return the record that the document was made from (empty when its model is gone)."""
        self.ensure_one()
        model = self.env.get(self.res_model)
        return self.browse() if model is None else model.browse(self.res_id)

    def _read_page_sizes(self):
        """Return `[[width, height], ...]` of the pages in points, each time from the database.

        The field would be copied part by part: of 300 pages that costs more than the rest of the signing page.
        """
        self.ensure_one()
        self.flush_recordset(["page_sizes"])
        [(sizes,)] = self.env.execute_query(SQL("SELECT page_sizes FROM signature_request WHERE id = %s", self.id))
        return sizes or []

    def _is_approval(self):
        """Tell whether nobody signs this document: it is only approved."""
        self.ensure_one()
        return all(signer.participation == "approve" for signer in self.signer_ids._acting())

    def _for_sender(self):
        self.ensure_one()
        # a user's language is that of the contact
        self.user_id.fetch(["partner_id"])
        self.user_id.partner_id.fetch(["lang"])
        return self.with_context(lang=self.user_id.lang)

    def _bump(self):
        """Make this change the only one at work on these requests; read them anew.

        Whoever comes second at the same instant gets a serialization failure, which Odoo retries.
        """
        if not self:
            return
        self.env.flush_all()
        self.env.cr.execute(SQL("UPDATE signature_request SET revision = revision + 1 WHERE id IN %s", self._ids))
        self.invalidate_recordset()
        self.env["signature.signer"].invalidate_model(["state", "nonce"])

    def _move(self, target, **values):
        """Move to the state `target` those that may; return the ones that really moved."""
        sources = transitions.sources(transitions.REQUEST, target)
        # each once, however often a call names it
        moved = (self | self).filtered(lambda request: request.state in sources)
        moved.write({"state": target, **values})
        return moved

    def _log_events(self, kind, *, signer=None, data=None, note=None, origin=None):
        """Add an event to the trail of each request and, with `note`, a line in its chatter."""
        self.env["signature.event"]._append(self, kind, signer=signer, data=data, origin=origin)
        if note:
            self._log_notes(dict.fromkeys(self.ids, note))

    def _log_notes(self, notes):
        """Write in the chatter of each request's record, tests apart; `notes` is by request id. No secrets."""
        for name, requests in self.filtered(lambda request: not request.is_test).grouped("res_model").items():
            if name not in self.env or "message_ids" not in self.env[name]._fields:
                continue
            for batch in requests._one_per_record():
                records = self.env[name].sudo().browse(batch.mapped("res_id"))
                records._message_log_batch(
                    {request.res_id: notes[request.id] for request in batch},
                    author_id=self._author_id(),
                    # a note is not mailed; None would read the author's address
                    email_from=False,
                )

    @api.model
    def _author_id(self):
        """Return the id of OdooBot's partner, who writes what happened by itself."""
        return self.env["ir.model.data"]._xmlid_to_res_id("base.partner_root")

    def _one_per_record(self):
        """Yield recordsets that together are self, in which each record stands once."""
        rest = self
        while rest:
            batch = self.browse({request.res_id: request.id for request in rest}.values())
            yield batch
            rest -= batch

    # To-dos on the record

    def _looks_after(self):
        """Return who is told of this document: the salesperson of its record as of now, else of when it was sent."""
        self.ensure_one()
        record = self._record().sudo().exists()
        user = record["user_id"] if record and "user_id" in record._fields else self.user_id
        return user if user.active else self.user_id

    def _add_todo(self, summary, note, signer=None, *, user=None, kind=TODO_ACTIVITY):
        """Give `user`, or the salesperson, a to-do on the record of each request, perhaps about a signer.

        Where the record was deleted, or can have none, it stands on their own contact. `kind` is the external id of
        its type. Returns the requests that are no tests: of those nobody is told.
        """
        real, values = self.filtered(lambda request: not request.is_test), []
        for request in real:
            record, who = request._record().sudo().exists(), user or request._looks_after()
            if "activity_ids" not in record._fields or not record:
                record = who.partner_id
            values.append(
                {
                    "res_model_id": self.env["ir.model"]._get_id(record._name),
                    "res_id": record.id,
                    "activity_type_id": self.env.ref(kind).id,
                    "summary": summary,
                    "note": nl2br(note),
                    "user_id": who.id,
                    "signature_request_id": request.id,
                    "signature_signer_id": signer.id if signer else False,
                }
            )
        self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True).create(values)
        return real

    def _close_todos(self, signer=None):
        """Close the to-dos of these requests, or only those about `signer`; not the activities that rules planned."""
        todos = Domain("signature_request_id", "in", self.ids)
        if signer:
            todos &= Domain("signature_signer_id", "=", signer.id)
        else:
            # a rule plans nothing about a signer; to call one is not of our type
            ours = self.env.ref(TODO_ACTIVITY)
            todos &= Domain("signature_signer_id", "!=", False) | Domain("activity_type_id", "=", ours.id)
        self.env["mail.activity"].sudo().search(todos).unlink()

    def _notify_sender(self, subject, text):
        """Tell the salesperson at once, by e-mail or in their inbox as they like it; `text` is plain."""
        for request in self.filtered(lambda request: not request.is_test):
            record = request._record().sudo().exists()
            if record and "message_ids" in record._fields:
                record.message_notify(
                    partner_ids=request._looks_after().partner_id.ids,
                    subject=subject,
                    body=text,
                    author_id=self._author_id(),
                    email_from=request.company_id.partner_id.email_formatted or request.user_id.email_formatted,
                )

    # Buttons

    def action_retry(self):
        """Try a failed request again from where it stood."""
        self._check_may_change()
        for request in self.sudo():
            request._bump()
            target = request._retry_state()
            moved = request._move(target, failure=False, attempts=0, to_dispatch=target == "sent")
            if not moved:
                raise UserError(self.env._("“%s” has not failed, so there is nothing to try again.", request.name))
            moved._close_todos()
            moved._log_events("retried")
        self._queue_trigger()

    def _retry_state(self):
        """Return the state in which this failed request stood."""
        self.ensure_one()
        if not self.original_id:
            return "queued"
        return "signed" if self._all_done() else "sent"

    def action_open_record(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    def action_download(self):
        self.ensure_one()
        attachment = self.final_id or self.original_id
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{attachment.id}?download=true",
            "target": "download",
        }

    def _all_done(self):
        """Tell whether none of the signers is left; asked once the document is made."""
        self.ensure_one()
        signers = self.env["signature.signer"]
        return not signers.search_count(signers._left_domain(self), limit=1)

    def _queue_failed(self, message):
        for request in self:
            request._bump()
            moved = request._for_sender()._move("failed", failure=message, to_dispatch=False)
            if moved:
                note = moved.env._("“%(document)s” failed: %(message)s", document=request.name, message=message)
                moved._log_events("failed", data={"message": message}, note=note)
                moved._add_todo(moved.env._("Signature request failed: %s", request.name), message)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Signature requests are evidence and are never deleted."))
