"""Text from people, brought into one form."""

import base64
import binascii
import unicodedata

from .errors import ValueRefused

# embeddings, overrides and isolates (Unicode UAX #9): they can show a text other than it is stored
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(raw: object, *, limit: int, multiline: bool = False) -> str:
    """Return ``raw`` in Unicode NFC, stripped, with ``\\n`` as the only line break.

    :param limit: greatest length of the result, in characters
    :param multiline: whether line breaks are allowed
    :raises ValueRefused: ``value_type``, ``too_long``, ``control_character``, ``bidi_control``
    """
    if not isinstance(raw, str):
        raise ValueRefused("value_type", "A text is expected.")
    if len(raw) > 4 * limit:
        raise ValueRefused("too_long", f"At most {limit} characters are allowed.", limit=limit)
    if multiline:
        raw = raw.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    text = unicodedata.normalize("NFC", raw).strip()
    if len(text) > limit:
        raise ValueRefused("too_long", f"At most {limit} characters are allowed.", limit=limit)
    for char in text:
        if char in BIDI_CONTROLS:
            raise ValueRefused("bidi_control", "The text changes its writing direction.")
        if _is_control(char) and not (multiline and char == "\n"):
            raise ValueRefused("control_character", "The text contains a control character.")
    return text


def from_base64(raw: object, *, limit: int) -> bytes | None:
    """Return the bytes that ``raw`` stands for (RFC 4648, section 4), or None for more than ``limit`` of them.

    :raises ValueRefused: ``value_type``
    """
    if not isinstance(raw, str):
        raise ValueRefused("value_type", "Bytes are expected as base64.")
    if len(raw) * 3 // 4 > limit + 2:
        return None
    try:
        data = base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueRefused("value_type", "Bytes are expected as base64.") from error
    return data if len(data) <= limit else None


def _is_control(char):
    # Cc: controls, Cs: lone surrogates, Zl and Zp: line and paragraph separators
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
