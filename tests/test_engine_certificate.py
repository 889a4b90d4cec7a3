import dataclasses
import io
import json
import re
import tempfile
from pathlib import Path

from odoo.tests import BaseCase
from pypdf import PdfReader, PdfWriter
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

from ..signature_workflow.engine import images, marks, qr
from ..signature_workflow.engine.certificate import Certificate, Event, Party, lay_out
from ..signature_workflow.engine.errors import LinkError
from ..signature_workflow.engine.pdf.append import Attachment
from ..signature_workflow.engine.pdf.stamp import Stamp
from ..signature_workflow.engine.placement import Box
from ..signature_workflow.engine.sealing.verify import verify
from . import pdf_samples, picture_samples
from .engine_common import FONTS, MOMENT, fonts_of, ink_of, material, pixels_of, run_tool, seal, text_of, wave

URL = "https://sign.company.example/verify/7K3MABCDEF012345"
DIGESTS = ("0123456789abcdef" * 4, "fedcba9876543210" * 4)
EVIDENCE = Attachment("evidence.json", json.dumps({"name": "Zoë"}).encode(), "application/json", "Evidence")
STAMPS = (Stamp(Box(1, 10, 70, 30, 7), "signature", wave()),)


def party(name="Zoë Țăndărică", mark=None, **details):
    rows = {"Signed on": "2026-03-14 09:20:11 UTC", "IP address": "192.0.2.7", **details}
    return Party(name, "Client · Signed", tuple(rows.items()), mark)


def event(number=1, **changes):
    time = f"2026-03-14 {number // 60 % 24:02d}:{number % 60:02d}:07"
    return Event(**{"time": time, "what": f"Viewed #{number}", "who": "Zoë", "origin": "192.0.2.7", **changes})


def certificate(**changes):
    return dataclasses.replace(
        Certificate(
            title="Certificate of completion",
            document="Contract nr. 4711",
            organisation="Atelier Ștefănescu SRL",
            facts=(("Pages", "1"), ("Sent by", "Saul")),
            digests=(("SHA-256 of the original", DIGESTS[0]), ("Audit trail", DIGESTS[1])),
            url=URL,
            check="Is this file genuine?",
            parties_title="Who took part",
            parties=(party(mark=wave()), party("Ștefan Țăranu", marks.Typed("Ștefan Țăranu"))),
            events_title="What happened",
            columns=("Time (UTC)", "Event", "Who", "From"),
            events=tuple(map(event, range(12))),
            claim="A simple electronic signature.",
            seal=("Sealed by Atelier Ștefănescu SRL", "2026-03-14 09:26:53 UTC"),
            page="Page {} of {}".format,
        ),
        **changes,
    )


def sealed(pdf=None, stamps=STAMPS, attachments=(EVIDENCE,), **changes):
    original = pdf_samples.simple() if pdf is None else pdf
    return seal(original, stamps, certificate=certificate(**changes), attachments=attachments)


def text_after(pdf, pages=1):
    """Return what poppler reads on the pages after the first ``pages``."""
    return run_tool("pdftotext", "-layout", "-f", str(pages + 1), "FILE", "-", pdf=pdf).stdout.decode()


class TestCertificate(BaseCase):
    def test_it_says_who_what_when_and_how(self):
        text = text_after(sealed())
        for words in (
            "Certificate of completion", "Contract nr. 4711", "Atelier Ștefănescu SRL", "Zoë Țăndărică", "192.0.2.7",
            "Client · Signed", "2026-03-14 09:20:11 UTC", "Viewed #11", "sign.company.example/verify",
            "7K3M-ABCD-EF01-2345", "Sealed by Atelier Ștefănescu SRL", "2026-03-14 09:26:53 UTC", "Page 1 of",
            "A simple electronic signature.",
        ):  # fmt: skip
            self.assertIn(words, text)
        plain = re.sub(r"\s", "", text)
        for digest in DIGESTS:
            self.assertIn(digest, plain, "to be found whole, whatever the groups")

    def test_fonts_are_embedded_once(self):
        fonts = [line for line in fonts_of(sealed()) if "NotoSans-Regular" in line]
        self.assertEqual(len(fonts), 1, fonts)

    def test_text_is_never_markup(self):
        names = ('<b>&amp;</b><img src="/etc/passwd"/>', "(\\) Tj ET Q", "{page} %s %(x)s")
        pdf = sealed(
            document=names[0],
            parties=tuple(map(party, names)),
            events=(event(who=names[0], what=names[1], origin=names[2]),),
            page=lambda page, pages: names[2],
        )
        text = text_after(pdf)
        for name in names:
            self.assertIn(name, text)
        self.assertNotIn(b"/Subtype /Image", pdf)
        self.assertSound(pdf)

    def test_letters_without_a_glyph_are_seen_to_be_missing(self):
        strange = ("漢字 😀", "שלום", "\x00\x07\u200b\u202e", "\ud800", "a\nb\tc", "")
        pdf = sealed(document=strange[0], parties=tuple(party(name, marks.Typed("漢字")) for name in strange))
        self.assertSound(pdf)
        self.assertIn("\N{REPLACEMENT CHARACTER}", text_after(pdf))

    def test_more_letters_than_one_subset_holds(self):
        letters = "".join(map(chr, [*range(0x100, 0x180), *range(0x3B1, 0x3C9), *range(0x400, 0x4FF)]))
        pdf = sealed(parties=(party(), *(party(letters[start : start + 40]) for start in range(0, len(letters), 40))))
        self.assertSound(pdf)
        self.assertIn(letters[-40:-10], re.sub(r"\s", "", text_after(pdf)))

    def test_long_texts_stay_on_the_page(self):
        agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " * 7
        words = {
            "document": "Lung " * 60,
            "organisation": "x" * 300,
            "claim": "y" * 2000,
            "facts": (("z" * 90, "w" * 500),),
        }
        pdf = sealed(
            **words,
            parties=(party("Ana-Maria " * 30, wave(), Device=agent), party("n" * 400)),
            events=(event(who="q" * 200, origin=agent),),
            seal=("Sealed by " + "o" * 200, "v" * 300),
        )
        self.assertSound(pdf)
        for page in range(2, len(PdfReader(io.BytesIO(pdf)).pages) + 1):
            width, _height, pixels = pixels_of(pdf, page)
            margin = [
                pixels[row : row + 40] + pixels[row + width - 40 : row + width] for row in range(0, len(pixels), width)
            ]
            self.assertEqual(set(b"".join(margin)), {255}, f"the margins of page {page} are white")

    def test_many_parties_and_events_go_on_over_pages(self):
        parties = tuple(party(f"Party {number:02d}", wave()) for number in range(20))
        pdf = sealed(parties=parties, events=tuple(event(number, what=f"No. {number:03d}.") for number in range(200)))
        self.assertSound(pdf)
        text, pages = text_after(pdf), len(PdfReader(io.BytesIO(pdf)).pages) - 1
        self.assertEqual(re.findall(r"Party \d\d", text), [one.name for one in parties])
        self.assertEqual(re.findall(r"No\. (\d{3})\.", text), [f"{number:03d}" for number in range(200)])
        self.assertEqual(
            re.findall(r"Page \d+ of \d+", text), [f"Page {page} of {pages}" for page in range(1, pages + 1)]
        )
        self.assertGreater(text.count("Time (UTC)"), 2, "each page of the table has its heads")

    def test_marks_are_shown(self):
        picture = images.normalise(picture_samples.plain(60, 20))
        pdf = sealed(stamps=(Stamp(Box(1, 10, 70, 30, 7), "signature", picture),), parties=(party(mark=picture),))
        self.assertSound(pdf)
        self.assertEqual(len(re.findall(rb"/Subtype ?/Image", pdf)), 1 + pdf.count(b"/SMask"), "and embedded once")
        [(_mark, box)] = lay_out(certificate(parties=(party(mark=picture),)), FONTS).sheets[0].marks
        self.assertGreater(dark(pdf, box), 10_000)
        for mark in (wave(), marks.Typed("Zoë")):
            with self.subTest(type(mark).__name__):
                self.assertSound(sealed(stamps=(), parties=(party(mark=mark),)))

    def test_the_code_is_drawn_module_by_module(self):
        pdf, layout = sealed(), lay_out(certificate(), FONTS)
        code = QRCode(error_correction=ERROR_CORRECT_M, border=qr.QUIET_ZONE, mask_pattern=3)
        code.add_data(URL)
        matrix = code.get_matrix()
        ink = ink_of(pdf, 2, dpi=288)
        left, _bottom, right, top = layout.link
        side = 92 / len(matrix)
        for y, row in enumerate(matrix):
            for x, dark_module in enumerate(row):
                across = (left + right) / 2 - 46 + (x + 0.5) * side
                down = 841.89 - (top + 6) + (y + 0.5) * side
                self.assertEqual(ink[int(down * 4)][int(across * 4)], dark_module, (x, y))

    def test_an_address_too_long_for_a_code(self):
        with self.assertRaises(LinkError) as caught:
            sealed(url="https://a.test/" + "x" * 3000)
        self.assertEqual(caught.exception.code, "qr_too_long")

    def assertSound(self, pdf):
        assert_sound(self, pdf)


class TestAppended(BaseCase):
    def test_all_kinds_of_files(self):
        for original, pages in (
            (pdf_samples.simple(3), 3),
            (pdf_samples.many(300), 300),
            (pdf_samples.nested(40), 40),
            (pdf_samples.object_streams(), 3),
            (pdf_samples.hybrid(), 1),
            (pdf_samples.cropped(), 1),
            (pdf_samples.rotated(270), 1),
            (pdf_samples.form(), 1),
            (pdf_samples.updated(pdf_samples.simple(2)), 2),
        ):
            with self.subTest(pages=pages, start=original[:40]):
                pdf = sealed(original)
                self.assertEqual(pdf[: len(original)], original)
                self.assertEqual(pdf[len(original) :].count(b"%%EOF"), 1, "one update")
                assert_sound(self, pdf)
                before, after = PdfReader(io.BytesIO(original)), PdfReader(io.BytesIO(pdf))
                self.assertEqual(len(before.pages), pages)
                added = after.pages[pages:]
                self.assertGreaterEqual(len(added), 1)
                for old, new in zip(before.pages, after.pages, strict=False):
                    self.assertEqual(
                        (old.mediabox, old.cropbox, old.rotation), (new.mediabox, new.cropbox, new.rotation)
                    )
                for page in added:
                    self.assertEqual((page.rotation, page.cropbox), (0, page.mediabox))
                    self.assertAlmostEqual(float(page.mediabox.width), 595.28)
                self.assertIn("Zoë Țăndărică", text_of(pdf, pages + 1))
                self.assertIn("Sealed by", text_after(pdf, pages))

    def test_outline_and_page_labels_stay(self):
        writer = PdfWriter(clone_from=io.BytesIO(pdf_samples.simple(4)))
        writer.add_outline_item(title="Chapter", page_number=2)
        writer.set_page_label(0, 1, style="/r")
        writer.set_page_label(2, 3, style="/D", start=1)
        target = io.BytesIO()
        writer.write(target)
        read = PdfReader(io.BytesIO(sealed(target.getvalue())))
        self.assertEqual(read.page_labels[:4], ["i", "ii", "1", "2"])
        [chapter] = read.outline
        self.assertEqual(dict(chapter.page.get_object()), dict(read.pages[2]))

    def test_the_seal_is_seen_on_the_last_page_alone(self):
        pdf = sealed(pdf_samples.simple(2), events=tuple(map(event, range(80))))
        pages = PdfReader(io.BytesIO(pdf)).pages
        widgets = [
            number
            for number, page in enumerate(pages)
            for annotation in page.get("/Annots", ())
            if annotation.get_object()["/Subtype"] == "/Widget"
        ]
        self.assertEqual(widgets, [len(pages) - 1])
        self.assertFalse(any("/Annots" in page for page in pages[:2]), "nothing on the document's own pages")
        layout = lay_out(certificate(events=tuple(map(event, range(80)))), FONTS)
        self.assertGreater(dark(pdf, layout.seal_box, len(pages)), 1000)

    def test_without_a_certificate_the_seal_is_not_seen(self):
        pdf = seal(pdf_samples.boxed(blank=True), (), attachments=(EVIDENCE,))
        self.assertFalse(any(map(any, ink_of(pdf))))
        self.assertEqual(PdfReader(io.BytesIO(pdf)).attachments, {"evidence.json": [EVIDENCE.data]})
        assert_sound(self, pdf)

    def test_what_is_read_out_for_the_seal_and_the_link(self):
        reader = PdfReader(io.BytesIO(seal(pdf_samples.simple(), STAMPS, certificate=certificate())))
        self.assertEqual(reader.get_fields()["Seal"]["/TU"], ", ".join(certificate().seal))
        links = [note.get_object() for page in reader.pages for note in page.get("/Annots", ())]
        self.assertIn(certificate().check, [link.get("/Contents") for link in links])

    def test_what_is_added_is_no_archive_format(self):
        names = 'xmlns:a="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        claims = "<a:part>2</a:part><a:conformance>B</a:conformance><dc:format>application/pdf</dc:format>"
        rdf = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        xmp = f'<rdf:RDF {rdf}><rdf:Description rdf:about="" {names}>{claims}</rdf:Description></rdf:RDF>'
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf_samples.simple())))
        writer.xmp_metadata = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{xmp}</x:xmpmeta>'.encode()
        archived = io.BytesIO()
        writer.write(archived)
        data = seal(archived.getvalue(), STAMPS, certificate=certificate())
        said = PdfReader(io.BytesIO(data)).root_object["/Metadata"].get_data()
        self.assertIn(b"application/pdf", said)
        self.assertNotIn(b"aiim.org", said)
        self.assertEqual(verify(data, [material().certificate_der], MOMENT).problems, ())

    def test_embedded_files_come_out_again(self):
        second = Attachment("two.txt", b"2" * 100_000, "text/plain")
        for original in (pdf_samples.simple(), pdf_samples.object_streams()):
            pdf = sealed(original, attachments=(EVIDENCE, second))
            read = PdfReader(io.BytesIO(pdf))
            self.assertEqual(read.attachments, {"evidence.json": [EVIDENCE.data], "two.txt": [second.data]})
            [first, _second] = [spec.get_object() for spec in read.root_object["/AF"]]
            self.assertEqual(
                (first["/AFRelationship"], first["/Desc"], first["/UF"]), ("/Data", "Evidence", "evidence.json")
            )
            self.assertEqual(first["/EF"]["/F"].get_object()["/Subtype"], "/application/json")
            with tempfile.TemporaryDirectory() as folder:
                run_tool("pdfdetach", "-saveall", "-o", folder, "FILE", pdf=pdf)
                self.assertEqual(Path(folder, "evidence.json").read_bytes(), EVIDENCE.data)
            self.assertLess(len(pdf) - len(original), 80_000, "packed")

    def test_the_address_stands_in_the_bytes(self):
        for original in (pdf_samples.simple(), pdf_samples.object_streams(), pdf_samples.hybrid()):
            self.assertTrue(b"(https://sign.company.example/verify/7K3MABCDEF012345)" in sealed(original))
        strange = sealed(url="https://bücher.example/(a)/verify/7K3MABCDEF012345")
        self.assertTrue(b"/verify/7K3MABCDEF012345)" in strange)
        [link, *_widgets] = PdfReader(io.BytesIO(strange)).pages[1]["/Annots"]
        self.assertEqual(link.get_object()["/A"]["/URI"], "https://b%C3%BCcher.example/%28a%29/verify/7K3MABCDEF012345")


def assert_sound(case, pdf):
    """Let pyHanko, poppler and qpdf look at the whole file."""
    verdict = verify(pdf, [material().certificate_der], MOMENT)
    case.assertEqual(verdict.problems, ())
    case.assertTrue(verdict.intact and verdict.trusted and verdict.certified and verdict.whole)
    shown = run_tool("pdfsig", "FILE", pdf=pdf).stdout.decode()
    case.assertIn("Signature is Valid", shown)
    case.assertIn("Total document signed", shown)
    checked = run_tool("qpdf", "--check", "FILE", pdf=pdf)
    case.assertEqual(checked.returncode, 0, checked.stderr.decode())
    drawn = run_tool("pdftoppm", "-r", "20", "-f", "1", "-l", "5", "FILE", pdf=pdf)
    case.assertEqual((drawn.returncode, drawn.stderr), (0, b""))


def dark(pdf, rect, page=2):
    """Return how many pixels of a quarter point are not light, in a rectangle of points from the bottom left."""
    left, bottom, right, top = (number * 4 for number in rect)
    ink = ink_of(pdf, page, dpi=288)
    high = len(ink)
    return sum(sum(row[int(left) : int(right)]) for row in ink[int(high - top) : int(high - bottom)])
