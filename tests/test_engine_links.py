from odoo.tests import BaseCase

from ..signature_workflow.engine import links
from ..signature_workflow.engine.errors import LinkError

TOKEN = "A" * 42 + "_"


class TestLinks(BaseCase):
    def test_tokens_are_well_formed_and_never_the_same(self):
        tokens = {links.new_token() for _index in range(50)}
        self.assertEqual(len(tokens), 50)
        self.assertTrue(all(map(links.is_well_formed, tokens)))
        self.assertEqual(links.new_token(lambda size: "A" * 43), "A" * 43)
        with self.assertRaises(LinkError):
            links.new_token(lambda size: "short")

    def test_only_the_hash_is_to_be_stored(self):
        hashed = links.token_hash(TOKEN)
        self.assertRegex(hashed, r"\A[0-9a-f]{64}\Z")
        self.assertEqual(hashed, links.token_hash(TOKEN))
        self.assertNotEqual(hashed, links.token_hash("B" * 43))

    def test_other_texts_are_no_tokens(self):
        for text in (
            "",
            "A" * 42,
            "A" * 44,
            "A" * 42 + "\n",
            "A" * 42 + "/",
            "ș" * 43,
            None,
            b"A" * 43,
        ):
            self.assertFalse(links.is_well_formed(text))

    def test_links_lie_under_the_base_url(self):
        self.assertEqual(links.sign_url("https://a.test", TOKEN), f"https://a.test/sign/{TOKEN}")
        self.assertEqual(
            links.sign_url("http://localhost:8069/odoo/", TOKEN),
            f"http://localhost:8069/odoo/sign/{TOKEN}",
        )

    def test_dangerous_base_urls_are_refused(self):
        for base in (
            "",
            None,
            "a.test",
            "//a.test",
            "ftp://a.test",
            "javascript:alert(1)",
            "https://",
            "https://a.test?x=1",
            "https://a.test#x",
            "https://user:secret@a.test",
            "https://a.test\\@b.test",
            "https://a.test /x",
            "https://a.test\n",
            "https://a.test:port",
        ):
            with self.subTest(base=base), self.assertRaises(LinkError) as caught:
                links.sign_url(base, TOKEN)
            self.assertEqual(caught.exception.code, "base_url_invalid")
        with self.assertRaises(LinkError):
            links.sign_url("https://a.test", "../../web/login")

    def test_names_of_hosts_that_readers_do_not_know(self):
        for make in (links.sign_url, links.verify_url):
            with self.assertRaises(LinkError) as caught:
                make("https://münchen.example", TOKEN)
            self.assertEqual(caught.exception.code, "base_url_host")

    def test_codes_of_verification(self):
        codes = {links.new_code() for _index in range(50)}
        self.assertEqual(len(codes), 50)
        for code in codes:
            self.assertEqual(links.read_code(code), code)
            self.assertEqual(links.read_code(f" {code[:4]}-{code[4:8]} {code[8:].lower()}\n"), code)
        self.assertEqual(
            links.verify_url("https://a.test/", "0123456789ABCDEF"), "https://a.test/verify/0123456789ABCDEF"
        )
        self.assertEqual(links.read_code("O123456789abcdiL"), "0123456789ABCD11")
        with self.assertRaises(LinkError):
            links.verify_url("javascript:alert(1)", "0123456789ABCDEF")

    def test_other_texts_are_no_codes(self):
        for text in ("", "0" * 15, "0" * 17, "U" * 16, "../" * 5 + "x", "٠" * 16, None, 16):
            self.assertEqual(links.read_code(text), "")
