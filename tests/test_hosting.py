import json
from urllib.parse import urlsplit

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged, users
from odoo.tools import mute_logger

from .common import LINK, SignatureCase
from .test_http_signing import SignatureHttpCase


@tagged("post_install", "-at_install")
class TestHosting(SignatureCase):
    """The salesperson shows the link, or hands the device over."""

    def setUp(self):
        super().setUp()
        self.deal = self._make_deal()
        self.request = self.send(self.deal)
        self.client, self.company = self.request.signer_ids

    def by(self, user, signer=None):
        return (signer or self.client).with_user(user)

    def kinds(self):
        return self.request.event_ids.mapped("kind")

    def signer_of(self, url):
        return self.env["signature.signer"]._from_token(urlsplit(url).path.rpartition("/")[2])

    def test_shown_link(self):
        action = self.by(self.salesman).action_show_link()
        params = action["params"]
        self.assertEqual(self.signer_of(params["url"]), self.client)
        self.assertEqual((params["name"], params["isTablet"]), (self.client.name, False))
        self.assertRegex(params["qr"]["path"], r"\AM4 4h7v1")
        event = self.request.event_ids[-1]
        self.assertEqual((event.kind, event.user_id, event.signer_id), ("link_shown", self.salesman, self.client))
        note = self.deal.message_ids[0].body
        self.assertIn("Saul has been shown the link of Zoë", note)
        self.assertNotRegex(note + event.data, LINK)
        # it signs, and nobody is said to have been there
        self.sign(self.signer_of(params["url"]))
        self.assertEqual((self.client.state, self.client.host_id.id), ("signed", False))
        # but by whose hands the link came
        data = json.loads(self.request.event_ids[-1].data)
        self.assertEqual((data["link"], data["link_by"]), ("shown", "Saul"))

    def test_link_that_was_sent_is_not_worth_a_word(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.sign(self.signer_of(f"/sign/{self.link_of(self.work(), self.client.email)}"))
        event = self.requests_of(deal).event_ids[-1]
        self.assertEqual(event.kind, "signed")
        self.assertFalse({"link", "link_by"} & set(json.loads(event.data)))

    def test_shown_link_is_stored_nowhere(self):
        url = self.by(self.salesman).action_show_link()["params"]["url"]
        token = url.rpartition("/")[2]
        self.assertStoredNowhere(token)

    def test_device_handed_over(self):
        action = self.by(self.salesman).action_sign_here()
        self.assertEqual((action["type"], action["target"]), ("ir.actions.act_url", "self"))
        # this very host: its session is the one that goes
        self.assertTrue(action["url"].startswith("/sign/"))
        event = self.request.event_ids[-1]
        self.assertEqual((event.kind, event.user_id), ("handed_over", self.salesman))
        self.assertEqual(json.loads(event.data), {"host": "Saul"})
        self.assertIn("Saul lets Zoë", self.deal.message_ids[0].body)
        self.sign(self.signer_of(action["url"]))
        self.assertEqual((self.client.state, self.client.host_id), ("signed", self.salesman))
        data = json.loads(self.request.event_ids[-1].data)
        self.assertEqual((data["link"], data["link_by"]), ("in_person", "Saul"))

    def test_code_for_the_tablet(self):
        params = self.by(self.salesman).action_show_tablet_link()["params"]
        self.assertTrue(params["isTablet"])
        self.assertEqual(self.kinds()[-1], "handed_over")
        signer = self.signer_of(params["url"])
        self.assertEqual(signer._host(), self.salesman)
        signer._return_device({})
        self.assertFalse(self.signer_of(params["url"]))

    def test_only_those_with_the_right(self):
        clerk = self._make_user("clerk", "sales_team.group_sale_salesman_all_leads")
        host = self.env.ref("signature_workflow.group_host")
        self.env.ref("sales_team.group_sale_salesman").implied_ids -= host
        self.assertFalse(clerk.has_group("signature_workflow.group_host"))
        for method in ("action_show_link", "action_show_tablet_link", "action_sign_here"):
            with self.assertRaisesRegex(AccessError, "You may not show the link of Zoë"):
                getattr(self.by(clerk), method)()
            self.assertTrue(getattr(self.by(self.manager), method)())

    def test_only_those_who_may_change_the_record(self):
        other = self._make_user("other", "sales_team.group_sale_salesman")
        reader = self._make_user("reader", "base.group_user")
        reader.group_ids += self.env.ref("signature_workflow.group_host")
        self.env["ir.model.access"].create(
            {
                "name": "readers",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "group_id": self.env.ref("base.group_user").id,
                "perm_read": True,
            }
        )
        self.deal.user_id = self.salesman
        before = self.kinds()
        for user in (other, reader):
            for method in ("action_show_link", "action_show_tablet_link", "action_sign_here"):
                with self.assertRaises(AccessError):
                    getattr(self.by(user), method)()
        self.assertEqual(self.kinds(), before)

    def test_colleague_signs_from_their_own_account(self):
        self.sign(self.client)
        self.work()
        links = self.company.sudo().link_ids
        for method in ("action_show_link", "action_show_tablet_link", "action_sign_here"):
            for user in (self.salesman, self.manager, self.signatory):
                with self.assertRaisesRegex(UserError, "Ceo is a colleague"):
                    getattr(self.by(user, self.company), method)()
        with self.assertRaisesRegex(UserError, "not your turn"):
            self.by(self.salesman, self.company).action_open_mine()
        action = self.by(self.signatory, self.company).action_open_mine()
        self.assertRegex(action["url"], "/sign/[A-Za-z0-9_-]{43}$")
        made = self.company.sudo().link_ids - links
        self.assertEqual((made.create_uid, made.channel), (self.signatory, "portal"))

    def test_order_holds(self):
        for method in ("action_show_link", "action_show_tablet_link", "action_sign_here"):
            with self.assertRaisesRegex(UserError, "not the turn of Ceo"):
                getattr(self.by(self.signatory, self.company), method)()
        self.sign(self.client)
        with self.assertRaisesRegex(UserError, "not the turn of Zoë"):
            self.by(self.salesman).action_sign_here()

    def test_who_only_reads_signs_nothing(self):
        self.client.participation = "view"
        with self.assertRaisesRegex(UserError, "only reads this document"):
            self.by(self.salesman).action_sign_here()
        self.assertFalse(self.by(self.salesman).action_show_link()["params"]["canHandOver"])

    def test_cancel_with_a_reason(self):
        wizard = self.env["signature.request.cancel"].with_user(self.salesman)
        wizard.create({"request_id": self.request.id, "reason": " The price was wrong \n"}).action_cancel()
        self.assertEqual((self.request.state, self.request.cancel_reason), ("cancelled", "The price was wrong"))
        self.assertIn("The price was wrong", self.deal.message_ids[0].body)
        with self.assertRaisesRegex(UserError, "cannot be cancelled any more"):
            wizard.create({"request_id": self.request.id}).action_cancel()

    def test_cancel_without_the_right(self):
        other = self._make_user("other", "sales_team.group_sale_salesman")
        wizard = self.env["signature.request.cancel"].with_user(other)
        with self.assertRaises(AccessError):
            wizard.create({"request_id": self.request.id, "reason": "Mine"})
        self.assertEqual(self.request.state, "sent")

    @users("manager")
    def test_reasons_are_for_managers(self):
        reasons = self.env["signature.decline.reason"]
        self.assertTrue(reasons.has_access("create"))
        self.assertFalse(reasons.with_user(self.salesman).has_access("create"))


@tagged("post_install", "-at_install")
class TestSeenAs(SignatureHttpCase):
    """The sender sees what the signer sees, and nothing is counted."""

    def setUp(self):
        super().setUp()
        self.request, self.token = self.send()
        self.client, self.company = self.request.signer_ids

    def trace(self):
        self.env.invalidate_all()
        self.env.flush_all()
        events, links = len(self.request.event_ids), self.env["signature.link"].search_count([])
        return self.request.revision, events, links, self.client.state, self.client.date_viewed, self.client.draft

    def see(self, signer, tail="", **kwargs):
        return self.url_open(f"/signature_workflow/signer/{signer.id}{tail}", **kwargs)

    def test_the_page_of_the_signer(self):
        self.call(f"/sign/{self.token}/draft", draft={"PO": "between us"})
        before = self.trace()
        self.authenticate("saul", "saul-password")
        page = self.see(self.client)
        self.assertEqual(page.status_code, 200)
        self.assertIn("Agreement", page.text)
        self.assertNotIn("between us", page.text)
        self.assertNotIn(self.token, page.text)
        self.assertIn("no-store", page.headers["Cache-Control"])
        self.assertIn("frame-ancestors 'none'", page.headers["Content-Security-Policy"])
        document = self.see(self.client, "/document")
        self.assertEqual(document.content, self.request.original_id.raw)
        self.assertEqual(self.trace(), before)

    def test_before_their_turn_and_without_their_code(self):
        self.company.authentication = "email"
        self.authenticate("saul", "saul-password")
        self.assertIn("Agreement", self.see(self.company).text)
        self.assertEqual(self.see(self.company, "/document").status_code, 200)

    def test_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.client.lang = "fr_FR"
        self.authenticate("saul", "saul-password")
        self.assertRegex(self.see(self.client).text, r'<html[^>]*lang="fr')

    @mute_logger("odoo.http")
    def test_nothing_can_be_done_there(self):
        before = self.trace()
        self.authenticate("saul", "saul-password")
        for tail in ("/viewed", "/draft", "/submit", "/decline", "/forward", "/code", "/code/check", "/return"):
            response = self.call(f"/signature_workflow/signer/{self.client.id}{tail}", values={}, consent=True)
            self.assertEqual(response.status_code, 404, tail)
        self.assertEqual(self.trace(), before)

    @mute_logger("odoo.http")
    def test_others_see_nothing(self):
        tails = ("", "/document", f"/picture/{self.client.field_ids[0].id}")
        for tail in tails:
            answer = self.see(self.client, tail, allow_redirects=False)
            self.assertEqual(answer.status_code, 303)
            self.assertIn("/web/login", answer.headers["Location"])
        self._make_user("other", "sales_team.group_sale_salesman")
        self._make_user("stranger", "base.group_user")
        self._make_user("portal", "base.group_portal")
        for login in ("other", "stranger", "portal"):
            self.authenticate(login, f"{login}-password")
            for tail in tails:
                self.assertEqual(self.see(self.client, tail).status_code, 404, (login, tail))
        self.authenticate("saul", "saul-password")
        self.assertEqual(self.see(self.env["signature.signer"].browse(2**31 - 1)).status_code, 404)
