import contextlib
import os
import random
import stat
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase

from ..signature_workflow.engine import docx
from ..signature_workflow.engine.errors import DocxRefused
from . import docx_samples as samples
from .engine_common import run_tool, text_of

VALUES = {
    "partner_id.name": "Popescu & <Fii>",
    "partner_id.vat?": "",
    "amount": "1 200,00 €",
    "name": "Rugs",
    "company_id.name": "Atelier Ștefănescu",
    "user_id.name": "Mitchell",
}


def merged(*runs, **values):
    """Return the text between the tags of a merged one-paragraph document."""
    content = samples.parts(docx.merge(samples.text(*runs), values))[samples.MAIN].decode()
    return content[content.index("<w:p>") : content.rindex("</w:p>")]


class DocxCase(BaseCase):
    def assertRefused(self, code, call, *arguments, **options):
        with self.assertRaises(DocxRefused) as caught:
            call(*arguments, **options)
        self.assertEqual(caught.exception.code, code)
        self.assertTrue(str(caught.exception))
        return caught.exception.params


class TestDocxPlaceholders(DocxCase):
    def test_placeholders_are_found_wherever_text_stands(self):
        for sample in (samples.letter(), samples.strict()):
            asked = docx.placeholders(sample)
            self.assertEqual(set(asked.paths), set(VALUES))
            self.assertEqual(len(asked.paths), len(VALUES))
            self.assertEqual(asked.tags, ("signature;role=Our company",))

    def test_values_replace_paths_and_tags_stay(self):
        for sample in (samples.letter(), samples.strict()):
            done = docx.merge(sample, VALUES)
            asked = docx.placeholders(done)
            self.assertEqual(asked.paths, ())
            self.assertEqual(asked.tags, ("signature;role=Our company",))
            content = b"".join(samples.parts(done).values()).decode("utf-8", "replace")
            for value in (
                "Popescu &amp; &lt;Fii&gt;",
                "Total 1 200,00 €",
                "Deal Rugs",
                "In a box: Mitchell",
                ">hello.",
            ):
                self.assertIn(value, content)
            self.assertIn("{{signature;role=Our\N{NO-BREAK SPACE}company}}", content)

    def test_a_value_looks_as_its_first_brace_did(self):
        content = samples.parts(docx.merge(samples.letter(), VALUES))[samples.MAIN].decode()
        self.assertRegex(content, r"<w:b/></w:rPr><w:t[^>]*>Popescu &amp; &lt;Fii&gt;</w:t>")

    def test_line_breaks_of_values_are_line_breaks(self):
        content = merged("To: {{street}}, now", street="Rue 1\nParis\r\nFrance")
        self.assertRegex(
            content,
            r">To: Rue 1</w:t><w:br/><w:t [^>]*>Paris</w:t><w:br/><w:t [^>]*>France, now</w:t>",
        )

    def test_other_parts_stay_as_they_are(self):
        before, after = samples.parts(samples.letter()), samples.parts(docx.merge(samples.letter(), VALUES))
        self.assertEqual(list(before), list(after))
        for name in set(before) - {samples.MAIN, "word/header1.xml", "word/footer1.xml"}:
            self.assertEqual(before[name], after[name])

    def test_values_never_become_markup_or_tags(self):
        for value in (
            "{{signature;role=Our company}}",
            "{\u200b{signature;role=Our company}\u00ad}",
            "{\x00{signature;role=Our company}\x0b}",
            "</w:t></w:r></w:p><w:p/>",
            "{{{{x;y}}}}",
        ):
            with self.subTest(value):
                done = docx.merge(samples.text("{", "{{a}}", "{{a}}{{b}}"), {"a": value, "b": "{"})
                self.assertEqual(docx.placeholders(done), docx.Placeholders((), ()))
                self.assertEqual(samples.parts(done)[samples.MAIN].count(b"<w:p>"), 1)
        # two harmless halves
        done = docx.merge(samples.text("{{a}}{{b}}signature;role=x{{c}}{{c}}"), {"a": "{", "b": "{", "c": "}"})
        self.assertEqual(docx.placeholders(done), docx.Placeholders((), ()))

    def test_placeholders_are_never_code(self):
        """They are given back as they are, for the models to refuse: no such field."""
        for code in ("''.__class__.__mro__", "partner_id.unlink()", "name|upper", "self.env.cr", "1+1"):
            sample = samples.text("{{" + code + "}}")
            self.assertEqual(docx.placeholders(sample).paths, (code,))
            self.assertEqual(self.assertRefused("docx_placeholder", docx.merge, sample, VALUES), {"path": code})
        content = samples.parts(docx.merge(samples.text("{{1+1}}"), {"1+1": "two"}))[samples.MAIN]
        self.assertIn(b">two</w:t>", content)

    def test_what_is_no_placeholder_is_refused(self):
        for text in (
            "{% for line in order_line %}",
            "{{partner_id.name}",
            "partner_id.name}}",
            "{{ }}",
            "{{}}",
            "{{signature;role={{name}}}}",
        ):
            with self.subTest(text):
                found = self.assertRefused("docx_placeholder", docx.placeholders, samples.text(text))
                self.assertTrue(found["path"])
                self.assertRefused("docx_placeholder", docx.merge, samples.text(*text), VALUES)

    def test_a_missing_value_is_named(self):
        found = self.assertRefused("docx_placeholder", docx.merge, samples.letter(), {"name": "Rugs"})
        self.assertIn(found["path"], VALUES)


class TestDocxDoor(DocxCase):
    def test_honest_files_come_in(self):
        for sample in (samples.letter(), samples.strict(), samples.link("https://example.com/terms")):
            docx.check(sample)
        docx.check(samples.field('HYPERLINK "https://example.com/link rd include"'))
        docx.check(samples.field(" MERGEFIELD name "))

    def test_what_is_no_word_document_is_refused(self):
        good = samples.text("Hello")
        for data in (
            b"",
            b"%PDF-1.7",
            b"PK\x03\x04",
            samples.COMPOUND_FILE,
            samples.zipped([]),
            samples.zipped([("mimetype", "application/vnd.oasis.opendocument.text")]),
            samples.zipped([(samples.CONTENT_TYPES, "<Types/>"), ("xl/workbook.xml", "<workbook/>")]),
            samples.zipped([*samples.parts(good).items(), ("WORD/document.xml", "<x/>")]),
            samples.changed(good, {samples.MAIN: b"<w:document"}),
            samples.changed(good, {samples.MAIN: b"<document/>"}),
            good[: len(good) // 2],
            samples.related("header", "header9.bin", mode=""),
            samples.encrypted(),
            samples.understated(),
            samples.nested_deeply(),
        ):
            self.assertRefused("docx_broken", docx.check, data)

    def test_entities_are_refused(self):
        for encoding in ("utf-8", "utf-16"):
            for call in (docx.check, docx.placeholders, docx.to_pdf):
                self.assertRefused("docx_broken", call, samples.with_entities(encoding))
        other = samples.changed(samples.text("Hello"), {"customXml/item1.xml": b"<!DOCTYPE x><x/>"})
        self.assertRefused("docx_broken", docx.check, other)

    def test_programs_and_embedded_documents_are_refused(self):
        good = samples.text("Hello")
        macros = (b"wordprocessingml.document.main+xml", b"ms-word.document.macroEnabled.main+xml")
        for data in (
            samples.changed(good, {"word/vbaProject.bin": samples.COMPOUND_FILE}),
            samples.changed(good, {"word/media/image1.png": samples.COMPOUND_FILE}),
            samples.changed(good, {samples.CONTENT_TYPES: lambda content: content.replace(*macros)}),
            samples.related("vbaProject", "vba.bin", mode=""),
            samples.related("oleObject", "embeddings/object.bin", mode=""),
            samples.related("control", "activeX/activeX1.xml", mode=""),
            samples.related("aFChunk", "chunk.html", mode=""),
        ):
            self.assertTrue(self.assertRefused("docx_macro", docx.check, data)["found"])

    def test_what_is_outside_is_refused(self):
        address = "https://example.com/picture.png"
        for data, found in (
            (samples.related("image", address), address),
            (samples.related("image", address, mode=""), address),
            (samples.related("image", "file:///etc/passwd"), "file:///etc/passwd"),
            (samples.related("image", r"\\example.com\share\x.png", mode=""), r"\\example.com\share\x.png"),
            (samples.related("image", "../../x.png", mode="external"), "../../x.png"),
            (samples.related("attachedTemplate", "file:///C:/offer.dotx", to=samples.SETTINGS_LINKS), None),
            (samples.related("mailMergeSource", "file:///C:/customers.xlsx", to=samples.SETTINGS_LINKS), None),
            (samples.linked_picture(address), address),
            (samples.linked_picture(address, kind="hyperlink"), "blip"),
            (samples.field("INCL", 'UDETEXT "/etc/passwd"'), "INCLUDETEXT"),
            (samples.field("  ddeauto", " cmd"), "ddeauto"),
            (samples.with_body(samples.text("Hello"), '<w:fldSimple w:instr="INCLUDEPICTURE x"/>'), "INCLUDEPICTURE"),
        ):
            params = self.assertRefused("docx_external", docx.check, data)
            self.assertEqual(params["found"], found or params["found"])

    def test_tracked_changes_are_refused(self):
        run = "<w:r><w:t>half</w:t></w:r>"
        for change in (f'<w:ins w:id="1" w:author="A">{run}</w:ins>', '<w:del w:id="2" w:author="A"/>'):
            self.assertRefused("docx_changes", docx.check, samples.with_body(samples.text("Hello"), change))

    def test_bombs_are_refused(self):
        for make, limit in (
            (samples.bomb, docx.DEFAULT_LIMITS.unpacked),
            (samples.xml_bomb, docx.DEFAULT_LIMITS.xml),
            (samples.many_parts, docx.DEFAULT_LIMITS.entries),
        ):
            with self.subTest(make.__name__):
                self.assertLess(len(make()), 2_000_000)
                self.assertEqual(self.assertRefused("docx_too_large", docx.check, make())["limit"], limit)
        params = self.assertRefused("docx_too_large", docx.check, samples.letter(), limits=docx.Limits(size=1000))
        self.assertEqual(params, {"size": len(samples.letter()), "limit": 1000})

    def test_damage_never_does_harm(self):
        """Whatever a file looks like, it comes in or is refused."""
        chance, good = random.Random(7), samples.letter()
        for _round in range(60):
            data = bytearray(good)
            for _byte in range(chance.choice((1, 4))):
                data[chance.randrange(len(data))] = chance.randrange(256)
            with contextlib.suppress(DocxRefused):
                docx.merge(bytes(data), VALUES)


class TestDocxToPdf(DocxCase):
    def with_soffice(self, script):
        """Put a program of ours in the place of LibreOffice; return a folder for its notes."""
        folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        program = folder / "soffice"
        program.write_text(f"#!/bin/sh\nnotes={folder}\n{script}\n")
        program.chmod(stat.S_IRWXU)
        path = f"{folder}:{os.environ['PATH']}"
        self.enterContext(patch.dict(os.environ, {"PATH": path, "SECRET": "of the server"}))
        return folder

    def test_libreoffice_prints_what_was_merged(self):
        pdf = docx.to_pdf(docx.merge(samples.letter(), VALUES))
        text = text_of(pdf)
        for expected in ("Deal Rugs", "Popescu & <Fii>", "Total 1 200,00 €", "Rugs / Atelier Ștefănescu", "Mitchell"):
            self.assertIn(expected, text)
        self.assertIn("{{signature;role=Our company}}", text.replace("\N{NO-BREAK SPACE}", " "))
        # content controls are print, not form fields
        self.assertIn("☒", text)
        self.assertRegex(run_tool("pdfinfo", "FILE", pdf=pdf).stdout, rb"Form: +none")

    def test_libreoffice_itself_reads_nothing_else(self):
        """As if the check had let a picture of the server's disk through."""
        picture = Path(__file__).parents[1] / "static" / "description" / "icon.png"
        with patch.object(docx._Package, "_addresses", return_value={}):
            pdf = docx.to_pdf(samples.linked_picture(picture.as_uri()))
        self.assertIn("Hello", text_of(pdf))
        listed = run_tool("pdfimages", "-list", "FILE", pdf=pdf).stdout.splitlines()
        self.assertEqual(len(listed), 2, "a heading and no pictures")

    def test_a_missing_libreoffice_is_said(self):
        with patch.dict(os.environ, {"PATH": "/nowhere"}):
            self.assertFalse(docx.is_available())
            self.assertRefused("docx_converter_missing", docx.to_pdf, samples.letter())
        self.assertTrue(docx.is_available())

    def test_too_long_is_ended_with_all_its_programs(self):
        folder = self.with_soffice(
            'trap "" TERM; sleep 600 & echo $! > $notes/child; pwd > $notes/place; env > $notes/environment; wait; wait'
        )
        self.assertEqual(self.assertRefused("docx_timeout", docx.to_pdf, samples.letter(), timeout=1), {"seconds": 1})
        self.assertFalse(Path((folder / "place").read_text().strip()).exists())
        self.assertNotIn("SECRET", (folder / "environment").read_text())
        self.assertEnded(int((folder / "child").read_text()))

    def assertEnded(self, number):
        for _attempt in range(50):
            try:
                state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
            except FileNotFoundError:
                return
            if state == "Z":
                return
            time.sleep(0.1)
        self.fail(f"Process {number} still runs.")

    def test_what_libreoffice_cannot_print_is_refused(self):
        self.with_soffice("exit 0")
        self.assertRefused("docx_broken", docx.to_pdf, samples.letter())
        self.with_soffice('for last; do :; done; echo "no PDF" > "${last%.docx}.pdf"')
        self.assertRefused("docx_broken", docx.to_pdf, samples.letter())

    def test_what_it_may_cost_is_limited(self):
        folder = self.with_soffice("(ulimit -v; ulimit -f; ulimit -c; ulimit -t) > $notes/limits")
        self.assertRefused("docx_broken", docx.to_pdf, samples.letter(), timeout=30)
        self.assertEqual((folder / "limits").read_text().split(), [str(1024 * 1024), str(100 * 2048), "0", "60"])
