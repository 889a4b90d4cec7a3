from odoo.tests import BaseCase

from ..signature_workflow.engine import sms

URL = "https://sign.company.example/s/" + "A" * 22


def ask(name):
    return f"YourCompany: please sign {name}: {URL}"


class TestSms(BaseCase):
    def test_length(self):
        for text, count in (
            ("", 1),
            ("a" * 160, 1),
            ("a" * 161, 2),
            ("a" * 306, 2),
            ("a" * 307, 3),
            ("€" * 80, 1),
            ("€" * 80 + "a", 2),
            # the 153 places of a segment hold 76 whole ones
            ("€" * 153, 3),
            ("ș" * 70, 1),
            ("ș" * 71, 2),
            ("ș" * 134, 2),
            ("ș" * 135, 3),
            ("😀" * 35, 1),
            ("😀" * 36, 2),
            ("😀" * 67, 3),
        ):
            with self.subTest(text=text[:1], length=len(text)):
                self.assertEqual(sms.segments(text), count)

    def test_alphabet(self):
        for text in ("Straße", "è à ö Ñ", "[a]{b}~^|\\€", "ΔΩ", "\n"):
            self.assertTrue(sms.is_gsm7(text), text)
        for text in ("ș", "ç", "…", "“", "Ж", "`", "\t"):
            self.assertFalse(sms.is_gsm7(text), text)

    def test_short_name_stays(self):
        self.assertEqual(sms.fit(ask, "Contract"), ask("Contract"))

    def test_long_name_is_cut_and_the_link_is_not(self):
        text = sms.fit(ask, "Service agreement " * 20)
        self.assertEqual((sms.segments(text), len(text)), (1, 160))
        self.assertTrue(text.startswith("YourCompany: please sign Service agreement Service"))
        self.assertTrue(text.endswith(f"...: {URL}"))

    def test_latin_letters_lose_marks_that_would_cost(self):
        text = sms.fit(ask, "Întreținere „Șoș” – Łódź, œuvre")
        self.assertEqual(text, ask('Intretinere "Sos" - Lodz, oeuvre'))
        # these belong to the alphabet
        self.assertEqual(sms.fit(ask, "Übergröße è"), ask("Übergröße è"))

    def test_other_scripts_stay(self):
        name = "Договор"
        self.assertEqual(sms.fit(ask, name), ask(name))
        short = "https://a.example/s/" + "A" * 22
        text = sms.fit(lambda name: f"YourCompany: {name} {short}", "Договор оказания услуг")
        self.assertEqual(sms.segments(text), 1)
        self.assertIn("Договор", text)
        self.assertTrue(text.endswith(f"… {short}"))

    def test_no_letter_is_parted_from_its_marks(self):
        marked = "ก\u0e49" * 40
        text = sms.fit(lambda name: f"{name}|", marked)
        self.assertEqual(sms.segments(text), 1)
        self.assertIn("ก\u0e49…|", text)

    def test_as_few_as_can_be(self):
        far = f"https://{'far.' * 40}example/s/{'A' * 22}"
        text = sms.fit(lambda name: f"{name} {far}", "Agreement " * 40)
        self.assertEqual(sms.segments(text), 2)
        self.assertTrue(text.startswith("Agreement Agreement"))
        self.assertTrue(text.endswith(far))

    def test_line_breaks_in_a_name(self):
        self.assertEqual(sms.fit(ask, "Big\n deal"), ask("Big deal"))
