"""A real Chromium without a window, driven over its DevTools protocol."""

import contextlib
import itertools
import json
import shutil
import tempfile
import urllib.request
from pathlib import Path

import websocket

from tools.system import Child

TIMEOUT = 60
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


class Page:
    """The one page of a browser."""

    def __init__(self, connection):
        self._connection = connection
        self._numbers = itertools.count(1)

    def call(self, method, **params):
        """Do what a DevTools method does, and return its result."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": params}))
        while (answer := json.loads(self._connection.recv())).get("id") != number:
            pass  # an event that nobody waits for
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def evaluate(self, script):
        """Run a script, wait for its promise, and return its value."""
        done = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def open(self, url, ready):
        """Go to an address, and wait until the expression ``ready`` is true there."""
        self.call("Page.navigate", url=url)
        self.wait(ready)

    def wait(self, ready):
        """Wait until an expression is true."""
        polling = f"(async () => {{ while (!({ready})) {{ await new Promise((r) => setTimeout(r, 50)); }} }})()"
        for _attempt in range(2):  # the first one may end with the page that is being left
            with contextlib.suppress(AssertionError):
                return self.evaluate(polling)
        return self.evaluate(polling)


@contextlib.contextmanager
def page(width=1400, height=900):
    """A new browser with an empty profile, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as profile:
        options = [
            *OPTIONS,
            f"--window-size={width},{height}",
            f"--user-data-dir={profile}",
            "--remote-debugging-port=0",
        ]
        with Child("chromium", [shutil.which("chromium"), *options, "about:blank"]) as child:
            file = Path(profile, "DevToolsActivePort")
            child.wait_until(lambda: file.exists() and file.read_text(), "Chromium")
            port = file.read_text().split()[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=TIMEOUT) as answer:
                target = next(target for target in json.load(answer) if target["type"] == "page")
            address = target["webSocketDebuggerUrl"]
            connection = websocket.create_connection(address, timeout=TIMEOUT, suppress_origin=True)
            with contextlib.closing(connection):
                yield Page(connection)
