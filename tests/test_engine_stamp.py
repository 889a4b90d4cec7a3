import io

from odoo.tests import BaseCase
from pypdf import PdfReader

from ..signature_workflow.engine import images, marks
from ..signature_workflow.engine.errors import EngineError, PlacementError, RenderError
from ..signature_workflow.engine.fonts import HANDS
from ..signature_workflow.engine.pdf import renderers
from ..signature_workflow.engine.pdf.stamp import Stamp, stamp_pdf
from ..signature_workflow.engine.placement import Box
from . import pdf_samples, picture_samples
from .engine_common import FONTS, bounds_of, fonts_of, ink_of, run_tool, text_of, wave

ROMANIAN = "Ștefan Țăranu, București – înființată"
FRENCH = "Éloïse Lefèvre, à Orléans – cœur, Noël, garçon"
CYRILLIC = "Договор № 5"
BOX = Box(1, 10, 40, 60, 5)
LINES = ("name", "company", "position", "email", "phone", "text", "number", "date")
TEXTS = (*LINES, "multiline", "choice", "date_signed", "merge", "file")


def stamp(pdf, *stamps):
    return stamp_pdf(pdf, stamps, fonts=FONTS)


class TestStamp(BaseCase):
    def assertSound(self, pdf):
        checked = run_tool("qpdf", "--check", "FILE", pdf=pdf)
        self.assertEqual(checked.returncode, 0, checked.stderr.decode() + checked.stdout.decode())

    def test_text_comes_out_as_it_went_in(self):
        for text in (ROMANIAN, FRENCH, CYRILLIC):
            for field_type in TEXTS:
                self.assertIn(text, text_of(stamp(pdf_samples.simple(), Stamp(BOX, field_type, text))))
        typed = stamp(pdf_samples.simple(), Stamp(BOX, "signature", marks.Typed("Ștefan Țăranu")))
        self.assertIn("Ștefan Țăranu", text_of(typed))

    def test_all_kinds_of_files_can_be_stamped(self):
        for make in (
            pdf_samples.simple,
            pdf_samples.nested,
            pdf_samples.object_streams,
            pdf_samples.hybrid,
            pdf_samples.cropped,
            pdf_samples.form,
            pdf_samples.unbalanced,
        ):
            with self.subTest(make.__name__):
                original = make()
                before = text_of(original)
                pdf = stamp(original, Stamp(BOX, "text", ROMANIAN), Stamp(BOX, "signature", wave()))
                self.assertEqual(pdf[: len(original)], original)
                self.assertSound(pdf)
                self.assertIn(ROMANIAN, text_of(pdf))
                self.assertIn(before.strip(), text_of(pdf))

    def test_pages_are_found_in_flat_and_deep_trees(self):
        for make in (pdf_samples.many, pdf_samples.nested):
            original = make()
            count = len(PdfReader(io.BytesIO(original)).pages)
            for page in (1, 7, count // 2, count, -1, -3):
                pdf = stamp(original, Stamp(Box(page, 10, 40, 60, 5), "text", "here"))
                number = page if page > 0 else count + 1 + page
                text = text_of(pdf, number)
                self.assertIn("here", text)
                self.assertIn(f"Page {number} of the sample", text)

    def test_one_page_of_many_costs_one_page(self):
        original = pdf_samples.many()
        pdf = stamp(original, Stamp(Box(150, 10, 40, 60, 5), "signature", wave()))
        self.assertLess(len(pdf) - len(original), 10_000)

    def test_fonts_are_embedded_once(self):
        original = pdf_samples.simple(20)
        stamps = [Stamp(Box(page, 10, y, 60, 5), "text", FRENCH) for page in range(1, 21) for y in (20, 40)]
        pdf = stamp(original, *stamps)
        added = [line for line in fonts_of(pdf) if "NotoSans" in line]
        self.assertEqual(len(added), 1)
        self.assertRegex(added[0], r"TrueType .* yes yes yes")
        self.assertLess(len(pdf) - len(original), 40_000)

    def test_nothing_but_embedded_fonts_is_added(self):
        self.assertEqual(fonts_of(pdf_samples.hybrid()), [])
        stamps = [Stamp(BOX, "text", ROMANIAN), Stamp(BOX, "signature", marks.Typed("Ștefan"))]
        lines = fonts_of(stamp(pdf_samples.hybrid(), *stamps))
        self.assertEqual(len(lines), 2)
        for line in lines:
            self.assertRegex(line, r"(NotoSans|Caveat)-Regular .* yes yes yes")

    def test_a_file_can_be_stamped_twice(self):
        first = stamp(pdf_samples.simple(), Stamp(BOX, "text", "first"))
        second = stamp(first, Stamp(Box(1, 10, 60, 60, 5), "text", "second"))
        self.assertSound(second)
        for text in ("first", "second", "Page 1 of the sample"):
            self.assertIn(text, text_of(second))

    def test_content_that_ends_badly_does_not_move_the_stamp(self):
        original = pdf_samples.unbalanced()
        pdf = stamp(original, Stamp(Box(1, 30, 60, 30, 10), "signature", wave()))
        ink, before = ink_of(pdf), ink_of(original)
        added = [[now and not then for now, then in zip(*rows, strict=True)] for rows in zip(ink, before, strict=True)]
        left, top, right, bottom = bounds_of(added)
        self.assertTrue(29 < left < right < 61, (left, right))
        self.assertTrue(59 < top < bottom < 71, (top, bottom))

    def test_nothing_leaves_its_box(self):
        blank = pdf_samples.boxed(blank=True)
        long_name = "Wolfeschlegelsteinhausenbergerdorff" * 2
        picture = images.normalise(picture_samples.plain(70, 30))
        for field_type, value in (
            ("stamp", picture),
            ("multiline", "line\n" * 60),
            ("radio", True),
            ("text", "word " * 200),
            ("text", "x" * 2000),
            ("text", "line\n" * 60),
            ("name", long_name),
            ("signature", marks.Typed(long_name)),
            ("signature", marks.Typed("Á")),
            ("signature", wave()),
            ("checkbox", True),
        ):
            for box in (Box(1, 20, 30, 25, 4), Box(1, 20, 30, 3, 20), Box(1, 20, 30, 1, 0.5)):
                with self.subTest(type=field_type, value=str(value)[:20], box=box):
                    ink = ink_of(stamp(blank, Stamp(box, field_type, value)), dpi=144)
                    if not any(map(any, ink)):
                        continue
                    left, top, right, bottom = bounds_of(ink)
                    self.assertGreaterEqual(left, box.x - 0.2)
                    self.assertGreaterEqual(top, box.y - 0.2)
                    self.assertLessEqual(right, box.x + box.width + 0.2)
                    self.assertLessEqual(bottom, box.y + box.height + 0.2)

    def test_long_text_shrinks_then_wraps_and_stays_whole(self):
        text = "Livrarea se face la sediul clientului, în zilele lucrătoare, între orele opt și nouă."
        pdf = stamp(pdf_samples.simple(), Stamp(Box(1, 10, 40, 25, 8), "text", text))
        self.assertEqual(" ".join(text_of(pdf).split()).count("lucrătoare"), 1)
        self.assertTrue(set(text.split()) <= set(text_of(pdf).split()))

    def test_ticks_are_drawn_for_true_only(self):
        blank = pdf_samples.boxed(blank=True)
        box = Box(1, 50, 50, 3, 2)
        for field_type in ("checkbox", "radio"):
            self.assertTrue(any(map(any, ink_of(stamp(blank, Stamp(box, field_type, True))))))
            self.assertFalse(any(map(any, ink_of(stamp(blank, Stamp(box, field_type, False))))))

    def test_several_lines_start_at_the_top_and_one_line_stands_in_the_middle(self):
        blank = pdf_samples.boxed(blank=True)
        box = Box(1, 10, 40, 60, 10)
        for field_type, least, most in (("multiline", 40, 41.5), ("text", 43.5, 46)):
            left, top, _right, _bottom = bounds_of(ink_of(stamp(blank, Stamp(box, field_type, "Hx")), dpi=144))
            self.assertTrue(least < top < most, (field_type, top))
            self.assertTrue(10 < left < 11.5, (field_type, left))

    def test_a_picture_keeps_its_shape_in_the_middle_of_its_box(self):
        blank = pdf_samples.boxed((0, 0, 500, 500), blank=True)
        for size, expected in (((40, 20), (20, 35, 60, 55)), ((20, 40), (32.5, 30, 47.5, 60))):
            picture = images.normalise(picture_samples.plain(*size))
            for field_type in ("stamp", "signature", "initials"):
                ink = ink_of(stamp(blank, Stamp(Box(1, 20, 30, 40, 30), field_type, picture)))
                for edge, place in zip(bounds_of(ink), expected, strict=True):
                    self.assertAlmostEqual(edge, place, delta=0.5)

    def test_a_picture_is_stored_once_with_its_transparency(self):
        original = pdf_samples.simple(20)
        picture = images.normalise(picture_samples.saved(picture_samples.noise("RGBA")))
        once = stamp(original, Stamp(BOX, "stamp", picture))
        often = stamp(original, *(Stamp(Box(page, 10, 40, 60, 5), "stamp", picture) for page in range(1, 21)))
        self.assertSound(often)
        self.assertLess(len(often) - len(once), 15_000)
        listed = run_tool("pdfimages", "-list", "FILE", pdf=often).stdout.decode().splitlines()[2:]
        self.assertEqual(len(listed), 40)
        self.assertEqual(len({line.split()[10] for line in listed if " image " in line}), 1)
        self.assertTrue(any(" smask " in line for line in listed))

    def test_what_cannot_be_read_does_not_fit(self):
        for field_type, value, width, height, expected in (
            ("text", "Ana", 100, 20, True),
            ("text", "", 1, 1, True),
            ("text", "Ana", 100, 5, False),
            ("text", "word " * 20, 100, 15, False),
            ("text", "word " * 20, 100, 60, True),
            ("text", "a.very.long.address@mail.example.com", 60, 40, True),
            ("text", "a.very.long.address@mail.example.com", 60, 12, False),
            ("text", "W", 3, 40, False),
            ("multiline", "one\ntwo\nthree", 100, 30, True),
            ("multiline", "one\ntwo\nthree", 100, 15, False),
            ("multiline", "x" * 2000, 100, 30, False),
            ("checkbox", True, 2, 2, True),
            ("signature", wave(), 2, 2, True),
        ):
            with self.subTest(type=field_type, value=str(value)[:20], width=width, height=height):
                self.assertIs(renderers.fits(field_type, value, width, height, FONTS), expected)

    def test_what_fits_is_whole(self):
        for width, height in ((40, 60), (90, 21), (150, 14), (300, 7)):
            text = " ".join(f"cuvânt{number}" for number in range(40))
            while not renderers.fits("text", text, width, height, FONTS):
                text = text.rsplit(" ", 1)[0]
            pdf = stamp(pdf_samples.boxed((0, 0, 500, 500)), Stamp(Box(1, 10, 50, width / 5, height / 5), "text", text))
            self.assertTrue(set(text.split()) <= set(text_of(pdf).split()), text)

    def test_markup_is_text(self):
        text = '<b>&amp;</b><img src="/etc/passwd"/>(\\) Tj'
        pdf = stamp(pdf_samples.simple(), Stamp(BOX, "name", text))
        self.assertIn(text, text_of(pdf))
        self.assertNotIn(b"/Subtype /Image", pdf)

    def test_a_name_is_shown_in_the_hand_that_was_chosen(self):
        for hand, font in zip(HANDS, ("Caveat", "Comforter", "GreatVibes", "BadScript"), strict=True):
            for name in ("Ștefan Țăranu", "Éloïse Lefèvre", "Łukasz Gül", "Борис Їжак"):
                pdf = stamp(pdf_samples.simple(), Stamp(BOX, "signature", marks.Typed(name, hand)))
                self.assertTrue(any(f"{font}-Regular" in line for line in fonts_of(pdf)), fonts_of(pdf))
                # the letters of some hands reach so far that poppler sees no blanks between words
                self.assertIn(name.replace(" ", ""), text_of(pdf).replace(" ", ""))

    def test_no_flourish_is_cut_off(self):
        blank = pdf_samples.boxed((0, 0, 500, 500), blank=True)
        for hand in HANDS:
            for name in ("fy Țj", "Ana", "Éloïse Lefèvre-Jacquemont", "J"):
                for box in (Box(1, 20, 30, 60, 6), Box(1, 20, 30, 12, 20)):
                    with self.subTest(hand=hand, name=name, box=box):
                        ink = ink_of(stamp(blank, Stamp(box, "signature", marks.Typed(name, hand))), dpi=288)
                        left, top, right, bottom = bounds_of(ink)
                        self.assertGreater(left, box.x + 0.1)
                        self.assertGreater(top, box.y + 0.1)
                        self.assertLess(right, box.x + box.width - 0.1)
                        self.assertLess(bottom, box.y + box.height - 0.1)

    def test_glyphs_that_the_handwriting_lacks_come_from_the_text_font(self):
        for name, font in (("Ștefan", "Caveat"), ("Ελένη", "NotoSans-Italic")):
            pdf = stamp(pdf_samples.simple(), Stamp(BOX, "signature", marks.Typed(name)))
            self.assertTrue(any(font in line for line in fonts_of(pdf)), fonts_of(pdf))
            self.assertIn(name, text_of(pdf))

    def test_glyphs_that_no_font_has_do_no_harm(self):
        for text in ("😀 漢字", "\x00\x07\u200b", "\ud800"):
            pdf = stamp(
                pdf_samples.simple(),
                Stamp(BOX, "text", text),
                Stamp(BOX, "signature", marks.Typed(text)),
            )
            self.assertSound(pdf)

    def test_wrong_stamps_are_refused(self):
        for error, code, wrong in (
            (RenderError, "stamp_type_unknown", Stamp(BOX, "barcode", "x")),
            (RenderError, "stamp_value_invalid", Stamp(BOX, "text", 5)),
            (RenderError, "stamp_value_invalid", Stamp(BOX, "checkbox", "x")),
            (RenderError, "stamp_value_invalid", Stamp(BOX, "signature", "x")),
            (RenderError, "stamp_value_invalid", Stamp(BOX, "stamp", b"x")),
            (RenderError, "stamp_value_invalid", Stamp(BOX, "multiline", None)),
            (PlacementError, "page_missing", Stamp(Box(2, 1, 1, 1, 1), "text", "x")),
            (PlacementError, "box_outside", Stamp(Box(1, 90, 1, 20, 1), "text", "x")),
        ):
            with self.subTest(code), self.assertRaises(error) as caught:
                stamp(pdf_samples.simple(), wrong)
            self.assertEqual(caught.exception.code, code)

    def test_damaged_files_are_refused(self):
        for data in (b"", b"hello", pdf_samples.truncated()):
            with self.assertRaises(EngineError) as caught:
                stamp(data, Stamp(BOX, "text", "x"))
            self.assertEqual(caught.exception.code, "document_unreadable")
