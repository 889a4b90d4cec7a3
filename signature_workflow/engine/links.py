"""Secret signing links: tokens, their stored hashes, and URLs."""

import hashlib
import re
import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from .errors import LinkError

TOKEN_BYTES = 32
# a text message has little room; 128 bits cannot be guessed either
SHORT_BYTES = 16
SHORT_LENGTH = 22
# of Crockford's base 32, which has no letters that look like digits; 16 of them are 80 bits
_CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 16
_CODE = re.compile(f"[{_CODE_ALPHABET}]{{{CODE_LENGTH}}}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{22}")


def new_token(randomness: Callable[[int], str] = secrets.token_urlsafe, *, short: bool = False) -> str:
    """Return a secret of 256 bits as 43 characters of base64url, or a short one: 128 bits, 22 characters.

    :param randomness: called with a number of bytes, returns them as base64url without padding
    :raises LinkError: ``token_malformed``, when ``randomness`` gives something else
    """
    token = randomness(SHORT_BYTES if short else TOKEN_BYTES)
    if not is_well_formed(token):
        raise LinkError("token_malformed", "The source of randomness gave no base64url token.")
    return token


def token_hash(token: str) -> str:
    """Return what may be stored instead of the token: its SHA-256 as lower-case hex."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_well_formed(token: str) -> bool:
    """Tell whether ``token`` looks like one made here, before anything is looked up."""
    return isinstance(token, str) and _TOKEN.fullmatch(token) is not None


def sign_url(base_url: str, token: str) -> str:
    """Return the address of the signing page; that of a short token is short, too, and leads there.

    :param base_url: configured address of the server, ``http`` or ``https``, with a host, perhaps
        with a path; without user, query and fragment
    :raises LinkError: ``base_url_invalid``, ``base_url_host``, ``token_malformed``
    """
    if not is_well_formed(token):
        raise LinkError("token_malformed", "The token is not one of ours.")
    return f"{_checked_base(base_url)}/{'s' if len(token) == SHORT_LENGTH else 'sign'}/{token}"


def new_code(choose: Callable[[str], str] = secrets.choice) -> str:
    """Return a new code by which a sealed document is found on the verification page: 80 bits, 16 characters.

    It is printed into the document and opens nothing of it, so it is no secret of its signers.

    :param choose: called with an alphabet, returns one character of it
    """
    return "".join(choose(_CODE_ALPHABET) for _character in range(CODE_LENGTH))


def read_code(text: str) -> str:
    """Return the code that a person or an address has written as ``text``, or an empty string when it is none.

    Small letters, blanks and hyphens do not matter, nor O for 0, I and L for 1.
    """
    plain = re.sub(r"[\s-]", "", text).upper() if isinstance(text, str) else ""
    plain = plain.translate(str.maketrans("OIL", "011"))
    return plain if _CODE.fullmatch(plain) else ""


def verify_url(base_url: str, code: str) -> str:
    """Return the address of the verification page of the document with this ``code``.

    :param base_url: see :func:`sign_url`
    :raises LinkError: ``base_url_invalid``, ``base_url_host``
    """
    return f"{_checked_base(base_url)}/verify/{code}"


def _checked_base(base_url):
    refused = LinkError("base_url_invalid", "The base URL is not usable.", base_url=base_url)
    if not isinstance(base_url, str) or not base_url.isprintable() or re.search(r"\s", base_url):
        raise refused
    try:
        parts = urlsplit(base_url)
        parts.port  # noqa: B018 - reading it raises when the port is no number
    except ValueError:
        raise refused from None
    if not parts.netloc.isascii():
        # readers of PDF files do not know such names
        raise LinkError("base_url_host", "The name of the host is not ASCII.", base_url=base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "\\" in base_url:
        raise refused
    if "@" in parts.netloc or "?" in base_url or "#" in base_url:
        raise refused
    return base_url.rstrip("/")
