import base64
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.signature_workflow.signature_workflow.models.signature_request import WAITING_STATES
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tests import Form, tagged

from . import pdf_samples
from .common import SignatureCase

BODY = """
<p>{{partner_id.name}} buys {{name}} for {{expected_revenue}}, {{table;tag_ids;columns=name:Tag,color:Number}}</p>
<p>{{PO;type=text;role=Client;merge=description;required=false}} {{signature;role=Client}}</p>
<p>{{signature;role=Our company}}</p>
"""


@tagged("post_install", "-at_install")
class TestDrift(SignatureCase):
    """A document that waits says what the deal said when it was sent; whoever changes the deal is told."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.template.body = BODY
        cls.tags = cls.env["crm.tag"].create([{"name": "Fair", "color": 1}, {"name": "Large", "color": 2}])

    def send(self, deal=None, **values):
        request = super().send(deal, **{"expected_revenue": 1000, "tag_ids": self.tags.ids, **values})
        self.assertEqual(set(request.mapped("state")), {"sent"}, request.mapped("failure"))
        return request

    def deal_of(self, request):
        return self.env["crm.lead"].browse(request.res_id)

    def watch(self):
        """Let the cron run a quarter of an hour later."""
        self.commit()
        waiting = self.env["signature.request"].search([("state", "in", WAITING_STATES)])
        waiting.date_compared = fields.Datetime.now() - timedelta(minutes=15)
        with self.enter_registry_test_mode():
            self.env.ref("signature_workflow.ir_cron_watch").method_direct_trigger()
        self.env.invalidate_all()

    def todos(self, request):
        found = self.env["mail.activity"].search([("signature_request_id", "=", request.id)])
        return found.filtered(lambda todo: "Changed since" in todo.summary)

    def changes(self, request):
        self.env.invalidate_all()
        return [tuple(change) for change in request._changes()]

    def test_what_stands_in_the_document_is_kept(self):
        request = self.send(description="<p>As agreed</p>")
        self.assertEqual(
            request.merged_values["texts"],
            {
                "partner_id": "Zoë Țăndărică",
                "partner_id.name": "Zoë Țăndărică",
                "name": "Big deal",
                "expected_revenue": "$\xa01,000.00",
                "table;tag_ids;columns=name:Tag,color:Number": "Fair, 1\nLarge, 2",
                "description": "As agreed",
            },
        )
        self.assertEqual(self.changes(request), [])

    def test_changes_are_named_in_the_words_of_the_document(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        request = self.send()
        deal = self.deal_of(request)
        deal.expected_revenue = 2000
        self.tags[1].color = 3
        # neither the reader's language and time zone nor the customer's new ones make a difference
        self.partner.write({"lang": "en_US", "tz": "Asia/Tokyo"})
        changes = self.changes(request)
        self.assertEqual([label for label, __, __ in changes], ["Expected Revenue", "Tags"])
        self.assertEqual(changes[1][1:], ("Large, 2", "Large, 3"))
        self.assertEqual(changes[0][1].replace("\u202f", " ").replace("\xa0", " "), "$ 1 000,00")
        deal.expected_revenue = 1000
        self.tags[1].color = 2
        self.assertEqual(self.changes(request), [])

    def test_deal_form_shows_it_until_it_is_left(self):
        request = self.send()
        deal = self.deal_of(request).with_user(self.salesman)
        with Form(deal) as form:
            self.assertFalse(form.signature_changed_ids)
            form.expected_revenue = 2000
        self.env.invalidate_all()
        self.assertEqual(deal.signature_changed_ids, request.with_user(self.salesman))
        self.assertIn("Expected Revenue: $\xa01,000.00 → $\xa02,000.00", deal.signature_changed_ids.drift)
        self.watch()
        self.assertTrue(self.todos(request))
        deal.signature_changed_ids.action_leave_values()
        self.env.invalidate_all()
        self.assertFalse(deal.signature_changed_ids)
        self.assertFalse(self.todos(request))
        self.assertEqual(request.event_ids[-1].kind, "left")
        request.event_ids._verify_chain()
        self.assertIn("Saul left", deal.message_ids[0].body)
        # a further change is shown again, told from what the document says
        deal.sudo().expected_revenue = 3000
        self.assertEqual(self.changes(request)[0][1:], ("$\xa01,000.00", "$\xa03,000.00"))
        self.complete(request)
        self.assertEqual(self.changes(request), [])

    def test_salesperson_is_told_once_for_each_change(self):
        request = self.send()
        self.watch()
        self.assertFalse(self.todos(request))
        deal = self.deal_of(request)
        deal.expected_revenue = 2000
        self.watch()
        todo = self.todos(request)
        self.assertEqual(todo.user_id, self.salesman)
        self.assertIn("1,000.00", todo.note)
        todo.unlink()
        for __ in range(2):
            deal.priority = "2"
            self.watch()
        self.assertFalse(self.todos(request))
        # by the contact, which only the paths of the document name
        self.partner.name = "Zoë Popa"
        self.watch()
        self.assertIn("Popa", self.todos(request).note)
        self.partner.name = "Zoë Țăndărică"
        deal.expected_revenue = 1000
        self.watch()
        self.assertFalse(self.todos(request))

    def test_a_record_that_cannot_be_read_does_not_hold_up_the_others(self):
        requests = self.send() + self.send(name="Broken deal")
        for request in requests:
            self.deal_of(request).expected_revenue = 2000
        Merge = self.registry["signature.merge"]
        read = Merge._text

        def read_all_but_one(merge, record, path, tz):
            if record.display_name == "Broken deal":
                raise ValueError("broken")
            return read(merge, record, path, tz)

        drift = "odoo.addons.signature_workflow.signature_workflow.models.signature_request_drift"
        with patch.object(Merge, "_text", read_all_but_one), self.assertLogs(drift, "ERROR"):
            self.watch()
        self.assertEqual([bool(self.todos(request)) for request in requests], [True, False])
        self.watch()
        self.assertTrue(self.todos(requests[1]))

    def test_lines_are_watched(self):
        request = self.send()
        self.assertEqual(request._watched(Domain("id", "=", request.id)), {"", "partner_id", "tag_ids"})
        self.tags[0].name = "Show"
        self.watch()
        self.assertIn("Fair", self.todos(request).note)

    def test_of_a_report_the_customer_and_the_amounts_count(self):
        order = self.env["sale.order"].create({"partner_id": self.partner.id, "opportunity_id": self._make_deal().id})
        product = self.env["product.product"].create({"name": "Roof"})
        line = self.env["sale.order.line"].create({"order_id": order.id, "product_id": product.id, "price_unit": 100})
        self.template.write(
            {
                "kind": "report",
                "report_id": self.env.ref("sale.action_report_saleorder").id,
                "report_path": "order_ids",
                "report_engine": "weasyprint",
                "field_ids": [
                    Command.create({"role_id": self.role_client.id, "y": 60}),
                    Command.create({"role_id": self.role_company.id, "y": 80}),
                ],
            }
        )
        request = self.send(order.opportunity_id)
        self.assertEqual(self.changes(request), [])
        line.price_unit = 200
        (change,) = self.changes(request)
        self.assertEqual(change[0], "Total")
        self.assertEqual(
            request._watched(Domain("id", "=", request.id)), {"", "partner_id", "order_ids", "order_ids.partner_id"}
        )
        self.watch()
        self.assertIn("Total", self.todos(request).note)

    def test_only_what_was_written_lately_is_compared(self):
        requests = self.send() + self.send(name="Other deal")
        self.env["signature.request"].flush_model()
        self.env.cr.execute("UPDATE crm_lead SET write_date = write_date - interval '1 day'")
        self.env.cr.execute("UPDATE res_partner SET write_date = write_date - interval '1 day'")
        self.env.cr.execute("UPDATE crm_tag SET write_date = write_date - interval '1 day'")
        since = self.env["signature.request"].with_context(lastcall=self.env.cr.now().replace(microsecond=0))
        self.assertFalse(since._perhaps_changed() & requests)
        self.deal_of(requests[0]).priority = "2"
        self.env.flush_all()
        self.assertEqual(since._perhaps_changed() & requests, requests[0])

    def test_placed_fields_and_word_files_are_compared(self):
        self.template.write(
            {
                "kind": "pdf",
                "pdf_file": base64.b64encode(pdf_samples.simple()),
                "field_ids": [
                    Command.create({"type": "merge", "merge_path": "expected_revenue"}),
                    Command.create({"role_id": self.role_client.id, "y": 60}),
                    Command.create({"role_id": self.role_company.id, "y": 80}),
                ],
            }
        )
        request = self.send()
        self.deal_of(request).expected_revenue = 7
        self.assertEqual([label for label, __, __ in self.changes(request)], ["Expected Revenue"])

    def test_corrected_one(self):
        other = self._make_rule_beside()
        request = self.send(name="Two documents").filtered(lambda each: each.rule_id == self.rule)
        deal, client = self.deal_of(request), request.signer_ids[0]
        self.rule.action_ids = [(0, 0, {"event": "cancelled", "kind": "lost", "lost_reason_id": self.lost_reason.id})]
        self.sign(client)
        self.work()
        deal.expected_revenue = 2000
        self.env.invalidate_all()
        dialog = request.with_user(self.salesman).action_correct()
        form = Form(self.env["signature.request.correct"].with_user(self.salesman).with_context(**dialog["context"]))
        self.assertIn("2,000.00", form.drift)
        self.assertEqual(form.signed, client.name)
        form.save().action_send()
        mails = self.work()
        self.assertEqual((request.state, request.cancel_reason), ("cancelled", "A corrected version follows."))
        new = request.replaced_by_id
        self.assertEqual((new.state, new.stage_id, new.rule_id), ("sent", self.stage_sign, self.rule), new.failure)
        self.assertEqual(new.expiry_days, request.expiry_days)
        self.assertEqual(new.signer_ids.mapped("email"), request.signer_ids.mapped("email"))
        self.assertEqual(new.merged_values["texts"]["expected_revenue"], "$\xa02,000.00")
        asking = [mail for mail in mails if "/sign/" in mail["body"]]
        self.assertEqual(len(asking), 1)
        self.assertIn("This replaces the document of", asking[0]["body"])
        # what is read first says that the link so far works no more
        self.assertTrue(mails[0]["subject"].startswith("Cancelled: "), [mail["subject"] for mail in mails])
        self.assertEqual(request.reaction_ids.mapped("kind"), ["tell"])
        self.assertTrue(deal.active)
        request.event_ids._verify_chain()
        # what waits in the stage waits for the new one
        second = self.requests_of(deal).filtered(lambda each: each.template_id == other.template_id)
        self.complete(second)
        self.assertEqual(second.reaction_ids.filtered(lambda each: each.kind == "rule").state, "waiting")
        self.complete(new)
        self.assertEqual(deal.won_status, "won")

    def _make_rule_beside(self):
        self.lost_reason = self.env["crm.lost.reason"].create({"name": "No answer"})
        template = self._make_template(kind="html", body=self.template.body, name="Annex")
        return self.rule.copy({"template_id": template.id})

    def test_corrected_one_is_sent_where_the_deal_stands(self):
        request = self.send()
        deal = self.deal_of(request)
        deal.stage_id = self.stage_next
        self.commit()
        new = request.with_user(self.salesman).action_resend_corrected()
        self.work()
        self.assertEqual((new.state, new.stage_id), ("sent", self.stage_sign), new.failure)

    def test_nothing_is_cancelled_before_the_new_one_can_be_made(self):
        request = self.send()
        self.deal_of(request).name = " "
        self.partner.email = False
        with self.assertRaises(UserError):
            request.with_user(self.salesman).action_resend_corrected()
        self.assertEqual(request.state, "sent")
        self.assertFalse(request.replaced_by_id)

    def test_who_was_put_in_is_asked_again(self):
        request = self.send()
        boss = self.env["res.partner"].create({"name": "Ana", "email": "ana@client.example"})
        change = self.env["signature.signer.change"].with_user(self.salesman)
        with Form(change.with_context(default_signer_id=request.signer_ids[0].id)) as form:
            form.partner_id = boss
        form.record.action_change()
        new = request.with_user(self.salesman).action_resend_corrected()
        self.work()
        self.assertEqual(new.signer_ids[0].email, "ana@client.example", new.failure)

    def test_the_address_that_was_put_in_is_kept(self):
        self._role_of_board()
        request = self.send()
        client, first, second = request.signer_ids
        self._change(client, email="zoe@home.example")
        nobody = self.env["res.partner"]
        self._change(first, partner_id=nobody, name="Deputy", email="deputy@client.example", channel="email")
        for __ in range(2):
            # the second one is made of what the first one keeps
            request = request.with_user(self.salesman).action_resend_corrected().sudo()
            mails = self.work()
            self.assertEqual(request.state, "sent", request.failure)
            self.assertEqual(
                request.signer_ids.mapped("email"), ["zoe@home.example", "deputy@client.example", second.email]
            )
            self.assertEqual(request.signer_ids.partner_id, client.partner_id + second.partner_id)
            self.assertEqual(request.signer_ids.mapped("channel"), ["email", "email", "manual"])
            self.assertFalse([mail for mail in mails if "zoe@client.example" in mail["email_to"][0]])

    def _role_of_board(self):
        """Have two people, of whom one is enough, sign as the second role; the second of them by hand."""
        board = self.env["signature.role"].create(
            {
                "name": "Board",
                "policy": "group",
                "member_ids": [Command.set((self.manager | self.signatory).partner_id.ids)],
            }
        )
        self.template.body = "<p/>"
        self.template.role_ids[1].write({"role_id": board.id, "channel": "manual", "sequence": 1})
        self.template.body = BODY.replace("Our company", "Board")

    def _change(self, signer, **values):
        change = self.env["signature.signer.change"].with_user(self.salesman)
        with Form(change.with_context(default_signer_id=signer.id)) as form:
            for name, value in values.items():
                setattr(form, name, value)
        form.record.action_change()

    def test_to_whom_it_was_forwarded_it_goes_again(self):
        self.template.role_ids[0].may_forward = True
        request = self.send()
        request.signer_ids[0].sudo()._forward("Bob", "bob@client.example", "", {"ip": "192.0.2.7"})
        self.work()
        new = request.with_user(self.salesman).action_resend_corrected()
        mails = self.work()
        self.assertEqual((new.signer_ids[0].name, new.signer_ids[0].email), ("Bob", "bob@client.example"), new.failure)
        self.assertFalse([mail for mail in mails if "zoe@" in mail["email_to"][0]])

    def test_of_several_corrections_only_the_last_is_named(self):
        request = self.send()
        request.sudo().message = "See you\nsoon"
        for __ in range(2):
            request = request.with_user(self.salesman).action_resend_corrected()
            self.work()
        self.assertRegex(request.message, r"\AThis replaces .*\nSee you\nsoon\Z")

    def test_a_test_is_not_corrected(self):
        self._make_deal(tag_ids=self.tags.ids)
        self.template.with_user(self.salesman).action_send_test()
        self.work()
        request = self.env["signature.request"].search([("is_test", "=", True)], limit=1)
        self.assertEqual(request.state, "sent", request.failure)
        with self.assertRaises(UserError):
            request.with_user(self.salesman).action_resend_corrected()

    def test_what_is_unlinked_stays_so(self):
        request = self.send().with_user(self.salesman)
        request.action_unlink()
        self.assertTrue(request.action_resend_corrected().is_unlinked)

    def test_what_the_next_message_says_is_not_of_the_corrected_one(self):
        request = self.send()
        request.with_user(self.salesman).action_resend_corrected()
        dialog = self.env["signature.request.send"].with_user(self.salesman)
        form = Form(dialog.with_context(**self.deal_of(request).action_sign()["context"]))
        form.template_id = self.template
        self.assertFalse(form.message)

    def test_no_queries_for_each_document_of_a_batch(self):
        deals = self.env["crm.lead"].concat(*(self._make_deal(name=f"D{n}", tag_ids=self.tags.ids) for n in range(12)))
        deals.stage_id = self.stage_sign
        self.work()
        requests = self.requests_of(deals)
        self.assertEqual(set(requests.mapped("state")), {"sent"})
        self.env.invalidate_all()
        records = {"crm.lead": deals.sudo()}
        drafts = [(request, request._document_record(records)) for request in requests]
        for request, record in drafts:
            request.template_id._build_document(record)
        # one for all of them
        with self.assertQueryCount(1):
            for request, record in drafts:
                request._merged_values(record)
