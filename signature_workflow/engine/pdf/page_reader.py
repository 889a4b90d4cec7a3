"""Reading the text of the pages of a document."""

import functools
import re

from pyhanko.pdf_utils import generic

from . import pages
from .content import is_form
from .interpreter import MAX_SHOWS, Interpreter
from .text_fonts import TextFont
from .text_shows import Show


class PageReader:
    """Reads pages of one document, whose fonts it remembers."""

    def __init__(self):
        self._fonts = {}

    def braces(self, resources: generic.PdfObject | None) -> re.Pattern | None:
        """Return what the content of a page with these resources matches, if an opening brace is shown.

        It may match without one. ``None``: no font has a brace.
        """
        waiting, seen, braces, is_only_page = [resources], set(), set(), True
        while waiting and len(seen) < MAX_SHOWS:
            node = waiting.pop()
            if not isinstance(node, generic.DictionaryObject) or id(node) in seen:
                continue
            seen.add(id(node))
            found = set().union(*(font.braces for font in self._fonts_of(node)))
            braces |= found
            is_only_page = is_only_page and (node is resources or not found)
            objects = pages.value_of(node, "/XObject")
            if isinstance(objects, generic.DictionaryObject):
                forms = [form for form in (pages.value_of(objects, name) for name in objects) if is_form(form)]
                waiting += [pages.value_of(form, "/Resources") for form in forms]
                # a form without resources takes those of the page
                is_only_page = is_only_page and all("/Resources" in form for form in forms)
        return _brace_pattern(frozenset(braces if is_only_page else [b""])) if braces else None

    def shows(self, content: bytes, resources: generic.DictionaryObject) -> list[Show]:
        """Return what is shown, in the order of the content.

        :raises TooMuch:
        """
        return Interpreter(self.font).run_page(content, resources)

    def font(self, resources: generic.DictionaryObject, name: str) -> TextFont | None:
        """Return a font by its name in resources."""
        fonts = pages.value_of(resources, "/Font")
        if not isinstance(fonts, generic.DictionaryObject) or name not in fonts:
            return None
        raw = fonts.raw_get(name)
        key = (raw.idnum, raw.generation) if isinstance(raw, generic.IndirectObject) else id(raw)
        if key not in self._fonts:
            dictionary = raw.get_object()
            # the dictionary is kept so that its id is not given to another one
            is_font = isinstance(dictionary, generic.DictionaryObject)
            self._fonts[key] = (dictionary, TextFont(dictionary) if is_font else None)
        return self._fonts[key][1]

    def _fonts_of(self, resources):
        fonts = pages.value_of(resources, "/Font")
        names = fonts if isinstance(fonts, generic.DictionaryObject) else ()
        return filter(None, (self.font(resources, name) for name in names))


@functools.cache
def _brace_pattern(strings):
    # blanks in hexadecimal strings, and octal escapes, may hide anything
    alternatives = [rb"(?<!<)<[0-9a-f]*+[\0\t\n\f\r ]", rb"\\[0-7]"]
    for string in strings:
        alternatives.append(rb"<(?:[0-9a-f]{%d})*?" % (2 * len(string)) + string.hex().encode())
        alternatives.append(b"".join(rb"\\?" + re.escape(bytes([byte])) for byte in string))
    return re.compile(b"|".join(alternatives), re.IGNORECASE)
