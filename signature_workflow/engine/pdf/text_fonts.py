"""What the fonts of a foreign PDF file say of their glyphs: text and width (ISO 32000-2 9.5 to 9.10).

Vertical writing and the predefined character maps of Chinese, Japanese and Korean text other than
``Identity-H`` are not known here: text in such fonts is taken for blank.
"""

import re
import sys
from array import array
from collections.abc import Iterable, Sequence

from fontTools.agl import toUnicode
from pyhanko.pdf_utils import generic
from reportlab.pdfbase import _fontdata as standard

from . import pages, streams

MAX_CMAP = 4 * 1024 * 1024
MAX_MAPPINGS = 100_000
# of the font size, for fonts that do not say
ASCENT, DESCENT = 0.8, -0.2
UNKNOWN = "\ufffd"
_ENCODINGS = {
    "/WinAnsiEncoding": standard.encodings["WinAnsiEncoding"],
    "/MacRomanEncoding": standard.encodings["MacRomanEncoding"],
    "/StandardEncoding": standard.encodings["StandardEncoding"],
}
_MAP_BLOCK = re.compile(rb"begin(bfchar|bfrange|cidchar|cidrange|codespacerange)((?:[^be]|b(?!egin)|e(?!nd))*+)end\1")
_MAP_TOKEN = re.compile(rb"<([0-9A-Fa-f\s]*)>|(\[)|(\])|(\d+)")


class _Table(dict):
    """A value for each code, and the same for all codes that are not in it."""

    def __init__(self, default):
        super().__init__()
        self.default = default

    def __missing__(self, code):
        return self.default


class TextFont:
    """A font as a page uses it; a glyph is known by its code.

    ``texts`` has the text of each code; ``widths`` are in text space, that is, in font sizes; ``braces`` are the
    strings that show an opening brace.
    """

    def __init__(self, dictionary: generic.DictionaryObject):
        self.ascent, self.descent = ASCENT, DESCENT
        self.code_length = 1
        self.texts, self.widths = _Table(UNKNOWN), _Table(0.0)
        subtype = pages.value_of(dictionary, "/Subtype")
        if subtype == "/Type0":
            is_readable = self._read_composite(dictionary)
        else:
            is_readable = self._read_simple(dictionary, subtype)
        unicode_map = pages.value_of(dictionary, "/ToUnicode")
        if is_readable and isinstance(unicode_map, generic.StreamObject):
            self.texts.update(_read_unicode_map(unicode_map))
        braces = [code for code, text in self.texts.items() if "{" in text]
        self.braces = {self.raw([code]) for code in braces if self.code_length == 2 or code in self.widths}

    def codes(self, raw: bytes) -> Sequence[int]:
        """Return the codes of the glyphs that a string shows."""
        if self.code_length == 1:
            return raw
        codes = array("H", raw[: len(raw) // 2 * 2])
        if sys.byteorder == "little":
            codes.byteswap()
        return codes

    def raw(self, codes: Iterable[int]) -> bytes:
        """Return the string that shows glyphs."""
        return b"".join(code.to_bytes(self.code_length, "big") for code in codes)

    def _read_composite(self, dictionary):
        self.code_length = 2
        font = _item(pages.value_of(dictionary, "/DescendantFonts"), 0)
        encoding = pages.value_of(dictionary, "/Encoding")
        if not isinstance(font, generic.DictionaryObject):
            return False
        self._read_heights(pages.value_of(font, "/FontDescriptor"))
        self.widths.default = _number(pages.value_of(font, "/DW"), 1000) / 1000
        widths = _read_cid_widths(pages.value_of(font, "/W"))
        if not isinstance(encoding, generic.StreamObject):
            self.widths.update(widths)
            return encoding == "/Identity-H"
        lengths, cids = _read_cid_map(encoding)
        self.widths.update((code, widths[cid]) for code, cid in cids.items() if cid in widths)
        self.code_length = min(lengths, default=2)
        return lengths in ({1}, {2})

    def _read_simple(self, dictionary, subtype):
        descriptor = pages.value_of(dictionary, "/FontDescriptor")
        self._read_heights(descriptor)
        names = _glyph_names(pages.value_of(dictionary, "/Encoding"))
        self.texts.update((code, toUnicode(name) or UNKNOWN) for code, name in enumerate(names) if name)
        scale = 1 / 1000
        if subtype == "/Type3":
            scale = _number(_item(pages.value_of(dictionary, "/FontMatrix"), 0), scale)
        elif isinstance(descriptor, generic.DictionaryObject):
            self.widths.default = _number(pages.value_of(descriptor, "/MissingWidth"), 0) / 1000
        widths = pages.value_of(dictionary, "/Widths")
        if isinstance(widths, generic.ArrayObject):
            first = int(_number(pages.value_of(dictionary, "/FirstChar"), 0))
            codes = range(first, min(first + len(widths), 256))
            self.widths.update((code, _number(widths[code - first], 0) * scale) for code in codes)
        else:
            self._take_standard_widths(str(pages.value_of(dictionary, "/BaseFont")), names)
        return True

    def _take_standard_widths(self, base_font, names):
        font = _standard_name(base_font)
        widths = standard.widthsByFontGlyph[font]
        self.widths.update((code, widths[name] / 1000) for code, name in enumerate(names) if name in widths)
        self.ascent, self.descent = (height / 1000 for height in standard.ascent_descent[font])

    def _read_heights(self, descriptor):
        if not isinstance(descriptor, generic.DictionaryObject):
            return
        ascent = _number(pages.value_of(descriptor, "/Ascent"), 0) / 1000
        descent = -abs(_number(pages.value_of(descriptor, "/Descent"), 0)) / 1000
        if 0.4 <= ascent <= 1.5 and descent >= -0.8:
            self.ascent, self.descent = ascent, descent


def _glyph_names(encoding):
    """Return the name of the glyph of each code, or ``None``, of a simple font."""
    if isinstance(encoding, generic.NameObject):
        return list(_ENCODINGS.get(encoding, _ENCODINGS["/StandardEncoding"]))
    if not isinstance(encoding, generic.DictionaryObject):
        return list(_ENCODINGS["/StandardEncoding"])
    base = pages.value_of(encoding, "/BaseEncoding")
    names = list(_ENCODINGS.get(base, _ENCODINGS["/StandardEncoding"]))
    differences, code = pages.value_of(encoding, "/Differences"), 0
    for index in range(len(differences) if isinstance(differences, generic.ArrayObject) else 0):
        entry = differences[index]
        if isinstance(entry, generic.NameObject):
            if 0 <= code < 256:
                names[code] = entry[1:]
            code += 1
        else:
            code = int(_number(entry, 0))
    return names


def _standard_name(base_font):
    """Return which of the 14 standard fonts has the widths of a font without widths of its own."""
    name = base_font.lstrip("/").rsplit("+", 1)[-1]
    if name in standard.widthsByFontGlyph:
        return name
    bold, slanted = "Bold" in name, "Italic" in name or "Oblique" in name
    if "Times" in name:
        return {(0, 0): "Times-Roman", (1, 0): "Times-Bold", (0, 1): "Times-Italic"}.get(
            (bold, slanted), "Times-BoldItalic"
        )
    family = "Courier" if "Courier" in name else "Helvetica"
    return family + ("-" if bold or slanted else "") + "Bold" * bold + "Oblique" * slanted


def _read_cid_widths(widths):
    """Read ``/W`` (9.7.4.3): ``first [w w w]`` and ``first last w``."""
    found, index = {}, 0
    if not isinstance(widths, generic.ArrayObject):
        return found
    while index + 1 < len(widths) and len(found) < MAX_MAPPINGS:
        first, second = int(_number(widths[index], 0)), widths[index + 1]
        if isinstance(second, generic.ArrayObject):
            found.update((first + offset, _number(second[offset], 0) / 1000) for offset in range(len(second)))
            index += 2
        else:
            last = min(int(_number(second, 0)), 0xFFFF)
            width = _number(_item(widths, index + 2), 0) / 1000
            found.update(dict.fromkeys(range(first, last + 1), width))
            index += 3
    return found


def _read_unicode_map(stream):
    """Return the text of each code, from a ToUnicode map (9.10.3)."""
    found = {}
    for kind, tokens in _map_blocks(stream):
        if kind == b"bfchar":
            for code, text in zip(tokens[::2], tokens[1::2], strict=False):
                if isinstance(code, bytes) and isinstance(text, bytes):
                    found[_as_int(code)] = _as_text(text)
        elif kind == b"bfrange":
            _read_unicode_ranges(tokens, found)
        if len(found) > MAX_MAPPINGS:
            break
    return found


def _read_unicode_ranges(tokens, found):
    for first, last, texts in zip(tokens[::3], tokens[1::3], tokens[2::3], strict=False):
        if not isinstance(first, bytes) or not isinstance(last, bytes) or len(found) > MAX_MAPPINGS:
            return
        codes = range(_as_int(first), min(_as_int(last), 0xFFFF) + 1)
        if isinstance(texts, list):
            found.update((code, _as_text(text)) for code, text in zip(codes, texts, strict=False))
        elif isinstance(texts, bytes) and texts:
            head, start = _as_text(texts[:-2]), _as_int(texts[-2:])
            found.update((code, head + chr(min(start + code - codes.start, 0xFFFF))) for code in codes)


def _read_cid_map(stream):
    """Return which lengths the codes have in bytes, and the CID of each, from a character map (9.7.5.4)."""
    found, lengths = {}, set()
    for kind, tokens in _map_blocks(stream):
        if kind == b"codespacerange":
            lengths.update(len(code) for code in tokens if isinstance(code, bytes))
        elif kind == b"cidchar":
            pairs = zip(tokens[::2], tokens[1::2], strict=False)
            found.update((_as_int(code), cid) for code, cid in pairs if isinstance(code, bytes))
        elif kind == b"cidrange":
            for first, last, cid in zip(tokens[::3], tokens[1::3], tokens[2::3], strict=False):
                if isinstance(first, bytes) and isinstance(last, bytes) and isinstance(cid, int):
                    codes = range(_as_int(first), min(_as_int(last), 0xFFFF) + 1)
                    found.update((code, cid + code - codes.start) for code in codes)
        if len(found) > MAX_MAPPINGS:
            break
    return lengths, found


def _map_blocks(stream):
    for block in _MAP_BLOCK.finditer(streams.unpack(stream, MAX_CMAP) or b""):
        yield block[1], _map_tokens(block[2])


def _map_tokens(block):
    """Return strings as bytes, numbers as int, arrays as lists of strings."""
    tokens, array = [], None
    for digits, opening, closing, number in _MAP_TOKEN.findall(block):
        if opening:
            array = []
        elif closing:
            tokens.append(array or [])
            array = None
        elif number:
            tokens.append(int(number[:9]))
        else:
            (tokens if array is None else array).append(from_hex(digits))
    return tokens


def from_hex(digits: bytes) -> bytes:
    """Return the bytes of a hexadecimal string (7.3.4.3), without its brackets."""
    try:
        return bytes.fromhex(digits.decode())
    except ValueError:
        digits = digits.translate(None, b"\0\t\n\f\r ")
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


def _as_int(code):
    return int.from_bytes(code[:2], "big")


def _as_text(raw):
    return raw.decode("utf-16-be", "replace")


def _item(array, index):
    return array[index] if isinstance(array, generic.ArrayObject) and -1 < index < len(array) else None


def _number(value, default):
    if isinstance(value, (generic.NumberObject, generic.FloatObject)):
        return float(value)
    return default
