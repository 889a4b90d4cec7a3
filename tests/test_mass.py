import base64
from datetime import timedelta
from unittest.mock import patch

from lxml import etree
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import format_date, mute_logger
from odoo.tools.safe_eval import safe_eval

from . import pdf_samples
from .common import SignatureCase
from .test_concurrency import SentRequestsCase

MANY = 100


@tagged("post_install", "-at_install")
class TestMass(SignatureCase):
    """One template for many deals: what is seen before, what goes out, and what is told afterwards."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.active = False
        cls.partner.name = "Zoe"
        clients = cls.env["res.partner"].create(
            [{"name": f"Client {n}", "email": f"client{n}@client.example"} for n in range(MANY)]
        )
        cls.deals = (
            cls.env["crm.lead"]
            .with_context(mail_auto_subscribe_no_notify=True)
            .create(
                [
                    {
                        "name": f"Deal {n}",
                        "type": "opportunity",
                        "partner_id": client.id,
                        "user_id": cls.salesman.id,
                        "stage_id": cls.stage_new.id,
                        "team_id": cls.team.id,
                    }
                    for n, client in enumerate(clients)
                ]
            )
        )

    def dialog(self, deals, user=None):
        """Open the dialog as from the list of deals, with the template chosen."""
        context = {"active_model": "crm.lead", "active_ids": deals.ids}
        dialog = Form(self.env["signature.request.mass"].with_user(user or self.salesman).with_context(**context))
        dialog.template_id = self.template
        dialog.signatory_id = self.signatory
        return dialog

    def send_many(self, deals, user=None):
        """Send from the dialog; return the batch."""
        action = self.dialog(deals, user).save().action_send()
        url = action["params"]["links"][0]["url"]
        self.assertEqual(action["params"]["next"]["type"], "ir.actions.act_window_close")
        return self.env["signature.batch"].browse(int(url.rpartition("/")[2]))

    def told(self, user=None):
        """Return what the user was told, the newest first."""
        partner = (user or self.salesman).partner_id
        domain = [("model", "=", "signature.batch"), ("partner_ids", "in", partner.ids)]
        return self.env["mail.message"].search(domain)

    def test_all_of_a_hundred(self):
        dialog = self.dialog(self.deals)
        self.assertEqual((dialog.record_count, dialog.send_count, dialog.problem_count), (MANY, MANY, 0))
        self.assertIn(f"record_id={self.deals[0].id}", dialog.preview_url)
        batch = self.send_many(self.deals)
        self.assertEqual((batch.total_count, batch.queued_count, batch.progress), (MANY, MANY, 0))
        self.assertFalse(self.told())
        mails = [*self.work(), *self.work()]
        self.assertEqual((batch.sent_count, batch.queued_count, batch.failed_count, batch.progress), (MANY, 0, 0, 100))
        self.assertEqual(len({str(mail["email_to"]) for mail in mails if "@client.example" in str(mail)}), MANY)
        self.assertEqual(batch.request_ids.user_id, self.salesman)
        self.assertEqual(len(self.told()), 1)
        self.assertIn(f"{MANY} sent.", self.told().subject)
        self.work()
        self.assertEqual(len(self.told()), 1)

    def test_preview_reads_all_together(self):
        """What 50 deals more cost in queries is next to nothing."""

        def queries(deals):
            values = {"res_model": "crm.lead", "res_ids": deals.ids, "template_id": self.template.id}
            mass = self.env["signature.request.mass"].with_user(self.salesman).create(values)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.assertEqual(mass.send_count, len(deals))
            return self.env.cr.sql_log_count - before

        queries(self.deals[:2])
        few, many = queries(self.deals[:50]), queries(self.deals)
        self.assertLessEqual(many, few + 3)
        self.assertLessEqual(many, 20)

    def test_what_is_wrong_is_said_and_left_out(self):
        other = self._make_user("other", "sales_team.group_sale_salesman_all_leads")
        no_mail, no_title, waiting, archived, failed, gone, foreign, *rest = self.deals[:20]
        no_mail.partner_id.email = False
        no_mail.email_from = False
        self.template.body += "<p>{{referred}} {{phone?}} {{contact_name|somebody}}</p>"
        (self.deals - no_title).referred = "a friend"
        self.template._make_requests(waiting + failed)
        self.requests_of(failed)._move("failed", failure="Broken")
        self.commit()
        archived.active = False
        foreign.user_id = other
        dialog = self.dialog(self.deals[:20])
        gone.unlink()
        dialog.signatory_id = self.signatory
        for words in (
            "no valid e-mail address",
            "Referred By",
            "waits to be signed already",
            "has failed before",
            "It is archived",
            "you may not see it",
        ):
            self.assertIn(words, dialog.problems)
        self.assertNotIn("Phone", dialog.problems)
        # the rights of the salesperson end at somebody else's deal
        dialog = self.dialog(self.deals.exists()[:19])
        batch = dialog.save().action_send()
        batch = self.env["signature.batch"].search([], limit=1)
        self.assertEqual(batch.request_ids.mapped("res_id"), [deal.id for deal in reversed(rest)])
        self.assertEqual(batch.left_out_count, 6)
        self.assertIn("Deal 1", batch.left_out_table)
        self.work()
        self.assertEqual(set(batch.request_ids.mapped("state")), {"sent"})
        self.assertIn("13 sent, 6 left out.", self.told().subject)

    def test_who_signs_on_paper_is_left_out(self):
        self.deals[0].partner_id.signature_opt_out = True
        dialog = self.dialog(self.deals[:3])
        self.assertEqual((dialog.send_count, dialog.problem_count), (2, 1))
        self.assertIn("signed on paper only", dialog.problems)

    def test_held_are_not_sent(self):
        self.template.write({"hold_domain": "[('priority', '=', '3')]", "hold_reason": "the deposit"})
        self.deals[0].priority = "3"
        batch = self.send_many(self.deals[:3])
        self.work()
        self.assertEqual((batch.sent_count, batch.held_count, batch.unsent_count), (1, 2, 0))
        self.assertIn("1 sent, 2 held.", self.told().subject)

    def test_same_record_twice(self):
        strange = [True, "a", [1], None]
        values = {"res_model": "crm.lead", "res_ids": self.deals[:2].ids * 3 + strange, "template_id": self.template.id}
        mass = self.env["signature.request.mass"].with_user(self.salesman).create(values)
        self.assertEqual((mass.record_count, mass.send_count), (2, 2))
        mass.action_send()
        self.assertEqual(len(self.requests_of(self.deals)), 2)

    def test_sent_once(self):
        mass = self.dialog(self.deals[:2]).save()
        mass.action_send()
        self.requests_of(self.deals)._move("cancelled")
        with self.assertRaisesRegex(UserError, "sent already"):
            mass.action_send()

    def test_value_printed_on_a_pdf_is_missing(self):
        self.template.write({"kind": "pdf", "pdf_file": base64.b64encode(pdf_samples.boxed(blank=True))})
        for required in (True, False):
            self.template.field_ids = [
                (5,),
                (0, 0, {"role_id": self.role_client.id, "y": 60}),
                (0, 0, {"role_id": self.role_company.id, "y": 80}),
                (0, 0, {"type": "merge", "merge_path": "referred", "required": required}),
            ]
            dialog = self.dialog(self.deals[:3])
            self.assertEqual(dialog.problem_count, 3 if required else 0)

    def test_only_the_first_problems_are_listed(self):
        self.deals.partner_id.email = False
        self.deals.email_from = False
        dialog = self.dialog(self.deals)
        self.assertEqual((dialog.send_count, dialog.problem_count), (0, MANY))
        self.assertEqual(dialog.problems.count("<tr>"), 51)
        self.assertIn("50", dialog.problems.partition("</table>")[2])
        with self.assertRaisesRegex(UserError, "nothing to send"):
            dialog.save().action_send()

    def test_names_are_text(self):
        deal = self.deals[0]
        deal.write({"name": "<img src=x onerror=alert(1)>", "email_from": False})
        deal.partner_id.email = False
        dialog = self.dialog(self.deals[:2])
        self.assertIn("&lt;img", dialog.problems)
        self.assertNotIn("<img", dialog.problems)

    def test_broken_template_is_said_once(self):
        self.template.body = "<p>{{signature;role=Client}}</p>"
        dialog = self.dialog(self.deals)
        with self.assertRaisesRegex(UserError, "Nothing was sent"):
            dialog.save().action_send()
        self.assertFalse(self.requests_of(self.deals))
        self.assertFalse(self.env["signature.batch"].search([("template_id", "=", self.template.id)]))

    def test_failed_ones_are_tried_again_and_told_once(self):
        batch = self.send_many(self.deals[:10])
        poor = self.deals[3:5].partner_id
        poor.email = False
        self.deals[3:5].email_from = False
        self.work()
        self.assertEqual((batch.sent_count, batch.failed_count), (8, 2))
        self.assertIn("8 sent, 2 failed.", self.told().subject)
        own = batch.with_user(self.salesman)
        self.assertIn("no valid e-mail address", own.failed_ids[0].failure)
        for partner in poor:
            partner.email = f"later{partner.id}@client.example"
        own.action_retry()
        self.work()
        self.assertEqual((batch.sent_count, batch.failed_count, batch.progress), (10, 0, 100))
        self.assertEqual(len(self.told()), 1)

    def test_cancel_what_is_not_sent(self):
        batch = self.send_many(self.deals[:10])
        requests = self.env["signature.request"]
        original = type(requests)._generate
        with patch.object(type(requests), "_generate", lambda batch: original(batch[:4])):
            self.work()
        self.assertEqual((batch.sent_count, batch.queued_count, batch.progress), (4, 6, 40))
        self.assertFalse(self.told())
        batch.with_user(self.salesman).action_cancel_unsent()
        self.work()
        self.assertEqual((batch.sent_count, batch.ended_count, batch.unsent_count), (4, 6, 0))
        self.assertIn("4 sent.", self.told().subject)

    def test_what_was_sent_and_failed_later_is_not_cancelled(self):
        batch = self.send_many(self.deals[:2])
        self.work()
        batch.request_ids[0]._move("failed", failure="Broken")
        self.assertEqual((batch.sent_count, batch.failed_count, batch.unsent_count), (2, 1, 0))
        batch.with_user(self.salesman).action_cancel_unsent()
        self.assertEqual(set(batch.request_ids.mapped("state")), {"failed", "sent"})

    def test_told_by_the_next_worker_when_one_is_killed(self):
        batch = self.send_many(self.deals[:10])
        # after the last document, before anything is told
        with patch.object(type(batch), "_through_domain", lambda batch: [("id", "=", 0)]):
            self.work()
        self.assertEqual((batch.sent_count, batch.progress), (10, 100))
        self.assertFalse(self.told())
        self.work()
        self.assertEqual(len(self.told()), 1)

    def test_who_sees_it(self):
        batch = self.send_many(self.deals[:3])
        colleague = self._make_user("other", "sales_team.group_sale_salesman_all_leads")
        self.assertTrue(batch.with_user(self.salesman).has_access("read"))
        self.assertTrue(batch.with_user(self.manager).has_access("read"))
        self.assertFalse(batch.with_user(colleague).has_access("read"))
        for operation in ("write", "create", "unlink"):
            self.assertFalse(batch.with_user(self.manager).has_access(operation))
        batch.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertFalse(batch.with_user(self.manager).has_access("read"))

    def test_who_may_not_send(self):
        stranger = self._make_user("stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self.dialog(self.deals, stranger)
        other = self._make_user("other", "sales_team.group_sale_salesman")
        dialog = self.dialog(self.deals[:2], other)
        self.assertEqual((dialog.send_count, dialog.problem_count), (0, 2))
        self.assertNotIn("Deal 0", dialog.problems)

    def test_contacts_too(self):
        template = self._make_template(
            name="Privacy",
            model_id=self.env["ir.model"]._get("res.partner").id,
            body="<p>{{signature;role=Client}}</p>",
        )
        template.role_ids[1].unlink()
        contacts = self.deals[:5].partner_id
        mass = Form(
            self.env["signature.request.mass"].with_context(active_model="res.partner", active_ids=contacts.ids)
        )
        self.assertEqual(mass.template_id, template)
        mass.save().action_send()
        self.work()
        requests = self.env["signature.request"].search([("template_id", "=", template.id)])
        self.assertEqual(set(requests.mapped("state")), {"sent"})
        contact = contacts[0].with_user(self.manager)
        self.assertEqual(contact.signature_count, 1)
        action = contact.action_view_signatures()
        self.assertEqual(self.env["signature.request"].search(action["domain"]).res_id, contact.id)


@tagged("post_install", "-at_install")
class TestSendAtOnce(SentRequestsCase):
    """The button of a dialog pressed four times at the same instant."""

    def _press(self, env, model, dialog_id):
        def press():
            try:
                return env[model].browse(dialog_id).action_send()["type"]
            except UserError as error:
                return str(error)

        return press

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_pressed_four_times(self):
        with self.transaction() as env:
            template = env["signature.request"].browse(self.request_ids[0]).template_id
            deals = env["crm.lead"].browse(self.made[0][1])
            env["signature.request"].browse(self.request_ids)._move("cancelled")
            signatory = env.ref("base.user_admin")
            common = {"res_model": "crm.lead", "template_id": template.id, "signatory_id": signatory.id}
            dialogs = [
                env["signature.request.send"].create({**common, "res_id": deals[0].id}),
                env["signature.request.mass"].create({**common, "res_ids": deals[1:4].ids}),
            ]
            dialogs = [(dialog._name, dialog.id) for dialog in dialogs]
        for dialog in dialogs:
            answers = self.at_once(self._press, [dialog] * 4)
            self.assertEqual(answers.count("ir.actions.client"), 1, answers)
            self.assertLessEqual(set(answers), {"ir.actions.client", "It is sent already.", "busy"})
        with self.transaction() as env:
            batches = env["signature.batch"].search([("template_id", "=", self.made[1][1])])
            self.made.insert(0, (batches._name, batches.ids))
            queued = env["signature.request"].search([("state", "=", "queued")])
            self.assertEqual(sorted(queued.mapped("res_id")), sorted(deals.ids[:4]))


@tagged("post_install", "-at_install")
class TestReports(SignatureCase):
    """What is counted, found and shown of requests."""

    def find(self, xmlid, name):
        """Return what the filter `name` of a search view finds for the salesperson."""
        view = self.env.ref(f"signature_workflow.{xmlid}")
        model = self.env[view.model].with_user(self.salesman)
        arch = etree.fromstring(model.get_view(view.id, "search")["arch"])
        (found,) = arch.xpath(f"//filter[@name='{name}']")
        return model.search(safe_eval(found.get("domain"), {"uid": self.salesman.id}))

    def test_filters(self):
        waiting, signed, declined = (self.send(name=name) for name in ("Waiting", "Signed", "Declined"))
        self.complete(signed)
        reason = self.env["signature.decline.reason"].search([], limit=1)
        declined.signer_ids[0].sudo()._decline("Too dear", "no", {}, reason.id)
        approved = self.send(name="Approved")
        requests = "signature_request_view_search"
        for name, expected in (
            ("waiting", waiting + approved),
            ("signed", signed),
            ("approved", self.env["signature.request"]),
            ("declined", declined),
            ("completed", signed),
        ):
            self.assertEqual(self.find(requests, name) & (waiting + signed + declined + approved), expected, name)
        self.assertIn("Too dear", declined.decline_text)
        self.assertTrue(declined.date_declined)
        self.assertFalse(waiting.date_declined)
        deals = self.find("crm_lead_view_search", "signature_waiting")
        self.assertEqual(set(deals.mapped("name")), {"Waiting", "Approved"})
        self.assertEqual(
            self.find("res_partner_view_search", "signature_waiting"), self.partner + self.signatory.partner_id
        )

    def test_deals_of_which_something_failed(self):
        self.complete(request := self.send())
        deals = "crm_lead_view_search", "signature_failed"
        self.assertFalse(self.find(*deals))
        request.reaction_ids[0].state = "failed"
        self.assertEqual(self.find(*deals), request._record())
        request.is_unlinked = True
        self.assertFalse(self.find(*deals))

    def test_paper_was_not_sent(self):
        self.partner.signature_opt_out = True
        request = self.send()
        self.assertEqual((request.state, request.date_sent, request.date_expire), ("paper", False, False))
        request._sign_on_paper([pdf_samples.simple()])
        self.assertEqual((self.rule.request_count, self.rule.signed_count), (1, 1))
        hours = request.formatted_read_group([("id", "=", request.id)], [], ["hours_to_sign:avg"])
        self.assertFalse(hours[0]["hours_to_sign:avg"])
        self.env.cr.execute("SELECT hours_to_sign FROM signature_request WHERE id = %s", request.ids)
        self.assertEqual(self.env.cr.fetchall(), [(None,)])

    def test_paper_is_corrected(self):
        self.partner.signature_opt_out = True
        request = self.send()
        request.with_user(self.salesman).action_resend_corrected()
        self.assertIn(f"document of {format_date(self.env, request.create_date)}", request.replaced_by_id.message)

    def test_approved_is_not_signed(self):
        self.template.role_ids.participation = "approve"
        self.template.body = "<p>Nothing to sign</p>"
        approved = self.send()
        self.complete(approved)
        self.assertEqual(self.find("signature_request_view_search", "approved"), approved)
        self.assertNotIn(approved, self.find("signature_request_view_search", "signed"))

    def test_hours_count_what_is_signed_and_what_one_may_see(self):
        fast, slow, never = (self.send(name=name) for name in ("Fast", "Slow", "Never"))
        requests = fast + slow + never
        fast.date_sent -= timedelta(hours=2)
        slow.date_sent -= timedelta(hours=6)
        self.complete(fast)
        self.complete(slow)
        grouped = requests.with_user(self.salesman).formatted_read_group(
            [("id", "in", requests.ids)], ["template_id"], ["hours_to_sign:avg", "__count"]
        )
        self.assertEqual(len(grouped), 1)
        self.assertAlmostEqual(grouped[0]["hours_to_sign:avg"], 4, places=1)
        self.assertEqual(grouped[0]["__count"], 3)
        stranger = self._make_user("other", "sales_team.group_sale_salesman")
        self.assertFalse(
            requests.with_user(stranger).formatted_read_group(
                [("id", "in", requests.ids)], ["template_id"], ["__count"]
            )
        )
