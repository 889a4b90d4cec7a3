import json
import logging
import re

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import STROKES, SignatureFixture


class SignatureHttpCase(SignatureFixture, HttpCase):
    """With Odoo's web server; requests share the transaction of the test."""

    def send(self, **values):
        """Return the request of a new deal and the token of its client."""
        deal = self._make_deal(**values)
        deal.stage_id = self.stage_sign
        token = self.link_of(self.work(), "zoe@client.example")
        return self.requests_of(deal), token

    def call(self, path, **params):
        """POST JSON-RPC; return the HTTP response."""
        return self.url_open(
            path,
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}),
            headers={"Content-Type": "application/json"},
        )

    def answers(self, signer, **given):
        by_type = {"signature": STROKES, "name": signer.name, "checkbox": True, "text": "PO 7"}
        by_type |= given
        return {str(f.id): by_type[f.type] for f in signer.field_ids if f.type in by_type}

    def submit(self, token, signer, nonce="n", **given):
        response = self.call(
            f"/sign/{token}/submit",
            values=self.answers(signer, **given),
            nonce=nonce,
            document=signer.request_id.original_sha256,
            consent=True,
        )
        self.env.invalidate_all()
        return response.json()["result"]


@tagged("post_install", "-at_install")
class TestSigningRoutes(SignatureHttpCase):
    """The routes as every kind of visitor meets them."""

    def setUp(self):
        super().setUp()
        self.request, self.token = self.send()
        self.client, self.company = self.request.signer_ids
        self.url = f"/sign/{self.token}"

    def test_page(self):
        page = self.url_open(self.url)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Agreement", page.text)
        self.assertIn("no-referrer", page.headers["Referrer-Policy"])
        self.assertIn("no-store", page.headers["Cache-Control"])
        self.assertIn("noindex", page.headers["X-Robots-Tag"])
        self.assertIn("frame-ancestors 'none'", page.headers["Content-Security-Policy"])
        self.assertEqual(page.headers["X-Content-Type-Options"], "nosniff")

    def test_get_and_head_change_nothing(self):
        self.env.flush_all()
        before = self.request.revision, len(self.request.event_ids), self.client.state
        for path in (self.url, f"{self.url}/document", f"{self.url}/status"):
            self.assertEqual(self.url_open(path).status_code, 200)
            self.assertEqual(self.url_open(path, method="HEAD").status_code, 200)
        self.env.invalidate_all()
        after = self.request.revision, len(self.request.event_ids), self.client.state
        self.assertEqual(before, after)

    def test_document(self):
        document = self.url_open(f"{self.url}/document")
        self.assertEqual(document.content, self.request.original_id.raw)
        self.assertEqual(document.headers["Content-Type"], "application/pdf")
        part = self.url_open(f"{self.url}/document", headers={"Range": "bytes=0-99"})
        self.assertEqual((part.status_code, len(part.content)), (206, 100))

    def test_access_log_holds_no_secret(self):
        for before in ("/sign/", "/s/", "/sign//", "/SIGN/", "/sign/%2F", "/web/session/logout?redirect=%2Fsign%2F"):
            line = f"GET {before}{self.token}/document HTTP/1.1"
            record = logging.makeLogRecord({"msg": '"%s" %s', "args": (line, 200)})
            for kept in logging.getLogger("werkzeug").filters:
                self.assertTrue(kept.filter(record))
            self.assertEqual(record.getMessage(), f'"GET {before}…/document HTTP/1.1" 200')

    @mute_logger("odoo.http")
    def test_unknown_links_are_all_alike(self):
        pages = set()
        for token in ("A" * 43, "A" * 42, "x", self.token[:-1] + "!", self.token.swapcase()):
            for tail in ("", "/document", "/status", "/picture/1"):
                page = self.url_open(f"/sign/{token}{tail}")
                self.assertEqual(page.status_code, 404)
                pages.add(page.text)
            for tail in ("/submit", "/viewed", "/decline"):
                error = self.call(f"/sign/{token}{tail}").json()["error"]
                self.assertEqual(error["code"], 404)
        self.assertEqual(len(pages), 1)

    def test_no_account_opens_a_document(self):
        attachment = self.request.original_id
        for login in (None, "portal"):
            if login:
                self._make_user("portal", "base.group_portal")
                self.authenticate("portal", "portal-password")
            self.assertIn(self.url_open(f"/web/content/{attachment.id}").status_code, (403, 404))

    def test_colleague_has_no_short_cut(self):
        self.authenticate("manager", "manager-password")
        self.assertNotIn(self.token, self.url_open(f"/odoo/signature.request/{self.request.id}").text)
        response = self.call(
            "/web/dataset/call_kw/signature.signer/_submit",
            model="signature.signer",
            method="_submit",
            args=[self.client.ids, {}, "n", "x", {}],
            kwargs={},
        )
        self.assertIn("error", response.json())
        self.assertEqual(self.client.state, "sent")

    def test_sign(self):
        self.assertEqual(self.submit(self.token, self.client), {"state": "signed"})
        self.assertEqual(self.submit(self.token, self.client), {"state": "signed"})
        self.assertEqual(self.client.state, "signed")
        again = self.submit(self.token, self.client, nonce="second")
        self.assertEqual(again["error"]["code"], "signed")
        self.assertIn("signed", self.url_open(self.url).text)

    def test_turn_cannot_be_got_round(self):
        link = self.env["signature.link"]._make(self.company, "email")[self.company.id]
        token = link.rsplit("/", 1)[1]
        self.assertEqual(self.submit(token, self.company)["error"]["code"], "waiting")
        self.submit(self.token, self.client, text="Confidential order")
        self.assertNotIn("Confidential order", self.url_open(f"/sign/{token}").text)
        self.assertEqual(self.url_open(f"/sign/{token}/document").status_code, 404)
        self.assertEqual(self.company.state, "waiting")

    def test_context_of_a_visitor_counts_for_nothing(self):
        context = {"signature_preview": True, "default_email_cc": "evil@client.example", "default_state": "signed"}
        link = self.env["signature.link"]._make(self.company, "email")[self.company.id]
        refused = self.call(
            f"/sign/{link.rsplit('/', 1)[1]}/submit",
            values=self.answers(self.company),
            nonce="n",
            document=self.request.original_sha256,
            consent=True,
            context=context,
        )
        self.assertEqual(refused.json()["result"]["error"]["code"], "waiting")
        self.client.authentication = "email"
        for tail, params in (("draft", {"draft": {}}), ("decline", {"reason": "No", "nonce": "n"})):
            refused = self.call(f"{self.url}/{tail}", **params, context=context)
            self.assertEqual(refused.json()["result"]["error"]["code"], "code", tail)
        self.call(f"{self.url}/code", context=context)
        (mail,) = self.work()
        self.assertEqual((mail["email_to"], mail["email_cc"]), ([self.client.email_formatted], []))
        self.env.invalidate_all()
        self.assertEqual(self.client.state, "sent")

    def test_completed(self):
        self.submit(self.token, self.client)
        token = self.link_of(self.work(), "ceo@company.example")
        self.assertEqual(self.submit(token, self.company, nonce="c"), {"state": "sealing"})
        self.work()
        self.assertEqual(self.request.state, "completed", self.request.failure)
        for mine in (self.token, token):
            self.assertTrue(self.url_open(f"/sign/{mine}/status").json()["ready"])
            signed = self.url_open(f"/sign/{mine}/document?download=1")
            self.assertEqual(signed.content, self.request.final_id.raw)
            self.assertIn("attachment", signed.headers["Content-Disposition"])
        page = self.url_open(self.url).text
        self.assertIn("Zoë Țăndărică", page)
        self.assertIn("Ceo", page)

    def test_bad_bodies_never_fail(self):
        good = {
            "values": self.answers(self.client),
            "nonce": "n",
            "document": self.request.original_sha256,
            "consent": True,
        }
        for bad in (
            {"values": None},
            {"values": [1, 2]},
            {"values": {"abc": "x"}},
            {"values": {"999999": "x"}},
            {"values": {"-1": "x"}},
            {"values": {key: {"a": {"b": 1}} for key in good["values"]}},
            {"nonce": 7},
            {"nonce": ""},
            {"nonce": "n" * 1000},
            {"nonce": "a\u0000b"},
            {"nonce": "\ud800"},
            {"document": None},
            {"document": "0" * 64},
            {"consent": "yes"},
            {"consent": False},
        ):
            with self.subTest(str(bad)[:60]):
                response = self.call(f"{self.url}/submit", **{**good, **bad})
                self.assertEqual(response.status_code, 200)
                self.assertIn("error", response.json()["result"], response.text)
        self.env.invalidate_all()
        self.assertEqual(self.client.state, "sent")

    @mute_logger("odoo.http")
    def test_huge_body(self):
        # files come with an answer, and with nothing else
        for tail, size in (("submit", 17 * 1024 * 1024), ("decline", 2 * 1024 * 1024), ("viewed", 2 * 1024 * 1024)):
            response = self.call(f"{self.url}/{tail}", values={"1": "x" * size}, reason="x", nonce="n")
            self.assertIn("error", response.json())
        self.assertEqual(self.client.state, "sent")

    def test_closed_request_shows_no_document(self):
        self.request.action_cancel()
        self.assertEqual(self.url_open(self.url).status_code, 200)
        self.assertEqual(self.url_open(f"{self.url}/document").status_code, 404)
        self.assertEqual(self.submit(self.token, self.client)["error"]["code"], "cancelled")

    def test_draft_is_given_back_to_the_signer_alone(self):
        draft = {"values": {"1": "Ștefan \u0000 \ud800 <b>"}, "time": 1}
        self.assertNotIn("error", self.call(f"{self.url}/draft", draft=draft).json()["result"])
        self.env.invalidate_all()
        config = json.loads(re.search(r'id="o_sign_config">(.*?)</script>', self.url_open(self.url).text, re.DOTALL)[1])
        self.assertEqual(config["draft"], draft)
        self.assertEqual(self.client.state, "sent")
        seen = self.client.with_user(self.salesman)
        self.assertNotIn("draft", seen.fields_get())
        self.assertIsNone(self.client.sudo()._seen_as()._page_values()["draft"])
        self.submit(self.token, self.client)
        self.assertFalse(self.client.sudo().draft)

    def test_drafts_that_are_refused(self):
        for draft in (None, [], "x", 7, {"values": "x" * 600_000}):
            with self.subTest(str(draft)[:20]):
                self.assertIn("error", self.call(f"{self.url}/draft", draft=draft).json()["result"])
        # signed on another device, or withdrawn: it is told
        for code, act in (
            ("signed", lambda: self.submit(self.token, self.client)),
            ("cancelled", self.request.action_cancel),
        ):
            act()
            error = self.call(f"{self.url}/draft", draft={"values": {}}).json()["result"]["error"]
            self.assertEqual(error["code"], code)
        self.assertFalse(self.client.sudo().draft)

    def test_short_link_leads_to_the_page(self):
        short = self.env["signature.link"]._make(self.client, "sms")[self.client.id]
        self.assertRegex(short, r"/s/[A-Za-z0-9_-]{22}$")
        page = self.url_open(short.removeprefix(self.env["ir.config_parameter"].get_param("web.base.url")))
        self.assertEqual(page.status_code, 200)
        self.assertIn("o_sign_bar", page.text)
        self.assertEqual(self.url_open("/s/evil").status_code, 404)

    def test_revoked_link_says_whom_to_ask_and_nothing_of_the_document(self):
        self.client.sudo().link_ids._revoke("resent")
        page = self.url_open(self.url)
        self.assertEqual(page.status_code, 410)
        self.assertIn("saul@company.example", page.text)
        self.assertNotIn(self.request.name, page.text)
        self.assertNotIn("zoe@client.example", page.text)
        self.assertEqual(self.url_open(f"{self.url}/document").status_code, 404)
        self.assertEqual(self.call(f"{self.url}/draft", draft={}).json()["error"]["code"], 404)

    def test_device_that_was_handed_over(self):
        link = self.env["signature.link"].with_user(self.salesman)._make(self.client.sudo(), "in_person")
        path = "/sign/" + link[self.client.id].rpartition("/")[2]
        self.authenticate("saul", "saul-password")
        page = self.url_open(path)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Saul", page.text)
        self.assertIn("/web/login", self.url_open("/odoo").url)
        self.submit(path.rpartition("/")[2], self.client)
        self.assertEqual(self.client.host_id, self.salesman)
        back = self.call(f"{path}/return").json()["result"]
        self.assertEqual(back["url"], f"/odoo/crm.lead/{self.request.res_id}")
        self.assertEqual(self.url_open(path).status_code, 410)

    def test_declined_in_person(self):
        link = self.env["signature.link"].with_user(self.salesman)._make(self.client.sudo(), "in_person")
        token = link[self.client.id].rpartition("/")[2]
        self.call(f"/sign/{token}/decline", reason="Too dear", nonce="n")
        self.env.invalidate_all()
        self.assertEqual((self.client.state, self.client.host_id), ("declined", self.salesman))
        data = json.loads(self.request.event_ids[-1].data)
        self.assertEqual(data, {"reason": "Too dear", "link": "in_person", "link_by": "Saul"})

    def test_a_link_that_was_sent_hands_nothing_back(self):
        self.assertEqual(self.call(f"{self.url}/return").json()["error"]["code"], 404)
        self.assertEqual(self.url_open(self.url).status_code, 200)

    def test_odd_browser(self):
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": {}})
        headers = {"Content-Type": "application/json", "User-Agent": "Phone\0\x1b 7"}
        response = self.url_open(f"{self.url}/viewed", data=body, headers=headers)
        self.assertEqual(response.json()["result"], {})
        self.env.invalidate_all()
        self.assertEqual(self.request.event_ids[-1].user_agent, "Phone 7")

    def test_viewed(self):
        self.call(f"{self.url}/viewed")
        self.env.invalidate_all()
        self.assertEqual(self.client.state, "viewed")

    def test_decline(self):
        refused = self.call(f"{self.url}/decline", reason=" ", nonce="n").json()["result"]
        self.assertIn("error", refused)
        answer = self.call(f"{self.url}/decline", reason="Too dear", nonce="n").json()["result"]
        self.assertEqual(answer, {"state": "declined"})
        self.env.invalidate_all()
        self.assertEqual(self.request.state, "declined")

    def test_page_speaks_the_language_of_the_signer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        __, token = self.send()
        self.assertIn('lang="fr-FR"', self.url_open(f"/sign/{token}").text)
