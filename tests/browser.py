"""A person at the browser: a real Chromium that is touched, clicked and typed into as by hand.

    class TestPage(BrowserCase, SignatureHttpCase):
        def test_page(self):
            with self.visitor(PHONE) as visitor:
                visitor.visit("/sign/...")
                visitor.tap(text="Start")
                visitor.wait_for("dialog[open]")

All input is trusted, as from a finger, a mouse or a keyboard; it reaches only what is in sight and
not covered. Every step waits for what it needs. At the end, whatever the browser complained of
fails the test, unless it was allowed before.
"""

import base64
import contextlib
import json
import math
import os
import re
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from odoo.tests.common import ChromeBrowser, ChromeBrowserException, release_test_lock, save_test_file

AXE = os.environ.get("SIGNATURE_TEST_AXE")
# A folder for pictures of all pages and dialogs that axe looks at, for the documentation.
PICTURES = os.environ.get("SIGNATURE_TEST_PICTURES")
AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

SECONDS = 20
PAUSE = 0.03
REST = 0.2

# What stands where a key is pressed: the code of Windows, and the text that comes with it.
KEYS = {
    "Tab": (9, ""),
    "Enter": (13, "\r"),
    "Escape": (27, ""),
    "Space": (32, " "),
    "ArrowRight": (39, ""),
    "ArrowDown": (40, ""),
    "Backspace": (8, ""),
}

# Finds the first thing in sight by selector and words; an open dialog keeps all else out of reach.
FIND = """
const named = (el) =>
    (el.getAttribute("aria-label") || el.innerText || el.value || "").replace(/\\s+/g, " ").trim();
const find = (selector, text) => {
    const dialog = document.querySelector("dialog:modal");
    const seen = [...document.querySelectorAll(selector)].filter(
        (el) =>
            (!dialog || dialog.contains(el)) &&
            el.getClientRects().length &&
            el.checkVisibility({ visibilityProperty: true }),
    );
    if (text === null) {
        return seen[0];
    }
    return seen.find((el) => named(el) === text) || seen.find((el) => named(el).includes(text));
};
"""
# those that come to an end
ANIMATIONS = """
const animations = () =>
    document.getAnimations().filter(
        ({ effect, playState }) =>
            playState === "running" && Number.isFinite(effect.getComputedTiming().endTime),
    );
"""
CONTROLS = "a[href], button, summary, label, input, select, textarea, [role=button]"
# Where to touch it; nothing while it is disabled, moves, or something else lies over it.
REACH = (
    ANIMATIONS
    + """
const boxOf = (el) => el.getClientRects()[0].toJSON();
// an animation that has just begun shows no motion yet
const isAnimated = (el) => animations().some(({ effect }) => effect.target.contains(el));
const reach = async (el) => {
    if (!el || el.disabled) {
        return null;
    }
    const box = boxOf(el);
    for (let frame = 0; frame < 2; frame++) {
        await new Promise(requestAnimationFrame);
    }
    if (isAnimated(el) || JSON.stringify(box) !== JSON.stringify(boxOf(el))) {
        return null;
    }
    const hit = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const label = hit && hit.closest("label");
    if (!hit || !(el.contains(hit) || (label && label.control === el))) {
        el.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
        return null;
    }
    return box;
};
"""
)

# The boxes in a document are as large as they are printed; the bar leads to each of them by large
# buttons, which is the exception "equivalent" of WCAG's success criterion 2.5.8.
VIOLATIONS = """({ violations }) =>
    violations.flatMap(({ id, nodes }) =>
        nodes
            .filter(({ element }) => id !== "target-size" || !element.closest(".o_sign_fields"))
            .map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
    )
"""


@dataclass(frozen=True)
class Device:
    """What somebody holds in hand or sits at; the size in CSS pixels."""

    name: str
    width: int
    height: int
    touch: bool

    @property
    def metrics(self):
        """What the browser is told of its screen."""
        density = 2 if self.touch else 1
        return {"width": self.width, "height": self.height, "deviceScaleFactor": density, "mobile": self.touch}


PHONE = Device("phone", 390, 844, touch=True)
DESKTOP = Device("desktop", 1366, 768, touch=False)


class Chromium(ChromeBrowser):
    """Odoo's own test browser, which tells a visitor what happens instead of judging it."""

    def __init__(self, case):
        super().__init__(case)
        self.complaints = []
        self.pictures = 0
        self.chooser = None
        self._handlers |= {
            "Log.entryAdded": self._handle_log,
            "Page.fileChooserOpened": self._handle_chooser,
            "Page.javascriptDialogOpening": self._handle_dialog,
        }
        for domain in ("Log", "Network", "DOM"):
            self.request(f"{domain}.enable")

    def request(self, method, **params):
        """Do what a DevTools method does, and return its result."""
        return self._websocket_request(method, params=params, timeout=SECONDS)

    def _complain(self, text):
        self.complaints.append(text)
        self._logger.info("The browser complains: %s", text)

    def _handle_console(self, type, args=None, stackTrace=None, **_rest):
        if type in ("error", "assert"):
            self._complain(" ".join(str(self._from_remoteobject(arg)) for arg in args or ()))

    def _handle_exception(self, exceptionDetails, timestamp):
        exception = exceptionDetails.get("exception", {})
        self._complain(f"{exceptionDetails['text']} {exception.get('description', '')}")

    def _handle_log(self, entry):
        if entry["level"] == "error":
            self._complain(f"{entry['text']} {entry.get('url', '')}")

    def _handle_request_paused(self, **params):
        if "responseStatusCode" not in params:
            return super()._handle_request_paused(**params)
        lost = {"requestId": params["requestId"], "errorReason": "ConnectionReset"}
        return self._websocket_send("Fetch.failRequest", params=lost)

    def _handle_chooser(self, backendNodeId=None, **_rest):
        self.chooser = backendNodeId

    def _handle_dialog(self, message, **_rest):
        self._complain(f"A window of the browser asks: {message}")
        self._websocket_send("Page.handleJavaScriptDialog", params={"accept": True})


class Visitor:
    """Somebody at one device, from the first page to the last."""

    def __init__(self, case, chromium, device):
        self.case = case
        self.device = device
        self._chromium = chromium
        self._allowed = []

    # Looking

    def visit(self, path):
        """Open an address of the server, and wait until the page has loaded."""
        answer = self._call("Page.navigate", url=f"{self.case.base_url()}{path}")
        assert "errorText" not in answer, f"{path}: {answer['errorText']}"
        self._until("document.readyState === 'complete'", path)

    def reload(self):
        """Load the page anew, as by its button in the browser."""
        self.evaluate("window.isBeforeReload = true")
        self._call("Page.reload")
        self._until("!window.isBeforeReload && document.readyState === 'complete'", "the page loaded anew")

    def wait_for(self, selector, text=None, *, gone=False, seconds=SECONDS):
        """Wait until something (with these words in it) is in sight, or nothing like that any more."""
        found = self._found(selector, text)
        what = f"{selector} {text or ''}".strip()
        self._until(f"{'!' if gone else '!!'}{found}", f"{what} to {'go' if gone else 'come'}", seconds)

    def wait_until(self, condition, seconds=SECONDS):
        """Wait until an expression in JavaScript is true, and return its value."""
        return self._until(condition, condition, seconds)

    def sees(self, selector, text=None):
        """Tell whether something (with these words in it) is in sight now."""
        return self.evaluate(f"!!{self._found(selector, text)}")

    def text(self, selector="body"):
        """Return the words of the first such thing in sight."""
        self.wait_for(selector)
        return self.evaluate(f"{self._found(selector)}.innerText")

    def value(self, selector):
        """Return what stands in an input."""
        self.wait_for(selector)
        return self.evaluate(f"{self._found(selector)}.value")

    def focused(self):
        """Return what has the focus: its id, field, action or name, else its words."""
        return self.evaluate(
            "(({ id, dataset, name, innerText }) => "
            "id || dataset.field || dataset.action || name || innerText)(document.activeElement)"
        )

    def evaluate(self, script):
        """Run JavaScript in the page, wait for its promise, and return its value."""
        done = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    # Acting

    def tap(self, selector=CONTROLS, text=None):
        """Touch or click the middle of the first such thing in sight, once it can be reached and stands still."""
        self._drag(self._reach(selector, text), [(0.5, 0.5)])

    def draw(self, selector):
        """Draw a wave with a finger or the mouse over most of an area."""
        wave = [(0.1 + 0.04 * step, 0.5 + 0.25 * math.sin(step / 2)) for step in range(20)]
        self._drag(self._reach(selector), wave)

    def press(self, key, *, shift=False):
        """Press a key (see KEYS), or one that writes a character."""
        code, text = KEYS.get(key, (0, key))
        known = {"key": text if len(text) == 1 and text != "\r" else key, "modifiers": 8 if shift else 0}
        if code:
            known |= {"code": key, "windowsVirtualKeyCode": code}
        self._call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **known)
        self._call("Input.dispatchKeyEvent", type="keyUp", **known)

    def type(self, text):
        """Type into what has the focus."""
        for character in text:
            self.press("Enter" if character == "\n" else character)

    def fill(self, selector, text):
        """Tap an input and type into it instead of what stands there."""
        self.tap(selector)
        self.evaluate("document.activeElement.select()")
        self.type(text)
        if not text:
            self.press("Backspace")

    def choose(self, selector, option):
        """Choose an option of a list by typing its beginning, as one does on the keyboard."""
        self._reach(selector)
        self.evaluate(f"{self._found(selector)}.focus()")
        self.type(option)
        self._until(f"{self._found(selector)}.selectedOptions[0].text === {json.dumps(option)}", option)

    def upload(self, selector, *paths, text=None):
        """Tap what opens the window for choosing files, and choose these there."""
        self._chromium.chooser = None
        self._call("Page.setInterceptFileChooserDialog", enabled=True)
        self.tap(selector, text)
        node = self._wait(lambda: self._chromium.chooser, "the window for choosing files", SECONDS)
        self._call("DOM.setFileInputFiles", files=[str(path) for path in paths], backendNodeId=node)

    def download(self, selector=CONTROLS, text=None):
        """Tap what gives a file, and return its name and its bytes."""
        with tempfile.TemporaryDirectory() as folder:
            self._call("Page.setDownloadBehavior", behavior="allow", downloadPath=folder)
            self.tap(selector, text)

            def finished():
                return [path for path in Path(folder).iterdir() if path.suffix != ".crdownload"]

            (path,) = self._wait(finished, "the downloaded file", SECONDS)
            return path.name, path.read_bytes()

    # The world around

    def offline(self, is_offline=True):
        """Take the network away, or give it back."""
        self._call(
            "Network.emulateNetworkConditions",
            offline=is_offline,
            latency=0,
            downloadThroughput=-1,
            uploadThroughput=-1,
        )

    def lose_replies(self, pattern=None):
        """Let requests to such addresses ("*" for any part) arrive, but never their replies; None: no more."""
        patterns = [{"urlPattern": "*"}]
        if pattern:
            patterns.append({"urlPattern": pattern, "requestStage": "Response"})
        self._call("Fetch.enable", patterns=patterns)

    def slow(self, rate):
        """Make the processor so many times slower; 1 is its own speed."""
        self._call("Emulation.setCPUThrottlingRate", rate=rate)

    def cookies(self):
        """Return the names of the cookies that the browser keeps."""
        return {cookie["name"] for cookie in self._call("Network.getCookies")["cookies"]}

    # Judging

    def axe(self, selector=None):
        """Return what the page (or a part) breaks of WCAG 2.2 A and AA: "rule: where: why", nothing if all is well."""
        if not self.evaluate("typeof axe === 'object'"):
            self.evaluate(f"{Path(AXE).read_text()}; undefined")
        # colours count once they have faded in
        self.evaluate(f"{{ {ANIMATIONS} Promise.allSettled(animations().map((each) => each.finished)).then(() => 0) }}")
        if PICTURES:
            self._chromium.pictures += 1
            name = f"{self.case.id().rpartition('.tests.')[2]}-{self._chromium.pictures:03}-{self.device.name}.png"
            self.screenshot(Path(PICTURES, name))
        options = {"runOnly": AXE_RULES, "resultTypes": ["violations"], "elementRef": True}
        return self.evaluate(
            f"axe.run({json.dumps(selector) if selector else 'document'}, {json.dumps(options)}).then({VIOLATIONS})"
        )

    def allow(self, *patterns):
        """Let the browser complain of this, as regular expressions: it belongs to what is tried."""
        self._allowed += patterns

    def complaints(self):
        """Return what the browser complained of, and was not allowed."""
        allowed = re.compile("|".join(self._allowed) or r"(?!)")
        return [text for text in self._chromium.complaints if not allowed.search(text)]

    def screenshot(self, path=None):
        """Return a picture of what is in sight (PNG), and write it to `path`."""
        picture = base64.b64decode(self._call("Page.captureScreenshot")["data"])
        if path:
            Path(path).write_bytes(picture)
        return picture

    # Coming and going

    def arrive(self):
        """Begin with nothing of whoever was here before."""
        self._chromium.complaints.clear()
        self._call("Emulation.setDeviceMetricsOverride", **self.device.metrics)
        self._call("Emulation.setTouchEmulationEnabled", enabled=self.device.touch, maxTouchPoints=5)
        self._call("Page.setDownloadBehavior", behavior="deny")
        self._call("Network.clearBrowserCookies")
        self._call("Storage.clearDataForOrigin", origin=self.case.base_url(), storageTypes="all")

    def leave(self):
        """Leave nothing behind that still runs."""
        self.offline(False)
        self.lose_replies(None)
        self.slow(1)
        with contextlib.suppress(AssertionError):
            self.evaluate("location.protocol === 'http:' && sessionStorage.clear()")
        self._call("Page.navigate", url="about:blank")

    @contextlib.contextmanager
    def _serving(self):
        # the server works within the transaction of the test, one of them at a time
        self.case.cr.flush()
        self.case.cr.clear()
        with release_test_lock():
            yield

    def _call(self, method, **params):
        with self._serving():
            return self._chromium.request(method, **params)

    def _wait(self, probe, what, seconds):
        deadline = time.monotonic() + seconds
        while not (found := probe()):
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            with self._serving():
                time.sleep(PAUSE)
        return found

    def _until(self, condition, what, seconds=SECONDS):
        return self._wait(lambda: self._now(condition), what, seconds)

    def _now(self, condition):
        """Return the value of an expression, or None while the page has not come so far, or goes away."""
        with contextlib.suppress(AssertionError, ChromeBrowserException):
            return self.evaluate(condition)

    def _found(self, selector, text=None):
        return f"(() => {{ {FIND} return find({json.dumps(selector)}, {json.dumps(text)}); }})()"

    def _reach(self, selector, text=None):
        """Return the box of something that can be touched and has come to rest."""
        box = f"(() => {{ {REACH} return reach({self._found(selector, text)}); }})()"
        return self._until(box, f"{text or selector} within reach")

    def _drag(self, box, points):
        """Go down at the first point, along the others, and up at the last; they are parts of the box."""
        points = [(box["left"] + x * box["width"], box["top"] + y * box["height"]) for x, y in points]
        if self.device.touch:
            for number, (x, y) in enumerate(points):
                kind = "touchMove" if number else "touchStart"
                self._call("Input.dispatchTouchEvent", type=kind, touchPoints=[{"x": x, "y": y}])
            if len(points) > 1:
                # a finger that is lifted at full speed throws the page, and the next tap only stops it
                with self._serving():
                    time.sleep(REST)
            self._call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
            return
        button = {"button": "left", "clickCount": 1}
        (x, y), *rest = points
        self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self._call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, **button)
        for x, y in rest:
            self._call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y, button="left", buttons=1)
        self._call("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, **button)


class BrowserCase:
    """For an HttpCase: one browser for all tests of a class, and visitors one after the other."""

    _chromium = None

    @contextlib.contextmanager
    def visitor(self, device, login=None):
        """Give somebody at a device, without any account or logged in."""
        visitor = Visitor(self, self._browser(), device)
        # all that the page asks for during the visit is answered within this test
        with patch.object(self, "http_request_allow_all", True):
            visitor.arrive()
            if login:
                self.authenticate(login, login, browser=self._chromium)
            try:
                yield visitor
                self.assertEqual(visitor.complaints(), [], "the browser complained")
            except Exception as error:
                self._keep_evidence(visitor, error)
                raise
            finally:
                visitor.leave()
                self._wait_for_server()
        self.env.invalidate_all()

    def _browser(self):
        cls = type(self)
        if not cls._chromium:
            cls._chromium = Chromium(self)
            cls.addClassCleanup(self._close_browser)
        cls._chromium.test_case = self
        return cls._chromium

    @classmethod
    def _close_browser(cls):
        cls._chromium.stop()
        cls._chromium = None

    def _wait_for_server(self):
        # a thread without an address holds a connection that the browser opened in advance, or has only begun
        with release_test_lock():
            for thread in threading.enumerate():
                if thread.name.startswith("odoo.service.http.request"):
                    thread.join(PAUSE)
                    if hasattr(thread, "url"):
                        thread.join(SECONDS)

    def _keep_evidence(self, visitor, error):
        """Say where the visitor was, and save a picture in the folder of the screenshots."""
        with contextlib.suppress(AssertionError, ChromeBrowserException, TimeoutError):
            shown = " ".join(visitor.evaluate("document.body.innerText").split())
            error.add_note(f"On the {visitor.device.name} stood: {shown[:500]}")
            error.add_note(f"The browser complained of: {visitor.complaints()}")
            save_test_file(self._testMethodName, visitor.screenshot(), "visitor_", logger=self._logger)
