"""What a signer may send for a field, strictly typed."""

from . import marks, text
from .errors import ValueRefused

TEXT_LIMIT = 2000
NAME_LIMIT = 500


def _parse_checkbox(raw):
    if not isinstance(raw, bool):
        raise ValueRefused("value_type", "A checkbox is either true or false.")
    return raw


def _refuse_own_type(raw):
    raise ValueRefused("not_fillable", "The server fills this field itself.")


_PARSERS = {
    "signature": marks.parse,
    "name": lambda raw: text.clean(raw, limit=NAME_LIMIT),
    "text": lambda raw: text.clean(raw, limit=TEXT_LIMIT, multiline=True),
    "checkbox": _parse_checkbox,
    "date_signed": _refuse_own_type,
    "merge": _refuse_own_type,
}


def parse(type: str, raw: object) -> "marks.Mark | str | bool":
    """Return the checked value of a field of ``type``.

    An empty text is a value; whether the field may stay empty is for the caller to say.

    :param raw: decoded JSON, as it came from the browser
    :return: a mark for ``signature``, text for ``name`` and ``text``, a bool for ``checkbox``
    :raises ValueRefused: see its codes
    """
    parser = _PARSERS.get(type)
    if parser is None:
        raise ValueRefused("type_unknown", f"There is no field type {type!r}.", type=type)
    return parser(raw)
