"""Random pages, fields and values, looked at as a reader shows them."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.tests import BaseCase
from PIL import Image, ImageChops
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject

from ..signature_workflow.engine import images, marks
from ..signature_workflow.engine.pdf.stamp import Stamp, stamp_pdf
from ..signature_workflow.engine.placement import Box
from . import pdf_samples, picture_samples
from .engine_common import FONTS, run_tool, wave

# pixels; the pages are looked at with one pixel a point
TOLERANCE = 1.5
DARK, MEDIUM = 0, 120


def hundredths(least, most):
    """Numbers as programs write them into files."""
    return st.integers(least * 100, most * 100).map(lambda number: number / 100)


coordinate, side = hundredths(-800, 800), hundredths(80, 700)
text = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Z", "S")), max_size=120)
TEXTS = ("name", "text", "multiline", "email", "number", "date", "choice", "file", "merge", "date_signed")
stamps = st.one_of(
    st.tuples(st.sampled_from(TEXTS), text | st.just("Ș" * 300) | st.just("Țară\n" * 40)),
    st.tuples(st.sampled_from(("checkbox", "radio")), st.booleans()),
    st.tuples(st.sampled_from(("signature", "initials")), st.just(wave()) | text.map(marks.Typed)),
    st.just(("stamp", images.normalise(picture_samples.plain(70, 30)))),
)


@st.composite
def pages(draw):
    """A page full of pale ink, and the size in points that a reader sees."""
    left, bottom, width, height = draw(coordinate), draw(coordinate), draw(side), draw(side)
    media = (left, bottom, left + width, bottom + height)
    # the crop box may leave the media box; one that is longer than it, poppler ignores, against the standard
    x, y = draw(hundredths(-20, 30)), draw(hundredths(-20, 30))
    shorter, lower = draw(hundredths(1, 30)), draw(hundredths(1, 30))
    crop = (media[0] + x, media[1] + y, media[2] + x - shorter, media[3] + y - lower)
    rotation = draw(st.sampled_from((0, 90, 180, 270, -90, 450)))
    writer = PdfWriter(clone_from=io.BytesIO(pdf_samples.boxed(media, crop, rotation)))
    lines = " ".join(f"{left:.0f} {bottom + y:.0f} {width:.0f} 3 re" for y in range(0, int(height), 12))
    stream = DecodedStreamObject()
    stream.set_data(f"0.9 g {left:.0f} {bottom:.0f} {width:.0f} {height:.0f} re f 0.8 g {lines} f".encode())
    writer.pages[0][NameObject("/Contents")] = writer._add_object(stream)
    target = io.BytesIO()
    writer.write(target)
    seen = (min(media[2], crop[2]) - max(media[0], crop[0]), min(media[3], crop[3]) - max(media[1], crop[1]))
    return target.getvalue(), seen if rotation % 180 == 0 else seen[::-1]


@st.composite
def boxes(draw):
    """A box of at least a tenth of the page's sides."""
    x, y = draw(st.floats(0, 85)), draw(st.floats(0, 85))
    return Box(1, x, y, draw(st.floats(10, 100 - x)), draw(st.floats(10, 100 - y)))


def shown(pdf):
    """The page as poppler shows it, in shades of grey."""
    done = run_tool("pdftoppm", "-gray", "-cropbox", "-r", "72", "FILE", pdf=pdf)
    return Image.open(io.BytesIO(done.stdout)).convert("L")


def edges(box, size):
    """Left, top, right and bottom of a box in pixels."""
    width, height = size[0] / 100, size[1] / 100
    return box.x * width, box.y * height, (box.x + box.width) * width, (box.y + box.height) * height


def two_tone(width, height):
    """A picture that is dark, but for its quarter at the upper right."""
    image = Image.new("L", (round(width * 2), round(height * 2)), DARK)
    image.paste(MEDIUM, (image.width // 2, 0, image.width, image.height // 2))
    return images.normalise(picture_samples.saved(image))


def fitted(picture, left, top, right, bottom):
    """Where a picture is within a rectangle: as large as can be, and in the middle."""
    scale = min((right - left) / picture.width, (bottom - top) / picture.height)
    x, y = (left + right) / 2, (top + bottom) / 2
    half = picture.width * scale / 2, picture.height * scale / 2
    return x - half[0], y - half[1], x + half[0], y + half[1]


class TestPlacementProperties(BaseCase):
    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(pages(), boxes())
    def test_a_mark_is_found_where_the_reader_sees_its_box(self, page, box):
        pdf, size = page
        left, top, right, bottom = edges(box, size)
        picture = two_tone(right - left, bottom - top)
        expected = fitted(picture, left, top, right, bottom)
        after = shown(stamp_pdf(pdf, [Stamp(box, "stamp", picture)], fonts=FONTS))
        found = ImageChops.difference(after, shown(pdf)).getbbox()
        for edge, place in zip(found, expected, strict=True):
            self.assertLessEqual(abs(edge - place), TOLERANCE, (found, expected))
        width, height = found[2] - found[0], found[3] - found[1]
        for x, y, level in ((1, 1, DARK), (1, 3, DARK), (3, 3, DARK), (3, 1, MEDIUM)):
            shade = after.getpixel((found[0] + x * width // 4, found[1] + y * height // 4))
            self.assertAlmostEqual(shade, level, delta=5)

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(pages(), boxes(), stamps)
    def test_no_value_leaves_its_box(self, page, box, stamp):
        pdf, size = page
        after = stamp_pdf(pdf, [Stamp(box, *stamp)], fonts=FONTS)
        found = ImageChops.difference(shown(after), shown(pdf)).getbbox()
        if found:
            left, top, right, bottom = edges(box, size)
            self.assertGreater(found[0], left - TOLERANCE)
            self.assertGreater(found[1], top - TOLERANCE)
            self.assertLess(found[2], right + TOLERANCE)
            self.assertLess(found[3], bottom + TOLERANCE)
        # the rest of the file is as it was
        self.assertTrue(after.startswith(pdf))
        self.assertEqual(len(PdfReader(io.BytesIO(after)).pages), 1)
