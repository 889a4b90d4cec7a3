"""Which tests to run: reads the test sources, without importing them."""

import ast
from dataclasses import dataclass

from tools.paths import ADDON, CHECKOUT

TESTS = CHECKOUT / "tests"


@dataclass(frozen=True)
class Method:
    """A test method, and whether it opens a browser."""

    file: str
    cls: str
    name: str
    browser: bool

    @property
    def file_tag(self):
        """How Odoo's --test-tags names the file."""
        return f"/{ADDON}/tests/{self.file}.py"

    @property
    def tag(self):
        """How Odoo's --test-tags names the method."""
        return f"{self.file_tag}:{self.cls}.{self.name}"

    @property
    def engine(self):
        """Whether it tests the part that knows no Odoo."""
        return self.file.startswith("test_engine")


def methods():
    """All test methods of the addon; those that need a browser lie in files of their own."""
    return [
        Method(path.stem, cls.name, node.name, path.stem.startswith("test_tour_"))
        for path in sorted(TESTS.glob("test_*.py"))
        for cls in ast.parse(path.read_text(), str(path)).body
        if isinstance(cls, ast.ClassDef)
        for node in cls.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
    ]


def forgotten():
    """The test files that tests/__init__.py does not import, so that Odoo does not run them."""
    start = TESTS / "__init__.py"
    tree = ast.parse(start.read_text()) if start.exists() else ast.Module([], [])
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    return [path.name for path in sorted(TESTS.glob("test_*.py")) if path.stem not in imported]


def matching(word):
    """The test methods whose file, class or own name contains the word."""
    return [method for method in methods() if _fits(word, method.file, method.cls, method.name)]


def plain_tags(word, *, engine):
    """The --test-tags for what needs no browser, of the engine or of the rest.

    Whole files and classes where possible: they may inherit tests from elsewhere.
    """
    tags = set()
    for each in matching(word):
        if each.engine == engine and not each.browser:
            whole_class = f"{each.file_tag}:{each.cls}" if _fits(word, each.cls) else each.tag
            tags.add(each.file_tag if _fits(word, each.file) else whole_class)
    return [*sorted(tags), *(f"-{each.tag}" for each in methods() if each.browser)] if tags else []


def _fits(word, *names):
    return any(word.lower() in name.lower() for name in names)


def hoot_suites(word):
    """The names that Hoot gives to the JavaScript unit tests in files whose name contains the word."""
    root = CHECKOUT / "static/tests"
    found = [path for path in sorted(root.rglob("*.test.js")) if word.lower() in path.name.lower()]
    if not word:
        return [f"@{ADDON}"] if found else []
    return [f"@{ADDON}/{path.relative_to(root).as_posix().removesuffix('.test.js')}" for path in found]
