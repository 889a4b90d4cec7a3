from unittest.mock import patch

from odoo import Command, fields, http
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import SignatureCase
from .test_signing_pages import PAGES, SigningPagesCase

PAID = "[('order_ids.invoice_ids.payment_state', '=', 'paid')]"
URGENT = "[('priority', '=', '3')]"
# conditions that are none, or that nothing can be compared with
UNUSABLE = (
    "5",
    "'x'",
    "{'a': 1}",
    "-" * 100_000 + "1",
    "[('id', 'parent_of', [1])]",
    "[('name', '=ilike', 5)]",
    "[('stage_id', 'any', 5)]",
    "[('id', '=', 'abc')]",
    "[('expected_revenue', '>', 'abc')]",
)


class HoldFixture:
    """A deal with a posted invoice, and a template that waits for its payment."""

    def bill(self, deal, partner=None):
        """Return the posted invoice of an order of the deal."""
        product = self.env["product.product"].create({"name": "Deposit", "invoice_policy": "order"})
        order = self.env["sale.order"].create(
            {
                "partner_id": (partner or deal.partner_id).id,
                "opportunity_id": deal.id,
                "order_line": [Command.create({"product_id": product.id, "price_unit": 100, "tax_ids": False})],
            }
        )
        order.action_confirm()
        invoice = order._create_invoices()
        invoice.action_post()
        return invoice

    def pay(self, invoice):
        journal = self.env["account.journal"].search([("type", "=", "bank")], limit=1)
        self.env["account.payment.register"].with_context(active_model="account.move", active_ids=invoice.ids).create(
            {"journal_id": journal.id}
        )._create_payments()
        # without a bank statement it is only on its way
        invoice.flush_recordset()
        self.env.cr.execute("UPDATE account_move SET payment_state = 'paid' WHERE id = %s", invoice.ids)
        self.env.invalidate_all()

    def hold(self, holder, domain=PAID, **values):
        holder.write({"hold_domain": domain, "hold_reason": "the payment of the deposit", **values})

    def watch(self):
        self.env.flush_all()
        self.env.ref("signature_workflow.ir_cron_watch").method_direct_trigger()
        self.env.invalidate_all()


class HeldPageFixture(HoldFixture):
    """A document that waits for the payment of an invoice, for cases that open its page."""

    def prepare(self):
        self.hold(self.template, hold_path="order_ids.invoice_ids")

    def send(self, **values):
        deal = self._make_deal(**values)
        self.invoice = self.bill(deal)
        deal.stage_id = self.stage_sign
        token = self.link_of(self.work(), "zoe@client.example")
        return self.requests_of(deal), token


@tagged("post_install", "-at_install")
class TestHold(HoldFixture, SignatureCase):
    def watch(self):
        with self.enter_registry_test_mode():
            return super().watch()

    def notes(self, deal):
        return "\n".join(deal.message_ids.mapped("body"))

    def test_the_send_dialog_says_that_it_waits(self):
        deal = self._make_deal()
        send = self.env["signature.request.send"].with_user(self.salesman)
        dialog = Form(send.with_context(default_res_model=deal._name, default_res_id=deal.id))
        dialog.template_id = self.template
        self.assertFalse(dialog.hold_hint)
        self.template.write({"hold_domain": "[('priority', '=', '3')]", "hold_reason": "the payment"})
        dialog = Form(send.with_context(default_res_model=deal._name, default_res_id=deal.id))
        dialog.template_id = self.template
        self.assertIn("once this has happened: the payment", dialog.hold_hint)
        self.assertIn("the payment", dialog.save().action_send()["params"]["message"])

    def test_paid(self):
        self.hold(self.template)
        deal = self._make_deal()
        invoice = self.bill(deal)
        deal.stage_id = self.stage_sign
        mails = self.work()
        request = self.requests_of(deal)
        client, company = request.signer_ids
        self.assertEqual((request.state, client.state, company.state), ("held", "waiting", "waiting"))
        self.assertFalse(request.date_expire or request.to_dispatch)
        self.assertEqual([mail["email_to"] for mail in mails], [['"Zoë Țăndărică" <zoe@client.example>']])
        self.assertIn("the payment of the deposit", mails[0]["body"])
        self.assertIn("is held", self.notes(deal))
        token = self.link_of(mails, "zoe@client.example")
        self.assertStoredNowhere(token)
        signer = self.env["signature.signer"]._from_token(token)
        self.assertEqual(signer._page_state(), "held")
        with self.assertRaisesRegex(UserError, "cannot be signed yet"):
            self.sign(client)
        self.watch()
        self.assertEqual(request.state, "held")
        self.pay(invoice)
        self.watch()
        self.assertEqual((request.state, client.state), ("sent", "waiting"))
        self.assertEqual(request.date_expire, fields.Date.add(fields.Date.today(), days=30))
        mails = self.work()
        self.link_of(mails, "zoe@client.example")
        self.assertEqual(client.state, "sent")
        # the first link opens it too
        self.assertEqual(signer._page_state(), "ready")
        self.complete(request)
        self.assertEqual(
            request.event_ids.mapped("kind")[:4],
            ["created", "held", "released", "link_sent"],
        )
        request.event_ids._verify_chain()

    def test_true_already(self):
        self.hold(self.template, URGENT)
        self.assertEqual(self.send(priority="3").state, "sent")

    def test_rule_goes_before_template(self):
        self.hold(self.template, "[('priority', '=', '2')]")
        self.hold(self.rule, URGENT)
        request = self.send(priority="2")
        self.assertEqual(request.state, "held")
        self.rule.hold_domain = "[]"
        self.watch()
        self.assertEqual(request.state, "sent")

    def test_test_does_not_wait(self):
        self.hold(self.template, URGENT)
        self.template._make_requests(self._make_deal(), is_test=True, user_id=self.salesman.id)
        self.work()
        self.assertEqual(self.env["signature.request"].search([("is_test", "=", True)]).state, "sent")

    def test_paper_goes_before_hold(self):
        self.hold(self.template, URGENT)
        self.partner.signature_opt_out = True
        self.assertEqual(self.send().state, "paper")

    def test_one_search_for_many(self):
        self.hold(self.template, URGENT)
        deals = self.env["crm.lead"].concat(*(self._make_deal(name=f"D{n}") for n in range(12)))
        deals.stage_id = self.stage_sign
        self.work()
        requests = self.requests_of(deals)
        self.assertEqual(set(requests.mapped("state")), {"held"})
        deals[:10].priority = "3"
        self.watch()
        self.assertEqual(requests.sorted("res_id").mapped("state"), ["sent"] * 10 + ["held"] * 2)

    def _costs(self, work):
        """Return what `work(requests)` costs for each of twenty more queued requests, in queries."""
        self.hold(self.template, URGENT)
        costs = []
        for count in (1, 1, 21):
            deals = self.env["crm.lead"].concat(*(self._make_deal(name=f"D{n}") for n in range(count)))
            deals.stage_id = self.stage_sign
            self.commit()
            costs.append(work(self.requests_of(deals)))
        return (costs[2] - costs[1]) / 20

    def _queries(self, work):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_each_costs_little(self):
        self.assertLess(self._costs(lambda requests: self._queries(requests._generate)), 4)

    def test_looking_again_costs_nothing(self):
        def look(requests):
            requests._generate()
            return self._queries(requests._release_met)

        self.assertLess(self._costs(look), 0.5)

    def test_record_that_is_deleted(self):
        template = self._make_template(
            name="Consent",
            kind="html",
            model_id=self.env["ir.model"]._get_id("sale.order"),
            body="<p>{{signature;role=Client}}</p><p>{{signature;role=Our company}}</p>",
        )
        self.hold(template, "[('client_order_ref', '=', 'paid')]")
        orders = self.env["sale.order"].create([{"partner_id": self.partner.id}] * 2)
        gone, other = template._make_requests(orders, signatory=self.signatory)
        self.work()
        self.assertEqual((gone + other).mapped("state"), ["held", "held"])
        orders[0].unlink()
        orders[1].client_order_ref = "paid"
        self.watch()
        self.assertEqual((gone.state, other.state), ("failed", "sent"))
        self.assertIn("no longer exists", gone.failure)

    def test_what_kills_the_worker_is_given_up(self):
        self.hold(self.template, URGENT)
        request = self.send()
        with patch.object(self.registry["signature.request"], "_release_met", autospec=True) as release:
            self.watch()
            self.assertEqual(release.call_count, 1)
            self.assertFalse(request.attempts)
            # as after three times
            request.attempts = 3
            self.watch()
            self.assertEqual(release.call_count, 1)
        self.assertEqual(request.state, "failed")
        self.assertIn("stopped 3 times", request.failure)

    def test_broken_condition_is_shown_and_stops_no_other(self):
        other = self._make_template(kind="html", body=self.template.body, name="Other")
        self.env["signature.rule"].create(
            {"stage_id": self.stage_sign.id, "template_id": other.id, "signatory_id": self.signatory.id}
        )
        self.hold(self.template, URGENT)
        self.hold(other, URGENT)
        deal = self._make_deal()
        requests = self.send(deal)
        self.env.cr.execute(
            "UPDATE signature_template SET hold_domain = %s WHERE id = %s",
            ["[('gone', '=', 1)]", self.template.id],
        )
        deal.priority = "3"
        self.env.invalidate_all()
        self.watch()
        broken = requests.filtered(lambda request: request.template_id == self.template)
        self.assertEqual((requests - broken).state, "sent")
        self.assertEqual(broken.state, "failed")
        self.assertIn("Correct it", broken.failure)
        self.assertIn("Correct it", deal.activity_ids.filtered(lambda todo: broken.name in todo.summary).note)
        # nothing goes out by trying again while the condition is not true
        deal.priority = "1"
        self.hold(self.template, URGENT)
        broken.action_retry()
        self.assertEqual(broken.state, "held")
        deal.priority = "3"
        self.watch()
        self.assertEqual(broken.state, "sent")

    def test_buttons(self):
        self.hold(self.template, URGENT)
        deal = self._make_deal()
        request = self.send(deal)
        mine = request.with_user(self.salesman)
        self.assertIn("still waits for the payment", mine.action_check_hold()["params"]["message"])
        with self.assertRaisesRegex(AccessError, "sales managers"):
            mine.action_release()
        request.with_user(self.manager).action_release()
        self.assertEqual(request.state, "sent")
        self.assertIn("without waiting for the payment", self.notes(deal))
        self.link_of(self.work(), "zoe@client.example")
        with self.assertRaisesRegex(UserError, "not held any more"):
            mine.action_check_hold()
        other = self._make_deal()
        request = self.send(other)
        other.priority = "3"
        request.with_user(self.salesman).action_check_hold()
        self.assertEqual(request.state, "sent")

    def test_cancel_while_held(self):
        self.hold(self.template, URGENT)
        request = self.send()
        request.action_cancel("We have sold it")
        mails = self.work()
        self.assertEqual([mail["email_to"] for mail in mails], [['"Zoë Țăndărică" <zoe@client.example>']])
        self.assertIn("We have sold it", mails[0]["body"])
        self.watch()
        self.assertEqual(request.state, "cancelled")

    def test_announced_by_sms(self):
        self.hold(self.template, URGENT)
        self.partner.write({"email": False, "phone": "+40721234567"})
        self.template.role_ids[0].channel = "sms"
        self.send()
        message = self.env["sms.sms"].sudo().search([("number", "=", "+40721234567")])
        self.assertRegex(message.body, "waits for the payment of the deposit before it can be signed.*/s/")

    def test_no_expiry_while_held(self):
        self.hold(self.template, URGENT)
        request = self.send()
        self.assertFalse(request.date_expire or request.date_warn or any(request.signer_ids.mapped("date_remind")))

    @mute_logger("odoo.sql_db")
    def test_validation(self):
        author = self.template.with_user(self.manager)
        for words, values in (
            ("cannot be used", {"hold_domain": "[('no_field', '=', 1)]"}),
            ("cannot be used", {"hold_domain": "priority = 3"}),
            ("cannot be used", {"hold_domain": "[('priority'"}),
            *(("cannot be used", {"hold_domain": broken}) for broken in UNUSABLE),
            ("what “.*” waits for", {"hold_domain": URGENT, "hold_reason": False}),
            ("open in the portal", {"hold_path": "partner_id"}),
            ("open in the portal", {"hold_path": "name"}),
            ("no readable field", {"hold_path": "nothing"}),
        ):
            for holder in (author, self.rule.with_user(self.manager)):
                with (
                    self.subTest(str(values)[:80]),
                    self.assertRaisesRegex(UserError, words),
                    self.env.cr.savepoint(),
                ):
                    holder.write({"hold_reason": "that", **values})
        self.hold(author, PAID, hold_path="order_ids.invoice_ids")

    def test_what_the_author_may_not_read(self):
        secret = "[('company_id.signature_key_ids', '!=', False)]"
        for domain in ("[('user_id.password', '=', 'x')]", secret):
            with self.subTest(domain), self.assertRaises(UserError):
                self.hold(self.template.with_user(self.manager), domain)

    def test_forms(self):
        with Form(self.template.with_user(self.manager)) as form:
            form.hold_domain = URGENT
            form.hold_reason = "a sign"
            form.copies_mail_id = self.env["mail.template"]
        self.assertEqual(self.template.hold_reason, "a sign")


@tagged("post_install", "-at_install")
class TestHeldPage(HeldPageFixture, SigningPagesCase):
    """What the client sees meanwhile."""

    def pay_links(self, page):
        return page.xpath("//a[contains(@href, '/my/')]/@href")

    def test_client(self):
        page = self.open()
        self.assertWords(page, "Soon you can sign", "it waits for: the payment of the deposit", self.invoice.name)
        self.assertTrue(page.xpath(PAGES))
        self.assertFalse(page.xpath("//*[@data-action='primary' or @data-action='decline'] | //button[@data-field]"))
        (url,) = self.pay_links(page)
        self.assertIn(self.invoice.name, self.url_open(url).text)
        self.assertEqual(self.url_open(f"/sign/{self.token}/document").content, self.request.original_id.raw)
        answer = self.submit(self.token, self.client)
        self.assertIn("cannot be signed yet", str(answer))
        self.pay(self.invoice)
        self.assertEqual(self.pay_links(self.open()), [])
        self.watch()
        self.work()
        self.assertTrue(self.open().xpath("//*[@data-action='primary']"))

    def test_path_that_leads_nowhere_any_more(self):
        self.env.cr.execute("UPDATE signature_template SET hold_path = 'gone.invoice_ids'")
        self.env.invalidate_all()
        page = self.open()
        self.assertWords(page, "it waits for: the payment of the deposit")
        self.assertEqual(self.pay_links(page), [])
        request, __ = self.send()
        self.assertEqual(request.state, "held", request.failure)

    def test_only_the_customer_pays(self):
        stranger = self.env["res.partner"].create({"name": "Stranger", "email": "s@other.example"})
        self.client.partner_id = stranger
        self.assertEqual(self.pay_links(self.open()), [])
        colleague = self.env["res.partner"].create({"name": "Boss", "is_company": True})
        self.partner.parent_id = colleague
        self.invoice.partner_id.commercial_partner_id.flush_recordset()
        self.client.partner_id = self.partner
        self.assertEqual(len(self.pay_links(self.open())), 1)
        # in person nothing leads away
        self.assertEqual(self.pay_links(self.open(self.link(self.client, "in_person"))), [])
        self.assertEqual(self.pay_links(self.open(self.link(self.client, "shown"))), [])
        # a colleague gave this part to another address
        self.client.email = "somebody@else.example"
        self.assertEqual(self.pay_links(self.open()), [])

    def test_later_turn(self):
        page = self.open(self.link(self.company))
        self.assertWords(page, "It is not your turn yet")
        self.assertEqual(page.xpath(PAGES), [])

    def test_account(self):
        for login in ("zoe", "nick"):
            self._make_user(login, "base.group_portal")
        zoe, nick = self.env["res.users"].search([("login", "in", ("zoe", "nick"))]).sorted("login", reverse=True)
        self.client.partner_id, self.company.partner_id, self.company.user_id = zoe.partner_id, nick.partner_id, False
        self.authenticate("nick", "nick-password")
        self.assertNotIn(self.request.name, self.url_open("/my/signatures").text)
        self.authenticate("zoe", "zoe-password")
        page = self.url_open("/my/signatures?filterby=progress").text
        self.assertIn("Cannot be signed yet", page)
        self.assertIn("the payment of the deposit", page)
        self.assertNotIn(self.request.name, self.url_open("/my/signatures?filterby=waiting").text)
        form = {"csrf_token": http.Request.csrf_token(self)}
        self.assertIn("Soon you can sign", self.url_open(f"/my/signatures/{self.client.id}/open", data=form).text)

    def test_seen_by_the_salesperson(self):
        self.authenticate("saul", "saul-password")
        for signer in self.client + self.company:
            page = self.open(f"/signature_workflow/signer/{signer.id}")
            self.assertWords(page, "it waits for: the payment of the deposit")
            self.assertEqual(self.pay_links(page), [])
