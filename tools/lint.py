"""``./dev lint``: style, layers, Odoo's conventions, and the JavaScript."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tools import python_env
from tools.paths import ADDON, CACHE, CHECKOUT, TOOLS, addon_folder
from tools.system import locked, say

STATIC = [f"static/{part}/**/*.{{js,scss}}" for part in ("src", "tests")]

OCA_DISABLED = ["prefer-readme-rst", "xml-field-numeric-without-eval", "xml-header-wrong"]
"""Matters of taste: the README is Markdown, Odoo converts numbers by itself, and utf-8 is UTF-8."""

PYLINT_DISABLED = ["--disable=consider-merging-classes-inherited"]
"""A model may be spread over files, one for each concern."""


def main(options):
    """Run all checks and show what they complain about."""
    with locked("setup"):
        bin_folder = python_env.python("lint").parent
        modules = python_env.node_modules()
    jobs = [*_python_checks(bin_folder, options.fix), *_javascript_checks(modules, options.fix)]
    failed = [name for name, folder, command in jobs if not _passes(name, folder, command)]
    say(f"\nLint: complaints from {', '.join(failed)}." if failed else "\nLint: no complaints.")
    return 1 if failed else 0


def _python_checks(programs, fix):
    """Names, folders and commands. Odoo's own linters look at the folder with the addon's right name."""
    settings = CHECKOUT / "pyproject.toml"
    yield "ruff", CHECKOUT, [programs / "ruff", "check", *(["--fix"] if fix else []), "."]
    yield "ruff format", CHECKOUT, [programs / "ruff", "format", *([] if fix else ["--diff"]), "."]
    # only what is certain to matter: ruff looks for the rest of its rules, line by line
    yield "bandit", CHECKOUT, [programs / "bandit", "--quiet", "-lll", "--recursive", "."]
    yield "import-linter", CHECKOUT, [programs / "lint-imports", "--no-cache", "--no-logo"]
    yield "pylint-odoo", addon_folder(), [programs / "pylint", f"--rcfile={settings}", *PYLINT_DISABLED, ADDON]
    oca = [programs / "oca-checks-odoo-module", f"--disable={','.join(OCA_DISABLED)}"]
    yield "oca-checks", addon_folder(), [*oca, addon_folder() / ADDON]


def _javascript_checks(modules, fix):
    if not any((CHECKOUT / "static").glob("*/**/*.js")):
        return
    rules = shutil.copy(TOOLS / "eslint.config.mjs", modules.parent)
    eslint = [python_env.node(), modules / "eslint/bin/eslint.js", "--config", rules]
    yield "eslint", CHECKOUT, [*eslint, "--no-error-on-unmatched-pattern", *(["--fix"] if fix else []), "static"]
    prettier = [python_env.node(), modules / "prettier/bin/prettier.cjs", "--no-error-on-unmatched-pattern"]
    yield "prettier", CHECKOUT, [*prettier, "--write" if fix else "--check", *STATIC]


def _passes(name, folder, command):
    begun = time.monotonic()
    caches = {"RUFF_CACHE_DIR": str(CACHE / "ruff"), "PYLINTHOME": str(CACHE / "pylint")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **caches},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    say(f"{'✓' if done.returncode == 0 else '✗'} {name} ({time.monotonic() - begun:.0f} s)")
    if done.returncode:
        say(done.stdout.replace(str(Path(addon_folder()) / ADDON), "."))
    return done.returncode == 0
