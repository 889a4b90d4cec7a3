"""What is needed to check a seal and its timestamp later (PAdES B-LT, ETSI EN 319 142-1): certificates, and what
their issuers say of whether they were revoked. It is put into the document security store (ISO 32000-2 12.8.4.3).
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests
from asn1crypto import crl, ocsp, pem, x509
from cryptography import x509 as pyca_x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.ocsp import OCSPRequestBuilder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError
from pyhanko_certvalidator.path import ValidationPath

from ..errors import SealError
from .http import HttpError, fetch, is_address, within
from .pades import SealIdentity

# what was collected serves for so long, if its issuers do not say a shorter time
KEPT = timedelta(hours=1)
# bytes; longer lists would make each document as long
_LIMIT = 512 * 1024
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError)


class ServerRevoked(Exception):
    """The certificate of the timestamp server, or one of its issuers, was revoked."""


@dataclass(frozen=True)
class Chain:
    """A certificate, and others that came with it."""

    own: x509.Certificate
    others: tuple[x509.Certificate, ...]


@dataclass(frozen=True)
class Evidence:
    """Certificates, revocation lists and OCSP answers of a seal and of a timestamp server.

    :param until: aware; when something newer has to be collected
    """

    paths: tuple[ValidationPath, ...]
    crls: tuple[crl.CertificateList, ...]
    ocsps: tuple[ocsp.OCSPResponse, ...]
    until: datetime

    def embed(self, writer: IncrementalPdfFileWriter) -> None:
        """Put it all into the update that ``writer`` makes."""
        DocumentSecurityStore.supply_dss_in_writer(writer, None, paths=self.paths, crls=self.crls, ocsps=self.ocsps)

    def covers(self, certificate: x509.Certificate) -> bool:
        """Tell whether this is about that very certificate."""
        return any(path.last.dump() == certificate.dump() for path in self.paths)


def collect(
    identity: SealIdentity,
    server: Chain,
    known: tuple[x509.Certificate, ...],
    session: requests.Session,
    seconds: float,
) -> Evidence | None:
    """Return all that is needed to check a seal by ``identity`` and a timestamp by ``server``.

    Each certificate below a root has to be said to be good by its issuer. ``None`` when that cannot be had: a chain
    does not reach a root that is among the certificates, or nobody answers for one of them.

    :param known: more certificates, roots perhaps
    :param seconds: for all of it
    :raises ServerRevoked:
    :raises SealError: ``certificate_revoked``
    """
    try:
        return within(seconds, _collect, identity, server, known, session, seconds)
    except TimeoutError:
        return None


def _collect(identity, server, known, session, seconds):
    seal = Chain(identity.signer.signing_cert, tuple(identity.signer.cert_registry))
    certificates = (seal.own, *seal.others, server.own, *server.others, *known)
    roots = [each for each in certificates if each.self_signed in ("yes", "maybe")]
    answers = {}
    # answers that cannot be read, too: nobody waits for a document because of them
    with contextlib.suppress(PathError, ValidationError, *_UNREADABLE):
        for chain in (seal, server):
            path = _validated(chain.own, ValidationContext(trust_roots=roots, other_certs=certificates))
            for issuer, certificate in zip(path, list(path)[1:], strict=False):
                _ask(certificate, issuer, session, seconds, answers)
        now = datetime.now(UTC)
        lists = [each for each in answers.values() if isinstance(each, crl.CertificateList)]
        ocsps = [each for each in answers.values() if isinstance(each, ocsp.OCSPResponse)]
        context = ValidationContext(
            trust_roots=roots,
            other_certs=certificates,
            moment=now,
            crls=lists,
            ocsps=ocsps,
            revocation_mode="require",
        )
        paths = _checked(seal, server, context)
        return Evidence(paths, tuple(lists), tuple(ocsps), min([now + KEPT, *_ends(lists, ocsps)]))
    return None


def _checked(seal, server, context):
    try:
        path = _validated(seal.own, context)
    except RevokedError as error:
        raise SealError("certificate_revoked", "The certificate of the seal was revoked.") from error
    try:
        return path, _validated(server.own, context)
    except RevokedError as error:
        raise ServerRevoked from error


def _validated(certificate, context):
    return asyncio.run(CertificateValidator(certificate, validation_context=context).async_validate_path())


def _ask(certificate, issuer, session, seconds, answers):
    """Get an answer of whether a certificate was revoked; `answers` are all so far, by what was asked where.

    OCSP comes first: its answers are shorter.
    """
    question = _ocsp_request(certificate, issuer)
    sources = [(url, question, _read_ocsp) for url in certificate.ocsp_urls]
    sources += [(point.url, None, _read_crl) for point in certificate.crl_distribution_points]
    for url, body, read in sources:
        if (url, body) in answers:
            return
        if not (url and is_address(url)):
            continue
        method, headers = ("POST", {"Content-Type": "application/ocsp-request"}) if body else ("GET", {})
        with contextlib.suppress(HttpError, *_UNREADABLE):
            answer = fetch(session, method, url, body, headers=headers, limit=_LIMIT, seconds=seconds)
            answers[url, body] = read(answer)
            return


def _ocsp_request(certificate, issuer):
    """Return the question (RFC 6960). By SHA-1, which all responders know: it names and proves nothing."""
    pair = (pyca_x509.load_der_x509_certificate(each.dump()) for each in (certificate, issuer))
    builder = OCSPRequestBuilder().add_certificate(*pair, hashes.SHA1())  # noqa: S303
    return builder.build().public_bytes(serialization.Encoding.DER)


def _read_ocsp(data):
    answer = ocsp.OCSPResponse.load(data, strict=True)
    if answer["response_status"].native != "successful":
        raise ValueError("The responder does not answer.")
    return answer


def _read_crl(data):
    if pem.detect(data):
        _name, _headers, data = pem.unarmor(data)
    found = crl.CertificateList.load(data, strict=True)
    found["tbs_cert_list"].native  # noqa: B018 - asn1crypto reads it only now
    return found


def _ends(lists, ocsps):
    """Return until when the answers serve, as far as they say so."""
    ends = [each["tbs_cert_list"]["next_update"].native for each in lists]
    ends += [one["next_update"].native for each in ocsps for one in each.response_data["responses"]]
    return filter(None, ends)
