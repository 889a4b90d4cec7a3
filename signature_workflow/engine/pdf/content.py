"""Content streams of pages and forms: their data, and the syntax of these (ISO 32000-2 7.2, 7.3, 7.8.2)."""

import re
from collections.abc import Sequence

from pyhanko.pdf_utils import generic

from . import pages, streams
from .text_fonts import from_hex

MAX_CONTENT = 32 * 1024 * 1024

_REGULAR = rb"[^\0\t\n\f\r ()<>\[\]{}/%]"
_STRING = rb"\((?:[^()\\]++|\\.)*+\)"
for _level in range(3):
    _STRING = rb"\((?:[^()\\]++|\\.|" + _STRING + rb")*+\)"
_HEX = rb"<[0-9A-Fa-f\0\t\n\f\r ]*+>"
TOKEN = re.compile(
    rb"([-+.\d]" + _REGULAR + rb"*+)"  # 1 number
    rb"|(" + _REGULAR + rb"++)"  # 2 operator
    rb"|(/" + _REGULAR + rb"*+)"  # 3 name
    rb"|(" + _STRING + rb"|" + _HEX + rb")"  # 4 string
    rb"|(\[(?:[^()<>\[\]]++|" + _STRING + rb"|" + _HEX + rb")*+\])"  # 5 array
    rb"|(\()"  # 6 string too deep for a pattern, or without an end
    rb"|%[^\r\n]*+",
    re.DOTALL,
)
# groups of a token
OPERATOR, UNMATCHED = 2, 6
_ITEM = re.compile(rb"(" + _STRING + rb")|(" + _HEX + rb")|([-+.\d]+)", re.DOTALL)
_PARENTHESIS = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)|\r\n?", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f", b"\r\n": b"", b"\n": b"", b"\r": b""}
_IMAGE_END = re.compile(rb"[\0\t\n\f\r ]EI(?=[\0\t\n\f\r ]|$)(?=[\t\n\f\r -~]{0,12})")


class TooMuch(Exception):
    """A page has more on it than is looked at."""


def page_content(dictionary: generic.DictionaryObject) -> bytes:
    """Return the content of a page; its parts are one stream (7.8.2).

    :raises TooMuch:
    """
    contents = pages.value_of(dictionary, "/Contents")
    if isinstance(contents, generic.ArrayObject):
        parts, size = [], 0
        for index in range(len(contents)):
            if isinstance(contents[index], generic.StreamObject):
                parts.append(unpacked(contents[index]))
                size += len(parts[-1])
            if size > MAX_CONTENT:
                raise TooMuch
        return b"\n".join(parts)
    return unpacked(contents) if isinstance(contents, generic.StreamObject) else b""


def unpacked(stream: generic.StreamObject) -> bytes:
    """Return the data of a stream of operators.

    :raises TooMuch:
    """
    try:
        return streams.unpack(stream, MAX_CONTENT) or b""
    except streams.TooLarge:
        raise TooMuch from None


def is_form(value: generic.PdfObject | None) -> bool:
    """Say whether a value is a form XObject, which has content of its own (8.10)."""
    return isinstance(value, generic.StreamObject) and pages.value_of(value, "/Subtype") == "/Form"


def after_string(content: bytes, position: int) -> int | None:
    """Return where the string that begins at a position ends."""
    depth = 0
    for found in _PARENTHESIS.finditer(content, position):
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        if not depth:
            return found.end()
    return None


def after_image(content: bytes, position: int) -> int | None:
    """Return where the inline image ends whose entries begin at a position (8.9.7)."""
    data = content.find(b"ID", position)
    found = _IMAGE_END.search(content, data) if data >= 0 else None
    return found.end() if found else None


def read_numbers(operands: Sequence[re.Match], count: int) -> list[float]:
    """Return the last operands as so many numbers; 0 stands for each that is missing or no number."""
    found = [read_number(token[0]) for token in operands[-count:]]
    return found if len(found) == count else [0.0] * (count - len(found)) + found


def read_number(word: bytes) -> float:
    """Return a number (7.3.3); 0 when it is none."""
    try:
        number = float(word)
    except ValueError:
        return 0.0
    # not infinite, which the words of a file may be as well
    return number if -1e30 < number < 1e30 else 0.0


def read_name(word: bytes) -> str:
    """Return a name (7.3.5) as pyHanko has it, with its solidus."""
    return re.sub("#([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), word.decode("latin-1"))


def read_items(operand: bytes) -> list[bytes | float]:
    """Return what the strings of a string or an array mean, and the numbers."""
    return [
        read_number(number) if number else from_hex(digits[1:-1]) if digits else _unescaped(string)
        for string, digits, number in _ITEM.findall(operand)
    ]


def _unescaped(string):
    inner = string[1:-1]
    return _ESCAPE.sub(_unescape, inner) if b"\\" in inner or b"\r" in inner else inner


def _unescape(found):
    escaped = found[1]
    if escaped is None:
        return b"\n"
    if escaped[:1].isdigit() and escaped < b"8":
        return bytes([int(escaped, 8) & 0xFF])
    return _ESCAPED.get(escaped, escaped)
