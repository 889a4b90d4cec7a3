import hashlib
import time
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from .signature_policy import ACTING

# one transaction takes so many documents, and stops before them after so many seconds or bytes
GENERATE_BATCH = 100
GENERATE_SECONDS = 20
# whoever signs does so with one of these
SIGNED_TYPES = ("signature", "initials", "stamp")
GENERATE_BYTES = 64 * 1024 * 1024


class Draft(NamedTuple):
    """A document that is made and not yet stored: the record speaks the customer's language."""

    request: models.BaseModel
    record: models.BaseModel
    signers: list
    document: NamedTuple

    @property
    def state(self):
        """What the request is once the document is stored."""
        if self.request._wants_paper(self.signers):
            return "paper"
        return "held" if self.request._is_held(self.record) else "sent"

    @property
    def name(self):
        """The document's name as the customer reads it, in the subject of the mail for one."""
        template = self.request.template_id.with_context(lang=self.record.env.lang)
        return template._document_name(self.record, self.request.is_test)


class SignatureRequest(models.Model):
    """Generate and send: what the worker does with queued requests."""

    _inherit = "signature.request"

    @api.model
    def _cron_process(self):
        """Do all work that is waiting, in the order of a document's way."""
        reaction, batch = self.env["signature.reaction"], self.env["signature.batch"]
        steps = [
            # that a document was cancelled is read before the link to the corrected one
            (reaction, [("state", "=", "pending"), ("kind", "=", "tell")], lambda each: each._for_sender()._apply(), 1),
            (self, [("state", "=", "queued")], lambda requests: requests._generate(), GENERATE_BATCH),
            (self, [("to_dispatch", "=", True), ("state", "=", "sent")], lambda request: request._send_next(), 1),
            (self, [("state", "=", "signed")], lambda request: request._for_sender()._seal(), 1),
            (reaction, [("state", "=", "pending")], lambda each: each._for_sender()._apply(), 1),
            (batch, batch._through_domain(), lambda each: each._for_sender()._tell_sender(), 1),
        ]
        for model, domain, work, limit in steps:
            if not model._queue_run(domain, work, limit):
                # time is over: have the rest done soon
                self.env["ir.cron"]._commit_progress(remaining=1)
                return

    def _generate(self):
        """Make the documents of queued requests, find their signers and send the first links.

        Rendering fails for one request by UserError or EngineError, which the queue turns into a
        failed request with a to-do; then the others are made one by one.
        """
        records = {
            name: self.env[name].browse(requests.mapped("res_id")).exists()
            for name, requests in self.grouped("res_model").items()
        }
        self._drop_left(records)
        drafts, begun, size = [], time.monotonic(), 0
        for request in self.filtered(lambda request: request.state == "queued"):
            if time.monotonic() - begun > GENERATE_SECONDS or size > GENERATE_BYTES:
                # what is left is for the next run
                self._queue_trigger()
                break
            drafts.append(request._for_sender()._draft(records))
            size += len(drafts[-1].document.pdf)
        self._store_documents(drafts)
        self._store_signers(drafts)
        requests = self.browse(draft.request.id for draft in drafts)
        self.env["signature.event"]._append(
            requests, "created", data=lambda request: {"document_sha256": request.original_sha256}
        )
        by_state = requests.grouped("state")
        by_state.get("sent", self.browse())._send_next()
        by_state.get("held", self.browse())._announce()
        by_state.get("paper", self.browse())._ask_for_paper()

    def _draft(self, records):
        record = self._document_record(records)
        signers = self._prepare_signers(record)
        document = self.template_id._build_document(record)
        self._check_roles_have_fields(signers, document)
        return Draft(self, record, signers, document)

    def _drop_left(self, records):
        """Cancel what was never made for deals that have left the stage again, by mistake of the hand."""
        dropped = self.browse()
        for request in self.filtered("rule_id"):
            deal = request._batch_record(records)
            has_left = deal and (deal.stage_id != request.stage_id or not deal.active)
            if has_left and not (request.event_ids or request._follows()):
                moved = request._for_sender()._move("cancelled")
                note = moved.env._("“%s” was not sent: the deal had left the stage again.", request.name)
                moved._log_events("cancelled", note=note)
                dropped += moved
        self.env["signature.reaction"]._wake(dropped)

    def _follows(self):
        """Tell whether this document comes after another one of its rule, wherever the deal stands by now."""
        self.ensure_one()
        return bool(self.replaced_ids) or self.cause_id.rule_id == self.rule_id

    def _batch_record(self, records):
        """Return this request's record as one of the batch, so that what is read is read for all; empty when gone."""
        record = self._record().with_prefetch(records[self.res_model]._prefetch_ids)
        return record if record in records[self.res_model] else record.browse()

    def _document_record(self, records):
        """Return the record in the language of its customer; `records` are those of the batch, by model."""
        self.ensure_one()
        record = self._batch_record(records)
        if not record:
            raise UserError(self.env._("The record of “%s” no longer exists.", self.name))
        return self.template_id._localized(record, self.user_id, self.company_id)

    def _prepare_signers(self, record):
        """Return the values of the signers. Raises UserError with all who or what is missing."""
        channels = {int(role): channel for role, channel in (self.channels or {}).items()}
        signers, problems = self.template_id._find_signers(
            record, self.user_id, self.signatory_id, self._chosen_people(self.people), self.is_test, channels
        )
        if problems:
            raise UserError("\n".join(problems))
        return signers

    @api.model
    def _chosen_people(self, people):
        """Return `people`, as a request has them, by role id: contacts, or parts that were changed, as they are."""
        contacts = self.env["res.partner"]
        return {
            int(role): chosen if isinstance(chosen, list) else contacts.browse(chosen).exists()
            for role, chosen in (people or {}).items()
        }

    @api.model
    def _store_documents(self, drafts):
        attachments = self.env["ir.attachment"].create(
            [
                {
                    "name": f"{draft.name}.pdf",
                    "raw": draft.document.pdf,
                    "mimetype": "application/pdf",
                    "res_model": self._name,
                    "res_id": draft.request.id,
                }
                for draft in drafts
            ]
        )
        now, today = fields.Datetime.now(), fields.Date.today()
        for draft, attachment in zip(drafts, attachments, strict=True):
            draft.request._move(
                draft.state,
                name=draft.name,
                original_id=attachment.id,
                original_sha256=hashlib.sha256(draft.document.pdf).hexdigest(),
                page_sizes=draft.document.page_sizes,
                template_version=draft.request.template_id.version,
                date_sent=now,
                merged_values=draft.request._merged_values(draft.record),
                date_compared=now,
                failure=False,
                **draft.request._deadline_dates(today),
            )

    @api.model
    def _store_signers(self, drafts):
        signers = self.env["signature.signer"].create(
            [dict(values, request_id=draft.request.id) for draft in drafts for values in draft.signers]
        )
        # the fields of a group are those of its first signer until another one signs
        by_role = {(signer.request_id.id, signer.role_id.id): signer.id for signer in reversed(signers)}
        field_values = []
        for draft in drafts:
            for values in draft.document.fields:
                field = {key: value for key, value in values.items() if key != "role_id"}
                key = draft.request.id, values["role_id"]
                field_values.append(field | {"request_id": draft.request.id, "signer_id": by_role[key]})
        self.env["signature.request.field"].create(field_values)

    def _check_roles_have_fields(self, signers, document):
        """Raise UserError when somebody has nothing to sign in the document, or a field has nobody."""
        roles = self.env["signature.role"]
        acting = roles.browse({values["role_id"] for values in signers if values["participation"] in ACTING})
        to_sign = roles.browse({values["role_id"] for values in signers if values["participation"] == "sign"})
        asked = roles.browse({values["role_id"] for values in document.fields})
        signing = roles.browse({values["role_id"] for values in document.fields if values["type"] in SIGNED_TYPES})
        if idle := to_sign - signing:
            raise UserError(
                self.env._(
                    "“%(template)s” has no signature for %(roles)s. Add one, or take the role out.",
                    template=self.template_id.name,
                    roles=", ".join(idle.mapped("name")),
                )
            )
        if absent := asked - acting:
            raise UserError(
                self.env._(
                    "“%(template)s” has fields of %(roles)s, who neither signs nor approves. Change how they take "
                    "part, or remove the fields.",
                    template=self.template_id.name,
                    roles=", ".join(absent.mapped("name")),
                )
            )

    def _next_signers(self):
        """Return the waiting signers whose turn has come: nobody of whom something is asked is left before them.

        Who reads after everybody else reads together with the last ones: then the document is completed.
        """
        found = self.env["signature.signer"]
        for request in self:
            acting = request.signer_ids._acting()
            left = acting.filtered(lambda signer: not signer.is_done)
            turn, last = min(left.mapped("sequence"), default=0), max(acting.mapped("sequence"), default=0)
            waiting = request.signer_ids.filtered(lambda signer: signer.state == "waiting")
            readers = waiting.filtered(lambda signer: signer.participation == "view")
            found |= waiting._acting().filtered(lambda signer, turn=turn: signer.sequence == turn)
            found |= readers.filtered(lambda signer, turn=turn, last=last: min(signer.sequence, last) <= turn)
        return found

    def _send_next(self):
        """Send their links to the signers whose turn has come."""
        signers = self._next_signers()._dispatch()
        self.to_dispatch = False
        signers._log_links()

    def _date_expire_text(self, lang):
        self.ensure_one()
        return format_date(self.env, self.date_expire, lang_code=lang) if self.date_expire else ""
