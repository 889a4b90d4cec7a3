import contextlib
import tempfile
from pathlib import Path

from odoo.tests import tagged

from .browser import AXE, DESKTOP, PHONE, PICTURES, BrowserCase
from .tampering import WAYS
from .test_verify import VerifyCase

ANSWER = ".o_verify_verdict"
CHOOSE = ".o_verify_drop label"


@tagged("post_install", "-at_install", "signature_tour")
class TestVerifyPage(BrowserCase, VerifyCase):
    """Somebody with a signed copy in hand, without any account."""

    def setUp(self):
        super().setUp()
        self.request = self.complete()
        self.data = self.request.final_id.raw
        self.page = f"/verify/{self.request.verify_code}"
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.env.flush_all()

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def choose(self, visitor, name, data, words, selector=ANSWER):
        """Choose a file of these bytes, and wait for the words about it."""
        visitor.evaluate("document.querySelector('.o_verify_answer').replaceChildren()")
        visitor.upload(CHOOSE, self.file(name, data))
        visitor.wait_for(selector, words)
        visitor.wait_for("[data-busy]", gone=True)

    def look_at(self, visitor, what):
        """Nothing breaks a rule of accessibility."""
        if AXE:
            with self.subTest(f"{visitor.device.name}: {what}"):
                self.assertEqual(visitor.axe(), [])

    @contextlib.contextmanager
    def emulated(self, visitor, method, on, off):
        visitor._call(method, **on)
        try:
            yield
        finally:
            visitor._call(method, **off)

    def test_from_the_code_on_the_paper(self):
        for device in (PHONE, DESKTOP):
            with self.subTest(device.name), self.visitor(device) as visitor:
                visitor.visit(self.page)
                visitor.wait_for("h1", "Sealed by")
                words = visitor.text("main")
                for fact in ("In force", "Signatures\n2", "UTC", "The file does not leave your device"):
                    self.assertIn(fact, words)
                self.assertNothingPrivate(self.request, words)
                self.look_at(visitor, "a document")
                visitor.tap("summary")
                visitor.wait_for("dd", "PAdES B-B")
                self.look_at(visitor, "for experts")
                visitor.tap("summary")
                self.choose(visitor, "copy.pdf", self.data, "Your copy is genuine")
                self.assertEqual(visitor.evaluate("document.activeElement.className"), "o_verify_answer")
                self.look_at(visitor, "genuine")
                for tamper in WAYS:
                    self.choose(visitor, f"{tamper.__name__}.pdf", tamper(self.data), "This copy was changed")
                    visitor.wait_for(ANSWER, f"Ask {self.env.company.name}")
                self.look_at(visitor, "changed")
                self.choose(visitor, "draft.pdf", self.request.original_id.raw, "Not the document that was sealed")
                self.look_at(visitor, "not the document")
                self.choose(visitor, "copy.pdf", self.data, "Your copy is genuine")
                self.assertFalse(visitor.cookies())

    def test_without_a_code(self):
        other = self.complete(name="Other deal")
        self.env.flush_all()
        with self.visitor(PHONE) as visitor:
            visitor.visit("/verify")
            visitor.wait_for("h1", "Is this signed copy genuine?")
            self.look_at(visitor, "any document")
            self.choose(visitor, "copy.pdf", self.data, "Your copy is genuine")
            self.assertIn("Sealed on", visitor.text(ANSWER))
            self.look_at(visitor, "genuine, with its facts")
            changed = next(iter(WAYS))(self.data)
            self.choose(visitor, "copy.pdf", changed, "This copy was changed")
            self.choose(visitor, "draft.pdf", self.request.original_id.raw, "This file is not known here")
            self.look_at(visitor, "unknown")
            visitor.fill("#o_verify_code", f" {other.verify_code[:8].lower()}-{other.verify_code[8:].lower()}")
            visitor.tap(text="Look it up")
            visitor.wait_for("h1", "Sealed by")
            self.choose(visitor, "copy.pdf", self.data, "This is a different document")
            self.look_at(visitor, "a different document")
            visitor.tap(text="Open the page of this document")
            visitor.wait_until(f"location.pathname === '{self.page}'")

    def test_wrong_code(self):
        with self.visitor(DESKTOP) as visitor:
            visitor.allow("status of 404")
            visitor.visit("/verify")
            visitor.fill("#o_verify_code", "1234")
            visitor.press("Enter")
            visitor.wait_for("h1", "No document has this code")
            self.look_at(visitor, "unknown code")
            self.choose(visitor, "copy.pdf", self.data, "Your copy is genuine")

    def test_files_that_are_none(self):
        with self.visitor(DESKTOP) as visitor:
            visitor.allow("ERR_INTERNET_DISCONNECTED", "Failed to fetch")
            visitor.visit(self.page)
            for name, data, words in (
                ("empty.pdf", b"", "This file is empty"),
                ("letter.docx", b"PK\3\4 hello", "This is not a PDF file"),
            ):
                self.choose(visitor, name, data, words, "[role=alert]")
            self.look_at(visitor, "no PDF")
            large = self.folder / "large.pdf"
            with large.open("wb") as file:
                file.truncate(101 * 1024 * 1024)
            visitor.upload(CHOOSE, large)
            visitor.wait_for("[role=alert]", "too large")
            visitor.offline()
            self.choose(visitor, "copy.pdf", self.data, "the connection was interrupted", "[role=alert]")
            visitor.offline(False)
            self.choose(visitor, "copy.pdf", self.data, "Your copy is genuine")
            self.assertFalse(visitor.sees("[role=alert]", "interrupted"))

    def test_keyboard(self):
        with self.visitor(DESKTOP) as visitor:
            visitor.visit(self.page)
            visitor.wait_for(CHOOSE)
            for _key in range(4):
                visitor.press("Tab")
                if visitor.focused() == "o_verify_file":
                    break
            self.assertEqual(visitor.focused(), "o_verify_file")
            outline = f"getComputedStyle(document.querySelector('{CHOOSE}')).outlineStyle"
            self.assertEqual(visitor.evaluate(outline), "solid")

    def test_drop(self):
        path = str(self.file("copy.pdf", self.data))
        with self.visitor(DESKTOP) as visitor:
            visitor.visit(self.page)
            box = visitor._reach(".o_verify_drop .o_verify_or")
            where = {"x": box["left"] + 5, "y": box["top"] + 5}
            data = {"items": [], "files": [path], "dragOperationsMask": 1}
            for kind in ("dragEnter", "dragOver"):
                visitor._call("Input.dispatchDragEvent", type=kind, data=data, **where)
            visitor.wait_for(".o_verify_over")
            visitor._call("Input.dispatchDragEvent", type="drop", data=data, **where)
            visitor.wait_for(ANSWER, "Your copy is genuine")
            self.assertFalse(visitor.sees(".o_verify_over"))

    def test_own_clock(self):
        with (
            self.visitor(DESKTOP) as visitor,
            self.emulated(visitor, "Emulation.setTimezoneOverride", {"timezoneId": "Asia/Kolkata"}, {"timezoneId": ""}),
        ):
            visitor.visit(self.page)
            visitor.wait_for(".o_verify_time", "Your time:")
            self.look_at(visitor, "two clocks")

    def test_without_encryption(self):
        with self.visitor(PHONE) as visitor:
            source = "Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })"
            script = visitor._call("Page.addScriptToEvaluateOnNewDocument", source=source)
            try:
                visitor.visit(self.page)
                visitor.wait_for("[data-notice=insecure]", "begins with https")
                self.assertFalse(visitor.sees(CHOOSE))
                self.assertIn("In force", visitor.text("main"))
                self.look_at(visitor, "without encryption")
            finally:
                visitor._call("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])

    def test_without_javascript(self):
        with (
            self.visitor(PHONE) as visitor,
            self.emulated(visitor, "Emulation.setScriptExecutionDisabled", {"value": True}, {"value": False}),
        ):
            visitor.visit(self.page)
            visitor.wait_for("noscript", "needs JavaScript")
            self.assertIn("In force", visitor.text("main"))
            self.assertFalse(visitor.sees(CHOOSE))

    def test_withdrawn(self):
        self.request.with_user(self.manager).action_withdraw("The price was wrong")
        self.env.flush_all()
        with self.visitor(PHONE) as visitor:
            visitor.visit(self.page)
            visitor.wait_for("h1", "The acceptance was withdrawn")
            self.look_at(visitor, "withdrawn")
            self.choose(visitor, "copy.pdf", self.data, "Genuine, but withdrawn")
            self.look_at(visitor, "genuine, but withdrawn")
            self.assertNothingPrivate(self.request, visitor.text("main"))

    def test_record_that_does_not_hold(self):
        self.request.seal_level = "lt"
        self.env.flush_all()
        with self.visitor(PHONE) as visitor:
            visitor.visit(self.page)
            visitor.wait_for("h1", "Something is wrong with the record")
            self.assertFalse(visitor.sees(CHOOSE))
            self.assertNotIn(self.env.company.name, visitor.text("main"))
            self.look_at(visitor, "a record that does not hold")
            visitor.visit("/verify")
            self.choose(visitor, "copy.pdf", self.data, "Something is wrong with the record")
            self.look_at(visitor, "a copy whose record does not hold")
            if PICTURES:
                visitor.screenshot(f"{PICTURES}/verify_wrong.png")

    def test_from_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.env.flush_all()
        with (
            self.visitor(PHONE) as visitor,
            self.emulated(
                visitor,
                "Network.setExtraHTTPHeaders",
                {"headers": {"Accept-Language": "ar"}},
                {"headers": {}},
            ),
        ):
            visitor.visit(self.page)
            self.assertEqual(visitor.evaluate("document.documentElement.dir"), "rtl")
            self.choose(visitor, "copy.pdf", next(iter(WAYS))(self.data), "This copy was changed")
            self.look_at(visitor, "from right to left")
