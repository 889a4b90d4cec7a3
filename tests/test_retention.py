"""How long documents are kept, legal hold, and the erasure of a person's data."""

from datetime import timedelta

from freezegun import freeze_time
from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from ..signature_workflow.models import signature_request_retention
from .common import SignatureCase
from .invariants import assert_invariants

RETENTION = "odoo.addons.signature_workflow.signature_workflow.models.signature_request_retention"
QUEUE = "odoo.addons.signature_workflow.signature_workflow.models.signature_queue"
# all that a request consists of
TABLES = (
    "signature_request", "signature_signer", "signature_request_field", "signature_event", "signature_link",
    "signature_reaction", "signature_rule_run", "signature_authentication", "signature_sending",
)  # fmt: skip


class RetentionCase(SignatureCase):
    def setUp(self):
        super().setUp()
        self.company = self.env.company
        self.company.write({"signature_purge_days": 30, "signature_keep_years": 2})

    def later(self, **delay):
        return freeze_time(fields.Datetime.now() + timedelta(**delay))

    def run_retention(self, **delay):
        """Run the daily job as if so much time had passed."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.later(**delay):
            self.env.ref("signature_workflow.ir_cron_retention").method_direct_trigger()
        self.env.invalidate_all()

    def completed(self, **values):
        request = self.send(**values)
        self.complete(request)
        return request

    def ended(self, **values):
        request = self.send(**values)
        request.action_cancel("Too late")
        self.work()
        return request

    def rows_of(self, request):
        """Return `{table: number of rows}` of what there is of a request; nothing for what has none."""
        self.env.flush_all()
        signers = SQL("SELECT id FROM signature_signer WHERE request_id = %s", request.id)
        found = {}
        for table in TABLES:
            columns = {row[0] for row in self.env.execute_query(SQL(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s", table
            ))}  # fmt: skip
            if table == "signature_request":
                where = SQL("id = %s", request.id)
            elif "request_id" in columns:
                where = SQL("request_id = %s", request.id)
            else:
                where = SQL("signer_id IN (%s)", signers)
            [(count,)] = self.env.execute_query(SQL("SELECT count(*) FROM %s WHERE %s", SQL.identifier(table), where))
            if count:
                found[table] = count
        return found

    def chatter_of(self, deal):
        return " ".join(deal.message_ids.mapped("body"))

    def files_of(self, request):
        own = [("res_model", "=", "signature.request"), ("res_id", "=", request.id)]
        record = [("res_model", "=", request.res_model), ("res_id", "=", request.res_id)]
        files = self.env["ir.attachment"].sudo()
        return files.search(own), files.search([*record, ("mimetype", "=", "application/pdf")])


@tagged("post_install", "-at_install")
class TestRetention(RetentionCase):
    def test_what_came_to_nothing_is_deleted_after_the_days(self):
        request = self.ended()
        deal, name, files = request._record(), request.name, self.files_of(request)[0]
        template, rule = request.template_id, request.rule_id
        self.assertTrue(files)
        self.run_retention(days=29)
        self.assertTrue(request.exists())
        self.run_retention(days=32)
        self.assertFalse(request.exists())
        self.assertEqual(self.rows_of(request), {})
        self.assertFalse(files.exists())
        self.assertTrue(deal.exists() and template.exists() and rule.exists())
        note = self.chatter_of(deal)
        self.assertIn(f"“{name}” of ", note)
        self.assertIn("was deleted by the retention rule", note)
        self.assertEqual(deal.signature_count, 0)
        assert_invariants(self, self.env)

    def test_completed_goes_after_the_years_with_the_copy_on_the_record(self):
        request = self.completed()
        stays = self.completed(name="Other deal", company_id=False)
        deal, (own, filed) = request._record(), self.files_of(request)
        brought = self.env["ir.attachment"].create(
            {"name": "brought.pdf", "raw": b"%PDF-1.4 mine", "res_model": "crm.lead", "res_id": deal.id}
        )
        stays.date_completed += timedelta(days=60)
        self.assertTrue(len(own) >= 2 and len(filed) == 1)
        self.run_retention(days=2 * 365 - 3)
        self.assertTrue(request.exists())
        self.run_retention(days=2 * 366)
        self.assertFalse(request.exists())
        self.assertEqual(self.rows_of(request), {})
        self.assertFalse((own | filed).exists())
        self.assertTrue(brought.exists())
        self.assertIn("was deleted by the retention rule", self.chatter_of(deal))
        self.assertTrue(stays.exists() and stays.final_id.raw)
        stays.event_ids._verify_chain()
        assert_invariants(self, self.env)

    def test_open_documents_are_never_deleted(self):
        waiting = self.send(name="Waits")
        failed = self.send(name="Failed")
        failed._move("failed", failure="No.")
        self.run_retention(days=5000)
        self.assertTrue(waiting.exists() and failed.exists())

    def test_nothing_is_deleted_unless_a_company_says_so(self):
        self.company.write({"signature_purge_days": 0, "signature_keep_years": 0})
        other = self.env["res.company"].create(
            {"name": "Elsewhere", "signature_purge_days": 1, "signature_keep_years": 1}
        )
        requests = self.ended() + self.completed(name="Second")
        foreign = self.ended(name="Third")
        foreign.company_id = other
        self.run_retention(days=5000)
        self.assertTrue(all(request.exists() for request in requests))
        self.assertFalse(foreign.exists())

    def test_tests_and_what_was_withdrawn(self):
        withdrawn = self.completed()
        withdrawn.with_user(self.manager).action_withdraw("Wrong price")
        self.work()
        test = self.template._make_requests(self._make_deal(name="Tried"), is_test=True, user_id=self.salesman.id)
        self.work()
        self.complete(test)
        self.run_retention(days=40)
        self.assertFalse(test.exists())
        self.assertTrue(withdrawn.exists())
        self.run_retention(days=2 * 366)
        self.assertFalse(withdrawn.exists())

    def test_preview_says_what_a_run_deletes(self):
        self.ended()
        self.completed(name="Second")
        held = self.completed(name="Third")
        held.with_user(self.manager)._change_legal_hold(False, "Claim")
        nobody = self.company.with_user(self.manager)
        with self.later(days=2 * 366):
            for years, days, counts in ((2, 30, (1, 1, 1)), (0, 30, (1, 0, 0)), (2, 0, (0, 1, 1)), (0, 0, (0, 0, 0))):
                preview = nobody._retention_preview(years, days)
                self.assertEqual(tuple(preview[key] for key in ("nothing", "completed", "held")), counts)
        first = fields.Date.today() + timedelta(days=7)
        self.assertEqual(nobody._retention_preview(1, 1), {"nothing": 0, "completed": 0, "held": 0, "from": first})

    def test_one_that_cannot_be_deleted_holds_up_no_other_and_is_shown_once(self):
        requests = self.ended() + self.ended(name="Second") + self.ended(name="Third")
        poison = requests[1]
        # another module points to it
        self.env.cr.execute("CREATE TABLE signature_workflow_poison (request_id int REFERENCES signature_request)")
        self.env.cr.execute("INSERT INTO signature_workflow_poison VALUES (%s)", [poison.id])
        for _day in range(2):
            with self.assertLogs(RETENTION, "WARNING"), mute_logger("odoo.sql_db", QUEUE):
                self.run_retention(days=40)
        self.assertEqual(requests.exists(), poison)
        self.assertIn("signature_signer", self.rows_of(poison))
        poison.event_ids._verify_chain()
        todo = poison._record().activity_ids
        self.assertEqual(todo.mapped("summary"), [f"Not deleted by the retention rule: {poison.name}"])
        self.assertEqual(todo.user_id, self.salesman)
        self.assertNotIn("was deleted", self.chatter_of(poison._record()))

    def test_all_batches_of_a_run(self):
        deals = self._make_deal() + self._make_deal(name="Second") + self._make_deal(name="Third")
        deals.stage_id = self.stage_sign
        self.work()
        requests = self.requests_of(deals)
        requests.action_cancel()
        self.work()
        self.patch(signature_request_retention, "BATCH", 2)
        self.run_retention(days=40)
        self.assertFalse(requests.exists())

    def test_time_is_over_before_all_are_deleted(self):
        """Then the scheduled action says so, and is run again at once."""
        requests = self.ended() + self.ended(name="Second") + self.ended(name="Third")
        cron = self.env.ref("signature_workflow.ir_cron_retention")
        progress = self.env["ir.cron.progress"].create([{"cron_id": cron.id}])
        self.patch(signature_request_retention, "BATCH", 2)
        self.env.flush_all()
        context = {"ir_cron_progress_id": progress.id, "cron_id": cron.id, "cron_end_time": 0}
        with self.enter_registry_test_mode(), self.later(days=40), self.registry.cursor() as cr:
            self.env(cr=cr, context=context)["signature.request"]._cron_retention()
        self.env.invalidate_all()
        self.assertEqual(len(requests.exists()), 1)
        self.assertEqual((progress.done, progress.remaining), (2, 1))

    def test_files_of_colleagues_stay(self):
        """Also those with the same bytes as the signed copy."""
        request = self.completed()
        deal, (filed,) = request._record(), self.files_of(request)[1]
        brought = filed.copy({"name": "sent back by the client.pdf"})
        self.assertEqual(brought.checksum, filed.checksum)
        self.run_retention(days=2 * 366)
        self.assertFalse(filed.exists())
        self.assertTrue(brought.exists())
        self.assertIn("was deleted by the retention rule", self.chatter_of(deal))

    def test_copies_that_were_filed_before_they_were_marked(self):
        request = self.completed()
        (filed,) = self.files_of(request)[1]
        filed.sudo().signature_request_id = False
        brought = filed.copy({"name": "sent back by the client.pdf"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE ir_attachment SET create_date = now() + '1 day' WHERE id = %s", [brought.id])
        self.env.invalidate_all()
        self.run_retention(days=2 * 366)
        self.assertFalse(request.exists() or filed.exists())
        self.assertTrue(brought.exists())

    def test_change_of_the_numbers_rests_for_a_week(self):
        request, company = self.ended(), self.company
        system = self._make_user("system", "base.group_system")
        with self.later(days=100):
            today = fields.Date.today()
            self.assertFalse(company._retention_preview(2, 30)["from"])
            self.assertEqual(company._retention_preview(1, 30)["from"], today + timedelta(days=7))
            company.with_user(system).write({"signature_keep_years": 1})
            self.assertEqual(company._retention_preview(1, 30)["from"], today + timedelta(days=7))
        note = company.partner_id.message_ids[0]
        self.assertEqual(note.author_id, system.partner_id)
        self.assertIn("System changed how long", note.body)
        self.assertIn("1 years (before: 2)", note.body)
        self.run_retention(days=106)
        self.assertTrue(request.exists())
        self.run_retention(days=107)
        self.assertFalse(request.exists())
        with self.assertRaises(AccessError):
            company.with_user(system).write({"signature_retention_from": False})
        with self.assertRaises(AccessError):
            company.with_user(self._make_user("rights", "base.group_erp_manager")).write({"signature_keep_years": 3})

    def test_one_without_a_record_for_a_to_do_is_shown_once(self):
        test = self.template._make_requests(self._make_deal(name="Tried"), is_test=True, user_id=self.salesman.id)
        self.work()
        test.action_cancel()
        self.work()
        self.env.cr.execute("CREATE TABLE signature_workflow_poison (request_id int REFERENCES signature_request)")
        self.env.cr.execute("INSERT INTO signature_workflow_poison VALUES (%s)", [test.id])
        for _day in range(2):
            with self.assertLogs(RETENTION, "WARNING"), mute_logger("odoo.sql_db", QUEUE):
                self.run_retention(days=40)
        told = self.env["mail.message"].search([("model", "=", "signature.request"), ("res_id", "=", test.id)])
        self.assertEqual(told.mapped("subject"), [f"Not deleted by the retention rule: {test.name}"])
        self.assertEqual(told.notified_partner_ids, self.salesman.partner_id)

    def test_deal_goes_on_after_its_first_document_was_deleted(self):
        """The entries into a stage are still told apart."""
        deal = self._make_deal()
        first = self.send(deal)
        first.action_cancel()
        deal.stage_id = self.stage_new
        self.commit()
        second = self.send(deal) - first
        second.action_cancel()
        self.env.flush_all()
        first._delete_for_good()
        deal.stage_id = self.stage_new
        self.commit()
        third = self.send(deal) - second
        self.assertEqual(third.state, "sent")

    def test_nobody_deletes_by_hand(self):
        request = self.ended()
        for records in (request, request.sudo(), request.sudo().with_context(signature_doomed=True)):
            with self.assertRaisesRegex(UserError, "never deleted"):
                records.with_user(self.env.ref("base.user_root")).unlink()
        with self.assertRaises(AccessError):
            request.with_user(self.manager).unlink()


@tagged("post_install", "-at_install")
class TestLegalHold(RetentionCase):
    def setUp(self):
        super().setUp()
        self.request = self.completed()
        self.deal = self.request._record()

    def dialog(self, records, user=None):
        context = {"active_model": records._name, "active_ids": records.ids, "active_id": records[:1].id}
        return Form(self.env["signature.legal.hold"].with_user(user or self.manager).with_context(**context))

    def hold(self, records=None):
        dialog = self.dialog(records or self.request)
        self.assertEqual(dialog.action, "hold")
        dialog.reason = "Claim of March"
        return dialog.save().action_apply()

    def test_put_on_and_lifted(self):
        self.hold()
        self.assertEqual((self.request.legal_hold, self.request.legal_hold_by_id), (True, self.manager))
        event = self.request.event_ids[-1]
        self.assertEqual((event.kind, event.user_id), ("legal_hold", self.manager))
        self.assertIn("Claim of March", event.data)
        self.assertIn("was put on legal hold: Claim of March", self.chatter_of(self.deal))
        dialog = self.dialog(self.request)
        self.assertEqual(dialog.action, "lift")
        dialog.reason = "Settled"
        dialog.save().action_apply()
        self.assertEqual((self.request.legal_hold, self.request.legal_hold_reason), (False, False))
        self.assertEqual(self.request.event_ids[-1].kind, "hold_lifted")
        self.request.event_ids._verify_chain()

    def test_nothing_touches_it(self):
        ended = self.ended(name="Second")
        self.hold(self.request | ended)
        self.run_retention(days=5000)
        self.assertTrue(self.request.exists() and ended.exists())
        (filed,) = self.files_of(self.request)[1]
        with self.assertRaisesRegex(UserError, "On legal hold"):
            filed.with_user(self.manager).unlink()
        with self.assertRaisesRegex(UserError, "On legal hold"):
            self.request._delete_for_good()
        other = self.env["ir.attachment"].create(
            {"name": "x", "raw": b"x", "res_model": "crm.lead", "res_id": self.deal.id}
        )
        other.with_user(self.manager).unlink()
        self.request.with_user(self.manager)._change_legal_hold(True, "Settled")
        filed.with_user(self.manager).unlink()
        self.run_retention(days=5000)
        self.assertFalse(self.request.exists())
        self.assertTrue(ended.exists())

    def test_its_copy_is_not_changed_or_moved(self):
        self.hold()
        (filed,) = self.files_of(self.request)[1]
        content, other = filed.raw, self._make_deal(name="Other")
        copy = filed.with_user(self.manager)
        for values in (
            {"raw": b"%PDF-1.4 else"},
            {"datas": "JVBERi0="},
            {"type": "url", "url": "https://else.example"},
            {"res_id": other.id},
            {"res_model": "res.partner", "res_id": self.partner.id},
            {"res_model": False, "res_id": False},
            {"res_field": "image_1920"},
        ):
            with self.subTest(values), self.assertRaisesRegex(UserError, "On legal hold"):
                copy.write(dict(values))
        copy.write({"name": "signed.pdf", "description": "Ours", "res_id": self.deal.id})
        # the document goes to the deal that is kept, and its copies with it
        kept = self._make_deal(name="Kept", priority="3", stage_id=self.stage_next.id)
        merged = (kept | self.deal).with_user(self.manager).merge_opportunity()
        self.assertEqual((self.request.res_id, filed.res_id), (merged.id, merged.id))
        self.assertEqual(filed.raw, content)

    def test_all_documents_of_a_contact(self):
        second = self.send(name="Second")
        stranger = self.env["res.partner"].create({"name": "Stranger", "email": "stranger@client.example"})
        other = self.send(name="Third", partner_id=stranger.id)
        self.assertIn(": 2.", self.hold(self.partner)["params"]["message"])
        self.assertTrue(self.request.legal_hold and second.legal_hold)
        self.assertFalse(other.legal_hold)

    def test_managers_with_a_reason_only(self):
        with self.assertRaises(UserError):
            self.request.with_user(self.manager)._change_legal_hold(False, "  ")
        with self.assertRaises(AccessError):
            self.request.with_user(self.salesman)._change_legal_hold(False, "Claim")
        with self.assertRaises(AccessError):
            self.env["signature.legal.hold"].with_user(self.salesman).create({"reason": "Claim"})
        self.request.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        with self.assertRaises(AccessError):
            self.request.with_user(self.manager)._change_legal_hold(False, "Claim")
        with self.assertRaises(AccessError):
            self.env["signature.legal.hold"].with_user(self.manager).create(
                {"reason": "Claim", "request_ids": [Command.set(self.request.ids)]}
            )
        self.assertFalse(self.request.legal_hold)
