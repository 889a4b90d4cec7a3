"""Stamp and seal: from a document and its values to the certified file, in one update.

With a certificate of completion its pages and the evidence come with the same update, and the seal is seen on the
last one of them.
"""

import asyncio
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, enumerate_sig_fields, prepare_sig_field
from pyhanko.sign.general import SigningError, extract_certificate_info
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, validate_sig_integrity
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko.stamp import BaseStampStyle

from ..certificate import HEIGHT, WIDTH, Certificate, lay_out
from ..errors import SealError, TimestampError
from ..fonts import FontSet
from ..pdf import append, stamp
from ..pdf.append import Attachment
from ..pdf.pages import value_of
from ..pdf.stamp import Stamp
from .pades import DIGEST, SealIdentity, check_dates, require_aware
from .timestamp import Timestamping

FIELD_NAME = "Seal"
# bytes to spare: ECDSA signatures vary by a few bytes
_SPARE = 256


@dataclass(frozen=True)
class Sealed:
    """A certified document and its SHA-256 as lower-case hex.

    :param level: of PAdES baseline (ETSI EN 319 142-1): ``b``, ``t`` or ``lt``
    :param timestamp: aware; the time that a timestamp server has put into the seal
    """

    data: bytes
    sha256: str
    level: str = "b"
    timestamp: datetime | None = None


class _AsDrawn(BaseStampStyle):
    """Leaves the appearance of the seal as it is."""

    def create_stamp(self, writer, box, text_params):
        """Return no stamp."""
        return


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
    timestamping: Timestamping | None = None,
    certificate: Certificate | None = None,
    attachments: Sequence[Attachment] = (),
) -> Sealed:
    """Draw ``stamps`` and certify the document, appending one incremental update to ``pdf``.

    The seal is a PAdES baseline B-B signature (ETSI EN 319 142-1; B-T or B-LT with ``timestamping``) that
    certifies the document and allows no changes (DocMDP level 1, ISO 32000-2 12.8.2.2). It is seen at
    the end of the certificate of completion, and nowhere without one. The result is read back and
    checked before it is returned.

    :param pdf: let in by :func:`pdf.inspect.inspect`, or made by ourselves
    :param moment: aware; the time of sealing as the file states it
    :param reason: shown by readers, as are ``location``, ``name`` and ``contact``; may be empty
    :param timestamping: is asked for the time; B-LT where all that is needed to check it later can be had
    :param certificate: becomes pages after the last one
    :param attachments: become embedded files
    :raises SealError: ``document_unreadable``, ``already_signed``, ``certificate_expired``,
        ``certificate_not_yet_valid``, ``certificate_revoked``, ``seal_too_large``, ``seal_invalid``,
        ``moment_naive``
    :raises TimestampError: the document can be sealed without ``timestamping``
    :raises PlacementError, PdfRefused, RenderError: see :func:`pdf.stamp.apply`
    :raises LinkError: ``qr_too_long``, of the address in the certificate
    """
    require_aware(moment)
    check_dates(identity.certificate, moment)
    evidence = timestamping.evidence(identity) if timestamping else None
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
        if next(enumerate_sig_fields(writer.prev, filled_status=True), None):
            raise SealError("already_signed", "The document is already signed.")
        append.drop_claims(writer)
        layout = lay_out(certificate, fonts) if certificate else None
        field_name = _free_field_name(writer)
        _draw(writer, stamps, layout, fonts, field_name, certificate)
        for attachment in attachments:
            append.embed_file(writer, attachment)
        if evidence:
            evidence.embed(writer)
        metadata = PdfSignatureMetadata(
            field_name=field_name,
            md_algorithm=DIGEST,
            reason=reason or None,
            location=location or None,
            name=name or None,
            contact_info=contact or None,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            subfilter=SigSeedSubFilter.PADES,
        )
        data = _seal(writer, metadata, identity, moment, timestamping)
    except PdfError as error:
        raise SealError("document_unreadable", f"The document is damaged: {error}") from error
    sha256, seal = _check(data, identity)
    return Sealed(data, sha256, *_level(seal, evidence))


def _draw(writer, stamps, layout, fonts, field_name, certificate):
    """Draw the stamps, and the certificate with the field of the seal on its last page."""
    if layout is None:
        stamp.apply(writer, stamps, fonts=fonts)
        return
    sheets = (*layout.sheets, layout.seal)
    drawn = stamp.apply(writer, stamps, fonts=fonts, sheets=sheets, pictures=layout.pictures)
    *contents, seal = drawn.contents
    added = append.append_pages(writer, contents, (WIDTH, HEIGHT), drawn.resources)
    append.add_link(writer, added[0], layout.link, certificate.url, certificate.check)
    # called inner by pyHanko, but its public way reads all pages to find the last one
    _created, field = prepare_sig_field(
        field_name,
        writer.root,
        update_writer=writer,
        existing_fields_only=False,
        box=layout.seal_box,
        include_on_page=added[-1],
    )
    left, bottom, right, top = layout.seal_box
    appearance = writer.add_object(stamp.form(seal, (0, 0, right - left, top - bottom), drawn.resources))
    # what is read out for it
    field.get_object()[pdf_name("/TU")] = generic.TextStringObject(", ".join(certificate.seal))
    field.get_object()[pdf_name("/AP")] = generic.DictionaryObject({pdf_name("/N"): appearance})


def _seal(writer, metadata, identity, moment, timestamping):
    signer = PdfSigner(
        metadata,
        identity.signer,
        timestamper=timestamping,
        stamp_style=_AsDrawn(),
        # where there is none yet
        new_field_spec=SigFieldSpec(metadata.field_name),
    )
    session = signer.init_signing_session(writer)
    # pyHanko would take the clock of the server
    session.system_time = moment
    document = session.prepare_tbs_document(validation_info=None, bytes_reserved=_reserved(identity, timestamping))
    digest, output = document.digest_tbs_document()
    attributes = PdfCMSSignedAttributes(signing_time=moment)
    try:
        asyncio.run(document.perform_signature(digest.document_digest, attributes))
    except SigningError as error:
        if timestamping:
            raise TimestampError("tsa_answer", "The timestamp does not fit.", url=timestamping.url) from error
        raise SealError("seal_too_large", f"The seal does not fit: {error}") from error
    return output.getvalue()


def _reserved(identity, timestamping):
    """Return the length of the signature as hexadecimal digits."""
    return 2 * (identity.signature_size + _SPARE + (timestamping.reserved if timestamping else 0))


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
    """Read the finished file as a stranger would, and return its SHA-256 and its seal.

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
    return whole, seal


def _level(seal, evidence):
    """Return the PAdES level of a seal and the time of its timestamp, which was checked when it came."""
    for token in extract_tst_data_iter(seal.signer_info, signed=False):
        server = extract_certificate_info(token).signer_cert
        level = "lt" if evidence and evidence.covers(server) else "t"
        return level, token["encap_content_info"]["content"].parsed["gen_time"].native
    return "b", None


def _digests(data, byte_range):
    """Return the SHA-256 of what the seal covers, and that of the file, reading it once."""
    view = memoryview(data)
    _start, length, resume, rest = byte_range
    covered = hashlib.sha256(view[:length])
    whole = covered.copy()
    covered.update(view[resume : resume + rest])
    whole.update(view[length:])
    return covered.digest(), whole.hexdigest()
