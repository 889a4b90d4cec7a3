import hashlib
import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import patch

from odoo.addons.signature_workflow.signature_workflow.engine import links
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import pdf_samples
from .tampering import WAYS
from .test_http_signing import SignatureHttpCase

NOBODY = "0123456789ABCDEF"
# as the page looks for it
CODE = rb"(?:/|\\057)verify(?:/|\\057)%s"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


class VerifyCase(SignatureHttpCase):
    """One sealed document, and what a stranger asks of it."""

    def complete(self, **values):
        """Return a request that both have signed, sealed."""
        request, token = self.send(**values)
        self.submit(token, request.signer_ids[0])
        self.submit(self.link_of(self.work(), "ceo@company.example"), request.signer_ids[1], nonce="c")
        self.work()
        self.assertEqual(request.state, "completed", request.failure)
        return request

    def check(self, **params):
        """Return the answer of the server on what a browser has found in a file."""
        self.env.flush_all()
        return self.call("/verify/check", **params).json()["result"]

    def assertNothingPrivate(self, request, text):
        """Nothing of the document, and nobody of its people, stands in `text`."""
        people = request.signer_ids
        private = [request.name, request.record_name, request.user_id.name, request.original_sha256]
        private += [*people.mapped("name"), *people.mapped("email"), "The price was wrong"]
        for secret in filter(None, private):
            self.assertNotIn(secret, text)


@tagged("post_install", "-at_install")
class TestVerify(VerifyCase):
    """The public page, over HTTP."""

    def setUp(self):
        super().setUp()
        self.request = self.complete()
        self.code = self.request.verify_code
        self.data = self.request.final_id.raw

    def open(self, path, status=200, **headers):
        self.env.flush_all()
        response = self.url_open(path, headers=headers, allow_redirects=False)
        self.assertEqual(response.status_code, status)
        return response

    def withdraw(self):
        self.request.with_user(self.manager).action_withdraw("The price was wrong")
        self.env.flush_all()

    def test_facts_are_public_and_nothing_else(self):
        page = self.open(f"/verify/{self.code}")
        for words in (self.env.company.name, "In force", "Signatures", self.request.key_id.fingerprint[:4]):
            self.assertIn(words, page.text)
        self.assertNothingPrivate(self.request, page.text)
        answer = self.check(sha256=sha256(self.data), code=self.code)
        self.assertEqual(answer["verdict"], "genuine")
        self.assertEqual(
            answer["facts"],
            {
                "code": self.code,
                "company": self.env.company.name,
                "is_paper": False,
                "signed": 2,
                "approved": 0,
                "date": f"{self.request.event_ids[-1].date:%Y-%m-%dT%H:%M:%SZ}",
                "status": "in_force",
                "date_withdrawn": False,
                "seal_level": "b",
                "timestamp": "none",
                "date_timestamp": False,
                "certificate": self.request.key_id.fingerprint,
            },
        )
        self.assertNothingPrivate(self.request, json.dumps(answer))

    def assertWrong(self, *hashes):
        """Neither the page nor the answer about a file with one of these hashes believes the record."""
        page = self.open(f"/verify/{self.request.verify_code}").text
        self.assertIn("Something is wrong with the record", page)
        for sent in hashes:
            answer = self.check(sha256=sent, code=self.request.verify_code)
            self.assertEqual((answer["verdict"], answer["facts"]), ("wrong", {}))
            self.assertIn("Do not rely on this page", answer["html"])
            for words in (self.request.company_id.name, "genuine", "In force"):
                self.assertNotIn(words, page + answer["html"])
        problems = self.env["signature.health"].verify_step(self.request.id - 1)["problems"]
        self.assertIn(self.request.id, [problem["id"] for problem in problems])

    def change(self, **values):
        """Change the row of the request as who has the database does."""
        self.env.flush_all()
        for name, value in values.items():
            self.env.cr.execute(f"UPDATE signature_request SET {name} = %s WHERE id = %s", [value, self.request.id])  # noqa: S608
        self.env.invalidate_all()

    def test_record_that_was_changed(self):
        good = sha256(self.data)
        bank = self.env["res.company"].create({"name": "Famous Bank"})
        forged = self.env["ir.attachment"].create({"name": "forged.pdf", "raw": pdf_samples.simple(1)})
        bad = sha256(forged.raw)
        for changed in (
            {"company_id": bank.id},
            {"company_id": bank.id, "key_id": self.env["signature.key"]._get_active(bank).id},
            {"key_id": None},
            {"final_id": forged.id, "final_sha256": bad},
            {"seal_level": "lt"},
            {"timestamp_state": "embedded", "date_timestamp": "2020-01-01 00:00:00"},
            {"state": "withdrawn"},
            {"is_paper": True},
        ):
            with self.subTest(**changed), self.env.cr.savepoint() as undone:
                self.change(**changed)
                self.assertWrong(good, *([bad] if "final_id" in changed else []))
                undone.rollback()
                self.env.invalidate_all()
        self.withdraw()
        self.change(state="completed")
        self.assertWrong(good)
        self.change(state="withdrawn")
        self.assertEqual(self.check(sha256=good)["facts"]["status"], "withdrawn")

    def test_trail_that_was_changed(self):
        self.request.event_ids.filtered(lambda event: event.kind == "signed")[0]._erase()
        self.assertWrong(sha256(self.data))
        self.request._log_events("erased")
        self.assertEqual(self.check(sha256=sha256(self.data))["verdict"], "genuine")
        self.request.event_ids.filtered(lambda event: event.kind == "sealed")._erase()
        self.request._log_events("erased")
        self.assertWrong(sha256(self.data))

    def test_timestamp_got_later(self):
        self.change(timestamp_state="pending")
        self.assertIn("It is being asked for", self.open(f"/verify/{self.code}").text)
        time = datetime(2026, 11, 22, 12, 30, 15, 250000, UTC)
        certificate = SimpleNamespace(fingerprint_sha256="0" * 64)
        self.request._keep_timestamp(SimpleNamespace(response_der=b"0", time=time, certificate=certificate))
        facts = self.check(sha256=sha256(self.data))["facts"]
        self.assertEqual((facts["timestamp"], facts["date_timestamp"]), ("later", "2026-11-22T12:30:15Z"))
        self.change(date_timestamp="2026-11-21 12:30:15")
        self.assertWrong(sha256(self.data))

    def test_documents_of_before(self):
        """What was sealed before 19.0.1.3.0 has only the hash in its trail."""
        events = type(self.env["signature.event"])
        append = events._append

        def old(events, requests, kind, *, data=None, **rest):
            if kind == "sealed":
                data = {"document_sha256": data["document_sha256"]}
            return append(events, requests, kind, data=data, **rest)

        with patch.object(events, "_append", old):
            request = self.complete(name="Old deal")
        self.change()
        request.write({"verify_code": False, "key_id": False})
        answer = self.check(sha256=sha256(request.final_id.raw))
        self.assertEqual(answer["verdict"], "genuine")
        self.assertEqual((answer["facts"]["seal_level"], answer["facts"]["certificate"]), ("b", ""))

    def test_withdrawn_without_the_reason(self):
        self.withdraw()
        page = self.open(f"/verify/{self.code}")
        self.assertIn("The acceptance was withdrawn", page.text)
        self.assertNotIn("In force", page.text)
        self.assertNothingPrivate(self.request, page.text)
        answer = self.check(sha256=sha256(self.data))
        self.assertEqual((answer["verdict"], answer["facts"]["status"]), ("genuine", "withdrawn"))
        self.assertTrue(answer["facts"]["date_withdrawn"])
        self.assertNothingPrivate(self.request, json.dumps(answer))

    def test_headers(self):
        for path, status in (("/verify", 200), (f"/verify/{self.code}", 200), (f"/verify/{NOBODY}", 404)):
            page = self.open(path, status)
            self.assertEqual(page.headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(page.headers["Cache-Control"], "no-store")
            self.assertIn("noindex", page.headers["X-Robots-Tag"])
            self.assertEqual(page.headers["X-Content-Type-Options"], "nosniff")
            policy = page.headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("form-action 'self'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertNotIn("Set-Cookie", page.headers)

    def test_code_as_people_type_it(self):
        pairs = "-".join(self.code[i : i + 4] for i in range(0, 16, 4))
        for typed in (self.code.lower(), pairs, f" {pairs.replace('-', ' ')} ", self.code.replace("0", "o")):
            page = self.open(f"/verify?code={typed}", 302)
            self.assertTrue(page.headers["Location"].endswith(f"/verify/{self.code}"), page.headers["Location"])
            self.open(f"/verify/{typed}")

    def test_malformed_and_unknown_codes_are_alike(self):
        pages = set()
        for path in (NOBODY, "x", "A" * 500, self.code[:-1], f"{self.code}0", "%00", "<b>", "%F0%9F%98%80", "check"):
            pages.add(self.open(f"/verify/{path}", 404).text)
        pages.add(self.open("/verify?code=x", 404).text)
        pages.add(self.open("/verify?code=", 404).text)
        self.assertEqual(len(pages), 1)

    def test_a_test_is_not_known(self):
        self.request.write({"is_test": True})
        self.open(f"/verify/{self.code}", 404)
        self.assertEqual(self.check(sha256=sha256(self.data), code=self.code)["verdict"], "unknown")

    def test_verdicts(self):
        other = self.complete(name="Other deal")
        good, bad = sha256(self.data), sha256(b"other")
        for sent, verdict, words in (
            ({"sha256": good}, "genuine", "Your copy is genuine"),
            ({"sha256": good, "page": self.code}, "genuine", "Your copy is genuine"),
            ({"sha256": good, "code": other.verify_code}, "genuine", "Your copy is genuine"),
            ({"sha256": good, "page": other.verify_code}, "genuine", "This is a different document"),
            ({"sha256": bad, "code": self.code}, "altered", "This copy was changed"),
            ({"sha256": bad, "code": self.code, "page": self.code}, "altered", "This copy was changed"),
            ({"sha256": bad, "code": self.code, "page": other.verify_code}, "altered", "a different document"),
            ({"sha256": bad, "page": self.code}, "unknown", "Not the document that was sealed"),
            ({"sha256": bad, "code": NOBODY}, "unknown", "This file is not known here"),
            ({"sha256": bad}, "unknown", "This file is not known here"),
            ({"sha256": sha256(self.request.original_id.raw)}, "unknown", "This file is not known here"),
        ):
            with self.subTest(**sent):
                answer = self.check(**sent)
                self.assertEqual(answer["verdict"], verdict)
                self.assertIn(words, answer["html"])
                self.assertEqual(bool(answer["facts"]), verdict != "unknown")

    def test_a_paper_is_genuine_but_not_sealed(self):
        request, _token = self.send(name="On paper")
        data = pdf_samples.simple(3)
        request.with_user(self.manager)._sign_on_paper([data])
        answer = self.check(sha256=sha256(request.final_id.raw))
        self.assertEqual((answer["verdict"], answer["facts"]["is_paper"]), ("genuine", True))
        self.assertEqual((answer["facts"]["code"], answer["facts"]["certificate"]), ("", ""))
        self.assertIn("The scan of a document signed on paper", answer["html"])
        self.assertIn("It was not sealed", answer["html"])
        self.assertNothingPrivate(request, json.dumps(answer))

    def test_markup_in_a_name_is_text(self):
        self.env.company.name = "<img src=x onerror=alert(1)> & Söhne"
        for text in (self.open(f"/verify/{self.code}").text, self.check(sha256=sha256(self.data), page="")["html"]):
            self.assertNotIn("<img src=x", text)
            self.assertIn("&lt;img src=x onerror=alert(1)&gt; &amp; Söhne", text)

    def test_forged_host_is_not_repeated(self):
        for path, status in (("/verify", 200), (f"/verify/{self.code}", 200), (f"/verify?code={self.code}", 302)):
            page = self.open(path, status, **{"X-Forwarded-Host": "evil.example"})
            self.assertNotIn("evil.example", page.text + str(page.headers))
        self.assertTrue(self.request.verify_address.startswith(self.base_url()))

    @mute_logger("odoo.http")
    def test_any_json_gets_an_answer(self):
        for value in (None, True, 0, -1.5, "", "x" * 64, "A" * 64, "\0", "\ud800", [], ["a"], {}, {"a": []}):
            for name in ("sha256", "code", "page", "other"):
                with self.subTest(**{name: repr(value)}):
                    self.assertEqual(self.check(**{name: value})["verdict"], "unknown")
        large = self.call("/verify/check", sha256="0" * 64, code="x" * 5000)
        self.assertNotIn('"result"', large.text)

    def test_nothing_is_written(self):
        self.env.flush_all()
        tables = ("signature_request", "signature_event", "signature_signer", "ir_attachment", "res_device_log")

        def rows():
            counted = []
            for table in tables:
                self.env.cr.execute(f"SELECT count(*), max(xmin::text) FROM {table}")  # noqa: S608
                counted.append(self.env.cr.fetchone())
            return counted

        before = rows()
        self.open("/verify")
        self.open(f"/verify/{self.code}")
        self.open(f"/verify/{NOBODY}", 404)
        self.check(sha256=sha256(self.data), code=self.code)
        self.assertEqual(rows(), before)

    def test_language_of_the_browser(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.env["res.lang"]._activate_lang("ar_001")
        for wished, code, direction in (
            ("fr-CA,fr;q=0.9,en;q=0.8", "fr-FR", "ltr"),
            ("xx,fr;q=0.7,en-US;q=0.3", "fr-FR", "ltr"),
            ("ar", "ar-001", "rtl"),
            ("en-GB", "en-US", "ltr"),
            ("*", "en-US", "ltr"),
            ("xx", "en-US", "ltr"),
        ):
            with self.subTest(wished):
                page = self.open(f"/verify/{self.code}", **{"Accept-Language": wished})
                self.assertIn(f'<html lang="{code}" dir="{direction}">', page.text)

    def test_few_queries(self):
        documents = self.env["signature.request"]
        self.env.flush_all()
        for found, queries in ((self.code, 4), (NOBODY, 1)):
            self.env.invalidate_all()
            with self.subTest(found), self.assertQueryCount(queries):
                document = documents._from_code(found)
                if document:
                    document._public_facts()
        with self.assertQueryCount(0):
            documents._from_code(links.read_code("x"))
            documents._from_sha256("x")

    def test_tampering_is_seen_from_the_hash(self):
        """All seven ways, as the browser sends them; each keeps the code in its bytes."""
        for tamper in WAYS:
            with self.subTest(tamper.__name__):
                changed = tamper(self.data)
                self.assertTrue(re.search(CODE % self.code.encode(), changed), "the browser finds no code")
                answer = self.check(sha256=sha256(changed), code=self.code)
                self.assertEqual(answer["verdict"], "altered")
        self.assertEqual(self.check(sha256=sha256(self.data), code=self.code)["verdict"], "genuine")

    def test_signer_and_salesperson_are_led_there(self):
        token = self.env["signature.link"]._make(self.request.signer_ids[0], "email")
        path = next(iter(token.values())).removeprefix(self.base_url())
        self.assertIn(f'href="/verify/{self.code}"', self.open(path).text)
        self.assertEqual(self.request.verify_address, f"{self.base_url()}/verify/{self.code}")
        self.withdraw()
        self.assertIn(f'href="/verify/{self.code}"', self.open(path).text)
        open_one, open_token = self.send(name="Open")
        self.assertNotIn("/verify/", self.open(f"/sign/{open_token}").text)
        self.assertFalse(open_one.verify_address)
