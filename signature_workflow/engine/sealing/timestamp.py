"""Trusted timestamps (RFC 3161) from a server over HTTP.

The answer of the server is checked as a stranger would check it before it gets into a document: digest, nonce,
signature, and the use and the dates of its certificate.
"""

import asyncio
import functools
import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import requests
from asn1crypto import cms, core, tsp, x509
from pyhanko.sign.general import extract_certificate_info
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko.sign.validation.status import TimestampSignatureStatus
from pyhanko_certvalidator import ValidationContext

from ..errors import TimestampError
from . import longterm
from .http import HttpError, fetch, is_address, within
from .pades import DIGEST, CertificateInfo, SealIdentity, describe_certificate

SECONDS = 10
ANSWER_LIMIT = 64 * 1024
_HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
_GRANTED = ("granted", "granted_with_mods")
_REASON_LENGTH = 200
# bytes for the first token of a server; later ones are about as long as the one before
_FIRST_RESERVED = 16384
_SPARE = 1024
# who says another time has a wrong clock, or repeats an old answer (RFC 3161 2.2)
_CLOCKS_APART = timedelta(minutes=10)
# what asn1crypto raises at bytes that are no answer; pyHanko's errors about tokens are ValueErrors
_UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError)


class _Answer(core.Sequence):
    """TimeStampResp of RFC 3161; that of asn1crypto cannot read a refusal, which has no token."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


@dataclass(frozen=True)
class Timestamp:
    """A checked answer of the server.

    :param response_der: the answer as it came (TimeStampResp of RFC 3161), which ``openssl ts -verify -in`` reads
    :param time: aware; when the server says that it has seen the digest
    :param policy: object identifier of the policy under which the server works
    :param certificate: that of the server
    """

    response_der: bytes
    time: datetime
    policy: str
    certificate: CertificateInfo


class Timestamping(TimeStamper):
    """A timestamp server, as a pyHanko timestamper: one request for each document.

    It keeps its connection, and what it learns of the server: make one with :func:`load`.
    """

    def __init__(self, url: str, certificates: tuple[bytes, ...] = (), *, seconds: float = SECONDS):
        super().__init__()
        if not is_address(url):
            raise TimestampError("tsa_url", "The address of the timestamp server is not usable.", url=url)
        self.url = url
        self.reserved = _FIRST_RESERVED
        self._seconds = seconds
        self._session = requests.Session()
        # Odoo's user may have passwords in ~/.netrc; they are not for hosts that certificates name
        self._session.auth = lambda request: request
        self._pinned = tuple(x509.Certificate.load(der) for der in certificates)
        self._server: longterm.Chain | None = None
        self._evidence: dict[bytes, tuple[datetime, longterm.Evidence | None]] = {}

    @property
    def is_trusted(self) -> bool:
        """Whether certificates were given, so that a time is that of a server which somebody trusts."""
        return bool(self._pinned)

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """Return a checked token for a digest; pyHanko calls this.

        :raises TimestampError:
        """
        token, _answer = await self._stamp(message_digest, md_algorithm)
        return token

    def timestamp_of_file(self, sha256: bytes) -> Timestamp:
        """Return a checked timestamp of a file with this digest.

        :raises TimestampError:
        """
        token, answer = asyncio.run(self._stamp(sha256, DIGEST))
        info = token["content"]["encap_content_info"]["content"].parsed
        return Timestamp(
            response_der=answer,
            time=info["gen_time"].native,
            policy=info["policy"].dotted,
            certificate=describe_certificate(extract_certificate_info(token["content"]).signer_cert.dump()),
        )

    def evidence(self, identity: SealIdentity) -> longterm.Evidence | None:
        """Return what is needed to check a seal by ``identity`` and its timestamp later; ``None`` if it cannot be had.

        Nothing can be had without given certificates: where those of an unknown server lead to is not asked.
        Kept for a while; asks the servers of the certificates' issuers. The first time this server is asked
        for a timestamp of nothing, for only that tells its certificate.

        :raises TimestampError: ``tsa_untrusted`` also when the certificate of the server was revoked
        :raises SealError: ``certificate_revoked``
        """
        if not self.is_trusted:
            return None
        now = datetime.now(UTC)
        kept = self._evidence.get(identity.certificate_der)
        if kept and kept[0] > now:
            return kept[1]
        if self._server is None:
            self.timestamp_of_file(hashlib.sha256(os.urandom(16)).digest())
        try:
            evidence = longterm.collect(identity, self._server, self._pinned, self._session, self._seconds)
        except longterm.ServerRevoked as error:
            raise self._error("tsa_untrusted") from error
        until = evidence.until if evidence else now + longterm.KEPT
        self._evidence[identity.certificate_der] = until, evidence
        return evidence

    async def _stamp(self, digest, algorithm):
        """Return the token for a digest, and the whole answer."""
        nonce, request = self.request_cms(digest, algorithm)
        answer = self._ask(request.dump())
        try:
            token = self._read(answer)
            info = token["content"]["encap_content_info"]["content"].parsed
            imprint = info["message_imprint"].native
            if (
                info["nonce"].native != nonce
                or imprint["hashed_message"] != digest
                or imprint["hash_algorithm"]["algorithm"] != algorithm
            ):
                raise self._error("tsa_mismatch")
            if abs(info["gen_time"].native - datetime.now(UTC)) > _CLOCKS_APART:
                raise self._error("tsa_time", time=info["gen_time"].native.isoformat())
            await self._check(token["content"], digest, info["gen_time"].native)
        except _UNREADABLE as error:
            raise self._error("tsa_answer") from error
        return token, answer

    def _ask(self, request):
        try:
            return within(self._seconds, self._post, request)
        except TimeoutError as error:
            raise self._error("tsa_timeout", seconds=self._seconds) from error
        except HttpError as error:
            code, more = {
                "timeout": ("tsa_timeout", {"seconds": self._seconds}),
                "status": ("tsa_refused", {"reason": error.detail}),
                "too_long": ("tsa_answer", {}),
            }.get(error.kind, ("tsa_unreachable", {}))
            raise self._error(code, **more) from error

    def _post(self, request):
        return fetch(
            self._session,
            "POST",
            self.url,
            request,
            headers=_HEADERS,
            limit=ANSWER_LIMIT,
            seconds=self._seconds,
        )

    def _read(self, answer):
        """Return the token in an answer (RFC 3161 2.4.2)."""
        response = _Answer.load(answer, strict=True)
        status = response["status"]
        if status["status"].native not in _GRANTED:
            words = [*(status["status_string"].native or ()), *sorted(status["fail_info"].native or ())]
            reason = "".join(char for char in "; ".join(words) if char.isprintable())
            raise self._error("tsa_refused", reason=reason[:_REASON_LENGTH] or status["status"].native)
        return response["time_stamp_token"]

    async def _check(self, signed_data, digest, moment):
        """Check the signature and the certificate of a token, and learn of the server."""
        certificates = extract_certificate_info(signed_data)
        server, others = certificates.signer_cert, tuple(certificates.other_certs)
        context = ValidationContext(
            trust_roots=self._pinned or (server,), other_certs=others, moment=moment, allow_fetching=False
        )
        found = await validate_tst_signed_data(signed_data, context, lambda _algorithm: digest)
        if not (TimestampSignatureStatus(**found).trusted and _is_for_timestamps(server)):
            raise self._error("tsa_untrusted")
        if self._server is None or self._server.own.dump() != server.dump():
            self._server = longterm.Chain(server, others)
            self._evidence.clear()
        self.reserved = len(signed_data.dump()) + _SPARE

    def _error(self, code, **more):
        return TimestampError(code, f"The timestamp server gives no timestamp: {code}", url=self.url, **more)


@functools.lru_cache(maxsize=16)
def load(url: str, certificates: tuple[bytes, ...] = ()) -> Timestamping:
    """Return the server with this address; the same one each time.

    :param url: http or https, without a password
    :param certificates: DER; when there are any, only timestamps by these, or issued under them, are accepted
    :raises TimestampError: ``tsa_url``
    """
    return Timestamping(url, certificates)


def _is_for_timestamps(certificate):
    """Tell whether a certificate is for timestamps, says so as critical, and is for nothing else (RFC 3161 2.3)."""
    uses = certificate.extended_key_usage_value
    return (
        uses is not None
        and uses.native == ["time_stamping"]
        and "extended_key_usage" in certificate.critical_extensions
    )
