"""Files asked from a signer."""

import os
import unicodedata
from dataclasses import dataclass

from . import images, text
from .errors import ValueRefused

MAX_BYTES = 10 * 1024 * 1024
NAME_LIMIT = 120
_EXTENSIONS = {"application/pdf": (".pdf",), "image/png": (".png",), "image/jpeg": (".jpg", ".jpeg")}


@dataclass(frozen=True)
class FileAnswer:
    """A PDF, PNG or JPEG file; a PDF is still to be inspected.

    :param name: at most NAME_LIMIT characters, without a path, its extension that of ``mimetype``
    :param mimetype: by the content: ``application/pdf``, ``image/png`` or ``image/jpeg``
    """

    name: str
    data: bytes
    mimetype: str


def parse(payload: object) -> FileAnswer:
    """Return the file that a browser sent as ``{"name": "scan.pdf", "data": "<base64>"}``.

    :raises ValueRefused: ``value_type``, ``file_name``, ``file_empty``, ``file_too_large``, ``file_type``,
        and those of :func:`images.check`
    """
    if not isinstance(payload, dict) or payload.keys() != {"name", "data"} or not isinstance(payload["name"], str):
        raise ValueRefused("value_type", "A file is expected.")
    data = text.from_base64(payload["data"], limit=MAX_BYTES)
    if data is None:
        raise ValueRefused("file_too_large", "The file has too many bytes.", limit=MAX_BYTES)
    if not data:
        raise ValueRefused("file_empty", "The file is empty.")
    mimetype = "application/pdf" if data.startswith(b"%PDF-") else images.mimetype_of(data)
    if not mimetype:
        raise ValueRefused("file_type", "Only PDF, PNG and JPEG files are accepted.")
    if mimetype != "application/pdf":
        images.check(data)
    return FileAnswer(_clean_name(payload["name"], _EXTENSIONS[mimetype]), data, mimetype)


def _clean_name(name, extensions):
    """Return the last part of a path, printable, with one of the extensions."""
    name = unicodedata.normalize("NFC", name[-1000:]).replace("\\", "/").rsplit("/", 1)[-1]
    # C: controls, invisible formatting, surrogates; Zl and Zp: line and paragraph separators
    name = "".join(char for char in name if unicodedata.category(char)[0] != "C" and char not in "\u2028\u2029")
    stem, extension = os.path.splitext(name.strip(" ."))
    if extension.lower() not in extensions:
        extension = extensions[0]
    stem = stem[: NAME_LIMIT - len(extension)].strip(" .")
    if not stem:
        raise ValueRefused("file_name", "The file has no usable name.")
    return stem + extension.lower()
