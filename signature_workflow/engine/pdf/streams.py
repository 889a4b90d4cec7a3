"""Unpacking the streams of a foreign file, never further than to a limit (ISO 32000-2 7.4)."""

import contextlib
import zlib

MAX_FILTERS = 4
_CHUNK = 1024 * 1024


class TooLarge(Exception):
    """A stream unpacks to more than its limit."""


def filters_of(stream) -> list[str]:
    """Return the names of the filters of a stream object of either parser."""
    filters = _value(dict.get(stream, "/Filter"))
    return [filters] if isinstance(filters, str) else [_value(name) for name in filters or ()]


def unpack(stream, limit: int) -> bytes | None:
    """Return the data of a stream as far as they are sound, as most viewers do.

    :param stream: an object of pyHanko; it keeps nothing of what is unpacked
    :param limit: in bytes, for each filter
    :return: ``None`` when a filter is unknown, as those of pictures are
    :raises TooLarge:
    """
    data, names = stream.encoded_data, filters_of(stream)
    if len(names) > MAX_FILTERS:
        raise TooLarge
    for name in names:
        if name not in _DECODERS:
            return None
        data = _DECODERS[name](data, limit)
    return data


def measure(stream, limit: int) -> int:
    """Return to how many bytes a stream unpacks, without keeping them; 0 when a filter is unknown.

    :raises TooLarge:
    """
    data, names = stream.encoded_data, filters_of(stream)
    if len(names) > MAX_FILTERS:
        raise TooLarge
    for position, name in enumerate(names):
        if name not in _DECODERS:
            return 0
        if name in _FLATE and position == len(names) - 1:
            return sum(map(len, _inflated(data, limit)))
        data = _DECODERS[name](data, limit)
    return len(data)


def _inflated(data, limit):
    engine, size = zlib.decompressobj(), 0
    # what is damaged is shown as far as it goes by most viewers
    with contextlib.suppress(zlib.error):
        while data and not engine.eof:
            chunk = engine.decompress(data, _CHUNK)
            data = engine.unconsumed_tail
            size += len(chunk)
            if size > limit:
                raise TooLarge
            yield chunk


def _inflate(data, limit):
    return b"".join(_inflated(data, limit))


def _with_pypdf(name):
    def decode(data, limit):
        from pypdf import filters

        decoded = getattr(filters, name).decode(data)
        if len(decoded) > limit:
            raise TooLarge
        return decoded

    return decode


def _value(found):
    return found.get_object() if hasattr(found, "get_object") else found


_FLATE = ("/FlateDecode", "/Fl")
_DECODERS = {
    "/FlateDecode": _inflate,
    "/Fl": _inflate,
    "/LZWDecode": _with_pypdf("LZWDecode"),
    "/LZW": _with_pypdf("LZWDecode"),
    "/RunLengthDecode": _with_pypdf("RunLengthDecode"),
    "/RL": _with_pypdf("RunLengthDecode"),
    "/ASCII85Decode": _with_pypdf("ASCII85Decode"),
    "/A85": _with_pypdf("ASCII85Decode"),
    "/ASCIIHexDecode": _with_pypdf("ASCIIHexDecode"),
    "/AHx": _with_pypdf("ASCIIHexDecode"),
}
