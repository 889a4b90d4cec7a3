"""Fields that a foreign PDF file brings along: its form fields and its text tags.

See :mod:`.form_fields` and :mod:`.text_tags` for what is found, and :mod:`..tags` for what a tag says.
"""

import json
from dataclasses import asdict, dataclass

from ..errors import PlacementError
from ..placement import Box
from ..tags import TYPES
from . import child
from .inspect import DEFAULT_LIMITS, Limits, MiB, PdfInfo, read_info

# what is appended to a file replaces its pages' contents at most; fields have some 300 bytes each
SIZE_FACTOR = 2
MAX_ANSWER = 8 * MiB
NOTICE_CODES = frozenset(("tag_unclosed", "tag_unreadable", "field_unplaced", "page_unsearched"))


@dataclass(frozen=True)
class FoundField:
    """A field that stands in the file.

    :param source: ``form`` or ``tag``
    :param box: its place; the page is counted from 1
    :param type: a field type, one of :data:`..tags.TYPES`
    :param name: what a person calls it; for a radio button, the choice that it stands for
    :param text: what stands between the braces of a tag; empty for a form field
    :param options: entries of a choice
    :param group: radio buttons with the same group exclude one another
    :param value: what it is filled with beforehand; ``true`` for a checkbox or radio button that is on
    :param max_length: of a text, in characters, or ``None``
    """

    source: str
    box: Box
    type: str
    name: str
    text: str = ""
    required: bool = False
    readonly: bool = False
    options: tuple[str, ...] = ()
    group: str = ""
    value: str = ""
    help: str = ""
    max_length: int | None = None


@dataclass(frozen=True)
class Notice:
    """Something that looks like a field and has not become one.

    :param code: ``tag_unclosed`` (two opening braces without closing ones), ``tag_unreadable`` (not a
        known type), ``field_unplaced`` (has no place on a page that can be seen; page 0: on none),
        ``page_unsearched`` (too much on the page to be searched for tags)
    :param page: counted from 1
    :param text: the tag without its braces, or the name of the field
    """

    code: str
    page: int
    text: str


@dataclass(frozen=True)
class Discovery:
    """A file that may come in, and what has been found in it.

    :param pdf: the file without the fields and tags in ``found``; the same bytes when there are none
    :param info: of ``pdf``
    """

    pdf: bytes
    info: PdfInfo
    found: tuple[FoundField, ...]
    notices: tuple[Notice, ...]


def discover(data: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Discovery:
    """Let a foreign PDF file in, or refuse it, and take its fields out.

    :raises PdfRefused: see its codes; always within ``limits.seconds`` and a moment
    """
    child.check_size(data, limits.size)
    answer = SIZE_FACTOR * len(data) + MAX_ANSWER
    raw = child.ask("find", data, asdict(limits), seconds=limits.seconds, answer=answer)
    line, _newline, appended = raw.partition(b"\n")
    pdf = data + appended
    try:
        content = json.loads(line)
        info = read_info(content, pdf)
        found = tuple(sorted(map(_parse_found, content["found"]), key=_place))
        notices = tuple(_parse_notice(notice) for notice in content["notices"])
    except (ValueError, TypeError, KeyError, AttributeError, PlacementError, RecursionError):
        raise child.broken() from None
    return Discovery(pdf, info, found, notices)


def _place(field):
    return field.box.page, field.box.y, field.box.x


def _parse_found(entry):
    page, *sides = entry["box"]
    box = Box(_checked(page, int), *(float(side) for side in sides))
    box.resolved(box.page)
    texts = {key: _checked(entry[key], str) for key in ("name", "text", "group", "value", "help")}
    if entry["source"] not in ("form", "tag") or entry["type"] not in TYPES:
        raise ValueError(entry)
    return FoundField(
        entry["source"],
        box,
        entry["type"],
        **texts,
        required=_checked(entry["required"], bool),
        readonly=_checked(entry["readonly"], bool),
        options=tuple(_checked(option, str) for option in entry["options"]),
        max_length=entry["max_length"] and _checked(entry["max_length"], int),
    )


def _parse_notice(entry):
    if entry["code"] not in NOTICE_CODES:
        raise ValueError(entry)
    return Notice(entry["code"], _checked(entry["page"], int), _checked(entry["text"], str))


def _checked(value, kind):
    if not isinstance(value, kind):
        raise TypeError(value)
    return value
