"""Text tags on the pages of a foreign PDF file; runs in a child process only.

A tag may be drawn in any pieces and turned in any way, on the page or in a form XObject. Its place
reaches from the left of the first brace to the right of the last one, and from the descent to the
ascent of its font. Its glyphs are taken out of the content; nothing else moves.
"""

import bisect
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from .. import tags
from ..errors import TagError
from ..placement import Box, PageGeometry, Rect, from_pdf_rect
from . import content, page_reader, pages, text_shows

MAX_NOTICES = 200
# points; bold is often made by drawing twice
SAME_PLACE = 2
# a tag in a narrow column is not much less than the rectangle around its lines
MAX_SPREAD = 1.6
_TAG = re.compile(rf"\{{ ?\{{([^{{}}\f]{{1,{text_shows.MAX_TAG}}})\}} ?\}}")
_OPENING = re.compile(r"\{ ?\{([^\n\f]{0,60})")


@dataclass
class _Candidate:
    text: str
    rect: Rect
    glyphs: list[tuple[text_shows.Show, int, int]] = field(repr=False)


class TagSearch:
    """Takes the tags out of a document.

    :param deadline: seconds of this process's CPU time after which no more pages are searched
    """

    def __init__(self, writer: IncrementalPdfFileWriter, deadline: float):
        self._writer = writer
        self._deadline = deadline
        self._reader = page_reader.PageReader()
        self._form_removals = {}
        self.found: list[dict] = []
        self.notices: list[dict] = []

    def search_page(self, number: int, page: pages.Page, geometry: PageGeometry) -> None:
        """Find the tags of a page, and take them out of its content.

        What is in form XObjects stays there until :meth:`finish`.
        """
        resources = page.attributes.get("/Resources")
        braces = self._reader.braces(resources)
        if not braces:
            return
        try:
            if time.process_time() > self._deadline:
                raise content.TooMuch
            data = content.page_content(page.dictionary)
            shows = self._reader.shows(data, resources) if braces.search(data) else []
        except content.TooMuch:
            self._notify("page_unsearched", number, "")
            return
        removals = {}
        for candidate in self._candidates(number, shows):
            if self._place(number, geometry, candidate):
                for show, item, glyph in candidate.glyphs:
                    by_place = self._form_removals.setdefault(show.place, {}) if show.place else removals
                    by_place.setdefault(show.start, (show, set()))[1].add((item, glyph))
        if removals:
            stream = generic.StreamObject(stream_data=_rewritten(data, removals))
            stream.compress()
            page.dictionary[pdf_name("/Contents")] = self._writer.add_object(stream)
            self._writer.mark_update(page.reference)

    def finish(self) -> None:
        """Take the tags out of form XObjects."""
        for place, removals in self._form_removals.items():
            number, generation = place
            old = self._writer.get_object(generic.Reference(number, generation, self._writer))
            kept = {key: old.raw_get(key) for key in old if key not in ("/Filter", "/DecodeParms", "/Length")}
            stream = generic.StreamObject(kept, stream_data=_rewritten(content.unpacked(old), removals))
            stream.compress()
            self._writer.objects[(generation, number)] = stream

    def _candidates(self, number, shows) -> list[_Candidate]:
        """Return what stands between braces, in the order of the content or else line by line."""
        text, starts = text_shows.joined(shows)
        if text.count("{") < 2:
            return []
        found = list(_matches(text, starts, shows))
        taken = {_key(glyph) for candidate in found for glyph in candidate.glyphs}
        openings = [match for match in _OPENING.finditer(text) if not _is_taken(match, starts, shows, taken)]
        if openings or not found:
            lines = text_shows.in_lines(shows)
            for candidate in _matches(*text_shows.joined(lines), lines):
                if taken.isdisjoint(map(_key, candidate.glyphs)):
                    found.append(candidate)
                    taken.update(map(_key, candidate.glyphs))
        for match in openings:
            if not _is_taken(match, starts, shows, taken):
                self._notify("tag_unclosed", number, match[1])
        return found

    def _place(self, number, geometry, candidate) -> bool:
        try:
            tag = tags.parse_tag(candidate.text)
        except TagError:
            self._notify("tag_unreadable", number, candidate.text)
            return False
        box = from_pdf_rect(candidate.rect, geometry, number)
        box = box.clipped() if box.width > 0 and box.height > 0 else None
        if box is None:
            self._notify("field_unplaced", number, candidate.text)
            return False
        width, height = tag.size
        least = tags.LEAST_SIZES.get(tag.type, (0, 0))
        box = box.sized(
            max(box.width, least[0] * 100 / geometry.width) if width is None else width * 100 / geometry.width,
            max(box.height, least[1] * 100 / geometry.height) if height is None else height * 100 / geometry.height,
        )
        found = _as_found(candidate.text, tag, box)
        others = takewhile(lambda other: other["box"][0] == number, reversed(self.found))
        if not any(_is_same(found, other, geometry) for other in others):
            self.found.append(found)
        return True

    def _notify(self, code, page, text):
        if len(self.notices) < MAX_NOTICES:
            self.notices.append({"code": code, "page": page, "text": " ".join(text.split())})


def _matches(text: str, starts: Sequence[int], shows: Sequence[text_shows.Show]) -> Iterator[_Candidate]:
    for match in _TAG.finditer(text):
        glyphs, lines = [], [[]]
        for index in range(bisect.bisect_right(starts, match.start()) - 1, len(shows)):
            show, offset = shows[index], starts[index]
            if offset >= match.end():
                break
            inside = list(islice(show.glyphs(), max(match.start() - offset, 0), match.end() - offset))
            glyphs += [(show, item, glyph) for item, glyph, __, __ in inside if glyph >= 0]
            if offset > match.start() and text[offset - 1] == "\n":
                lines.append([])
            if inside:
                lines[-1].append(show.corners(inside[0][2], inside[-1][3]))
        before = re.split(r"[\n\f]", text[max(0, match.start() - text_shows.MAX_TAG) : match.start()])[-1]
        rects = [_union(line) for line in lines if line]
        yield _Candidate(_unwrapped(match[1], before, rects), _enclosing(rects), glyphs)


def _unwrapped(text, before, lines):
    """Join the lines of a tag, of which many programs leave out the blank at the end.

    A word is only broken when it is all there is on its line, and fills it.

    :param before: what stands before the tag on its first line
    :param lines: the rectangle around each line
    """
    first, *others = text.split("\n")
    lengths = [max(right - left, top - bottom) for left, bottom, right, top in lines]
    height = min(lines[0][2] - lines[0][0], lines[0][3] - lines[0][1])
    joined, line = first, before + first
    for length, other in zip(lengths, others, strict=False):
        is_broken_word = " " not in line.strip() and length >= max(lengths) - height
        joined += ("" if is_broken_word else " ") + other
        line = other
    return " ".join(joined.split())


def _enclosing(lines: Sequence[Rect]) -> Rect:
    """Return what encloses the lines of a tag; the largest alone, where other text would be enclosed, too."""
    union = _union(lines)
    return union if _area(union) <= MAX_SPREAD * sum(map(_area, lines)) else max(lines, key=_area)


def _union(rects):
    lefts, bottoms, rights, tops = zip(*rects, strict=True)
    return min(lefts), min(bottoms), max(rights), max(tops)


def _area(rect):
    left, bottom, right, top = rect
    return (right - left) * (top - bottom)


def _key(glyph):
    show, item, index = glyph
    return id(show), item, index


def _is_taken(match, starts, shows, taken):
    index = bisect.bisect_right(starts, match.start()) - 1
    offset = match.start() - starts[index]
    for place, (item, glyph, __, __) in enumerate(shows[index].glyphs()):
        if place == offset:
            return (id(shows[index]), item, glyph) in taken
    return False


def _as_found(text, tag: tags.Tag, box: Box) -> dict:
    options = tag.options
    return {
        "source": "tag",
        "box": [box.page, box.x, box.y, box.width, box.height],
        "type": tag.type,
        "name": tag.name,
        "text": text,
        "required": tag.required,
        "readonly": tag.readonly,
        "options": list(tag.choices),
        "group": options.get("group", ""),
        "value": options.get("default", ""),
        "help": options.get("help", ""),
        "max_length": None,
    }


def _is_same(found, other, geometry):
    if found["text"] != other["text"]:
        return False
    sides = (geometry.width, geometry.height)
    places = zip(found["box"][1:3], other["box"][1:3], sides, strict=True)
    return all(abs(ours - theirs) * side / 100 < SAME_PLACE for ours, theirs, side in places)


def _rewritten(data, removals):
    """Return a content stream without glyphs; what is not touched stays as it is, to the byte."""
    changes = {}
    for show, glyphs in removals.values():
        changes[show.start] = (show.end, text_shows.without(show, glyphs))
        if show.marked:
            changes[show.marked[0]] = (show.marked[1], b"")
    parts, position = [], 0
    for start in sorted(changes):
        end, replacement = changes[start]
        parts += (data[position:start], b" ", replacement, b" ")
        position = end
    return b"".join([*parts, data[position:]])
