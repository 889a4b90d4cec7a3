"""Keys and certificates for sealing.

A seal is a PAdES baseline signature (ETSI EN 319 142-1), made with a P-256 key that the
organisation owns, or with a certificate that it brings as PKCS #12 (RFC 7292).
"""

import asyncio
import functools
import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.signers import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pyhanko_certvalidator.util import get_pyca_cryptography_hash

from ..errors import SealError

DIGEST = "sha256"
MIN_RSA_BITS = 2048
_SAMPLE_DIGEST = hashlib.sha256(b"the place of a digest").digest()
_ENVELOPE = b"SWK1"
_SALT_BYTES = 16
_NONCE_BYTES = 12
# a certificate that is for nothing else makes no seal, whatever its key usage says
_OTHER_USES = {
    ExtendedKeyUsageOID.SERVER_AUTH,
    ExtendedKeyUsageOID.TIME_STAMPING,
    ExtendedKeyUsageOID.OCSP_SIGNING,
    ExtendedKeyUsageOID.CODE_SIGNING,
}


@dataclass(frozen=True)
class KeyMaterial:
    """A private key and the certificates that go with it, ready to be stored.

    :param private_key_der: unencrypted PKCS #8; encrypt it before it is stored
    :param certificate_der: certificate of the key
    :param chain_der: certificates of its issuers, nearest first, if any
    """

    private_key_der: bytes = field(repr=False)
    certificate_der: bytes
    chain_der: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class CertificateInfo:
    """What people want to know about a certificate; names as in RFC 4514, times aware (UTC)."""

    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    fingerprint_sha256: str
    serial: int


@dataclass(frozen=True)
class SealIdentity:
    """A loaded key with its certificates; made by :func:`load_identity`, never stored.

    :param signature_size: about how long a signature with this key is, in bytes
    """

    signer: Signer = field(repr=False)
    certificate: CertificateInfo
    certificate_der: bytes
    signature_size: int


class LoadedKeySigner(Signer):
    """pyHanko signer that keeps what is the same for all seals of a key: the key, loaded, and the
    attributes of PAdES B-B, encoded, in which only the digest of the document differs.
    """

    def __init__(self, key, certificate_der: bytes, chain_der: tuple[bytes, ...]):
        chain = [asn1_x509.Certificate.load(der) for der in chain_der]
        super().__init__(
            signing_cert=asn1_x509.Certificate.load(certificate_der),
            cert_registry=SimpleCertificateStore.from_certs(chain),
        )
        self._key = key
        self._attributes = b""

    async def signed_attrs(self, data_digest, digest_algorithm, **options):
        """Return the signed attributes (ETSI EN 319 122-1) for a digest."""
        if not self._attributes:
            sample = await super().signed_attrs(_SAMPLE_DIGEST, digest_algorithm, **options)
            self._attributes = sample.dump()
        encoded = self._attributes.replace(_SAMPLE_DIGEST, data_digest)
        return cms.CMSAttributes.load(encoded)

    async def async_sign_raw(self, data, digest_algorithm, dry_run=False):
        """Sign ``data``: ECDSA, or RSA with PKCS #1 v1.5 padding."""
        algorithm = get_pyca_cryptography_hash(digest_algorithm)
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), algorithm)
        return self._key.sign(data, ec.ECDSA(algorithm))


def make_identity(
    *,
    common_name: str,
    organization: str,
    country: str,
    moment: datetime,
    validity_days: int,
    serial: int | None = None,
) -> KeyMaterial:
    """Make a P-256 key and a certificate for it that it signs itself (RFC 5280).

    The certificate is an end entity's: who trusts it, trusts this seal and nothing else.

    :param common_name: at most 64 characters
    :param organization: at most 64 characters, may be empty
    :param country: two letters (ISO 3166-1), may be empty
    :param moment: aware; the certificate is valid from then on
    :param serial: positive, at most 159 bits; a random one when ``None``
    :raises SealError: ``certificate_invalid`` when a name does not fit, ``moment_naive``
    """
    require_aware(moment)
    key = ec.generate_private_key(ec.SECP256R1())
    public_key = key.public_key()
    try:
        name = _subject(common_name, organization, country)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(public_key)
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(moment)
            .not_valid_after(moment + timedelta(days=validity_days))
        )
    except ValueError as error:
        raise SealError("certificate_invalid", f"No certificate with this data: {error}") from error
    for extension, critical in _extensions(public_key):
        builder = builder.add_extension(extension, critical=critical)
    certificate = builder.sign(key, hashes.SHA256())
    return KeyMaterial(_key_der(key), certificate.public_bytes(serialization.Encoding.DER))


def load_pkcs12(data: bytes, password: str, moment: datetime) -> KeyMaterial:
    """Read a key and its certificates from a PKCS #12 file and check that they can seal.

    The chain is put in order: each certificate is signed by the next, which is an authority's and valid. It may end
    before the root (see :func:`is_complete`): who checks a seal finds the rest among what they trust. Certificates
    that do not belong to it are left out.

    :param moment: aware; the certificates have to be valid then
    :raises SealError: ``pkcs12_unreadable`` (also for a wrong password), ``pkcs12_incomplete``,
        ``key_type``, ``key_too_small``, ``key_mismatch``, ``key_usage``, ``certificate_expired``,
        ``certificate_not_yet_valid``, ``chain_broken``, ``moment_naive``
    """
    require_aware(moment)
    try:
        bundle = pkcs12.load_pkcs12(data, password.encode())
    except ValueError as error:
        raise SealError("pkcs12_unreadable", "The file or its password is not right.") from error
    if bundle.key is None or bundle.cert is None:
        raise SealError("pkcs12_incomplete", "The file lacks a key or its certificate.")
    certificate = bundle.cert.certificate
    _check_key(bundle.key)
    _check_pair(bundle.key, certificate)
    _check_usage(certificate)
    encoded = certificate.public_bytes(serialization.Encoding.DER)
    check_dates(describe_certificate(encoded), moment)
    chain = _chain(certificate, [other.certificate for other in bundle.additional_certs], moment)
    return KeyMaterial(
        _key_der(bundle.key), encoded, tuple(each.public_bytes(serialization.Encoding.DER) for each in chain)
    )


def is_complete(certificate_der: bytes, chain_der: Sequence[bytes]) -> bool:
    """Tell whether a chain ends with a root, a certificate that signs itself.

    :raises SealError: ``certificate_invalid``
    """
    last = _load_certificate(chain_der[-1] if chain_der else certificate_der)
    return last.subject == last.issuer


@functools.lru_cache(maxsize=16)
def load_identity(material: KeyMaterial) -> SealIdentity:
    """Load a key once; further calls with the same material give the same identity.

    :raises SealError: ``key_invalid``, ``key_type``, ``key_too_small``, ``key_mismatch``,
        ``certificate_invalid``
    """
    try:
        key = serialization.load_der_private_key(material.private_key_der, password=None)
    except (ValueError, TypeError) as error:
        raise SealError("key_invalid", "The private key cannot be read.") from error
    _check_key(key)
    _check_pair(key, _load_certificate(material.certificate_der))
    signer = LoadedKeySigner(key, material.certificate_der, material.chain_der)
    return SealIdentity(
        signer=signer,
        certificate=describe_certificate(material.certificate_der),
        certificate_der=material.certificate_der,
        signature_size=asyncio.run(_trial_size(signer)),
    )


def encrypt_key(
    private_key_der: bytes,
    secret: bytes,
    randomness: Callable[[int], bytes] = os.urandom,
) -> bytes:
    """Encrypt a key for storage: AES-256-GCM under a key derived by HKDF-SHA256 (RFC 5869).

    :param secret: at least 16 bytes of high entropy, kept outside of where the result is stored
    :param randomness: called with a number of bytes
    :raises SealError: ``secret_missing``
    """
    salt, nonce = randomness(_SALT_BYTES), randomness(_NONCE_BYTES)
    sealed = AESGCM(_derive(secret, salt)).encrypt(nonce, private_key_der, _ENVELOPE)
    return _ENVELOPE + salt + nonce + sealed


def decrypt_key(encrypted: bytes, secret: bytes) -> bytes:
    """Undo :func:`encrypt_key`.

    :raises SealError: ``secret_wrong`` (also when ``encrypted`` was changed), ``secret_missing``
    """
    head = len(_ENVELOPE)
    salt = encrypted[head : head + _SALT_BYTES]
    nonce = encrypted[head + _SALT_BYTES : head + _SALT_BYTES + _NONCE_BYTES]
    wrong = SealError("secret_wrong", "The key was encrypted with another secret, or changed.")
    if not encrypted.startswith(_ENVELOPE) or len(nonce) < _NONCE_BYTES:
        raise wrong
    body = encrypted[head + _SALT_BYTES + _NONCE_BYTES :]
    try:
        return AESGCM(_derive(secret, salt)).decrypt(nonce, body, _ENVELOPE)
    except InvalidTag:
        raise wrong from None


def describe_certificate(der: bytes) -> CertificateInfo:
    """Return what a certificate says about itself.

    :raises SealError: ``certificate_invalid``
    """
    certificate = _load_certificate(der)
    return CertificateInfo(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        fingerprint_sha256=hashlib.sha256(der).hexdigest(),
        serial=certificate.serial_number,
    )


def check_dates(info: CertificateInfo, moment: datetime) -> None:
    """Accept a certificate that is valid at ``moment``.

    :raises SealError: ``certificate_expired``, ``certificate_not_yet_valid``
    """
    # certificates count whole seconds, so the one of its making is within its validity
    if moment.replace(microsecond=0) < info.not_before:
        raise SealError(
            "certificate_not_yet_valid",
            f"The certificate is valid from {info.not_before:%Y-%m-%d %H:%M} UTC on.",
            not_before=info.not_before.isoformat(),
        )
    if moment > info.not_after:
        raise SealError(
            "certificate_expired",
            f"The certificate was valid until {info.not_after:%Y-%m-%d %H:%M} UTC.",
            not_after=info.not_after.isoformat(),
        )


def require_aware(moment: datetime) -> None:
    """Accept a time that says its offset from UTC.

    :raises SealError: ``moment_naive``
    """
    if moment.utcoffset() is None:
        raise SealError("moment_naive", "The time of sealing needs a time zone.")


def _subject(common_name, organization, country):
    parts = [(NameOID.COUNTRY_NAME, country), (NameOID.ORGANIZATION_NAME, organization)]
    parts.append((NameOID.COMMON_NAME, common_name))
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def _extensions(public_key):
    yield x509.BasicConstraints(ca=False, path_length=None), True
    usage = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    yield x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), True
    yield x509.SubjectKeyIdentifier.from_public_key(public_key), False
    yield x509.AuthorityKeyIdentifier.from_issuer_public_key(public_key), False


def _key_der(key):
    return key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


async def _trial_size(signer):
    trial = await signer.async_sign(bytes(32), DIGEST, use_pades=True)
    return len(trial.dump())


def _load_certificate(der):
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise SealError("certificate_invalid", "The certificate cannot be read.") from error


def _check_key(key):
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < MIN_RSA_BITS:
            raise SealError("key_too_small", "The RSA key is too small.", bits=key.key_size)
    elif not isinstance(key, ec.EllipticCurvePrivateKey):
        raise SealError("key_type", "Only RSA and elliptic curve keys can seal.")
    elif key.key_size < 256:
        raise SealError("key_too_small", "The curve of the key is too small.", bits=key.key_size)


def _check_pair(key, certificate):
    if key.public_key() != certificate.public_key():
        raise SealError("key_mismatch", "The certificate belongs to another key.")


def _check_usage(certificate):
    usage = _extension(certificate, x509.KeyUsage)
    uses = _extension(certificate, x509.ExtendedKeyUsage)
    if (usage and not (usage.digital_signature or usage.content_commitment)) or (uses and set(uses) <= _OTHER_USES):
        raise SealError("key_usage", "The certificate is not meant for signing.")


def _extension(certificate, kind):
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _chain(certificate, others, moment):
    """Return the issuers of a certificate among others, nearest first, as far as they are there."""
    chain = []
    while certificate.issuer != certificate.subject:
        issuers = [other for other in others if other.subject == certificate.issuer]
        if not issuers:
            break
        # one name may have had several keys, one key several certificates
        fitting = [each for each in issuers if _is_issuer(each, certificate, moment)]
        if not fitting or fitting[0] in chain:
            subject = issuers[0].subject.rfc4514_string()
            raise SealError("chain_broken", f"{subject} did not, or may not, issue the next.", subject=subject)
        certificate = fitting[0]
        chain.append(certificate)
    return chain


def _is_issuer(issuer, certificate, moment):
    """Tell whether a certificate is an authority's, valid, and that of who has signed another one."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    basic = _extension(issuer, x509.BasicConstraints)
    usage = _extension(issuer, x509.KeyUsage)
    return bool(
        basic
        and basic.ca
        and (usage is None or usage.key_cert_sign)
        and issuer.not_valid_before_utc <= moment <= issuer.not_valid_after_utc
    )


def _derive(secret, salt):
    if len(secret) < 16:
        raise SealError("secret_missing", "The secret for the sealing key is missing or short.")
    return HKDF(hashes.SHA256(), length=32, salt=salt, info=b"signature_workflow key").derive(secret)
