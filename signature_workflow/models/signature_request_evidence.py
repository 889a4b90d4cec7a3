import contextlib
import hashlib
import re
import zipfile

from odoo import fields, models
from odoo.exceptions import UserError

from ..engine import evidence, verifier
from ..engine.errors import AuditError
from .signature_request_field import MARK_TYPES

EXPORT_LIMIT = 100
PICTURED_TYPES = (*MARK_TYPES, "stamp")


class SignatureRequest(models.Model):
    """The evidence of a document, for those who check it without this software; its format is the engine's."""

    _inherit = "signature.request"

    def _evidence_json(self):
        """Return the evidence file to embed as bytes: the other parties get it, so it has no words of colleagues."""
        found = self._evidence()
        found["document"] |= {"url": self._verify_url()}
        found["document"]["template"]["name"] = None
        for party in found["parties"]:
            party["comment"] = None
        found["events"] = [evidence.withhold(line) for line in found["events"]]
        return evidence.dump(found)

    def _evidence(self):
        """Return the evidence to export, as of `engine.evidence`."""
        self.ensure_one()
        # the same words, whoever asks
        request = self.sudo().with_context(lang=None)
        events = request.env["signature.event"].search_fetch([("request_id", "=", request.id)], order="sequence")
        answers = request.field_ids.sorted("id")
        return evidence.build(
            made=_iso(fields.Datetime.now()),
            document=request._evidence_document(),
            organisation=request._evidence_organisation(),
            seal=request._evidence_seal(),
            parties=[signer._evidence_party() for signer in request.signer_ids],
            answers=[field._evidence_answer() for field in answers],
            users=[{"id": user.id, "name": user.name} for user in events.user_id.sorted("id")],
            events=events._lines(),
            texts=request._known_consents(),
        )

    def _known_consents(self):
        """Return `{SHA-256: (language, text)}` of what signers agree to now: once, only the digest was kept."""
        texts = {}
        for signer in self.signer_ids.filtered("date_signed"):
            text = signer.with_context(lang=signer.lang)._consent()
            texts[hashlib.sha256(text.encode()).hexdigest()] = (signer.lang, text)
        return texts

    def _evidence_document(self):
        sealed_as = "test" if self.is_test else "paper" if self.is_paper else "sealed"
        original = _file(self.original_id, self.original_sha256)
        final = _file(self.final_id, self.final_sha256)
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "code": self.verify_code or None,
            "url": self.verify_address or None,
            "pages": len(self._read_page_sizes()),
            "original": original,
            "final": final and final | {"kind": sealed_as},
            "template": {"name": self.template_id.name or None, "version": self.template_version or None},
            "sent": _iso(self.date_sent),
            "completed": _iso(self.date_completed),
            "withdrawn": _iso(self.date_withdrawn),
        }

    def _evidence_organisation(self):
        """Return who has sealed this, as it was then: a company may have another name now."""
        if self.verify_code and self.final_id:
            # a copy that cannot be read: the verifier says so
            with contextlib.suppress(AuditError):
                return verifier.embedded(self.final_id.raw)["organisation"]
        company = self.company_id
        return {"name": company.name, "vat": company.vat or None, "country": company.country_id.code or None}

    def _evidence_seal(self):
        if not self.seal_level:
            return None
        return {
            "certificate_sha256": self.key_id.fingerprint or None,
            "level": self.seal_level,
            "timestamp": {"state": self.timestamp_state or None, "time": _iso(self.date_timestamp)},
        }

    # Export

    def action_export_evidence(self):
        """Return the action that downloads the evidence of these documents, with their files, as one archive."""
        self.check_access("read")
        if not self:
            raise UserError(self.env._("Choose the documents whose evidence you want."))
        if len(self) > EXPORT_LIMIT:
            raise UserError(
                self.env._(
                    "The evidence of at most %(limit)s documents is exported at once, and you have chosen %(count)s. "
                    "Choose fewer.",
                    limit=EXPORT_LIMIT,
                    count=len(self),
                )
            )
        ids = ",".join(map(str, self.ids))
        return {"type": "ir.actions.act_url", "url": f"/signature_workflow/evidence/{ids}", "target": "download"}

    def _evidence_name(self):
        """Return the name of the archive."""
        if len(self) == 1:
            # it stands in a header
            plain = "".join(char if char.isprintable() else " " for char in self.name)
            return self.env._("%s – evidence.zip", plain)
        return self.env._("Evidence of %s documents.zip", len(self))

    def _write_evidence(self, file):
        """Write the archive to a binary file: the evidence of each document, in folders when there are several."""
        with zipfile.ZipFile(file, "w") as archive:
            for one in self.sudo():
                # Odoo would read the files of all
                request = one.with_prefetch()
                folder = f"{request.id}/" if len(self) > 1 else ""
                for name, data in request._evidence_files():
                    # files that are packed already, and the same archive for the same evidence
                    method = zipfile.ZIP_STORED if name.endswith(".pdf") else zipfile.ZIP_DEFLATED
                    archive.writestr(zipfile.ZipInfo(f"{folder}{name}"), data, method)
                # not the files of all documents in memory
                self.env["ir.attachment"].invalidate_model(["raw"], flush=False)

    def _evidence_files(self):
        """Yield the names and bytes of the files of the archive."""
        found = self._evidence()
        yield "evidence.json", evidence.dump(found)
        yield "READ-ME.txt", self._read_me().encode()
        if self.original_id:
            yield "original.pdf", self.original_id.raw
        if self.final_id:
            yield "signed.pdf", self.final_id.raw
        if self.timestamp_id:
            yield "timestamp.tsr", self.timestamp_id.raw
        if self.key_id:
            yield "certificate.pem", self.key_id.certificates.encode()
        for field in self.field_ids.filtered("attachment_id"):
            yield f"attached/{field._file_name()}", field.attachment_id.raw

    # What stands in READ-ME.txt

    def _read_me(self):
        """Return how to check the files without this software: sentences, and commands to type."""
        parts = [
            self.env._(
                "Evidence of “%(document)s”, as of %(moment)s UTC. Everything here can be checked without the software "
                "that it was signed with.",
                document=self.name,
                moment=f"{fields.Datetime.now():%Y-%m-%d %H:%M}",
            ),
            *self._read_me_files(),
            *(self._read_me_seal() if self.final_id and self.seal_level else []),
            *self._read_me_trail(),
            self.env._(
                "What this shows: a simple electronic signature, and a seal of the organisation with which every "
                "later change can be shown. It is no advanced or qualified signature, and says nothing of who else "
                "could read the signer's messages."
            ),
        ]
        return "\n\n".join(parts) + "\n"

    def _read_me_files(self):
        digests = [(self.original_sha256, "original.pdf"), (self.final_sha256, "signed.pdf")]
        kept = [f"    {digest}  {name}" for digest, name in digests if digest]
        if not kept:
            return [self.env._("The document was never made, so there are no files.")]
        parts = [
            self.env._("1. Are these the files? The command must print these digests, which evidence.json gives, too:"),
            "\n".join([f"    sha256sum {' '.join(name for digest, name in digests if digest)}", *kept]),
        ]
        if self.final_id and self.seal_level:
            parts += [
                self.env._(
                    "The signed copy begins with the original, byte by byte. This prints the original's digest:"
                ),
                f"    head -c {self.original_id.file_size} signed.pdf | sha256sum",
            ]
        return parts

    def _read_me_seal(self):
        fingerprint = self.key_id.fingerprint or ""
        as_openssl = ":".join(fingerprint[start : start + 2] for start in range(0, len(fingerprint), 2)).upper()
        parts = [
            self.env._(
                "2. Is the seal whole? Any program that checks PAdES signatures will do. It must say that the "
                "signature is valid and covers the total document. The certificate must be this one:"
            ),
            f"    pdfsig signed.pdf\n    openssl x509 -in certificate.pem -noout -subject -fingerprint -sha256\n"
            f"    {as_openssl}\n    {fingerprint}",
            self.env._(
                "A certificate that the organisation has made itself is known to no program. Ask the organisation for "
                "its fingerprint, or check the file on the verification page: %s",
                self.verify_address or f"{self.get_base_url()}/verify",
            ),
        ]
        if self.timestamp_id:
            parts += [
                self.env._(
                    "The trusted time of the whole file, by a timestamp server whose root certificate you have:"
                ),
                "    openssl ts -verify -data signed.pdf -in timestamp.tsr -CAfile root.pem",
            ]
        return parts

    def _read_me_trail(self):
        printed = self.env._(
            "The hash of the last event before the seal is printed in the certificate of completion, the last pages of "
            "signed.pdf."
        )
        return [
            self.env._(
                "3. Does the audit trail hold? With Python and the source of this software, on the whole archive, on "
                "evidence.json, or on signed.pdf (with the library pypdf):"
            ),
            "    python3 -m signature_workflow.engine.audit evidence.zip",
            self.env._(
                "Or by yourself: the hash of each event is the SHA-256 of the JSON of payload, previous and version, "
                "with sorted keys, no blanks, in UTF-8; previous is the hash of the event before, 64 zeros for the "
                "first. In version 2, payload.details is the SHA-256 of the salt followed by the JSON of the details."
            ),
            *([printed] if self.verify_code else []),
        ]


class SignatureSigner(models.Model):
    _inherit = "signature.signer"

    def _evidence_party(self):
        return {
            "id": self.id,
            "name": self.name,
            "email": self.email or None,
            "phone": self.phone or None,
            "role": self.role_id.name,
            "turn": self.sequence,
            "participation": self.participation,
            "channel": self.channel,
            "identity_check": self.authentication,
            "state": self.state,
            "sent": _iso(self.date_sent),
            "viewed": _iso(self.date_viewed),
            "ip": self.ip or None,
            "host": self.host_id.name or None,
            "comment": self.comment or None,
            "decline_reason": self.decline_reason or None,
        }


class SignatureRequestField(models.Model):
    _inherit = "signature.request.field"

    def _evidence_answer(self):
        answer = {
            "field": self.id,
            "signer": self.signer_id.id,
            "type": self.type,
            "name": self.name or "",
            "page": self.page,
            "value": self.value or "",
            "file": self._evidence_file(),
        }
        if self.type in PICTURED_TYPES:
            answer["box"] = [f"{side:.4f}" for side in (self.x, self.y, self.width, self.height)]
        return answer

    def _evidence_file(self):
        """Return what the evidence says of the picture or file of this field, or None."""
        if not self.attachment_id:
            return None
        return {"name": self._file_name(), "sha256": self._file_sha256(), "bytes": self.attachment_id.file_size}

    def _file_name(self):
        name = re.sub(r"[^\w. -]", "_", self.attachment_id.name)
        return f"{self.id}-{name}"

    def _file_sha256(self):
        return hashlib.sha256(self.attachment_id.raw).hexdigest()


def _iso(moment):
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None


def _file(attachment, sha256):
    return {"sha256": sha256, "bytes": attachment.file_size} if attachment else None
