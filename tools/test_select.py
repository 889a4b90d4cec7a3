"""Which tests to run: reads the test sources, without importing them."""

import ast
from dataclasses import dataclass

from tools.paths import ADDON, CHECKOUT

TESTS = CHECKOUT / "tests"
BROWSER_CALLS = {"start_tour", "browser_js"}


@dataclass(frozen=True)
class Method:
    """A test method, and whether it opens a browser."""

    file: str
    cls: str
    name: str
    browser: bool

    @property
    def tag(self):
        """How Odoo's --test-tags names it."""
        return f"/{ADDON}:{self.cls}.{self.name}"


def methods():
    """All test methods of the addon."""
    return [method for path in sorted(TESTS.glob("test_*.py")) for method in _in_file(path)]


def _in_file(path):
    tree = ast.parse(path.read_text(), str(path))
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        for node in cls.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                yield Method(path.stem, cls.name, node.name, _opens_browser(node))


def _opens_browser(node):
    names = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
    return bool(names & BROWSER_CALLS)


def matching(word):
    """The test methods whose file, class or own name contains the word."""
    return [method for method in methods() if _fits(word, method.file, method.cls, method.name)]


def plain_tags(word):
    """The --test-tags for what needs no browser; whole classes where possible, for inherited methods."""
    without = [f"-{method.tag}" for method in methods() if method.browser]
    if not word:
        return [f"/{ADDON}", *without]
    tags = {f"/{ADDON}:{each.cls}" if _fits(word, each.file, each.cls) else each.tag for each in matching(word)}
    return [*sorted(tags), *without]


def _fits(word, *names):
    return any(word.lower() in name.lower() for name in names)


def hoot_suites(word):
    """The names that Hoot gives to the JavaScript unit tests in files whose name contains the word."""
    root = CHECKOUT / "static/tests"
    found = [path for path in sorted(root.rglob("*.test.js")) if word.lower() in path.name.lower()]
    if not word:
        return [f"@{ADDON}"] if found else []
    return [f"@{ADDON}/{path.relative_to(root).as_posix().removesuffix('.test.js')}" for path in found]
