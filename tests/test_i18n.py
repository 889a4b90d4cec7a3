from pathlib import Path

import polib
from odoo.tests import BaseCase

FOLDER = Path(__file__).parents[1] / "i18n"


class TestTranslations(BaseCase):
    def test_french_and_romanian_are_complete(self):
        wanted = {entry.msgid for entry in polib.pofile(str(FOLDER / "signature_workflow.pot"))}
        for language in ("fr", "ro"):
            with self.subTest(language):
                catalogue = polib.pofile(str(FOLDER / f"{language}.po"))
                self.assertEqual({entry.msgid for entry in catalogue.translated_entries()}, wanted)
