"""Is this file what was sealed, by whom, and since when?"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, enumerate_sig_fields
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from ..pdf.pages import value_of
from .pades import CertificateInfo, describe_certificate

# whatever the parsers of PDF and ASN.1 raise at bytes that somebody has changed
_UNREADABLE = (PdfError, ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)
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
        ``signature``, ``changed``, ``coverage``, ``not_certified``, ``untrusted``, ``timestamp``
        (one that is not of this seal), ``timestamp_untrusted``
    :param level: of the PAdES baseline (ETSI EN 319 142-1): ``b``; ``t`` with a timestamp; ``lt``
        when all that is needed to check both by the trusted certificates lies in the file; ``""``
        without an intact seal
    :param timestamp: aware; when the timestamp server has seen the seal, ``None`` without one that fits
    """

    intact: bool
    trusted: bool
    certified: bool
    whole: bool
    signer: CertificateInfo | None
    problems: tuple[str, ...]
    level: str = ""
    timestamp: datetime | None = None


def verify(
    data: bytes,
    trusted: Sequence[bytes],
    moment: datetime | None = None,
    *,
    timestamp_trusted: Sequence[bytes] = (),
) -> Verdict:
    """Judge a sealed file; never raises for what is in ``data``.

    The difference analysis of pyHanko also finds what was appended with a new cross-reference
    table, which a look at the signature alone takes for valid.

    :param data: any bytes; foreign files go through :func:`pdf.inspect.inspect` first only where
        they are let in, so call this from a process that may fail on hostile input
    :param trusted: certificates as DER
    :param moment: aware; when the certificates have to be valid, now when ``None``
    :param timestamp_trusted: certificates of timestamp servers or their issuers, as DER
    """
    roots, servers = _load(trusted), _load(timestamp_trusted)
    try:
        return _judge(data, roots, moment, servers)
    except _UNREADABLE:
        return _no_seal("unreadable")


def _judge(data, roots, moment, servers):
    reader = PdfFileReader(io.BytesIO(data), strict=False)
    if not (fields := list(enumerate_sig_fields(reader, filled_status=True))):
        return _no_seal("not_sealed")
    if len(fields) > 1:
        return _no_seal("several_seals")
    try:
        (seal,) = reader.embedded_signatures
    except _UNREADABLE:
        return _no_seal("signature")
    status = _validate(seal, _context(roots, moment), _context(servers, moment))
    token = status.timestamp_validity
    findings = {
        "digest": status.intact,
        # behind the signature there are zeros; else somebody has hidden something in its place
        "signature": status.valid
        and not any(seal.pkcs7_content[len(cms.ContentInfo.load(seal.pkcs7_content).dump()) :]),
        "changed": status.docmdp_ok,
        "coverage": status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        "not_certified": _is_certification(reader, seal),
        "untrusted": status.trusted,
        "timestamp": not token or (token.intact and token.valid),
        "timestamp_untrusted": not token or token.trusted,
    }
    is_intact = all(findings[key] for key in ("digest", "signature", "changed", "coverage"))
    is_stamped = bool(token) and findings["timestamp"]
    is_lasting = is_stamped and _is_lasting(reader, seal, roots, servers, token.timestamp)
    return Verdict(
        intact=is_intact,
        trusted=findings["untrusted"],
        certified=findings["not_certified"],
        whole=findings["coverage"],
        signer=describe_certificate(seal.signer_cert.dump()),
        problems=tuple(problem for problem, holds in findings.items() if not holds),
        level=("lt" if is_lasting else "t" if is_stamped else "b") if is_intact else "",
        timestamp=token.timestamp if is_stamped else None,
    )


def _load(certificates):
    return [x509.Certificate.load(der) for der in certificates]


def _context(roots, moment):
    return ValidationContext(trust_roots=roots, moment=moment, allow_fetching=False)


def _validate(seal, context, server_context):
    return validate_pdf_signature(
        seal,
        signer_validation_context=context,
        ts_validation_context=server_context,
        key_usage_settings=_USAGE,
    )


def _is_lasting(reader, seal, roots, servers, moment):
    """Tell whether the file itself says of all its certificates below the roots that they were not revoked."""
    if value_of(reader.root, "/DSS") is None:
        return False
    store = DocumentSecurityStore.read_dss(reader)
    strict = {"moment": moment, "allow_fetching": False, "revocation_mode": "require"}
    status = _validate(
        seal,
        store.as_validation_context({**strict, "trust_roots": roots}),
        store.as_validation_context({**strict, "trust_roots": servers}),
    )
    return status.trusted and status.timestamp_validity.trusted


def _is_certification(reader, seal):
    permissions = value_of(reader.root, "/Perms")
    if permissions is None or seal.docmdp_level != MDPPerm.NO_CHANGES:
        return False
    return value_of(permissions, "/DocMDP") is seal.sig_object


def _no_seal(problem):
    return Verdict(False, False, False, False, None, (problem,))
