import json

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import LINK, SignatureCase


@tagged("post_install", "-at_install")
class TestChangeSigner(SignatureCase):
    """After sending, somebody else takes part, or is reached in another way."""

    def setUp(self):
        super().setUp()
        self.deal = self._make_deal()
        self.deal.stage_id = self.stage_sign
        self.token = self.link_of(self.work(), "zoe@client.example")
        self.request = self.requests_of(self.deal)
        self.client, self.company = self.request.signer_ids
        self.deputy = self.env["res.partner"].create(
            {"name": "Deputy", "email": "Deputy <deputy@client.example>", "phone": "+40 721 234 567", "lang": "en_US"}
        )

    def dialog(self, signer=None, user=None):
        user = user or self.salesman
        action = (signer or self.client).with_user(user).action_change()
        return Form(self.env["signature.signer.change"].with_user(user).with_context(**action["context"]))

    def from_token(self, token):
        return self.env["signature.signer"]._from_token(token)

    def test_another_contact(self):
        viewer = self.from_token(self.token)
        viewer._record_view({})
        viewer._keep_draft({"PO": "between us"})
        dialog = self.dialog()
        self.assertEqual(
            (dialog.partner_id, dialog.name, dialog.email), (self.partner, self.client.name, self.client.email)
        )
        self.assertTrue(dialog.loses_input)
        dialog.partner_id = self.deputy
        self.assertEqual((dialog.name, dialog.email, dialog.phone), ("Deputy", "deputy@client.example", "+40721234567"))
        outcome = dialog.save().action_change()
        self.assertIn("Deputy gets a new link", outcome["params"]["message"])
        mails = self.work()
        self.assertEqual([mail["email_to"] for mail in mails], [['"Deputy" <deputy@client.example>']])
        fresh = self.from_token(self.link_of(mails, "deputy@client.example"))
        self.assertEqual(fresh, self.client)
        self.assertEqual((fresh.state, fresh.partner_id, fresh.name), ("sent", self.deputy, "Deputy"))
        self.assertFalse(fresh.draft or fresh.date_viewed)
        # who held the old link learns that it is over
        self.assertFalse(self.from_token(self.token))
        self.assertEqual(self.env["signature.link"]._find(self.token).revoked, "changed")
        self.sign(fresh)
        self.assertEqual(self.client.state, "signed")

    def test_it_is_recorded(self):
        dialog = self.dialog()
        dialog.partner_id = self.deputy
        dialog.save().action_change()
        changed, sent = self.request.event_ids[-2:]
        self.assertEqual((changed.kind, changed.user_id, changed.signer_id), ("changed", self.salesman, self.client))
        self.assertEqual(
            json.loads(changed.data),
            {
                "by": "Saul",
                "from": ["Zoë Țăndărică", "zoe@client.example", "", "email"],
                "to": ["Deputy", "deputy@client.example", "+40721234567", "email"],
            },
        )
        self.assertEqual(sent.kind, "link_sent")
        notes = " ".join(self.deal.message_ids[:2].mapped("body"))
        self.assertIn("Deputy takes part in “Agreement – Big deal” instead of Zoë Țăndărică.", notes)
        self.assertNotRegex(notes, LINK)
        self.request.event_ids._verify_chain()

    def test_same_person_at_another_address(self):
        dialog = self.dialog()
        dialog.email = "Zoe <zoe@home.example>"
        dialog.save().action_change()
        self.link_of(self.work(), "zoe@home.example")
        self.assertEqual((self.client.email, self.client.partner_id), ("zoe@home.example", self.partner))
        self.assertEqual(self.partner.email, "zoe@client.example")
        self.assertFalse(self.from_token(self.token))
        self.assertIn("How Zoë Țăndărică is reached", " ".join(self.deal.message_ids[:2].mapped("body")))

    def test_somebody_who_is_no_contact(self):
        dialog = self.dialog()
        dialog.partner_id = self.env["res.partner"]
        dialog.name, dialog.email = "Ann", "ann@client.example"
        dialog.save().action_change()
        self.link_of(self.work(), "ann@client.example")
        self.assertEqual((self.client.name, self.client.partner_id.id), ("Ann", False))

    def test_by_hand(self):
        dialog = self.dialog()
        dialog.channel = "manual"
        outcome = dialog.save().action_change()
        self.assertIn("Show Zoë Țăndărică a new one", outcome["params"]["message"])
        self.assertFalse(self.work())
        self.assertFalse(self.from_token(self.token))

    def test_their_turn_has_not_come(self):
        dialog = self.dialog(self.company)
        dialog.partner_id = self.deputy
        outcome = dialog.save().action_change()
        self.assertIn("Deputy gets a link when it is their turn", outcome["params"]["message"])
        self.assertFalse(self.work())
        self.assertEqual(self.company.state, "waiting")
        self.sign(self.client)
        self.link_of(self.work(), "deputy@client.example")

    def test_missing_addresses_are_told(self):
        self.deputy.write({"email": False, "phone": "12"})
        for channel, problem in (("email", "no valid e-mail"), ("sms", "no phone number"), ("both", "no valid e-mail")):
            dialog = self.dialog()
            dialog.partner_id, dialog.channel = self.deputy, channel
            dialog.email, dialog.phone = "not an address", "12"
            with self.assertRaisesRegex(UserError, f"Deputy has {problem}"):
                dialog.save().action_change()
        self.assertEqual(self.client.name, self.partner.name)
        self.assertTrue(self.from_token(self.token))

    def test_nobody(self):
        change = self.env["signature.signer.change"].with_user(self.salesman)
        nobody = change.create({"signer_id": self.client.id, "name": " ", "channel": "manual"})
        with self.assertRaisesRegex(UserError, "Choose a contact, or enter the name"):
            nobody.action_change()

    def test_access_code_belongs_to_the_contact(self):
        self.client.authentication = "code"
        dialog = self.dialog()
        dialog.partner_id = self.deputy
        change = dialog.save()
        with self.assertRaisesRegex(UserError, "Deputy has no access code"):
            change.action_change()
        self.deputy.signature_access_code = "blue elephant"
        change.action_change()
        self.assertEqual(self.client.partner_id, self.deputy)

    def test_too_late(self):
        signed, cancelled = self.dialog().save(), self.dialog(self.company).save()
        self.sign(self.client)
        with self.assertRaisesRegex(UserError, "Zoë Țăndărică cannot be changed any more"):
            signed.action_change()
        self.request.action_cancel()
        with self.assertRaisesRegex(UserError, "Ceo cannot be changed any more"):
            cancelled.action_change()

    def test_only_those_who_may_change_the_record(self):
        other = self._make_user("other", "sales_team.group_sale_salesman")
        changes = self.env["signature.signer.change"].with_user(other)
        with self.assertRaises(AccessError):
            changes.with_context(default_signer_id=self.client.id).default_get(["signer_id", "name"])
        with self.assertRaises(AccessError):
            changes.create({"signer_id": self.client.id, "name": "Eve", "channel": "manual"})
        own = self.send().with_context(mail_notrack=True)
        own._record().user_id = other
        change = changes.create({"signer_id": own.signer_ids[0].id, "name": "Eve", "channel": "manual"})
        with self.assertRaises(AccessError):
            change.signer_id = self.client
        change = self.dialog().save()
        self.deal.user_id = self.manager
        with self.assertRaises(AccessError):
            change.action_change()
        self.assertEqual(self.client.state, "sent")

    def test_contact_that_one_may_not_read(self):
        company = self.env["res.company"].create({"name": "Other company"})
        secret = self.env["res.partner"].create({"name": "Secret", "company_id": company.id})
        change = self.dialog().save()
        with self.assertRaises(AccessError):
            change.write({"partner_id": secret.id})
            change.action_change()
        self.assertEqual(self.client.name, self.partner.name)
