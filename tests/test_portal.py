from odoo import http
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .common import LINK, STROKES, SignatureFixture


class PortalCase(SignatureFixture, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client_user = cls._make_portal_user("zoe", cls.partner)
        company = cls.env["res.partner"].create({"name": "Azure", "is_company": True})
        cls.partner.parent_id = company
        cls.neighbour = cls._make_portal_user(
            "nick",
            cls.env["res.partner"].create({"name": "Nick", "email": "nick@client.example", "parent_id": company.id}),
        )

    @classmethod
    def _make_portal_user(cls, login, partner):
        return cls.env["res.users"].create(
            {
                "login": login,
                "password": f"{login}-password",
                "partner_id": partner.id,
                "group_ids": [(6, 0, [cls.env.ref("base.group_portal").id])],
            }
        )

    def send(self, **values):
        """Send a deal's document; return the request."""
        deal = self._make_deal(**values)
        deal.stage_id = self.stage_sign
        self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        return request

    def sign(self, signer):
        signer = signer.sudo()
        by_type = {"signature": STROKES, "name": signer.name, "checkbox": True}
        answers = {field.id: by_type[field.type] for field in signer.field_ids if field.type in by_type}
        signer._submit(answers, f"nonce-{signer.id}", signer.request_id.original_sha256, {"ip": "192.0.2.7"})
        self.work()

    def login(self, login):
        self.authenticate(login, f"{login}-password")

    def listed(self, **params):
        """Return the page of one's documents."""
        response = self.url_open("/my/signatures", params=params)
        self.assertEqual(response.status_code, 200)
        return response.text

    def press(self, signer):
        """Press *Sign* beside a document, or send what that would send."""
        data = {"csrf_token": http.Request.csrf_token(self)}
        return self.url_open(f"/my/signatures/{signer.id}/open", data=data, allow_redirects=False)


@tagged("post_install", "-at_install")
class TestPortal(PortalCase):
    """Clients find their documents in their account, and nobody else's."""

    def test_sign_from_the_account(self):
        request = self.send()
        client = request.signer_ids[0]
        self.login("zoe")
        page = self.listed(filterby="waiting")
        self.assertIn(request.name, page)
        self.assertIn(f"/my/signatures/{client.id}/open", page)
        self.assertNotRegex(page, LINK)
        links = self.env["signature.link"].sudo()
        before = links.search_count([])
        self.assertEqual(self.url_open(f"/my/signatures/{client.id}/open").status_code, 405)
        self.assertEqual(links.search_count([]), before)
        response = self.press(client)
        self.assertEqual((response.status_code, response.headers["Cache-Control"]), (303, "no-store"))
        token = LINK.search(response.headers["Location"])[1]
        link = links._find(token)
        self.assertEqual((link.signer_id, link.channel, link.create_uid), (client, "portal", self.client_user))
        self.assertEqual(request.event_ids[-1].kind, "link_sent")
        self.assertIn("zoe", request.event_ids[-1].data)
        self.assertEqual(self.url_open(f"/sign/{token}").status_code, 200)
        # to be there is not to have viewed it
        self.assertEqual(client.state, "sent")

    def test_a_form_of_another_site_opens_nothing(self):
        client = self.send().signer_ids[0]
        self.login("zoe")
        with mute_logger("odoo.http"):
            response = self.url_open(f"/my/signatures/{client.id}/open", data={"csrf_token": ""})
        self.assertEqual(response.status_code, 400)
        self.assertNotIn("portal", client.sudo().link_ids.mapped("channel"))

    def test_others_find_nothing(self):
        request = self.send()
        client = request.signer_ids[0]
        for path in (f"/my/signatures/{client.id}/copy", "/my/signatures"):
            self.assertIn("/web/login", self.url_open(path).url)
        for login in ("nick", "manager"):
            self.login(login)
            with self.subTest(login):
                self.assertNotIn(request.name, self.listed())
                self.assertEqual(self.press(client).status_code, 404)
        self.sign(client)
        self.sign(request.signer_ids[1])
        self.assertEqual(request.state, "completed", request.failure)
        for login in ("nick", "manager"):
            self.login(login)
            with self.subTest(login):
                self.assertEqual(self.url_open(f"/my/signatures/{client.id}/copy").status_code, 404)
                self.assertEqual(self.url_open("/my/signatures/99999999/copy").status_code, 404)
        self.assertNotIn("portal", client.sudo().link_ids.mapped("channel"))

    def test_groups_and_signed_copy(self):
        request = self.send()
        client, company = request.signer_ids
        self.login("zoe")
        copy = f"/my/signatures/{client.id}/copy"
        self.assertEqual(self.url_open(copy).status_code, 404)
        self.sign(client)
        self.assertIn("Nothing waits for you", self.listed(filterby="waiting"))
        self.assertIn("Signed by you", self.listed(filterby="progress"))
        self.sign(company)
        self.assertEqual(request.state, "completed", request.failure)
        self.assertNotIn(request.name, self.listed(filterby="progress"))
        self.assertIn(copy, self.listed(filterby="done"))
        response = self.url_open(copy)
        self.assertEqual(response.content, request.final_id.raw)
        self.assertIn("attachment", response.headers["Content-Disposition"])
        self.assertEqual(response.headers["Cache-Control"], "no-store")

    def test_signed_copy_behind_a_code(self):
        self.partner.signature_access_code = "Blue Horse 7"
        request = self.send()
        client, company = request.signer_ids
        for signer in (client, company):
            self.sign(signer)
        client.sudo().authentication = "code"
        self.login("zoe")
        page = self.listed(filterby="done")
        self.assertIn(request.name, page)
        copy = f"/my/signatures/{client.id}/copy"
        self.assertNotIn(copy, page)
        self.assertIn(f"/my/signatures/{client.id}/open", page)
        self.assertEqual(self.url_open(copy).status_code, 404)
        # the page asks for the code
        token = LINK.search(self.press(client).headers["Location"])[1]
        self.assertEqual(self.url_open(f"/sign/{token}/document").status_code, 404)

    def test_others_of_a_group_get_no_copy(self):
        both = self.client_user.partner_id | self.neighbour.partner_id
        self.role_client.write({"policy": "group", "member_ids": [(6, 0, both.ids)]})
        request = self.send()
        nick, zoe, company = request.signer_ids.sorted(lambda signer: (signer.sequence, signer.name))
        self.login("zoe")
        self.assertIn(request.name, self.listed(filterby="waiting"))
        for signer in (nick, company):
            self.sign(signer)
        self.assertEqual((request.state, zoe.state), ("completed", "skipped"), request.failure)
        self.assertNotIn(request.name, self.listed())
        self.assertEqual(self.press(zoe).status_code, 404)
        self.assertEqual(self.url_open(f"/my/signatures/{zoe.id}/copy").status_code, 404)
        self.login("nick")
        self.assertEqual(self.url_open(f"/my/signatures/{nick.id}/copy").content, request.final_id.raw)

    def test_ended(self):
        request = self.send()
        request.action_cancel()
        self.login("zoe")
        self.assertIn(request.name, self.listed(filterby="ended"))
        self.assertNotIn(request.name, self.listed(filterby="waiting"))

    def test_who_gets_the_copy_sees_it_when_it_is_there(self):
        copy = self.env["signature.role"].create(
            {"name": "Accountant", "policy": "partner", "partner_id": self.neighbour.partner_id.id}
        )
        self.template.role_ids = [(0, 0, {"role_id": copy.id, "participation": "copy"})]
        request = self.send()
        reader = request.signer_ids.filtered(lambda signer: signer.role_id == copy)
        self.login("nick")
        self.assertNotIn(request.name, self.listed())
        self.assertEqual(self.press(reader).status_code, 404)
        for signer in (request.signer_ids - reader).sorted("sequence"):
            self.sign(signer)
        self.assertEqual(request.state, "completed", request.failure)
        self.assertIn(request.name, self.listed(filterby="done"))
        self.assertEqual(self.url_open(f"/my/signatures/{reader.id}/copy").content, request.final_id.raw)

    def test_not_before_ones_turn(self):
        request = self.send()
        self.login("ceo")
        self.assertNotIn(request.name, self.listed())
        self.assertEqual(self.press(request.signer_ids[1]).status_code, 404)
        self.sign(request.signer_ids[0])
        self.assertIn(request.name, self.listed(filterby="waiting"))

    def test_tests_are_not_listed(self):
        to_oneself = {"is_test": True, "user_id": self.salesman.id}
        self.template._make_requests(self._make_deal(), signatory=self.signatory, **to_oneself)
        self.work()
        self.login("saul")
        self.assertIn("There are no documents yet", self.listed())

    def test_search_sort_and_pages(self):
        first, second = self.send(name="Blue house"), self.send(name="Green house")
        self.login("zoe")
        page = self.listed(search="Blue")
        self.assertIn(first.name, page)
        self.assertNotIn(second.name, page)
        self.assertIn("No document has", self.listed(search="<b>Red</b>"))
        self.assertIn("&lt;b&gt;Red", self.listed(search="<b>Red</b>"))
        self.assertIn(first.name, self.listed(search="Bl\0ue"))
        for sortby, newest_first in (("newest", True), ("oldest", False), ("nonsense", True)):
            page = self.listed(sortby=sortby, filterby="nonsense")
            self.assertEqual(page.index("Green house") < page.index("Blue house"), newest_first)
        self.assertEqual(self.url_open("/my/signatures/page/9").status_code, 200)

    def test_home_counts(self):
        self.send()
        self.login("zoe")
        home = self.url_open("/my").text
        self.assertIn("Documents to sign", home)
        counts = self.make_jsonrpc_request("/my/counters", {"counters": ["signature_waiting_count", "signature_count"]})
        self.assertEqual(counts, {"signature_waiting_count": 1, "signature_count": 1})

    def test_address_in_mails_leads_to_ones_own_documents(self):
        request = self.send()
        self.assertIn("/web/login", self.url_open(f"/my/signatures/crm.lead/{request.res_id}").url)
        self.login("nick")
        response = self.url_open(f"/my/signatures/crm.lead/{request.res_id}")
        self.assertTrue(response.url.endswith("/my/signatures"))
        self.assertNotIn(request.name, response.text)


@tagged("post_install", "-at_install")
class TestTopBar(PortalCase):
    """Colleagues see in the top bar what waits for them."""

    def group(self, user):
        groups = self.env["res.users"].with_user(user)._get_activity_groups()
        return next((group for group in groups if group["type"] == "signature"), None)

    def test_count(self):
        request = self.send()
        self.assertFalse(self.group(self.signatory))
        self.sign(request.signer_ids[0])
        group = self.group(self.signatory)
        self.assertEqual((group["name"], group["total_count"]), ("Waiting for my signature", 1))
        self.assertFalse(self.group(self.salesman))
        self.sign(request.signer_ids[1])
        self.assertFalse(self.group(self.signatory))

    def test_one_query(self):
        self.group(self.salesman)
        signers = self.env["signature.signer"].sudo()
        with self.assertQueryCount(1):
            signers.search_count(signers._waiting_domain(self.salesman))
