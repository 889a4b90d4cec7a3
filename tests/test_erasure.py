"""Erasing a person's data: what goes, what stays, and that nobody else's goes with it."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .invariants import assert_invariants
from .test_retention import RetentionCase

EMAIL, PHONE, IP, DEVICE = "zoe@client.example", "+40721234567", "198.51.100.23", "Telephone of Zoe"
# besides the tables of the addon
OTHER_TABLES = ("mail_mail", "mail_message", "sms_sms", "sms_tracker", "mail_activity", "ir_attachment")


@tagged("post_install", "-at_install")
class TestErasure(RetentionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner.write({"phone": "0721 234 567", "country_id": cls.env.ref("base.ro").id})
        cls.other = cls.env["res.partner"].create({"name": "Bob Stays", "email": "bob@client.example"})

    def setUp(self):
        super().setUp()
        self.template.role_ids[0].write({"may_forward": True, "channel": "both"})

    def seen(self, request):
        """Let the client look at the document, and begin to fill it in."""
        client = request.signer_ids.sorted("sequence")[0].sudo()
        client._record_view({"ip": IP, "user_agent": DEVICE})
        client._keep_draft({"name": client.name, "mail": EMAIL})
        return client

    def declined(self, **values):
        request = self.send(**values)
        client = self.seen(request)
        client._decline(f"Write to {EMAIL}", "nonce", {"ip": IP, "user_agent": DEVICE})
        self.work()
        return request

    def dialog(self, user=None, partner=None, **values):
        dialog = Form(self.env["signature.erasure"].with_user(user or self.manager))
        if partner is not False:
            dialog.partner_id = partner or self.partner
        for name, value in values.items():
            dialog[name] = value
        return dialog

    def erase(self, **values):
        dialog = self.dialog(**values)
        self.assertTrue(dialog.may_erase, dialog.overview)
        erasure = dialog.save()
        action = erasure.action_erase()
        self.assertEqual((action["res_id"], erasure.state), (erasure.id, "done"))
        self.env.invalidate_all()
        return erasure

    def found(self, *texts, tables=OTHER_TABLES):
        """Return where in the tables of the addon, and in these, one of the texts stands."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT table_name, column_name FROM information_schema.columns
                WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'jsonb')
                  AND (table_name LIKE 'signature\\_%%' OR table_name IN %s)""",
            [tables],
        )
        places = set()
        for table, column in self.env.cr.fetchall():
            for text in texts:
                self.env.cr.execute(
                    f'SELECT 1 FROM "{table}" WHERE "{column}"::text ILIKE %s LIMIT 1',  # noqa: S608
                    [f"%{text}%"],
                )
                if self.env.cr.fetchall():
                    places.add(f"{table}.{column}")
        return places

    def test_nothing_is_left_of_documents_that_came_to_nothing(self):
        request = self.declined()
        cancelled = self.send(name="Second")
        self.seen(cancelled)
        cancelled.action_cancel("Zoë Țăndărică does not want it")
        self.work()
        original = request.original_id
        self.assertIn("signature_event.ip", self.found(IP))
        self.assertTrue({"signature_event.data", "signature_signer.email"} <= self.found(EMAIL))
        erasure = self.erase()
        self.assertEqual(self.found(EMAIL, PHONE, "721 234 567", IP, DEVICE, "Țăndărică"), set())
        self.assertFalse(original.exists())
        client, ceo = request.signer_ids.sorted("sequence")
        self.assertEqual((client.name, client.partner_id.id, client.state), ("Erased person", False, "declined"))
        self.assertEqual((ceo.name, ceo.email), ("Ceo", "ceo@company.example"))
        self.assertEqual(cancelled.cancel_reason, "Erased person does not want it")
        for each in request | cancelled:
            self.assertEqual(each.event_ids[-1].kind, "erased")
            self.assertTrue(each.event_ids._verify_chain(), "lines are erased, and the chain holds")
            self.assertTrue(each.event_ids.filtered("data"), "what is not about the person stays")
        notes = self.chatter_of(request._record())
        self.assertNotIn("Țăndărică", notes)
        self.assertIn("Erased person declined", notes)
        self.assertIn(": 2.", erasure.result)
        self.assertNotIn("17(3)(e)", erasure.letter)
        self.assertFalse(erasure.partner_id or erasure.email)
        assert_invariants(self, self.env)

    def test_links_of_erased_documents_open_nothing(self):
        request = self.send()
        token = self.link_of(self._mails, EMAIL)
        request.action_cancel()
        self.work()
        self.erase()
        self.assertFalse(self.env["signature.signer"]._from_token(token))

    def test_completed_documents_stay_as_evidence(self):
        request = self.send()
        client = self.seen(request)
        token = self.link_of(self._mails, EMAIL)
        self.complete(request)
        chain, final = request.event_ids.mapped("hash"), request.final_id.raw
        erasure = self.erase()
        self.assertEqual((client.name, client.email, client.phone), ("Zoë Țăndărică", EMAIL, PHONE))
        self.assertEqual((client.ip, client.draft), ("192.0.2.7", False))
        self.assertEqual(request.final_id.raw, final)
        self.assertEqual(request.event_ids.mapped("hash")[:-1], chain)
        self.assertEqual(request.event_ids._verify_chain(), [])
        self.assertFalse(self.env["signature.signer"]._from_token(token))
        self.assertEqual(self.found(EMAIL), {"signature_signer.email", "signature_event.data"})
        self.assertIn("17(3)(e)", erasure.letter)
        self.assertEqual(client.partner_id, self.partner)
        assert_invariants(self, self.env)

    def test_phone_that_was_not_used_goes(self):
        self.template.role_ids[0].channel = "email"
        request = self.send()
        self.complete(request)
        self.erase()
        self.assertEqual(self.found(PHONE), set())

    def test_data_of_others_stay(self):
        mine = self.declined()
        theirs = self.send(name="Third", partner_id=self.other.id)
        theirs.action_cancel("Bob Stays said no")
        self.work()
        before = theirs.event_ids.mapped("data"), theirs.original_id.raw, theirs.signer_ids.mapped("email")
        self.erase()
        self.assertEqual(
            (theirs.event_ids.mapped("data"), theirs.original_id.raw, theirs.signer_ids.mapped("email")), before
        )
        self.assertEqual(theirs.cancel_reason, "Bob Stays said no")
        self.assertNotIn("erased", theirs.event_ids.mapped("kind"))
        self.assertIn("erased", mine.event_ids.mapped("kind"))
        self.assertEqual(self.partner.email, EMAIL, "the contact is not ours to erase")

    def test_who_has_handed_their_part_on(self):
        """By address, for such a person is no signer any more."""
        request = self.send()
        client = request.signer_ids.sorted("sequence")[0].sudo()
        client._forward("Bob Stays", "bob@client.example", "", {"ip": IP, "user_agent": DEVICE})
        self.work()
        request.action_cancel()
        self.work()
        self.assertEqual(client.email, "bob@client.example")
        self.erase(partner=False, email="ZOE@client.example")
        self.assertEqual(self.found(EMAIL), set())
        self.assertEqual((client.name, client.email), ("Bob Stays", "bob@client.example"))
        request.event_ids._verify_chain()

    def test_old_trails_and_tests_go_as_a_whole(self):
        old = self.declined()
        test = self.template._make_requests(self._make_deal(name="Tried"), is_test=True, user_id=self.salesman.id)
        self.work()
        self.assertFalse(test.signer_ids.filtered(lambda signer: signer.partner_id == self.partner))
        # as it was made before trails could be erased
        self.env.cr.execute("ALTER TABLE signature_event DISABLE TRIGGER USER")
        self.env.cr.execute("UPDATE signature_event SET version = 1 WHERE request_id = %s", [old.id])
        self.env.cr.execute("ALTER TABLE signature_event ENABLE TRIGGER USER")
        self.env.invalidate_all()
        self.erase()
        self.assertFalse(old.exists())
        self.assertEqual(self.rows_of(old), {})
        self.assertEqual(self.found(PHONE, IP, DEVICE), set())

    def test_refused_while_something_stands_against_it(self):
        waiting, ended = self.send(), self.declined(name="Second")
        dialog = self.dialog()
        self.assertFalse(dialog.may_erase)
        self.assertIn("Still open:", dialog.overview)
        with self.assertRaisesRegex(UserError, f"Still open: {waiting.name}"):
            dialog.save().action_erase()
        waiting.action_cancel()
        self.work()
        ended.with_user(self.manager)._change_legal_hold(False, "Claim")
        dialog = self.dialog()
        self.assertFalse(dialog.may_erase)
        with self.assertRaisesRegex(UserError, f"On legal hold: {ended.name}"):
            dialog.save().action_erase()
        self.assertIn(EMAIL, waiting.signer_ids.mapped("email"), "nothing was done by half")
        self.assertIn(EMAIL, ended.signer_ids.mapped("email"))

    def test_nothing_found(self):
        for email in ("nobody@client.example", "%", "_oe@client.example"):
            dialog = self.dialog(partner=False, email=email)
            self.assertFalse(dialog.may_erase)
            with self.assertRaises(UserError):
                dialog.save().action_erase()

    def test_managers_of_the_company_only(self):
        request = self.declined()
        for user in (self.salesman, self._make_user("stranger", "base.group_user")):
            with self.assertRaises(AccessError):
                self.env["signature.erasure"].with_user(user).create({"partner_id": self.partner.id})
            erasure = self.env["signature.erasure"].create({"partner_id": self.partner.id})
            with self.assertRaises(AccessError):
                erasure.with_user(user).action_erase()
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        request.company_id = elsewhere
        self.assertIn("No document names", self.dialog().overview)
        self.assertIn(EMAIL, request.signer_ids.mapped("email"))

    def test_of_records_that_the_manager_may_not_see(self):
        self.declined()
        hidden = self.declined(name="Hidden")
        self.env["ir.rule"].create(
            {
                "name": "Hidden deals",
                "model_id": self.env["ir.model"]._get_id("crm.lead"),
                "domain_force": "[('name', '!=', 'Hidden')]",
            }
        )
        dialog = self.dialog()
        self.assertFalse(dialog.may_erase)
        self.assertNotIn(hidden.name, dialog.overview)
        with self.assertRaisesRegex(UserError, "may not see"):
            dialog.save().action_erase()

    def test_contact_can_be_deleted_afterwards(self):
        self.declined()
        self.env["crm.lead"].search([("partner_id", "=", self.partner.id)]).partner_id = self.other
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.env.cr.savepoint():
            self.partner.unlink()
        self.erase()
        self.partner.unlink()

    def test_list_of_what_was_left_out(self):
        request = self.declined()
        namesake = self._make_deal(name="Zoë", partner_id=self.other.id)
        lines = [
            {"id": request.res_id, "name": "Big deal", "problem": f"{EMAIL} is no address"},
            {"id": namesake.id, "name": "Zoë", "problem": "No phone"},
        ]
        batch = self.env["signature.batch"].create(
            {"name": "Sent at once", "template_id": self.template.id, "left_out": lines}
        )
        self.erase()
        changed = {"id": request.res_id, "name": "Erased person", "problem": "Erased person is no address"}
        self.assertEqual(batch.left_out, [changed, lines[1]])

    def person(self, name, email):
        return self.env["res.partner"].create({"name": name, "email": email})

    def cancelled(self, partner, reason="", **values):
        request = self.send(partner_id=partner.id, **values)
        request.action_cancel(reason)
        self.work()
        return request

    def state_of(self, request):
        """Return what an erasure changes of a document."""
        return (
            request.name, request.cancel_reason, request.message, request.original_id, request.event_ids.mapped("data"),
            request.signer_ids.mapped("name"), request.signer_ids.mapped("email"), self.chatter_of(request._record()),
        )  # fmt: skip

    def test_whole_addresses_only(self):
        self.template.role_ids[0].channel = "email"
        ann = self.person("Ann Small", "ann@client.example")
        mine = self.cancelled(ann, name="Of Ann")
        others = [
            self.cancelled(self.person(f"Other {index}", email), name=f"Deal {index}")
            for index, email in enumerate(
                ("joann@client.example", "jo.ann@client.example", "jo-ann@client.example", "ann@client.example.org")
            )
        ]
        waiting = self.send(partner_id=self.person("Other", "mary+ann@client.example").id, name="Open")
        before = [self.state_of(request) for request in [*others, waiting]]
        self.erase(partner=False, email="Ann@Client.example")
        self.env.invalidate_all()
        self.assertEqual([self.state_of(request) for request in [*others, waiting]], before)
        self.assertFalse(mine.original_id)
        self.assertNotIn("Ann Small", self.chatter_of(mine._record()))

    def test_who_is_only_mentioned_takes_no_part(self):
        mine = self.declined()
        theirs = self.cancelled(self.other, f"Zoë Țăndărică ({EMAIL}) takes it over", name="Of Bob")
        theirs.message = f"With regards to {EMAIL}"
        before = self.state_of(theirs)
        self.erase()
        self.assertEqual(self.state_of(theirs), before)
        self.assertFalse(mine.original_id)

    def test_document_that_could_not_be_made(self):
        ion = self.person("Ion Fără", "ion@client.example")
        request = self.send(partner_id=ion.id)
        self.assertEqual(request.state, "failed")
        request.action_cancel()
        self.work()
        self.assertTrue(
            {"signature_request.failure", "signature_event.data", "mail_message.body"} <= self.found("Fără")
        )
        self.erase(partner=ion)
        self.assertEqual(self.found("Fără"), set())

    def test_name_that_is_a_common_word(self):
        self.template.role_ids[0].channel = "email"
        deal = self.person("Deal", "deal@client.example")
        request, other = self.cancelled(deal, "The deal was lost"), self.cancelled(self.other, name="Deal of Bob")
        record, before = request._record(), self.state_of(other)
        record.message_post(body="The deal is hot", author_id=self.env.ref("base.partner_root").id)
        self.assertIn("deal", request.name)
        self.assertIn(" was sent to Deal.", self.chatter_of(record))
        self.erase(partner=deal)
        self.assertEqual((request.name, request.cancel_reason), (self.template.name, "The deal was lost"))
        notes = self.chatter_of(record)
        self.assertIn(f"“{self.template.name}” was sent to Erased person.", notes)
        self.assertIn("The deal is hot", notes)
        self.assertIn("The deal was lost", notes)
        self.assertEqual(self.state_of(other), before)

    def test_somebody_whose_name_begins_alike(self):
        self.template.role_ids[0].channel = "email"
        ana, popescu = self.person("Ana", "ana@client.example"), self.person("Ana Popescu", "popescu@client.example")
        who = {"name": "Second", "policy": "partner", "partner_id": popescu.id}
        second = self.env["signature.role"].create(who)
        self.template.role_ids = [(0, 0, {"role_id": second.id, "sequence": 1, "participation": "copy"})]
        self.template.role_ids.filtered(lambda line: line.role_id == self.role_company).sequence = 1
        request = self.send(partner_id=ana.id)
        request._log_notes({request.id: f"“{request.name}”: Ana, Ana Popescu, Ana-Maria"})
        request.action_cancel()
        self.work()
        self.erase(partner=ana)
        self.assertIn(": Erased person, Ana Popescu, Ana-Maria", self.chatter_of(request._record()))
        self.assertIn("Ana Popescu", request.signer_ids.mapped("name"))

    def test_colleagues_and_the_company_are_not_erased_here(self):
        request = self.declined()
        former = self.signatory
        former.active = False
        for who in (
            {"partner": former.partner_id},
            {"partner": False, "email": former.email},
            {"partner": self.env.company.partner_id},
        ):
            dialog = self.dialog(**who)
            self.assertFalse(dialog.may_erase)
            self.assertIn("a colleague", dialog.overview)
            with self.assertRaisesRegex(UserError, "a colleague"):
                dialog.save().action_erase()
        self.assertTrue(request.original_id)

    def test_done_to_do_and_failed_mail_name_nobody(self):
        request = self.send()
        client = request.signer_ids.sorted("sequence")[0].sudo()
        summary, note = f"Call {client.name}", f"“{request.name}” was sent to them.\nPhone: {PHONE}"
        request._add_todo(summary, note, client, user=self.salesman, kind="mail.mail_activity_data_call")
        record = request._record()
        record.activity_ids.with_user(self.salesman).action_feedback("No answer")
        client._decline(f"Write to {EMAIL}", "nonce", {"ip": IP})
        self.work()
        told = self.env["mail.message"].search([("model", "=", "crm.lead"), ("subject", "=like", "Declined:%")])
        self.env["mail.mail"].create(
            {
                "mail_message_id": told[:1].id,
                "body_html": told[:1].body,
                "state": "exception",
                "email_to": "x@y.example",
            }
        )
        self.assertTrue({"mail_message.body", "mail_mail.body_html"} <= self.found("Țăndărică"))
        self.erase()
        self.assertEqual(self.found(EMAIL, PHONE, "Țăndărică"), set())
        self.assertIn("No answer", self.chatter_of(record))

    def test_documents_of_the_contact_itself(self):
        template = self._make_template(
            kind="html",
            body="<p>{{name}} {{signature;role=Client}}</p>",
            model_id=self.env["ir.model"]._get_id("res.partner"),
        )
        template.role_ids.filtered(lambda line: line.role_id == self.role_company).unlink()
        request = template._make_requests(self.partner, user_id=self.salesman.id)
        self.work()
        request.action_cancel()
        self.work()
        self.assertEqual(request.record_name, "Zoë Țăndărică")
        self.erase()
        self.assertFalse(request.exists())
        self.assertIn("a document that came to nothing was deleted", self.chatter_of(self.partner))

    def test_letter_says_what_was_done(self):
        self.complete(self.send())
        erasure = self.erase()
        for text in ("these we have not erased", "go to court", self.env.company.name):
            self.assertIn(text, erasure.letter)
        self.assertNotIn("we have erased your name", erasure.letter)
        self.assertIn("back-ups", erasure.result)
        self.declined(name="Second")
        erasure = self.erase()
        self.assertIn("never completed (1): we have erased your name", erasure.letter)
        self.assertIn("Completed documents (1)", erasure.letter)

    def test_other_companies_are_named(self):
        self.declined()
        foreign = self.declined(name="Second")
        foreign.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertNotIn("Elsewhere", self.dialog().overview)
        self.manager.company_ids |= foreign.company_id
        self.env = self.env(context={**self.env.context, "allowed_company_ids": self.env.company.ids})
        self.assertIn("Elsewhere", self.dialog().overview)
        erasure = self.erase()
        self.assertIn("Not done: documents of this person in Elsewhere", erasure.result)
        self.assertNotIn("Elsewhere", erasure.letter)
        self.assertIn(EMAIL, foreign.signer_ids.mapped("email"))
