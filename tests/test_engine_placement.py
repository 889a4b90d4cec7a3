import itertools

from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.tests import BaseCase

from ..signature_workflow.engine.errors import PlacementError
from ..signature_workflow.engine.pdf.stamp import Stamp, stamp_pdf
from ..signature_workflow.engine.placement import (
    Box,
    PageGeometry,
    from_pdf_rect,
    to_pdf_matrix,
)
from . import pdf_samples
from .engine_common import FONTS, bounds_of, corner, ink_of

ROTATIONS = (0, 90, 180, 270)
BOUNDARIES = (
    ((0, 0, 500, 800), (0, 0, 500, 800)),
    ((-50, -20, 700, 900), (40, 60, 540, 780)),
    ((100, 200, 400, 400), (150, 250, 450, 450)),
)

coordinate = st.floats(-2000, 2000)
side = st.floats(20, 3000)
percent = st.floats(1, 45)


@st.composite
def geometries(draw):
    left, bottom, width, height = draw(coordinate), draw(coordinate), draw(side), draw(side)
    media = (left, bottom, left + width, bottom + height)
    inset = draw(st.floats(0, 0.4))
    crop = (left + inset * width, bottom - 5, left + width + 9, bottom + height * (1 - inset))
    return PageGeometry(media, crop, draw(st.sampled_from(ROTATIONS)))


class TestPlacement(BaseCase):
    def assertRefused(self, code, function, *arguments):
        with self.assertRaises(PlacementError) as caught:
            function(*arguments)
        self.assertEqual(caught.exception.code, code)

    def test_size_is_that_of_the_page_as_displayed(self):
        media, crop = (0, 0, 600, 800), (100, 100, 400, 900)
        upright = PageGeometry(media, crop, 0)
        self.assertEqual((upright.width, upright.height), (300, 700))
        turned = PageGeometry(media, crop, 270)
        self.assertEqual((turned.width, turned.height), (700, 300))

    def test_impossible_pages_are_refused(self):
        square = (0, 0, 9, 9)
        self.assertRefused("rotation_invalid", PageGeometry, square, square, 45)
        self.assertRefused("geometry_invalid", PageGeometry, square, (20, 20, 30, 30), 0)
        self.assertRefused("geometry_invalid", PageGeometry, (0, 0, 9, float("nan")), square, 0)

    def test_negative_pages_count_from_the_end(self):
        self.assertEqual(Box(-1, 0, 0, 10, 10).resolved(3).page, 3)
        self.assertEqual(Box(-3, 0, 0, 10, 10).resolved(3).page, 1)
        self.assertEqual(Box(2, 0, 0, 10, 10).resolved(3), Box(2, 0, 0, 10, 10))

    def test_boxes_off_the_document_are_refused(self):
        for page in (0, 4, -4):
            self.assertRefused("page_missing", Box(page, 0, 0, 10, 10).resolved, 3)
        for box in (Box(1, 95, 0, 10, 10), Box(1, 0, 95, 10, 10), Box(1, -1, 0, 10, 10)):
            self.assertRefused("box_outside", box.resolved, 1)
        nan = float("nan")
        for box in (Box(1, 0, 0, 0, 10), Box(1, 0, 0, 10, -1), Box(1, nan, 0, 10, 10)):
            self.assertRefused("box_invalid", box.resolved, 1)

    @settings(max_examples=200, deadline=None, database=None)
    @given(geometries(), percent, percent, percent, percent)
    def test_matrix_and_rectangle_are_inverse(self, geometry, x, y, width, height):
        box = Box(1, x, y, width, height)
        (a, b, c, d, e, f), w, h = to_pdf_matrix(box, geometry)
        back = from_pdf_rect((e, f, a * w + c * h + e, b * w + d * h + f), geometry, 1)
        for ours, theirs in zip(vars(box).values(), vars(back).values(), strict=True):
            self.assertAlmostEqual(ours, theirs, places=4)
        self.assertAlmostEqual(a * d - b * c, 1, msg="neither scaled nor mirrored")

    def test_marks_stand_where_the_reader_sees_the_box(self):
        """A mark like an L, drawn for all rotations and boundaries, and looked at by poppler."""
        box = Box(1, 55, 15, 30, 20)
        for rotation, (media, crop) in itertools.product(ROTATIONS, BOUNDARIES):
            with self.subTest(rotation=rotation, crop=crop):
                blank = pdf_samples.boxed(media, crop, rotation, blank=True)
                pdf = stamp_pdf(blank, [Stamp(box, "signature", corner())], fonts=FONTS)
                ink = ink_of(pdf)
                left, top, right, bottom = bounds_of(ink)
                self.assertGreaterEqual(left, box.x - 0.5)
                self.assertLess(left, box.x + 5)
                self.assertLess(bottom, box.y + box.height + 0.5)
                self.assertGreater(bottom, box.y + box.height - 5)
                self.assertLess(right, box.x + box.width + 0.5)
                self.assertGreater(top, box.y - 0.5)
                self.assertUpright(ink, left, top, right, bottom)

    def assertUpright(self, ink, left, top, right, bottom):
        """The L has its strokes at the left and at the bottom."""
        width, height = len(ink[0]) / 100, len(ink) / 100
        middle = round((top + bottom) / 2 * height)
        across = [x for x, dark in enumerate(ink[middle]) if dark]
        self.assertLess(across[-1] / width, left + (right - left) / 4)
        centre = round((left + right) / 2 * width)
        down = [y for y, row in enumerate(ink) if row[centre]]
        self.assertGreater(down[0] / height, bottom - (bottom - top) / 4)
