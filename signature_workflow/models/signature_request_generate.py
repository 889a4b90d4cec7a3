import hashlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

GENERATE_BATCH = 50


class SignatureRequest(models.Model):
    """Generate and send: what the worker does with queued requests."""

    _inherit = "signature.request"

    @api.model
    def _cron_process(self):
        """Do all work that is waiting, in the order of a document's way."""
        reaction = self.env["signature.reaction"]
        steps = [
            (self, [("state", "=", "queued")], type(self)._generate, GENERATE_BATCH),
            (self, [("to_dispatch", "=", True), ("state", "=", "sent")], type(self)._send_next, 1),
            (self, [("state", "=", "signed")], type(self)._seal, 1),
            (reaction, [("state", "=", "pending")], type(reaction)._apply, 1),
        ]
        self.env["ir.cron"]._commit_progress(
            remaining=sum(model.search_count(domain) for model, domain, __, __ in steps)
        )
        for model, domain, work, limit in steps:
            if not model._queue_run(domain, work, limit):
                return

    def _generate(self):
        """Make the documents of queued requests, find their signers and send the first links.

        Rendering fails for one request by UserError or EngineError, which the queue turns into a
        failed request with a to-do; then the others are made one by one.
        """
        drafts = []
        for request in self:
            record = request._document_record()
            signers = request._prepare_signers(record)
            drafts.append((request, signers, request.template_id._build_document(record)))
        self._store_documents([(request, document) for request, __, document in drafts])
        self._store_signers(drafts)
        self.env["signature.event"]._append(
            self, "created", data=lambda request: {"document_sha256": request.original_sha256}
        )
        self._send_next()

    def _document_record(self):
        """Return the record in the language of its customer, with the rights of the worker."""
        self.ensure_one()
        record = self._record().exists()
        if not record:
            raise UserError(self.env._("The record of “%s” no longer exists.", self.name))
        record = record.with_company(self.company_id)
        names = record._mail_get_partner_fields()
        partner = record[names[0]] if names else self.env["res.partner"]
        return record.with_context(lang=partner.lang or self.user_id.lang or self.env.lang)

    def _prepare_signers(self, record):
        lines = self.template_id.role_ids
        if not lines:
            raise UserError(self.env._("The template “%s” has no roles. Add who signs it.", self.template_id.name))
        problems, signers = [], []
        for line in lines:
            try:
                signers.append(
                    self.env["signature.signer"]._prepare_values(line, record, self.user_id, self.signatory_id)
                )
            except UserError as error:
                problems.append(str(error))
        if problems:
            raise UserError("\n".join(problems))
        return signers

    def _store_documents(self, documents):
        attachments = self.env["ir.attachment"].create(
            [
                {
                    "name": f"{request.name}.pdf",
                    "raw": document.pdf,
                    "mimetype": "application/pdf",
                    "res_model": self._name,
                    "res_id": request.id,
                }
                for request, document in documents
            ]
        )
        now, today = fields.Datetime.now(), fields.Date.today()
        for (request, document), attachment in zip(documents, attachments, strict=True):
            days = request.template_id.expiry_days
            request._move(
                "sent",
                original_id=attachment.id,
                original_sha256=hashlib.sha256(document.pdf).hexdigest(),
                page_sizes=document.page_sizes,
                date_sent=now,
                date_expire=today + timedelta(days=days) if days else False,
                failure=False,
            )

    @api.model
    def _store_signers(self, drafts):
        signers = self.env["signature.signer"].create(
            [dict(values, request_id=request.id) for request, signer_values, __ in drafts for values in signer_values]
        )
        by_role = {(signer.request_id.id, signer.role_id.id): signer.id for signer in signers}
        field_values = []
        for request, __, document in drafts:
            for values in document.fields:
                signer = by_role.get((request.id, values["role_id"]))
                if not signer:
                    raise UserError(
                        request.env._(
                            "A field of “%(template)s” belongs to the role “%(role)s”, which does "
                            "not take part. Add the role to the template.",
                            template=request.template_id.name,
                            role=self.env["signature.role"].browse(values["role_id"]).name,
                        )
                    )
                field = {key: value for key, value in values.items() if key != "role_id"}
                field_values.append(field | {"request_id": request.id, "signer_id": signer})
        self.env["signature.request.field"].create(field_values)

    def _next_signers(self):
        """Return the waiting signers whose turn has come: nobody before them is left."""
        found = self.env["signature.signer"]
        for request in self:
            left = request.signer_ids.filtered(lambda signer: not signer.is_done)
            turn = min(left.mapped("sequence"), default=None)
            found |= left.filtered(lambda s, turn=turn: s.sequence == turn and s.state == "waiting")
        return found

    def _send_next(self):
        """Send their links to the signers whose turn has come."""
        signers = self._next_signers()._dispatch()
        self.to_dispatch = False
        notes = {}
        for request, mine in signers.grouped("request_id").items():
            notes[request.id] = self.env._(
                "“%(document)s” was sent to %(names)s for signature.",
                document=request.name,
                names=", ".join(mine.mapped("name")),
            )
        requests = signers.request_id
        self.env["signature.event"]._append(
            requests,
            "link_sent",
            data=lambda request: {
                "channel": "email",
                "to": (signers & request.signer_ids).mapped("email"),
            },
        )
        requests._log_notes(notes)

    def _date_expire_text(self, lang):
        self.ensure_one()
        return format_date(self.env, self.date_expire, lang_code=lang) if self.date_expire else ""
