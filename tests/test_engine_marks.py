import copy
import json
import re

from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.tests import BaseCase

from ..signature_workflow.engine import fonts, marks
from ..signature_workflow.engine.errors import ValueRefused

DRAWN = {
    "kind": "drawn",
    "width": 400,
    "height": 150,
    "strokes": [[20, 100, 120.04, 30, 300, 120], [50, 50]],
}

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=12,
)
numbers = st.integers() | st.floats() | st.booleans() | st.none()
drawings = st.fixed_dictionaries(
    {
        "kind": st.just("drawn"),
        "width": st.just(400) | numbers,
        "height": st.just(150) | numbers,
        "strokes": st.lists(st.lists(st.floats(-5, 155) | numbers, max_size=8), max_size=4),
    }
)


class TestMarks(BaseCase):
    def assertRefused(self, code, function, *arguments):
        with self.assertRaises(ValueRefused) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.code, code)

    def changed(self, **changes):
        return {**copy.deepcopy(DRAWN), **changes}

    def test_drawn_mark_is_kept_to_a_tenth_of_a_pixel(self):
        mark = marks.parse(DRAWN)
        self.assertEqual(mark.strokes[0][2], 120.0)
        self.assertEqual(marks.parse(json.loads(json.dumps(marks.dump(mark)))), mark)

    def test_a_pen_may_leave_the_pad_a_little(self):
        mark = marks.parse(self.changed(strokes=[[-3, 10, 404, 155]]))
        self.assertEqual(mark.strokes, ((0.0, 10.0, 400.0, 150.0),))

    def test_typed_mark_is_stripped_text(self):
        mark = marks.parse({"kind": "typed", "text": "  S\u0326tefan E\u0301loi\u0308se\n"})
        self.assertEqual(mark, marks.Typed("\u0218tefan Éloïse"))
        self.assertEqual(marks.parse(marks.dump(mark)), mark)

    def test_a_name_is_typed_in_one_of_several_hands(self):
        typed = {"kind": "typed", "text": "Ana"}
        for hand in fonts.HANDS:
            mark = marks.parse({**typed, "font": hand})
            self.assertEqual(mark, marks.Typed("Ana", hand))
            self.assertEqual(marks.dump(mark), {**typed, "font": hand})
        self.assertEqual(marks.parse(typed), marks.Typed("Ana", "caveat"), "as stored before there were several")
        for font in ("", "Caveat", "../caveat", "regular", None, 0, ["caveat"], {}):
            self.assertRefused("mark_font", marks.parse, {**typed, "font": font})
        self.assertRefused("mark_shape", marks.parse, {**typed, "font": "caveat", "size": 9})
        self.assertRefused("mark_shape", marks.parse, {"kind": "typed", "font": "caveat"})

    def test_other_shapes_are_refused(self):
        for payload in (None, [], "x", 3):
            self.assertRefused("mark_shape", marks.parse, payload)
        self.assertRefused("mark_kind", marks.parse, {})
        self.assertRefused("mark_kind", marks.parse, {"kind": "image", "data": "<svg/>"})
        self.assertRefused("mark_kind", marks.parse, {"kind": ["drawn"]})
        self.assertRefused("mark_shape", marks.parse, self.changed(page=3))
        self.assertRefused("mark_shape", marks.parse, self.changed(strokes={}))
        self.assertRefused("mark_shape", marks.parse, self.changed(strokes=["M0 0"]))
        self.assertRefused("mark_shape", marks.parse, self.changed(strokes=[[1, 2, 3]]))
        self.assertRefused("mark_shape", marks.parse, self.changed(strokes=[[]]))

    def test_impossible_numbers_are_refused(self):
        for number in (float("nan"), float("inf"), 10**400, True, "1", None, [1]):
            strokes = [[number, 1, 2, 3]]
            self.assertRefused("mark_number", marks.parse, self.changed(strokes=strokes))
            self.assertRefused("mark_number", marks.parse, self.changed(width=number))
        self.assertRefused("mark_size", marks.parse, self.changed(width=0))
        self.assertRefused("mark_size", marks.parse, self.changed(height=1e5))
        self.assertRefused("mark_outside", marks.parse, self.changed(strokes=[[0, 0, 500, 0]]))

    def test_endless_and_empty_drawings_are_refused(self):
        self.assertRefused("mark_too_complex", marks.parse, self.changed(strokes=[[0, 0, 9, 9]] * 201))
        self.assertRefused("mark_too_complex", marks.parse, self.changed(strokes=[[0, 0] * 20_001]))
        for strokes in ([], [[5, 5]], [[5, 5, 5, 5]], [[5, 5, 9, 9]]):
            self.assertRefused("mark_empty", marks.parse, self.changed(strokes=strokes))
        self.assertRefused("mark_empty", marks.parse, {"kind": "typed", "text": "  "})

    def test_deceptive_text_is_refused(self):
        typed = {"kind": "typed", "text": "Ana\u202egnp"}
        self.assertRefused("bidi_control", marks.parse, typed)
        self.assertRefused("control_character", marks.parse, {**typed, "text": "A\x00na"})
        self.assertRefused("control_character", marks.parse, {**typed, "text": "A\nna"})
        self.assertRefused("control_character", marks.parse, {**typed, "text": "A\ud800na"})
        self.assertRefused("too_long", marks.parse, {**typed, "text": "x" * 101})

    @settings(max_examples=300, deadline=None, database=None)
    @given(anything | drawings)
    def test_whatever_is_sent_becomes_a_mark_or_is_refused(self, payload):
        try:
            mark = marks.parse(payload)
        except ValueRefused:
            return
        self.assertEqual(marks.parse(marks.dump(mark)), mark)
        if isinstance(mark, marks.Drawn):
            self.assertRegex(marks.svg_path(mark), r"\A[MC0-9. ]+\Z")

    def test_svg_path_goes_through_both_ends_of_each_stroke(self):
        path = marks.svg_path(marks.parse(DRAWN))
        self.assertEqual(len(re.findall("M", path)), 2)
        self.assertTrue(path.startswith("M20.0 100.0C"))
        self.assertIn("300.0 120.0M50.0 50.0C", path)
