"""Stamp and seal: from a document and its values to the certified file, in one update."""

import asyncio
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.status import SignatureCoverageLevel

from ..errors import SealError
from ..fonts import FontSet
from ..pdf import stamp
from ..pdf.pages import value_of
from ..pdf.stamp import Stamp
from .pades import DIGEST, SealIdentity, check_dates, require_aware

FIELD_NAME = "Seal"
# bytes to spare: ECDSA signatures vary by a few bytes, timestamps by their certificates
_SPARE = 256
_TIMESTAMP = 8192


@dataclass(frozen=True)
class Sealed:
    """A certified document and its SHA-256 as lower-case hex."""

    data: bytes
    sha256: str


def stamp_and_seal(
    pdf: bytes,
    stamps: Sequence[Stamp],
    identity: SealIdentity,
    *,
    fonts: FontSet,
    moment: datetime,
    reason: str,
    location: str,
    name: str,
    contact: str = "",
    timestamper: TimeStamper | None = None,
) -> Sealed:
    """Draw ``stamps`` and certify the document, appending one incremental update to ``pdf``.

    The seal is a PAdES baseline B-B signature (ETSI EN 319 142-1; B-T with a ``timestamper``) that
    certifies the document and allows no changes (DocMDP level 1, ISO 32000-2 12.8.2.2), in an
    invisible field. The result is read back and checked before it is returned.

    :param pdf: let in by :func:`pdf.inspect.inspect`, or made by ourselves
    :param moment: aware; the time of sealing as the file states it
    :param reason: shown by readers, as are ``location``, ``name`` and ``contact``; may be empty
    :raises SealError: ``document_unreadable``, ``already_signed``, ``certificate_expired``,
        ``certificate_not_yet_valid``, ``seal_too_large``, ``seal_invalid``, ``moment_naive``
    :raises PlacementError, PdfRefused, RenderError: see :func:`pdf.stamp.apply`
    """
    require_aware(moment)
    check_dates(identity.certificate, moment)
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        if next(enumerate_sig_fields(writer.prev, filled_status=True), None):
            raise SealError("already_signed", "The document is already signed.")
        stamp.apply(writer, stamps, fonts=fonts)
        metadata = PdfSignatureMetadata(
            field_name=_free_field_name(writer),
            md_algorithm=DIGEST,
            reason=reason or None,
            location=location or None,
            name=name or None,
            contact_info=contact or None,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            subfilter=SigSeedSubFilter.PADES,
        )
        data = _seal(writer, metadata, identity, moment, timestamper)
    except PdfError as error:
        raise SealError("document_unreadable", f"The document is damaged: {error}") from error
    return Sealed(data, _check(data, identity))


def _seal(writer, metadata, identity, moment, timestamper):
    signer = PdfSigner(
        metadata,
        identity.signer,
        timestamper=timestamper,
        new_field_spec=SigFieldSpec(metadata.field_name),
    )
    session = signer.init_signing_session(writer)
    # pyHanko would take the clock of the server
    session.system_time = moment
    document = session.prepare_tbs_document(validation_info=None, bytes_reserved=_reserved(identity, timestamper))
    digest, output = document.digest_tbs_document()
    attributes = PdfCMSSignedAttributes(signing_time=moment)
    try:
        asyncio.run(document.perform_signature(digest.document_digest, attributes))
    except SigningError as error:
        raise SealError("seal_too_large", f"The seal does not fit: {error}") from error
    return output.getvalue()


def _reserved(identity, timestamper):
    """Return the length of the signature as hexadecimal digits."""
    return 2 * (identity.signature_size + _SPARE + (_TIMESTAMP if timestamper else 0))


def _free_field_name(writer):
    form = value_of(writer.root, "/AcroForm") or {}
    fields = value_of(form, "/Fields") if form else None
    taken = {value_of(field.get_object(), "/T") for field in fields or ()}
    name, number = FIELD_NAME, 1
    while name in taken:
        number += 1
        name = f"{FIELD_NAME}{number}"
    return name


def _check(data, identity):
    """Read the finished file as a stranger would, and return its SHA-256.

    :raises SealError: ``seal_invalid``
    """
    seals = PdfFileReader(io.BytesIO(data), strict=False).embedded_signatures
    if len(seals) != 1:
        raise SealError("seal_invalid", "There is not exactly one seal.", problem="count")
    seal = seals[0]
    if seal.byte_range[0] != 0:
        raise SealError("seal_invalid", "The seal covers a part only.", problem="coverage")
    covered, whole = _digests(data, seal.byte_range)
    intact, valid = validate_sig_integrity(seal.signer_info, seal.signer_cert, "data", covered)
    findings = {
        "digest": intact,
        "signature": valid,
        "certificate": seal.signer_cert.dump() == identity.certificate_der,
        "coverage": seal.evaluate_signature_coverage() == SignatureCoverageLevel.ENTIRE_FILE,
        "certification": seal.docmdp_level == MDPPerm.NO_CHANGES,
    }
    for problem, holds in findings.items():
        if not holds:
            raise SealError("seal_invalid", f"The seal has a wrong {problem}.", problem=problem)
    return whole


def _digests(data, byte_range):
    """Return the SHA-256 of what the seal covers, and that of the file, reading it once."""
    view = memoryview(data)
    _start, length, resume, rest = byte_range
    covered = hashlib.sha256(view[:length])
    whole = covered.copy()
    covered.update(view[resume : resume + rest])
    whole.update(view[length:])
    return covered.digest(), whole.hexdigest()
