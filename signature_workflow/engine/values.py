"""What a signer may send for a field, strictly typed."""

import re
from collections.abc import Sequence
from datetime import date

from . import files, marks, text
from .errors import ValueRefused

TEXT_LIMIT = 2000
NAME_LIMIT = 500
PHONE_LIMIT = 50
NUMBER_DIGITS = 15
YEARS = (1900, 2200)

# HTML Living Standard, 4.10.5.1.5, and a domain of at least two labels; RFC 5321, 4.5.3.1: 254 characters
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")
EMAIL_LIMIT = 254
# a number as people write it, perhaps with an extension; E.164: at most 15 digits
_PHONE = re.compile(r"(\+?[0-9(][0-9 ()./-]*)(?:(?:ext\.?|x|#) ?[0-9]{1,6})?", re.IGNORECASE)
_PHONE_DIGITS = range(3, 16)
_NUMBER = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DIGITS = frozenset("0123456789")
_MASK = {"9": _DIGITS.__contains__, "A": str.isalpha, "*": lambda char: char.isalpha() or char in _DIGITS}

Value = str | bool | marks.Mark | files.FileAnswer


def parse(type: str, raw: object, *, options: Sequence[str] = (), pattern: str = "") -> Value:
    """Return the checked value of a field of ``type``.

    An empty text is a value; whether the field may stay empty is for the caller to say.

    :param raw: decoded JSON, as it came from the browser
    :param options: what can be chosen in a ``choice``
    :param pattern: a mask for ``name``, ``company``, ``position``, ``phone`` and ``text``, see :func:`match_mask`
    :return: a mark of any kind for ``signature`` and ``initials``, a :class:`marks.Picture` for
        ``stamp``, a :class:`files.FileAnswer` for ``file``, a bool for ``checkbox`` and ``radio``,
        else text: a ``date`` as YYYY-MM-DD, a ``number`` like ``-12.50``
    :raises ValueRefused: see its codes
    """
    if type == "choice":
        return _parse_choice(raw, options)
    parser = _PARSERS.get(type)
    if parser is None:
        raise ValueRefused("type_unknown", f"There is no field type {type!r}.", type=type)
    value = parser(raw)
    if pattern and value and type in _MASKED and not match_mask(pattern, value):
        raise ValueRefused("pattern_mismatch", f"The text does not look like {pattern}.", pattern=pattern)
    return value


def match_mask(mask: str, text: str) -> bool:
    """Tell whether ``text`` follows ``mask``: ``9`` is a digit, ``A`` a letter, ``*`` either.

    Any other character stands for itself.
    """
    return len(mask) == len(text) and all(
        _MASK[part](char) if part in _MASK else part == char for part, char in zip(mask, text, strict=True)
    )


def _line(limit):
    return lambda raw: text.clean(raw, limit=limit)


def _parse_email(raw):
    value = text.clean(raw, limit=EMAIL_LIMIT)
    if value and not _EMAIL.fullmatch(value):
        raise ValueRefused("email_invalid", "This is not an e-mail address.")
    return value


def _parse_phone(raw):
    value = text.clean(raw, limit=PHONE_LIMIT)
    if not value:
        return value
    found = _PHONE.fullmatch(value)
    if not found or sum(char in _DIGITS for char in found[1]) not in _PHONE_DIGITS:
        raise ValueRefused("phone_invalid", "This is not a phone number.")
    return value


def _parse_number(raw):
    """Return a number without superfluous sign and zeros in front; a price of 12.50 keeps its zero."""
    value = text.clean(raw, limit=TEXT_LIMIT)
    if not value:
        return value
    found = _NUMBER.fullmatch(value)
    whole, fraction = (found[2], found[3] or "") if found else ("", "")
    whole = whole.lstrip("0") or ("0" if whole or fraction else "")
    if not whole or len(whole + fraction) > NUMBER_DIGITS:
        raise ValueRefused("number_invalid", f"A number of at most {NUMBER_DIGITS} digits is expected.")
    sign = "-" if found[1] == "-" and (whole + fraction).strip("0") else ""
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def _parse_date(raw):
    value = text.clean(raw, limit=TEXT_LIMIT)
    if not value:
        return value
    try:
        day = date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        day = None
    if day is None or not YEARS[0] <= day.year <= YEARS[1]:
        raise ValueRefused("date_invalid", "A date as YYYY-MM-DD is expected.")
    return value


def _parse_choice(raw, options):
    if not isinstance(raw, str):
        raise ValueRefused("value_type", "One of the choices is expected.")
    if raw and raw not in options:
        raise ValueRefused("choice_unknown", "This is not one of the choices.")
    return raw


def _parse_bool(raw):
    if not isinstance(raw, bool):
        raise ValueRefused("value_type", "Either true or false is expected.")
    return raw


def _refuse_own_type(raw):
    raise ValueRefused("not_fillable", "The server fills this field itself.")


_MASKED = {"name", "company", "position", "phone", "text"}
_PARSERS = {
    "signature": marks.parse,
    "initials": marks.parse,
    "stamp": lambda raw: marks.parse(raw, kinds={"picture"}),
    "name": _line(NAME_LIMIT),
    "company": _line(NAME_LIMIT),
    "position": _line(NAME_LIMIT),
    "email": _parse_email,
    "phone": _parse_phone,
    "text": _line(TEXT_LIMIT),
    "multiline": lambda raw: text.clean(raw, limit=TEXT_LIMIT, multiline=True),
    "number": _parse_number,
    "date": _parse_date,
    "checkbox": _parse_bool,
    "radio": _parse_bool,
    "file": files.parse,
    "date_signed": _refuse_own_type,
    "merge": _refuse_own_type,
}
