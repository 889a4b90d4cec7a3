"""The stage rule: its screen for sales managers, its statistics, its channel, deals that leave its stage."""

from datetime import timedelta

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import SignatureCase
from .test_hold import UNUSABLE


@tagged("post_install", "-at_install")
class TestRuleScreen(SignatureCase):
    """Whatever the screen offers works with the rights of a sales manager."""

    def _form(self, rule=None):
        rules = self.env["signature.rule"].with_user(self.manager)
        form = Form(rules.browse(rule.id) if rule else rules)
        if not rule:
            form.stage_id, form.template_id = self.stage_next, self.template
        return form

    def test_new_rule_begins_with_the_next_stage(self):
        rule = self._form().save()
        self.assertEqual((rule.action_ids.event, rule.action_ids.kind), ("signed", "next"))
        self.assertEqual(rule.summary, "Signed by all: Move to the next stage")

    def test_every_outcome_can_be_chosen(self):
        action = self.env["ir.actions.server"].create(
            {"name": "Say so", "model_id": self.env["ir.model"]._get_id("crm.lead"), "state": "code", "code": "pass"}
        )
        reason = self.env["crm.lost.reason"].create({"name": "Too expensive"})
        choices = {
            "stage": {"stage_id": self.stage_won},
            "won": {},
            "lost": {"lost_reason_id": reason},
            "activity": {"activity_type_id": self.env.ref("mail.mail_activity_data_call"), "activity_summary": "Ask"},
            "template": {"template_id": self.template},
            "server": {"server_action": str(action.id)},
        }
        with self._form() as form:
            for kind, values in choices.items():
                with form.action_ids.new() as line:
                    line.event, line.kind = "declined", kind
                    for name, value in values.items():
                        setattr(line, name, value)
        rule = form.record
        self.assertEqual(rule.action_ids.mapped("kind"), ["next", *choices])
        self.assertEqual(rule.action_ids.sudo().server_action_id, action)
        with self._form(rule) as form, form.action_ids.edit(1) as line:
            line.kind = "won"
        self.assertFalse(rule.action_ids[1].stage_id)

    def test_duplicate_and_archive(self):
        rule = self.rule.with_user(self.manager)
        copy = rule.copy()
        self.assertEqual(copy.action_ids.mapped("kind"), rule.action_ids.mapped("kind"))
        copy.action_archive()
        deal = self._make_deal()
        self.assertEqual(len(self.send(deal)), 1)

    @mute_logger("odoo.sql_db")
    def test_filter_that_cannot_be_used(self):
        self._make_deal()
        rule = self.rule.with_user(self.manager)
        # fields that the author may not read, although the rule itself could
        secret = ("[('partner_id.signup_type', '=', 'signup')]", "[('user_id.password', '=', 'x')]")
        for domain in (*UNUSABLE, *secret, "[('name', '>', 5)]"):
            with (
                self.subTest(domain[:50]),
                self.assertRaisesRegex(ValidationError, "is not valid"),
                self.env.cr.savepoint(),
            ):
                rule.domain = domain
        rule.domain = "[('partner_id.country_id.code', '!=', 'XX'), ('expected_revenue', '>=', 0)]"

    def test_broken_filter_keeps_nobody_from_moving_deals(self):
        other = self._make_template(kind="html", body=self.template.body, name="Other")
        self.rule.copy({"template_id": other.id})
        for domain in ("[('gone', '=', 1)]", "[('expected_revenue', '>', 'abc')]", "5"):
            with self.subTest(domain):
                self.env.cr.execute("UPDATE signature_rule SET domain = %s WHERE id = %s", [domain, self.rule.id])
                self.env.invalidate_all()
                self.env.registry.clear_cache()
                with self.assertLogs("odoo.addons.signature_workflow", "WARNING"):
                    requests = self.send()
                self.assertEqual((requests.template_id, requests.state), (other, "sent"))
                self.assertIn("is not valid", self.rule.with_user(self.manager).warning)
                simulation = self.env["signature.simulation"].with_user(self.manager)
                with Form(simulation.with_context(default_rule_id=self.rule.id)) as form:
                    form.lead_id = self._make_deal()
                    self.assertIn("is not valid", form.line_ids._records[0]["details"])

    def test_salesman_only_reads(self):
        rule = self.rule.with_user(self.salesman)
        self.assertEqual(rule.read(["summary"])[0]["summary"], "Signed by all: Mark as won")
        with self.assertRaises(AccessError):
            rule.action_ids.kind = "next"


@tagged("post_install", "-at_install")
class TestRuleStatistics(SignatureCase):
    """What has become of a rule's documents."""

    def test_counts_and_median(self):
        requests = self.env["signature.request"]
        for __ in range(5):
            deal = self._make_deal()
            deal.stage_id = self.stage_sign
            self.commit()
            requests |= self.requests_of(deal)
        self.work()
        done, declined = requests[:3], requests[3]
        for request, hours in zip(done, (2, 28, 100), strict=True):
            self.complete(request)
            request.date_sent = request.date_completed - timedelta(hours=hours)
        declined.signer_ids[0].sudo()._decline("No", "no", {})
        self.env.flush_all()
        rule = self.rule.with_user(self.manager)
        self.assertEqual((rule.request_count, rule.waiting_count, rule.signed_count, rule.declined_count), (5, 1, 3, 1))
        self.assertEqual(rule.time_to_sign, "1 day 4 h")
        action = rule.with_context(filter="completed").action_view_requests()
        self.assertEqual(self.env["signature.request"].search(action["domain"]), requests)
        self.assertEqual(action["context"], {"search_default_completed": True})
        self.assertFalse(self.rule.copy().time_to_sign)

    def test_words_of_durations(self):
        cases = {59: "1 min", 3600: "1 h", 5400: "1 h 30 min", 86400: "1 day", 180000: "2 days 2 h"}
        for seconds, words in cases.items():
            self.assertEqual(self.env["signature.rule"]._duration_words(seconds), words)


@tagged("post_install", "-at_install")
class TestRuleChannel(SignatureCase):
    """The channel of a rule is the customer's, not our own people's."""

    def test_customers_only(self):
        self.partner.phone = "+40 712 345 678"
        self.rule.channel = "manual"
        request = self.send()
        client, own = request.signer_ids.sorted("sequence")
        self.assertEqual((client.channel, own.channel), ("manual", "email"))


@tagged("post_install", "-at_install")
class TestDealLeaves(SignatureCase):
    """A deal leaves the stage while its document waits, and nobody is asked."""

    def setUp(self):
        super().setUp()
        self.deal = self._make_deal()
        self.request = self.send(self.deal)

    def _leave(self, **values):
        self.deal.write(values or {"stage_id": self.stage_next.id})
        self.work()

    def test_keep(self):
        self._leave()
        self.assertEqual(self.request.state, "sent")

    def test_cancel(self):
        self.rule.moved_action = "cancel"
        self.rule.action_ids = [Command.clear(), Command.create({"event": "cancelled", "kind": "won"})]
        self._leave()
        self.assertEqual((self.request.state, self.request.cancel_reason), ("cancelled", "It is not needed any more."))
        self.assertEqual(self.deal.stage_id, self.stage_next)

    def test_unlinked_document_stays(self):
        self.rule.moved_action = "cancel"
        self.request.action_unlink()
        self._leave()
        self.assertEqual(self.request.state, "sent")

    def test_unlinked_document_does_not_stand_in_the_way_of_a_new_one(self):
        self.request.action_unlink()
        self._leave()
        self.assertEqual(len(self.send(self.deal)), 2)

    def test_there_and_back(self):
        self.rule.moved_action = "cancel"
        self.deal.stage_id = self.stage_next
        self.env.flush_all()
        self._leave(stage_id=self.stage_sign.id)
        self.assertEqual(self.request.state, "sent")
        self.assertEqual(len(self.requests_of(self.deal)), 1)

    def test_signed_document_is_not_touched(self):
        self.rule.moved_action = "cancel"
        self.rule.action_ids.unlink()
        self.complete(self.request)
        self._leave()
        self.assertEqual(self.request.state, "completed")
