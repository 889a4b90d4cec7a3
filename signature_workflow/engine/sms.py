"""Text messages: how long they are, and how to make one fit.

GSM 03.38 is the 7-bit alphabet of text messages (3GPP TS 23.038, section 6.2.1, with the extension
table of 6.2.1.1, whose characters take two places). A message outside it is sent as UCS-2. Several
segments each give up six bytes to the header that joins them (3GPP TS 23.040, section 9.2.3.24.1).
"""

import unicodedata
from collections.abc import Callable

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = "\f^{}\\[~]|€"
_SEPTETS = dict.fromkeys(_BASIC, 1) | dict.fromkeys(_EXTENSION, 2)
# places in a lone segment, and in each of several
_GSM7_ROOM = (160, 153)
_UCS2_ROOM = (70, 67)
# what Unicode does not take apart into a letter and its marks
_PLAIN = str.maketrans(
    dict(zip("łŁđĐðÐħĦı", "lLdDdDhHi", strict=True))
    | {"þ": "th", "Þ": "Th", "œ": "oe", "Œ": "OE", "ẞ": "SS"}
    | dict.fromkeys("“”„«»", '"')
    | dict.fromkeys("‘’‚", "'")
    | dict.fromkeys("–—‑", "-")
)
# a name that is cut shorter than this says nothing
_LEAST = 12


def is_gsm7(text: str) -> bool:
    """Tell whether ``text`` can be sent in the 7-bit alphabet."""
    return all(char in _SEPTETS for char in text)


def segments(text: str) -> int:
    """Return how many segments ``text`` takes, each of which is paid for; a character is never split."""
    gsm7 = is_gsm7(text)
    alone, joined = _GSM7_ROOM if gsm7 else _UCS2_ROOM
    sizes = [_SEPTETS[char] if gsm7 else 1 + (ord(char) > 0xFFFF) for char in text]
    if sum(sizes) <= alone:
        return 1
    count, room = 1, joined
    for size in sizes:
        if size > room:
            count, room = count + 1, joined
        room -= size
    return count


def fit(compose: Callable[[str], str], name: str) -> str:
    """Return ``compose(name)`` in one segment, or in as few as can be.

    The name is cut at its end, down to twelve characters at most. Latin letters lose the marks that
    the 7-bit alphabet lacks, where that is enough to stay within it; other scripts stay as they are.
    """
    name = " ".join(name.split())
    shortest = _plain(compose(_cut(name, _LEAST)))
    wanted = segments(shortest)
    for length in range(len(name), _LEAST, -1):
        text = _plain(compose(_cut(name, length)))
        if segments(text) <= wanted:
            return text
    return shortest


def _cut(name, length):
    """Return ``name`` in at most ``length`` characters, and never within a letter and its marks."""
    if len(name) <= length:
        return name
    end = length - 1
    while end and unicodedata.combining(name[end]):
        end -= 1
    return name[:end].rstrip() + "…"


def _plain(text):
    """Return ``text`` in the 7-bit alphabet where it can be, or else as it is."""
    plain = "".join(char if char in _SEPTETS else _without_marks(char) for char in unicodedata.normalize("NFC", text))
    return plain if is_gsm7(plain) else text


def _without_marks(char):
    # NFKD also makes "..." of an ellipsis and a plain space of a hard one
    parts = unicodedata.normalize("NFKD", char.translate(_PLAIN))
    return "".join(part for part in parts if not unicodedata.combining(part))
