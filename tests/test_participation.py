import json

from odoo.addons.signature_workflow.signature_workflow.models.refused import SubmitRefused
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import SignatureCase


class ParticipationCase(SignatureCase):
    """The client signs first; then a checker approves, a reader reads, and the archive gets the copy."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.checker, cls.reader, cls.archive = cls.env["signature.role"].create(
            [
                {"name": name, "policy": "partner", "partner_id": partner.id}
                for name, partner in zip(
                    ("Checker", "Reader", "Archive"),
                    cls.env["res.partner"].create(
                        [{"name": name, "email": f"{name}@client.example"} for name in ("checker", "reader", "archive")]
                    ),
                    strict=True,
                )
            ]
        )
        cls.template.role_ids = [
            (0, 0, {"role_id": role.id, "sequence": 3, "participation": participation})
            for role, participation in ((cls.checker, "approve"), (cls.reader, "view"), (cls.archive, "copy"))
        ]

    def setUp(self):
        super().setUp()
        self.request = self.send()
        self.assertEqual(self.request.state, "sent", self.request.failure)
        self.by_role = {signer.role_id: signer.sudo() for signer in self.request.signer_ids}

    def signer(self, role):
        return self.by_role[role]

    def sign_both(self):
        """Let those of the first two turns sign; return the mails that follow."""
        self.sign(self.signer(self.role_client), nonce="1")
        self.work()
        self.sign(self.signer(self.role_company), nonce="2")
        return self.work()


@tagged("post_install", "-at_install")
class TestParticipation(ParticipationCase):
    """Who approves, reads or only gets the copy."""

    def test_way_of_a_document(self):
        self.assertEqual(self.request.progress, "0/3")
        mails = self.sign_both()
        for name in ("checker", "reader"):
            self.link_of(mails, f"{name}@client.example")
        self.assertFalse([mail for mail in mails if "archive" in str(mail["email_to"])])
        self.assertEqual((self.request.state, self.request.progress), ("sent", "2/3"))
        checker = self.signer(self.checker)
        state = checker._submit({}, "3", self.request.original_sha256, {"ip": "192.0.2.1"}, "Fine by me")
        self.assertEqual((state, checker.state, checker.comment), ("sealing", "approved", "Fine by me"))
        mails = self.work()
        self.assertEqual(self.request.state, "completed", self.request.failure)
        copies = [mail for mail in mails if "Signed:" in mail["subject"]]
        self.assertEqual(len(copies), 5)
        self.assertTrue(any("archive@client.example" in str(mail["email_to"]) for mail in copies))
        self.assertIn("approved", self.request.event_ids.mapped("kind"))
        notes = self.request._record().message_ids.mapped("body")
        self.assertTrue(any("approved" in note and "Fine by me" in note for note in notes), notes)

    def test_readers_read_and_nobody_waits_for_them(self):
        self.sign_both()
        reader = self.signer(self.reader)
        self.assertEqual(reader._page_state(), "reading")
        self.assertTrue(reader._document())
        with self.assertRaises(SubmitRefused) as caught:
            reader._submit({}, "n", self.request.original_sha256, {})
        self.assertEqual(caught.exception.code, "reading")
        reader._record_view({"ip": "192.0.2.1"})
        self.assertEqual(reader.state, "viewed")
        # the copy is all that they ever get
        self.assertEqual(self.signer(self.archive)._page_state(), "waiting")

    def test_reader_of_a_later_turn_waits(self):
        reader = self.signer(self.reader)
        self.assertEqual((reader.state, reader._page_state()), ("waiting", "waiting"))
        self.assertFalse(reader._document())
        self.assertEqual(reader._seen_as()._page_state(), "reading")

    def test_reader_after_everybody_reads_with_the_last_ones(self):
        self.template.role_ids.filtered(lambda line: line.role_id == self.reader).sequence = 9
        request = self.send()
        client, company, *__, reader = request.signer_ids
        self.assertEqual(reader.role_id, self.reader)
        for signer in (client, company):
            self.assertEqual(reader.state, "waiting")
            self.sign(signer)
            mails = self.work()
        self.assertEqual(reader.state, "sent")
        self.link_of(mails, "reader@client.example")

    def test_disapprove(self):
        self.sign_both()
        checker = self.signer(self.checker)
        with self.assertRaises(SubmitRefused):
            checker._decline(" ", "n", {})
        self.assertEqual(checker._decline("The price is wrong", "n", {}), "declined")
        self.assertEqual(self.request.state, "declined")
        todo = self.env["mail.activity"].search([("signature_request_id", "=", self.request.id)])
        self.assertIn("did not approve", todo.note)

    def test_only_approved(self):
        line = self.template.role_ids.filtered(lambda line: line.role_id == self.checker)
        (self.template.role_ids - line).unlink()
        self.template.body = "<p>Nothing to sign</p>"
        request = self.send()
        self.assertEqual(request.state, "sent", request.failure)
        request.signer_ids.sudo()._submit({}, "n", request.original_sha256, {})
        (mail,) = self.work()
        self.assertEqual(request.state, "completed", request.failure)
        # nobody is said to have signed
        self.assertEqual(mail["subject"], f"Approved: {request.name}")
        self.assertIn("Everybody has approved", mail["body"])
        self.assertIn("Everybody has approved", "".join(request._record().message_ids.mapped("body")))
        self.assertTrue(request.final_id.name.endswith("– approved.pdf"))
        self.assertIn("is approved", request.signer_ids.sudo()._copy_text("https://company.example/s/x"))
        said = [mail["subject"], mail["body"], *request._record().message_ids.mapped("body")]
        self.assertNotRegex(" ".join(said), r"\b[Ss]igned\b")

    def test_fields_of_somebody_who_only_reads(self):
        self.template.body += "<p>{{Remark;type=text;role=Reader}}</p>"
        request = self.send()
        self.assertEqual(request.state, "failed")
        self.assertIn("Reader, who neither signs nor approves", request.failure)


@tagged("post_install", "-at_install")
class TestDecline(ParticipationCase):
    """Reasons to choose from."""

    def test_reason_of_the_list(self):
        reason = self.env.ref("signature_workflow.decline_reason_terms")
        client = self.signer(self.role_client)
        client._decline("", "n", {}, reason.id)
        self.assertEqual((client.decline_reason_id, client.decline_reason), (reason, reason.name))

    def test_reason_that_needs_words(self):
        reason = self.env.ref("signature_workflow.decline_reason_other")
        client = self.signer(self.role_client)
        with self.assertRaises(SubmitRefused):
            client._decline(" ", "n", {}, reason.id)
        client._decline("We moved", "n", {}, reason.id)
        self.assertEqual(client.decline_reason, f"{reason.name}\nWe moved")

    def test_reason_that_does_not_exist(self):
        with self.assertRaises(SubmitRefused):
            self.signer(self.role_client)._decline("", "n", {}, 2**31 - 1)


@tagged("post_install", "-at_install")
class TestForward(SignatureCase):
    """A signer hands their part to somebody else."""

    def setUp(self):
        super().setUp()
        self.template.role_ids[0].may_forward = True
        self.deal = self._make_deal()
        self.deal.stage_id = self.stage_sign
        self.token = self.link_of(self.work(), "zoe@client.example")
        self.request = self.requests_of(self.deal)
        self.client = self.request.signer_ids[0].sudo()

    def forward(self, name="Bob", email="bob@client.example", phone=""):
        return self.client._forward(name, email, phone, {"ip": "192.0.2.7"})

    def test_forward(self):
        self.client._record_view({})
        self.client._keep_draft({"values": {"1": "secret"}})
        self.assertEqual(self.forward(), "forwarded")
        self.assertEqual(
            (self.client.name, self.client.email, self.client.state), ("Bob", "bob@client.example", "sent")
        )
        self.assertFalse(self.client.draft)
        mails = self.work()
        token = self.link_of(mails, "bob@client.example")
        self.assertEqual(self.env["signature.signer"]._from_token(token), self.client)
        self.assertFalse(self.env["signature.signer"]._from_token(self.token))
        self.assertEqual(self.env["signature.link"]._find(self.token).revoked, "forwarded")
        told = [mail for mail in mails if "saul@company.example" in str(mail["email_to"])]
        self.assertIn("Forwarded", told[0]["subject"])
        self.assertNotIn("/sign/", told[0]["body"])
        event = self.request.event_ids.filtered(lambda event: event.kind == "forwarded")
        self.assertIn("Zoë", event.data)
        self.request.event_ids._verify_chain()
        sent = self.request.event_ids[-1]
        self.assertEqual((sent.kind, json.loads(sent.data)), ("link_sent", {"to": [["email", "bob@client.example"]]}))
        # as colleagues read it
        lines = self.request.with_user(self.salesman).event_ids
        self.assertEqual(
            [(line.kind, line.signer_name, line.details_text) for line in lines],
            [
                ("created", False, ""),
                ("link_sent", False, "zoe@client.example"),
                ("viewed", "Zoë Țăndărică", ""),
                ("forwarded", "Zoë Țăndărică", "Zoë Țăndărică → Bob (bob@client.example)"),
                ("link_sent", "Bob", "bob@client.example"),
            ],
        )
        self.sign(self.client)
        self.assertEqual(self.client.state, "signed")

    def test_bad_people(self):
        for name, email in (
            ("", "bob@client.example"),
            ("Bob", ""),
            ("Bob", "nonsense"),
            ("Bob", "ceo@company.example"),
            ("Bob", "zoe@client.example"),
            ("Bob\u202e", "bob@client.example"),
            (None, ["x"]),
        ):
            with self.subTest(name=name, email=email), self.assertRaises(SubmitRefused):
                self.forward(name, email)
        self.assertEqual(self.client.name, "Zoë Țăndărică")

    def test_contact_of_the_company_and_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        bob = {"name": "Bob", "email": "bob@client.example", "lang": "fr_FR", "tz": "Europe/Paris"}
        partner = self.env["res.partner"].create({**bob, "company_id": elsewhere.id})
        self.forward()
        self.assertEqual((self.client.partner_id.id, self.client.lang), (False, "en_US"))
        partner.write({"email": "paul@client.example", "company_id": self.request.company_id.id})
        self.forward(email="paul@client.example")
        self.assertEqual((self.client.partner_id, self.client.lang), (partner, "fr_FR"))
        self.assertEqual(self.client.tz, "Europe/Paris")

    def test_only_where_it_is_allowed(self):
        self.client.may_forward = False
        with self.assertRaises(SubmitRefused):
            self.forward()

    def test_not_without_end(self):
        for number in range(3):
            self.forward(email=f"bob{number}@client.example")
        with self.assertRaises(SubmitRefused):
            self.forward()

    def test_access_code_and_forward_exclude_each_other(self):
        with self.assertRaises(ValidationError):
            self.template.role_ids[0].authentication = "code"

    def test_what_is_missing(self):
        for values, words in (
            ({"channel": "sms"}, "no phone number"),
            ({"authentication": "sms", "may_forward": False}, "no phone number"),
            ({"authentication": "code", "may_forward": False}, "no access code"),
        ):
            with self.subTest(words):
                self.template.role_ids[0].write({"channel": "email", "authentication": "link", **values})
                request = self.send()
                self.assertEqual(request.state, "failed")
                self.assertIn(words, request.failure)

    def test_cancelled_with_a_reason(self):
        self.request.action_cancel("Wrong price")
        page = self.client._page_values()
        self.assertEqual((page["state"], page["cancel_reason"]), ("cancelled", "Wrong price"))
        with self.assertRaises(UserError):
            self.request.action_cancel()
