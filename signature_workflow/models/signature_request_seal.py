import hashlib
from datetime import UTC, datetime

from odoo import models

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
        """Stamp and seal the document, file it on the record, and note what is to follow.

        File, hash, event and reactions are one transaction; the engine has checked the result.
        """
        self.ensure_one()
        self._bump()
        if self.is_test:
            self._end_test()
            return
        company = self.company_id
        sealed = stamp_and_seal(
            self.original_id.raw,
            self.field_ids._to_stamps(),
            self.env["signature.key"]._get_identity(company),
            fonts=font_set(),
            moment=datetime.now(UTC),
            reason=self._seal_reason(),
            location=company.city or company.country_id.name or "",
            name=company.name,
            contact=company.email or "",
        )
        final = self._file_pdf(self, sealed.data)
        self._move(
            "completed",
            final_id=final.id,
            final_sha256=sealed.sha256,
            date_completed=self.env.cr.now(),
            **self._hours_to_sign(),
        )
        self._log_events("sealed", data={"document_sha256": sealed.sha256})
        self._close_todos()
        self._file_on_record(sealed.data)
        self._react("approved" if self._is_approval() else "signed")

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
                attachment_ids=copies.ids,
                author_id=self._author_id(),
                subtype_xmlid="mail.mt_note",
            )
