import io
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase
from pypdf import PdfReader

from ..signature_workflow.engine.errors import PdfRefused
from ..signature_workflow.engine.pdf import child
from ..signature_workflow.engine.pdf import inspect as door
from ..signature_workflow.engine.pdf.discover import discover
from . import pdf_samples

ADDON_ROOT = Path(__file__).parents[1]
MiB = 1024 * 1024


class TestInspect(BaseCase):
    def assertRefused(self, code, data, **limits):
        with self.assertRaises(PdfRefused) as caught:
            door.inspect(data, limits=door.Limits(**limits))
        self.assertEqual(caught.exception.code, code)
        self.assertTrue(str(caught.exception))
        return caught.exception

    def test_honest_files_come_in(self):
        for make, pages in (
            (pdf_samples.simple, 1),
            (pdf_samples.many, 300),
            (pdf_samples.nested, 40),
            (pdf_samples.object_streams, 3),
            (pdf_samples.hybrid, 1),
            (pdf_samples.unbalanced, 1),
            (pdf_samples.scan_13mb, 13),
        ):
            with self.subTest(make.__name__):
                info = door.inspect(make())
                self.assertEqual(len(info.pages), pages)
                self.assertRegex(info.sha256, r"\A[0-9a-f]{64}\Z")
                self.assertFalse(info.has_form)

    def test_a_form_is_told(self):
        self.assertTrue(door.inspect(pdf_samples.form()).has_form)

    def test_pages_are_measured_as_displayed(self):
        for angle, size in ((0, (595.28, 841.89)), (90, (841.89, 595.28)), (180, (595.28, 841.89))):
            (page,) = door.inspect(pdf_samples.rotated(angle)).pages
            self.assertEqual((page.rotation, page.width, page.height), (angle, *size))
        (page,) = door.inspect(pdf_samples.cropped()).pages
        self.assertEqual((page.width, page.height), (500, 720))
        self.assertEqual(page.visible, (40, 60, 540, 780))
        inherited = door.inspect(pdf_samples.nested()).pages
        self.assertEqual({page.rotation for page in inherited}, {90})
        self.assertEqual({page.width for page in inherited}, {841.89})

    def test_encrypted_and_signed_files_are_refused(self):
        self.assertRefused("encrypted", pdf_samples.encrypted())
        self.assertRefused("already_signed", pdf_samples.signed())
        self.assertRefused("already_signed", pdf_samples.usage_rights())

    def test_active_content_is_refused_and_named(self):
        for make, found in (
            (pdf_samples.javascript, "/JavaScript"),
            (pdf_samples.javascript_disguised, "/JavaScript"),
            (pdf_samples.javascript_in_object_stream, "/JavaScript"),
            (pdf_samples.launch, "/Launch"),
            (pdf_samples.submit_form, "/SubmitForm"),
            (pdf_samples.open_address, "/OpenAction"),
            (pdf_samples.additional_action, "/AA"),
            (pdf_samples.embedded_file, "/EF"),
            (pdf_samples.rich_media, "/RichMedia"),
            (pdf_samples.external_stream, "external stream"),
            (pdf_samples.xfa, "/XFA"),
        ):
            with self.subTest(make.__name__):
                error = self.assertRefused("active_content", make())
                self.assertIn(error.params["found"], (found, "/EmbeddedFiles"))

    def test_what_looks_different_elsewhere_is_refused(self):
        for name, (found, data) in pdf_samples.shadows().items():
            with self.subTest(name):
                self.assertEqual(self.assertRefused("hidden_content", data).params, {"found": found})
                with self.assertRaises(PdfRefused):
                    discover(data)

    def test_what_common_programs_write_comes_in(self):
        for name, data in pdf_samples.innocents().items():
            with self.subTest(name):
                self.assertEqual(len(door.inspect(data).pages), 1)

    def test_a_file_that_can_be_read_in_two_ways_is_refused(self):
        for make in (pdf_samples.entry_twice, pdf_samples.root_twice):
            with self.subTest(make.__name__):
                self.assertRefused("broken", make())

    def test_a_form_that_readers_would_draw_anew_leaves_nothing_behind(self):
        for data in (pdf_samples.form(), pdf_samples.empty_form()):
            result = discover(data)
            self.assertFalse(result.info.has_form)
            # the older revision is still in the bytes, but nothing refers to it
            reader = PdfReader(io.BytesIO(result.pdf))
            self.assertNotIn("/AcroForm", reader.root_object)
            self.assertNotIn("/Annots", reader.pages[0])

    def test_bombs_are_refused(self):
        for make in (
            pdf_samples.bomb,
            pdf_samples.bomb_in_object_stream,
            pdf_samples.bomb_in_layers,
            pdf_samples.bomb_picture,
            pdf_samples.slow,
        ):
            with self.subTest(make.__name__):
                self.assertLess(len(make()), 30 * MiB)
                self.assertRefused("bomb", make())
        # so little memory may also look like damage to the parsers
        with self.assertRaises(PdfRefused):
            door.inspect(pdf_samples.slow(90_000), limits=door.Limits(memory=120 * MiB))

    def test_damaged_and_endless_files_are_refused(self):
        for make in (
            pdf_samples.xref_loop,
            pdf_samples.page_loop,
            pdf_samples.wrong_count,
            pdf_samples.outline_loop,
            pdf_samples.deep_outline,
            pdf_samples.deep_array,
            pdf_samples.truncated,
            pdf_samples.broken_metadata,
            pdf_samples.entity_bomb,
        ):
            with self.subTest(make.__name__):
                self.assertRefused("broken", make())
        self.assertRefused("broken", b"%PDF-1.7\n")
        self.assertRefused("broken", b"%PDF-1.7\n" + bytes(range(256)) * 4000)
        for data in (b"", b"PK\x03\x04 a word processor's file", b"<html>%PDF"):
            self.assertRefused("not_a_pdf", data)

    def test_unusable_pages_are_refused(self):
        for make in (pdf_samples.huge_page, pdf_samples.empty_page):
            self.assertEqual(self.assertRefused("page_size", make()).params, {"page": 1})
        self.assertRefused("page_size", pdf_samples.huge_page(1e9))
        error = self.assertRefused("too_many_pages", pdf_samples.many(), pages=299)
        self.assertEqual(error.params, {"pages": 300, "limit": 299})
        self.assertRefused("too_many_pages", pdf_samples.wrong_count(10_000))

    def test_large_files_are_refused_unread(self):
        with patch.object(child.subprocess, "run") as run:
            error = self.assertRefused("too_large", pdf_samples.simple(), size=1000)
        run.assert_not_called()
        self.assertEqual(error.params["limit"], 1000)

    def test_time_is_limited(self):
        data = pdf_samples.slow(90_000)
        start = time.monotonic()
        self.assertRefused("timeout", data, seconds=1)
        self.assertLess(time.monotonic() - start, 5)

    def test_single_bytes_changed_never_do_harm(self):
        """Whatever a file looks like, the door opens or says why not."""
        data = bytearray(pdf_samples.object_streams())
        for position in range(40, len(data), 131):
            damaged = bytes(data[:position]) + b"\xff" + bytes(data[position + 1 :])
            try:
                door.inspect(damaged)
            except PdfRefused as error:
                self.assertIn(error.code, {"broken", "encrypted", "page_size", "bomb"})

    def test_answers_of_the_child_are_not_trusted(self):
        for answer in (
            b"",
            b"null",
            b"[]",
            b'{"pages": [], "has_form": false}',
            b'{"pages": [[[0,0,1],[0,0,1,1],0]], "has_form": false}',
            b'{"pages": [[[0,0,9,9],[0,0,9,9],45]], "has_form": false}',
            b'{"pages": [[[0,0,9,NaN],[0,0,9,9],0]], "has_form": false}',
            b'{"pages": [[[0,0,9,9],[0,0,9,9],0]], "has_form": "yes"}',
            b'{"pages": [[[0,0,9,9],[0,0,9,9],0]]',
            b'{"refused": "welcome", "message": "", "params": {}}',
            b'{"refused": "bomb"}',
            b"[" * 100_000,
        ):

            def run(command, stdout, answer=answer, **options):
                stdout.write(answer)
                return subprocess.CompletedProcess(command, 0)

            with self.subTest(answer[:60]), patch.object(child.subprocess, "run", run):
                self.assertRefused("broken", pdf_samples.simple())

    def test_the_engine_does_without_odoo(self):
        program = (
            "import sys, signature_workflow.engine.render, signature_workflow.engine.sealing.verify,"
            "signature_workflow.engine.pdf.examine, signature_workflow.engine.sealing.api;"
            "sys.exit('odoo' in sys.modules)"
        )
        environment = {"PYTHONPATH": str(ADDON_ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
