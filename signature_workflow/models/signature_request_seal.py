import hashlib
from datetime import UTC, datetime

from odoo import models

from ..engine import links
from ..engine.errors import TimestampError
from ..engine.pdf.append import Attachment
from ..engine.pdf.stamp import Stamp, stamp_pdf
from ..engine.placement import Box
from ..engine.sealing.api import stamp_and_seal
from .fonts import font_set

# left, top, width and height in percent of a page
TEST_PLACE = (5, 0.5, 90, 2.5)


class SignatureRequest(models.Model):
    """Seal and file: what happens when everybody has signed."""

    _inherit = "signature.request"

    def _seal(self):
        """Stamp and seal the document with its certificate and evidence, file it, and note what is to follow.

        File, hash, event and reactions are one transaction; the engine has checked the result.
        """
        self.ensure_one()
        self._bump()
        if self.is_test:
            self._end_test()
            return
        # certificate and evidence name both
        self.verify_code, self.key_id = links.new_code(), self.env["signature.key"]._get_active(self.company_id)
        sealed, failure = self._sealed()
        final = self._file_pdf(self, sealed.data)
        self._move(
            "completed",
            final_id=final.id,
            final_sha256=sealed.sha256,
            date_completed=self.env.cr.now(),
            **self._hours_to_sign(),
        )
        self._log_events(
            "sealed",
            data={
                "document_sha256": sealed.sha256,
                "certificate_sha256": self.key_id.fingerprint,
                "code": self.verify_code,
                "level": sealed.level,
                "timestamp": sealed.timestamp and sealed.timestamp.astimezone(UTC).isoformat(),
            },
        )
        self._note_timestamp(sealed, failure)
        self._close_todos()
        self._file_on_record(sealed.data)
        self._react("approved" if self._is_approval() else "signed")

    def _sealed(self):
        """Return the engine's Sealed, and the TimestampError with which the timestamp server failed, or None.

        Nobody waits for a server that fails: the seal is put without its time.
        """
        timestamping = self._timestamping()
        if timestamping:
            try:
                return self._stamp_and_seal(timestamping), None
            except TimestampError as error:
                return self._stamp_and_seal(None), error
        return self._stamp_and_seal(None), None

    def _stamp_and_seal(self, timestamping):
        company, moment = self.company_id, datetime.now(UTC)
        return stamp_and_seal(
            self.original_id.raw,
            self.field_ids._to_stamps(),
            self.key_id._identity(),
            fonts=font_set(),
            moment=moment,
            reason=self._seal_reason(),
            location=company.city or company.country_id.name or "",
            name=company.name,
            contact=company.email or "",
            timestamping=timestamping,
            certificate=self._certificate(self.key_id, moment, timestamping),
            attachments=[
                Attachment("evidence.json", self._evidence_json(), "application/json", self._evidence_words())
            ],
        )

    def _evidence_words(self):
        """Return what readers show beside the embedded evidence."""
        document = self.with_context(lang=self.signer_ids[:1].lang)
        return document.env._("Evidence of “%s”: audit trail, answers, and what was agreed to", self.name)

    def _hours_to_sign(self):
        """Return the value that says how many hours have gone since the first links went out; none where none did."""
        self.ensure_one()
        if not any(self.signer_ids.mapped("date_sent")):
            return {}
        return {"hours_to_sign": (self.env.cr.now() - self.date_sent).total_seconds() / 3600}

    def _seal_reason(self):
        """Return what the seal says of why it was put: who has signed, or approved where nobody signs."""
        done = self.signer_ids.filtered("date_signed")
        if signed := done.filtered(lambda signer: signer.state == "signed"):
            return self.env._("Signed by %s", ", ".join(signed.mapped("name")))
        return self.env._("Approved by %s", ", ".join(done.mapped("name")))

    def _end_test(self):
        """Finish a test: its copy says so on every page, and has no seal; nothing is filed on the record."""
        words = self._for_sender().env._("TEST – nobody has signed this")
        marks = [Stamp(Box(page, *TEST_PLACE), "text", words) for page in range(1, len(self.page_sizes) + 1)]
        copy = stamp_pdf(self.original_id.raw, [*marks, *self.field_ids._to_stamps()], fonts=font_set())
        final = self._file_pdf(self, copy)
        self._move(
            "completed",
            final_id=final.id,
            final_sha256=hashlib.sha256(copy).hexdigest(),
            date_completed=self.env.cr.now(),
        )
        self._log_events("tested", data={"document_sha256": self.final_sha256})
        self._react("approved" if self._is_approval() else "signed")

    def _copy_name(self):
        if self.is_paper:
            return self.env._("%s – signed on paper.pdf", self.name)
        if self._is_approval():
            return self.env._("%s – approved.pdf", self.name)
        return self.env._("%s – signed.pdf", self.name)

    def _file_pdf(self, target, data):
        return self.env["ir.attachment"].create(
            {
                # in the language of the document: it is the client who gets it by mail
                "name": self.with_context(lang=self.signer_ids[:1].lang)._copy_name(),
                "raw": data,
                "mimetype": "application/pdf",
                "res_model": target._name,
                "res_id": target.id,
            }
        )

    def _file_on_record(self, data):
        """Put a copy on the record: the request keeps its own, which nobody can delete."""
        record = self._record().exists()
        if record and "message_ids" in record._fields:
            copies = self._file_pdf(record, data)
            for file in self.field_ids.filtered(lambda field: field.type == "file").attachment_id:
                copies |= file.copy({"res_model": record._name, "res_id": record.id})
            if self._is_approval():
                words = self.env._("Everybody has approved “%s”.", self.name)
            else:
                words = self.env._("Everybody has signed “%s”.", self.name)
            record.message_post(
                body=words,
                attachment_ids=self._mark_filed(copies).ids,
                author_id=self._author_id(),
                subtype_xmlid="mail.mt_note",
            )
