"""Is this file what was sealed, and by whom?"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from ..pdf.pages import value_of
from .pades import CertificateInfo, describe_certificate

# whatever the parsers of PDF and ASN.1 raise at bytes that somebody has changed
_UNREADABLE = (PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError)
_USAGE = KeyUsageConstraints(key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False)


@dataclass(frozen=True)
class Verdict:
    """What can be said about a file.

    :param intact: the seal is genuine and nothing was changed or added after it
    :param trusted: the seal's certificate is, or was issued by, one of the trusted ones
    :param certified: the seal forbids all changes (DocMDP level 1)
    :param whole: the seal covers the whole file
    :param signer: certificate of the seal, ``None`` when there is no readable seal
    :param problems: codes among ``unreadable``, ``not_sealed``, ``several_seals``, ``digest``,
        ``signature``, ``changed``, ``coverage``, ``not_certified``, ``untrusted``
    """

    intact: bool
    trusted: bool
    certified: bool
    whole: bool
    signer: CertificateInfo | None
    problems: tuple[str, ...]


def verify(data: bytes, trusted: Sequence[bytes], moment: datetime | None = None) -> Verdict:
    """Judge a sealed file; never raises for what is in ``data``.

    The difference analysis of pyHanko also finds what was appended with a new cross-reference
    table, which a look at the signature alone takes for valid.

    :param data: any bytes; foreign files go through :func:`pdf.inspect.inspect` first only where
        they are let in, so call this from a process that may fail on hostile input
    :param trusted: certificates as DER
    :param moment: aware; when the certificates have to be valid, now when ``None``
    """
    try:
        return _judge(data, trusted, moment)
    except _UNREADABLE:
        return _no_seal("unreadable")


def _judge(data, trusted, moment):
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    seals = reader.embedded_signatures
    if len(seals) != 1:
        return _no_seal("several_seals" if seals else "not_sealed")
    seal = seals[0]
    roots = [x509.Certificate.load(der) for der in trusted]
    context = ValidationContext(trust_roots=roots, moment=moment, allow_fetching=False)
    status = validate_pdf_signature(seal, signer_validation_context=context, key_usage_settings=_USAGE)
    findings = {
        "digest": status.intact,
        "signature": status.valid,
        "changed": status.docmdp_ok,
        "coverage": status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        "not_certified": _is_certification(reader, seal),
        "untrusted": status.trusted,
    }
    return Verdict(
        intact=all(findings[key] for key in ("digest", "signature", "changed", "coverage")),
        trusted=findings["untrusted"],
        certified=findings["not_certified"],
        whole=findings["coverage"],
        signer=describe_certificate(seal.signer_cert.dump()),
        problems=tuple(problem for problem, holds in findings.items() if not holds),
    )


def _is_certification(reader, seal):
    permissions = value_of(reader.root, "/Perms")
    if permissions is None or seal.docmdp_level != MDPPerm.NO_CHANGES:
        return False
    return value_of(permissions, "/DocMDP") is seal.sig_object


def _no_seal(problem):
    return Verdict(False, False, False, False, None, (problem,))
