from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged, users
from odoo.tools import mute_logger

from .common import LINK, SignatureCase

# `init` is private in Odoo's own class, and so in every other one
ORM_METHODS = {"create", "write", "unlink", "copy_data", "init"}
MODELS = (
    "signature.request",
    "signature.signer",
    "signature.request.field",
    "signature.event",
    "signature.reaction",
    "signature.rule.run",
)


@tagged("post_install", "-at_install")
class TestAccess(SignatureCase):
    """Who sees and changes what."""

    def _record(self, model, request):
        if model == "signature.request":
            return request
        return self.env[model].search([("request_id", "=", request.id)], limit=1)

    def test_seen_by_those_who_see_the_deal(self):
        other = self._make_user("other", "sales_team.group_sale_salesman")
        stranger = self._make_user("stranger", "base.group_user")
        request = self.send()
        self.complete(request)
        for model in MODELS:
            record = self._record(model, request)
            self.assertTrue(record, model)
            with self.subTest(model):
                for user, sees in ((self.salesman, True), (self.manager, True), (other, False)):
                    theirs = record.with_user(user)
                    found = theirs.search([("id", "=", record.id)])
                    self.assertEqual(bool(found), sees, user.login)
                    self.assertEqual(theirs.has_access("read"), sees, user.login)
                with self.assertRaises(AccessError):
                    record.with_user(stranger).read(["id"])

    def test_hidden_record_stays_hidden_beside_one_of_another_company(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        other = self._make_user("other", "sales_team.group_sale_salesman")
        hidden = self.send(self._make_deal(company_id=self.env.company.id))
        foreign = self.send(self._make_deal(name="Foreign"))
        foreign.sudo().company_id = elsewhere
        both = (hidden + foreign).with_user(other)
        self.assertFalse(both._filtered_access("read"))
        self.assertFalse((hidden + foreign).signer_ids.with_user(other)._filtered_access("read"))
        attachments = (hidden + foreign).original_id
        self.assertFalse(attachments.with_user(other)._filtered_access("read"))

    def test_reading_is_not_enough_to_cancel(self):
        request = self.send()
        reader = self._make_user("reader", "base.group_user")
        reader.group_ids += self.env.ref("signature_workflow.group_user")
        self.env["ir.model.access"].create(
            {
                "name": "readers",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "group_id": self.env.ref("base.group_user").id,
                "perm_read": True,
            }
        )
        self.assertTrue(request.with_user(reader).has_access("read"))
        for record, method in ((request, "action_cancel"), (request.signer_ids[0], "action_resend")):
            with self.assertRaises(AccessError):
                getattr(record.with_user(reader), method)()

    def test_nobody_writes_by_rpc(self):
        request = self.send()
        self.complete(request)
        for model in MODELS:
            record = self._record(model, request)
            for user in (self.salesman, self.manager, self.env.ref("base.user_admin")):
                with self.subTest(model=model, user=user.login):
                    for operation in ("write", "unlink", "create"):
                        self.assertFalse(record.with_user(user).has_access(operation))

    def test_methods_that_move_states_are_private(self):
        for model in (*MODELS, "signature.link", "signature.key", "signature.template"):
            public = {
                name
                for cls in type(self.env[model]).mro()
                if cls.__module__.startswith("odoo.addons.signature_workflow")
                for name, value in vars(cls).items()
                if callable(value) and not name.startswith(("_", "action_")) and name not in ORM_METHODS
            }
            # the visual editor's, which check for themselves (TestEditorMethods)
            self.assertFalse(public - {"editor_load", "editor_save"}, model)

    def test_salesman_cannot_act_on_what_they_do_not_see(self):
        other = self._make_user("other", "sales_team.group_sale_salesman")
        request = self.send(partner_id=False)
        for method in ("action_retry", "action_cancel"):
            with self.assertRaises(AccessError):
                getattr(request.with_user(other), method)()

    def test_companies(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        foreign = self._make_user("foreign", "sales_team.group_sale_manager")
        foreign.write({"company_ids": [Command.set(elsewhere.ids)], "company_id": elsewhere.id})
        request = self.send(self._make_deal(company_id=self.env.company.id))
        self.complete(request)
        self.template.company_id = self.env.company
        for model in (*MODELS, "signature.template"):
            record = self.template if model == "signature.template" else self._record(model, request)
            with self.subTest(model):
                self.assertFalse(record.with_user(foreign).search([("id", "=", record.id)]))

    def test_salesman_reads_templates_and_rules_manager_writes(self):
        for record in (self.template, self.rule, self.role_client, self.template.role_ids[0]):
            self.assertTrue(record.with_user(self.salesman).has_access("read"))
            self.assertFalse(record.with_user(self.salesman).has_access("write"))
            self.assertTrue(record.with_user(self.manager).has_access("write"))

    @users("manager")
    def test_keys_are_for_administrators(self):
        with self.assertRaises(AccessError):
            self.env["signature.key"].search([])
        key = self.env["signature.key"].sudo()._get_active(self.env.company)
        self.assertNotIn("private_key", key.with_user(self.env.ref("base.user_admin")).fields_get())


@tagged("post_install", "-at_install")
class TestSecrets(SignatureCase):
    """The secret link is known to its signer and to nobody else."""

    def test_token_is_stored_nowhere(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        token = self.link_of(self.work(), "zoe@client.example")
        self.assertStoredNowhere(token)

    def test_secrets_of_a_signer_are_for_nobody(self):
        for user in (self.manager, self.env.ref("base.user_admin")):
            readable = self.env["signature.signer"].with_user(user).fields_get()
            self.assertFalse({"nonce", "link_ids"} & set(readable))
            self.assertFalse(self.env["signature.link"].with_user(user).has_access("read"))

    def test_chatter_has_no_link(self):
        deal = self._make_deal()
        request = self.send(deal)
        self.complete(request)
        bodies = " ".join(deal.message_ids.mapped("body"))
        self.assertIn("signed", bodies)
        self.assertIsNone(LINK.search(bodies))

    def test_whoever_sends_again_does_not_read_the_link(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.work()
        client = self.requests_of(deal).signer_ids[0]
        client.with_user(self.salesman).action_resend()
        mail = self.env["mail.mail"].search([("signature_signer_id", "=", client.id)])
        self.assertIn("/sign/", mail.body_html)
        for user in (self.salesman, self.manager):
            self.assertFalse(self.env["mail.message"].with_user(user).search([("body", "ilike", "/sign/")]))
            self.assertFalse(mail.mail_message_id.with_user(user).has_access("read"))
        message = mail.mail_message_id
        self.assertFalse(message.body or message.model or message.res_id)
        self.link_of(self.work(), client.email)

    def test_defaults_of_whoever_sends_again_do_not_get_into_the_mail(self):
        client = self.send().signer_ids[0]
        spy = {"default_email_cc": "spy@company.example", "default_recipient_ids": [(4, self.salesman.partner_id.id)]}
        client.with_user(self.salesman).with_context(**spy).action_resend()
        (mail,) = self.work()
        self.assertEqual((mail["email_to"], mail["email_cc"]), ([client.email_formatted], []))

    def test_links_do_not_follow_the_host_header(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://sign.company.example")
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.assertIn("https://sign.company.example/sign/", self.work()[0]["body"])

    def test_unknown_tokens(self):
        signer = self.env["signature.signer"]
        for token in ("", "x", "A" * 43, "A" * 44, "ș" * 43, None, 7):
            self.assertFalse(signer._from_token(token))

    def test_revoked_link(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        token = self.link_of(self.work(), "zoe@client.example")
        signer = self.env["signature.signer"]._from_token(token)
        self.assertTrue(signer)
        signer.link_ids._revoke("resent")
        self.assertFalse(self.env["signature.signer"]._from_token(token))

    @mute_logger("odoo.sql_db")
    def test_audit_trail_is_append_only(self):
        event = self.send().event_ids[0]
        with self.assertRaises(UserError):
            event.sudo().write({"ip": "1.2.3.4"})
        with self.assertRaises(UserError):
            event.sudo().unlink()

    def test_key_is_encrypted_and_the_secret_not_in_the_database(self):
        key = self.env["signature.key"]._get_active(self.env.company)
        self.assertNotIn("PRIVATE KEY", key.private_key)
        secret = self.env["signature.key"]._secret().decode()
        self.env.cr.execute("SELECT 1 FROM ir_config_parameter WHERE value = %s", [secret])
        self.assertFalse(self.env.cr.fetchall())
