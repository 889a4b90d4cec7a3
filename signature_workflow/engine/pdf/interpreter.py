"""Interpreting what a page shows (ISO 32000-2 8.4, 8.10, 9.3, 9.4, 14.9.4).

Only what moves or shows text is interpreted; everything else is passed over, so that a stream can be
changed at single places and stays the same everywhere else.
"""

from collections.abc import Callable
from itertools import pairwise

from pyhanko.pdf_utils import generic

from . import pages
from .content import (
    MAX_CONTENT,
    OPERATOR,
    TOKEN,
    UNMATCHED,
    TooMuch,
    after_image,
    after_string,
    is_form,
    read_name,
    read_numbers,
    unpacked,
)
from .text_fonts import TextFont
from .text_shows import Show, TextState, measured

MAX_OPERATORS = 3_000_000
# as many operators cost as much as drawing a form XObject
FORM_COST = 300
MAX_SHOWS = 200_000
MAX_NESTED_STATES = 10_000
MAX_NESTED_FORMS = 20
MAX_OPERANDS = 64
IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Interpreter:
    """Collects what one page shows.

    :param find_font: returns a font by its name in resources
    """

    def __init__(self, find_font: Callable[[generic.DictionaryObject, str], TextFont | None]):
        self._find_font = find_font
        self._shows: list[Show] = []
        self._left = MAX_OPERATORS
        self._forms: list[tuple[int, int]] = []
        self._fonts = {}
        self._states, self._marks = [], []
        self._ctm, self._matrix, self._line = IDENTITY, IDENTITY, IDENTITY
        self._state = TextState()
        self._content, self._resources = b"", None

    def run_page(self, content: bytes, resources: generic.DictionaryObject) -> list[Show]:
        """Return what is shown, in the order of the content.

        :raises TooMuch:
        """
        self._run(content, resources)
        return self._shows

    def _run(self, content, resources):
        if len(content) > MAX_CONTENT:
            raise TooMuch
        outer = self._content, self._resources, self._states, self._marks
        self._content, self._resources, self._states, self._marks = content, resources, [], []
        position = 0
        while position is not None:
            position = self._run_from(position)
        self._content, self._resources, self._states, self._marks = outer

    def _run_from(self, position) -> int | None:
        """Interpret on from a position; return where to go on after what is no sequence of tokens."""
        operands, handlers, left = [], _HANDLERS, self._left
        for token in TOKEN.finditer(self._content, position):
            kind = token.lastindex
            if kind == OPERATOR:
                name = token[0]
                left -= 1
                if left < 0:
                    raise TooMuch
                if name in handlers:
                    self._left = left
                    handlers[name](self, operands, token)
                    left = self._left
                elif name == b"BI":
                    self._left = left
                    return after_image(self._content, token.end())
                operands.clear()
            elif kind == UNMATCHED:
                self._left = left
                return after_string(self._content, token.start())
            elif kind:
                if len(operands) > MAX_OPERANDS:
                    operands.clear()
                operands.append(token)
        self._left = left
        return None

    # graphics state

    def _save(self, _operands, _token):
        if len(self._states) >= MAX_NESTED_STATES:
            raise TooMuch
        self._states.append((self._ctm, self._state))

    def _restore(self, _operands, _token):
        if self._states:
            self._ctm, self._state = self._states.pop()

    def _transform(self, operands, _token):
        self._ctm = _multiplied(read_numbers(operands, 6), self._ctm)

    def _draw(self, operands, _token):
        objects = pages.value_of(self._resources, "/XObject")
        name = read_name(operands[-1][0]) if operands else ""
        if not isinstance(objects, generic.DictionaryObject) or name not in objects:
            return
        raw, form = objects.raw_get(name), pages.value_of(objects, name)
        if not isinstance(raw, generic.IndirectObject) or not is_form(form):
            return
        place = (raw.idnum, raw.generation)
        if place in self._forms or len(self._forms) >= MAX_NESTED_FORMS:
            return
        matrix = pages.value_of(form, "/Matrix")
        resources = pages.value_of(form, "/Resources")
        content = unpacked(form)
        self._left -= FORM_COST
        self._save(operands, None)
        inner = [float(matrix[index]) for index in range(6)] if _is_matrix(matrix) else IDENTITY
        self._ctm = _multiplied(inner, self._ctm)
        self._forms.append(place)
        is_own = isinstance(resources, generic.DictionaryObject)
        self._run(content, resources if is_own else self._resources)
        self._forms.pop()
        self._restore(operands, None)

    # marked content

    def _begin_marked(self, operands, _token):
        found = self._marks[-1] if self._marks else None
        for name, value in pairwise(operands):
            if name[0] == b"/ActualText" and value.lastindex == 4:
                found = (name.start(), value.end())
        self._marks.append(found)

    def _end_marked(self, _operands, _token):
        if self._marks:
            self._marks.pop()

    # text state and position

    def _begin_text(self, _operands, _token):
        self._matrix = self._line = IDENTITY

    def _set_font(self, operands, _token):
        if len(operands) >= 2:
            word = operands[-2][0]
            # the resources of a page or form live as long as this interpreter
            key = id(self._resources), word
            if key not in self._fonts:
                self._fonts[key] = self._find_font(self._resources, read_name(word))
            font = self._fonts[key]
            self._state = self._state._replace(font=font, size=read_numbers(operands, 1)[0])

    def _set_char_spacing(self, operands, _token):
        self._state = self._state._replace(char_spacing=read_numbers(operands, 1)[0])

    def _set_word_spacing(self, operands, _token):
        self._state = self._state._replace(word_spacing=read_numbers(operands, 1)[0])

    def _set_scale(self, operands, _token):
        self._state = self._state._replace(scale=read_numbers(operands, 1)[0] / 100)

    def _set_leading(self, operands, _token):
        self._state = self._state._replace(leading=read_numbers(operands, 1)[0])

    def _set_rise(self, operands, _token):
        self._state = self._state._replace(rise=read_numbers(operands, 1)[0])

    def _set_matrix(self, operands, _token):
        self._matrix = self._line = read_numbers(operands, 6)

    def _move(self, operands, _token):
        x, y = read_numbers(operands, 2)
        a, b, c, d, e, f = self._line
        self._matrix = self._line = (a, b, c, d, a * x + c * y + e, b * x + d * y + f)

    def _move_and_lead(self, operands, token):
        self._state = self._state._replace(leading=-read_numbers(operands, 2)[1])
        self._move(operands, token)

    def _next_line(self, _operands, _token):
        a, b, c, d, e, f = self._line
        y = -self._state.leading
        self._matrix = self._line = (a, b, c, d, c * y + e, d * y + f)

    # text

    def _show(self, operands, token):
        if operands:
            self._add(operands[-1].start(), token.end(), b"", operands[-1][0])

    def _show_on_next_line(self, operands, token):
        self._next_line(operands, token)
        if operands:
            self._add(operands[-1].start(), token.end(), b"T* ", operands[-1][0])

    def _show_spaced(self, operands, token):
        if len(operands) < 3:
            return
        word_spacing, char_spacing = read_numbers(operands[:-1], 2)
        self._state = self._state._replace(word_spacing=word_spacing, char_spacing=char_spacing)
        self._next_line(operands, token)
        prefix = b"%s Tw %s Tc T* " % (operands[-3][0], operands[-2][0])
        self._add(operands[-3].start(), token.end(), prefix, operands[-1][0])

    def _add(self, start, end, prefix, operand):
        state = self._state
        if state.font is None:
            return
        if len(self._shows) >= MAX_SHOWS:
            raise TooMuch
        text, advance = measured(operand, state)
        self._shows.append(
            Show(
                self._forms[-1] if self._forms else None,
                start,
                end,
                prefix,
                operand,
                _multiplied(self._matrix, self._ctm),
                state,
                text,
                advance,
                self._marks[-1] if self._marks else None,
            )
        )
        a, b, c, d, e, f = self._matrix
        self._matrix = (a, b, c, d, e + a * advance, f + b * advance)


_HANDLERS = {
    b"q": Interpreter._save,
    b"Q": Interpreter._restore,
    b"cm": Interpreter._transform,
    b"Do": Interpreter._draw,
    b"BDC": Interpreter._begin_marked,
    b"BMC": Interpreter._begin_marked,
    b"EMC": Interpreter._end_marked,
    b"BT": Interpreter._begin_text,
    b"Tf": Interpreter._set_font,
    b"Tc": Interpreter._set_char_spacing,
    b"Tw": Interpreter._set_word_spacing,
    b"Tz": Interpreter._set_scale,
    b"TL": Interpreter._set_leading,
    b"Ts": Interpreter._set_rise,
    b"Tm": Interpreter._set_matrix,
    b"Td": Interpreter._move,
    b"TD": Interpreter._move_and_lead,
    b"T*": Interpreter._next_line,
    b"Tj": Interpreter._show,
    b"TJ": Interpreter._show,
    b"'": Interpreter._show_on_next_line,
    b'"': Interpreter._show_spaced,
}


def _multiplied(first, second):
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return (
        *(a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j),
        *(e * g + f * i + k, e * h + f * j + m),
    )


def _is_matrix(value):
    return (
        isinstance(value, generic.ArrayObject)
        and len(value) == 6
        and all(isinstance(entry, (generic.NumberObject, generic.FloatObject)) for entry in value)
    )
