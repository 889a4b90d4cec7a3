"""All addresses of the addon, as everybody finds them."""

import json
import re

from odoo import http
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..signature_workflow.models.signature_request_field import PICTURE
from .picture_samples import plain
from .test_http_signing import SignatureHttpCase
from .visitors import VISITORS, VisitorsFixture

ADDON = "odoo.addons.signature_workflow."
HEADERS = ("Referrer-Policy", "Cache-Control", "X-Robots-Tag", "X-Content-Type-Options", "Content-Security-Policy")

# Of the links: of what each kind of them is the status, in this order.
LINKS = ("unknown", "malformed", "revoked", "waiting", "ended", "signed", "live", "short")
PAGES = {
    "/s/<string:token>": (302, 404, 302, 302, 302, 302, 302, 302),
    "/sign/<string:token>": (404, 404, 410, 200, 200, 200, 200, 200),
    "/sign/<string:token>/document": (404, 404, 404, 404, 404, 200, 200, 200),
    "/sign/<string:token>/picture/<int:field_id>": (404,) * 8,
    "/sign/<string:token>/status": (404, 404, 404, 200, 200, 200, 200, 200),
}
# Of the calls: the code of the refusal. "strange" is the live link of another document, with what this one's sends.
CALLERS = ("unknown", "malformed", "revoked", "waiting", "ended", "signed", "strange")
NONE, DONE = (404, 404, 404), ("waiting", "cancelled", "signed")
ACTIONS = {
    "/sign/<string:token>/viewed": (*NONE, None, None, None, None),
    "/sign/<string:token>/draft": (*NONE, *DONE, None),
    "/sign/<string:token>/submit": (*NONE, *DONE, "unknown_field"),
    "/sign/<string:token>/decline": (*NONE, *DONE, "reason"),
    "/sign/<string:token>/forward": (*NONE, *DONE, "forward"),
    "/sign/<string:token>/code": (*NONE, *["closed"] * 4),
    "/sign/<string:token>/code/check": (*NONE, *["closed"] * 4),
    "/sign/<string:token>/return": (*NONE, *[404] * 4),
}
# Of the accounts: who comes in; nobody else does, and whoever is not logged in is sent to do so.
EVERYBODY = set(VISITORS) - {"nobody"}
SELLERS = {"stranger", "host", "manager", "admin"}
THEIRS = {"host", "manager", "admin"}
ACCOUNTS = {
    "/my/signatures": (200, EVERYBODY),
    "/my/signatures/page/<int:page>": (200, EVERYBODY),
    "/my/signatures/crm.lead/<int:lead_id>": (303, EVERYBODY),
    "/my/signatures/<int:signer_id>/copy": (200, {"client"}),
    "/my/signatures/<int:signer_id>/open": (303, {"client"}),
    "/signature_workflow/evidence/<string:ids>": (200, THEIRS),
    "/signature_workflow/signer/<int:signer_id>": (200, THEIRS),
    "/signature_workflow/signer/<int:signer_id>/document": (200, THEIRS),
    "/signature_workflow/signer/<int:signer_id>/picture/<int:field_id>": (200, THEIRS),
    "/signature_workflow/template/<int:template_id>/document": (200, SELLERS),
    "/signature_workflow/template/<int:template_id>/preview": (200, SELLERS),
}
POSTED = {"/my/signatures/<int:signer_id>/open"}
# Open to everybody: nothing of a document's words or of a person is there. What somebody gets who knows nothing.
OPEN = {
    "/signature_workflow/pdfjs/<string:name>": 200,
    "/verify": 200,
    "/verify/<string:code>": 404,
}
OPEN_CALLS = {"/verify/check"}


class RoutesCase(VisitorsFixture, SignatureHttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.visitors["admin"].password = "admin-password"
        cls.rules = {
            rule.rule: rule.endpoint.routing
            for rule in cls.env["ir.http"].routing_map().iter_rules()
            if rule.endpoint.func.__module__.startswith(ADDON)
        }

    def login(self, visitor):
        user = self.visitors[visitor]
        self.authenticate(*((None, None) if visitor == "nobody" else (user.login, f"{user.login}-password")))

    def path(self, rule, **ids):
        return re.sub(r"<\w+:(\w+)>", lambda match: str(ids[match[1]]), rule)

    def fingerprint(self):
        """Return what tells whether anything was written anywhere in the database."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        one = "SELECT %s, count(*), sum(hashtextextended(row::text, 0)) FROM %s row"
        queries = [SQL(one, name, SQL.identifier(name)) for (name,) in self.env.cr.fetchall()]
        return set(self.env.execute_query(SQL(" UNION ALL ").join(queries)))

    def assertUnwritten(self, before, message=""):
        changed = {row[0] for row in self.fingerprint() ^ before}
        self.assertFalse(changed, f"{message} has written")

    def assertPrivate(self, response, message):
        missing = [name for name in HEADERS if not response.headers.get(name)]
        self.assertFalse(missing, message)
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        # the latter is Odoo's own for files: nothing in them runs or loads
        self.assertRegex(response.headers["Content-Security-Policy"], r"frame-ancestors|default-src 'none'$")
        self.assertFalse([name for name in response.headers if name.startswith("Access-Control")], message)
        for name in HEADERS:
            self.assertEqual(len(response.raw.headers.getlist(name)), 1, f"{name} of {message}")


@tagged("post_install", "-at_install")
class TestEveryRoute(RoutesCase):
    def test_every_route_is_known(self):
        known = PAGES.keys() | ACTIONS.keys() | ACCOUNTS.keys() | OPEN.keys() | OPEN_CALLS
        self.assertFalse(
            self.rules.keys() - known, "New addresses: say in this file who may come in, and what they get."
        )
        self.assertFalse(known - self.rules.keys(), "These addresses are gone.")

    def test_how_they_are_reached(self):
        for rule, routing in self.rules.items():
            with self.subTest(rule):
                self.assertTrue(routing.get("csrf", True))
                self.assertNotIn("cors", routing)
                if rule in ACTIONS.keys() | OPEN_CALLS:
                    # JSON from another site is asked for by the browser first, and refused
                    self.assertEqual(routing["type"], "jsonrpc")
                    self.assertLessEqual(routing["max_content_length"], 16 * 1024 * 1024)
                else:
                    self.assertEqual(
                        (routing["type"], routing["methods"]), ("http", ["POST" if rule in POSTED else "GET"])
                    )
                if rule in ACCOUNTS:
                    self.assertEqual(routing["auth"], "user")
                else:
                    self.assertIs(routing["save_session"], False)

    def test_open_to_everybody(self):
        self.send()
        for visitor in ("nobody", "manager"):
            self.login(visitor)
            before = self.fingerprint()
            for rule, status in OPEN.items():
                path = self.path(rule, name="pdf.js", code="A" * 16)
                for method in ("GET", "HEAD", "OPTIONS"):
                    response = self.url_open(path, method=method)
                    self.assertEqual(response.status_code, status, path)
                    self.assertPrivate(response, path)
                    self.assertNotIn("Set-Cookie", response.headers)
                self.assertEqual(self.url_open(path, method="POST").status_code, 405)
            for rule in OPEN_CALLS:
                for odd in (None, "", "x", "A" * 16, "0" * 64, 7, ["x"], {"a": 1}, "\0", "\ud800", "' OR 1=1 --"):
                    response = self.call(rule, sha256=odd, code=odd, page=odd)
                    self.assertPrivate(response, rule)
                    self.assertEqual(response.json()["result"]["verdict"], "unknown", odd)
            self.assertUnwritten(before, visitor)


@tagged("post_install", "-at_install")
class TestLinkRoutes(RoutesCase):
    """Whoever has a link, or makes one up."""

    def setUp(self):
        super().setUp()
        self.request, self.live = self.send()
        self.client, self.company = self.request.signer_ids.sorted("sequence")
        self.field = self.client.field_ids[:1]
        ended, ended_token = self.send()
        ended.action_cancel()
        signed, signed_token = self.send()
        self.submit(signed_token, signed.signer_ids.sorted("sequence")[0])
        revoked = self.link(self.client)
        self.env["signature.link"]._find(revoked)._revoke("resent")
        self.tokens = {
            "unknown": "A" * 43,
            "malformed": "A" * 42 + "!",
            "revoked": revoked,
            "waiting": self.link(self.company),
            "ended": ended_token,
            "signed": signed_token,
            "live": self.live,
            "short": self.link(self.client, "sms"),
            "strange": self.send()[1],
        }
        self.authenticate(None, None)

    def link(self, signer, channel="email"):
        return self.env["signature.link"]._make(signer, channel)[signer.id].rpartition("/")[2]

    def test_pages(self):
        before, unknown = self.fingerprint(), set()
        for rule, statuses in PAGES.items():
            for kind, status in zip(LINKS, statuses, strict=True):
                path = self.path(rule, token=self.tokens[kind], field_id=self.field.id)
                with self.subTest(rule, kind=kind):
                    for method in ("GET", "HEAD", "OPTIONS"):
                        response = self.url_open(path, method=method, allow_redirects=False)
                        self.assertEqual(response.status_code, status, method)
                        self.assertPrivate(response, method)
                        self.assertEqual(response.headers["Referrer-Policy"], "no-referrer")
                        self.assertEqual(response.headers["Cache-Control"], "no-store")
                        self.assertIn("noindex", response.headers["X-Robots-Tag"])
                        self.assertIn("frame-ancestors 'none'", response.headers["Content-Security-Policy"])
                        self.assertNotIn("Set-Cookie", response.headers, method)
                        if status == 404 and method == "GET":
                            unknown.add(response.text)
                    for method in ("POST", "PUT", "PATCH", "DELETE"):
                        response = self.url_open(path, method=method)
                        self.assertEqual(response.status_code, 405, method)
                        self.assertNotIn(self.tokens[kind], response.text)
        self.assertEqual(len(unknown), 1)
        self.assertUnwritten(before, "Reading")

    @mute_logger("odoo.http")
    def test_calls_that_are_refused(self):
        params = {
            "values": self.answers(self.client),
            "nonce": "another",
            "document": self.request.original_sha256,
            "consent": True,
            "reason": "",
            "draft": {"values": {}},
            "code": "123456",
            "name": "Eve",
            "email": "eve@evil.example",
        }
        before, states, not_found = self.fingerprint(), self.states(), set()
        for rule, codes in ACTIONS.items():
            for kind, code in zip(CALLERS, codes, strict=True):
                if rule.endswith(("/viewed", "/draft")) and kind == "strange":
                    continue  # to its own document it may do that
                with self.subTest(rule, kind=kind):
                    response = self.call(self.path(rule, token=self.tokens[kind]), **params)
                    self.assertEqual(response.status_code, 200)
                    self.assertPrivate(response, rule)
                    self.assertNotIn("Set-Cookie", response.headers)
                    answer = response.json()
                    if code == 404:
                        self.assertEqual(answer["error"]["code"], 404)
                        not_found.add(response.text)
                    elif code:
                        self.assertEqual(answer["result"]["error"]["code"], code)
                    else:
                        self.assertEqual(answer["result"], {})
        self.assertEqual(len(not_found), 1)
        self.assertNotIn("Traceback", not_found.pop())
        self.assertEqual(self.states(), states)
        # a try counts as a revision of the request, whether or not anything came of it
        self.assertLessEqual({row[0] for row in self.fingerprint() ^ before}, {"signature_request"})

    def states(self):
        self.env.invalidate_all()
        return {
            record: record.state
            for model in ("request", "signer")
            for record in self.env[f"signature.{model}"].search([])
        }

    @mute_logger("odoo.http")
    def test_calls_in_another_shape(self):
        params = {"nonce": "n", "reason": "No"}
        for rule in ACTIONS:
            path = self.path(rule, token=self.live)
            with self.subTest(rule):
                for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"):
                    self.assertEqual(self.url_open(path, method=method).status_code, 415, method)
                for headers in (
                    {},
                    {"Content-Type": "text/plain"},
                    {"Content-Type": "multipart/form-data; boundary=x"},
                ):
                    data = params if not headers else json.dumps({"params": params})
                    self.assertEqual(self.url_open(path, data=data, headers=headers).status_code, 415)
                for body in ("", "{", "[]", "7", '"x"', "null", "\ud800".encode("utf-8", "surrogatepass")):
                    response = self.url_open(
                        path, data=body, headers={"Content-Type": "application/json"}, method="POST"
                    )
                    self.assertEqual(response.status_code, 400, body)
                for body in ({"params": []}, {"params": "x"}, {"params": None}, {"params": {"token": "x"}}, {}):
                    response = self.url_open(path, json=body)
                    self.assertEqual(response.status_code, 200)
                    self.assertNotIn("Traceback", response.text)
        self.env.invalidate_all()
        self.assertIn(self.client.state, ("sent", "viewed"))


@tagged("post_install", "-at_install")
class TestAccountRoutes(RoutesCase):
    """Whoever has an account, or none."""

    def setUp(self):
        super().setUp()
        self.request, token = self.send()
        self.client, self.company = self.request.signer_ids.sorted("sequence")
        self.submit(token, self.client)
        self.submit(self.link_of(self.work(), "ceo@company.example"), self.company, nonce="c")
        self.work()
        self.assertEqual(self.request.state, "completed", self.request.failure)
        marked = self.client.field_ids.filtered(lambda field: field.type == "signature")
        # a picture to be shown, as an uploaded signature is
        png = self.env["ir.attachment"].create({"name": "p.png", "raw": plain(30, 10), "mimetype": "image/png"})
        marked.sudo().write({"value": PICTURE, "attachment_id": png.id})
        self.ids = {
            "signer_id": self.client.id,
            "field_id": marked.id,
            "template_id": self.template.id,
            "lead_id": self.request.res_id,
            "page": 1,
            "ids": self.request.id,
        }

    def ask(self, rule, ids, method="GET"):
        data = {"csrf_token": http.Request.csrf_token(self)} if method == "POST" else None
        return self.url_open(self.path(rule, **ids), method=method, data=data, allow_redirects=False)

    @mute_logger("odoo.http")
    def test_everybody_everywhere(self):
        nowhere = dict.fromkeys(self.ids, 2**31 - 1) | {"page": 1}
        for visitor in VISITORS:
            self.login(visitor)
            before = self.fingerprint()
            for rule, (status, insiders) in ACCOUNTS.items():
                with self.subTest(rule, visitor=visitor):
                    expected = 303 if visitor == "nobody" else status if visitor in insiders else 404
                    response = self.ask(rule, self.ids, "POST" if rule in POSTED else "GET")
                    self.assertEqual(response.status_code, expected)
                    self.assertPrivate(response, rule)
                    if visitor == "nobody":
                        self.assertRegex(response.headers["Location"], r"^/web/login\?redirect=")
                    if expected == 404:
                        # what is hidden looks like what is not there
                        missing = self.ask(rule, nowhere, "POST" if rule in POSTED else "GET")
                        self.assertEqual(missing.status_code, 404)
                        self.assertEqual(*(self._without_ids(answer.text) for answer in (response, missing)))
                        self.assertNotIn(self.request.name, response.text)
            if visitor != "client":
                self.assertUnwritten(before, visitor)

    def _without_ids(self, page):
        return re.sub(r"csrf_token: \"\w+\"|/\d+", "", page)

    @mute_logger("odoo.http")
    def test_other_methods_write_nothing(self):
        self.login("client")
        before = self.fingerprint()
        for rule in ACCOUNTS:
            for method in ("HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"):
                status = self.ask(rule, self.ids, method).status_code
                if rule in POSTED or method in ("PUT", "PATCH", "DELETE"):
                    self.assertEqual(status, 405, f"{method} {rule}")
        for rule in ACCOUNTS.keys() - POSTED:
            self.assertEqual(self.ask(rule, self.ids, "POST").status_code, 405)
        for token in (None, "", "x", "0" * 40):
            data = {} if token is None else {"csrf_token": token}
            path = self.path("/my/signatures/<int:signer_id>/open", **self.ids)
            self.assertEqual(self.url_open(path, data=data, method="POST").status_code, 400)
        self.assertUnwritten(before, "A forged form")

    def test_a_template_shows_no_record_that_one_may_not_see(self):
        secret = self._make_deal(name="Hidden deal")
        path = f"/signature_workflow/template/{self.template.id}"
        self.login("stranger")
        for page in ("document", "preview"):
            with mute_logger("odoo.http"):
                response = self.url_open(f"{path}/{page}", params={"record_id": secret.id})
            self.assertIn(response.status_code, (403, 404, 422))
            self.assertNotIn("Hidden deal", response.text)
        for odd in ("-1", "x", "99999999999999999999", "1 OR 1=1", "١", "0"):
            for name in ("record_id", "page"):
                response = self.url_open(f"{path}/preview", params={name: odd})
                self.assertIn(response.status_code, (200, 404, 422), f"{name}={odd}")

    @mute_logger("odoo.http")
    def test_evidence_of_several(self):
        # of a deal that the host does not see
        deal = self._make_deal(user_id=self.manager.id)
        hidden = self.template._make_requests(deal, signatory=self.signatory)
        self.login("host")
        mine = self.request.id
        for ids in (
            f"{mine},{hidden.id}",
            f"{hidden.id}",
            f"{mine},",
            f"{mine}, 1",
            "x",
            "-1",
            "0",
            "1" * 12,
            "١",
            ",",
        ):
            response = self.url_open(f"/signature_workflow/evidence/{ids}")
            self.assertEqual(response.status_code, 404, ids)
        self.assertEqual(self.url_open(f"/signature_workflow/evidence/{mine},{mine}").status_code, 200)

    def test_files_of_pdfjs_and_no_others(self):
        self.authenticate(None, None)
        self.assertEqual(self.url_open("/signature_workflow/pdfjs/pdf.js").status_code, 200)
        for name in ("..", "%2e%2e%2fpdf.js", "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "pdf.sandbox.js", "pdf.js%00"):
            self.assertEqual(self.url_open(f"/signature_workflow/pdfjs/{name}").status_code, 404, name)
