"""``./dev i18n``: brings the translation template and the translations up to date with the sources."""

from tools import database, odoo_server, postgres
from tools.paths import ADDON, CACHE, CHECKOUT
from tools.setup import prepare
from tools.system import run, say

LANGUAGES = ("fr", "ro")
FOLDER = CHECKOUT / "i18n"
EXPORT = """
from odoo.tools.translate import trans_export
with open({path!r}, "wb") as file:
    trans_export(False, [{addon!r}], file, "po", env)
"""


def main(options):
    """Write i18n/*.pot and merge it into each language."""
    setup = prepare(options)
    fresh = CACHE / "exported.pot"
    with postgres.cluster(), database.temporary_copy(database.template(setup)) as name:
        odoo_server.install_addon(setup, name)
        odoo_server.run_script(setup, name, EXPORT.format(path=str(fresh), addon=ADDON))
    FOLDER.mkdir(exist_ok=True)
    template = FOLDER / f"{ADDON}.pot"
    if not template.exists() or _content(template) != _content(fresh):
        template.write_text(fresh.read_text())
    for language in LANGUAGES:
        _merge(template, language)


def _merge(template, language):
    target = FOLDER / f"{language}.po"
    if not target.exists():
        run(
            ["msginit", "--no-translator", f"--locale={language}", "-i", template, "-o", target], "Beginning a language"
        )
    command = ["msgmerge", "--quiet", "--update", "--backup=none", "--no-fuzzy-matching", target, template]
    run(command, f"Merging the texts into {target.name}")
    counted = run(["msgfmt", "--check-format", "--statistics", "-o", "/dev/null", target], f"Checking {target.name}")
    say(f"  {target.relative_to(CHECKOUT)}: {counted.strip()}")


def _content(path):
    """The lines that matter: not the dates."""
    return [
        line
        for line in path.read_text().splitlines()
        if not line.startswith(('"POT-Creation-Date', '"PO-Revision-Date'))
    ]
