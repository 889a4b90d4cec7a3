from odoo.tests import Form, tagged
from odoo.tools import html2plaintext

from .common import SignatureCase


@tagged("post_install", "-at_install")
class TestSimulation(SignatureCase):
    """What would happen is shown as it would happen, and nothing happens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._make_deal(expected_revenue=1000)

    def simulate(self, source, **chosen):
        """Open the dialog from a deal or a rule as its salesperson does; return the form and the text of each card."""
        action = (
            source.with_user(self.salesman).action_simulate() if source._name == "crm.lead" else source.action_try()
        )
        self.assertEqual(action["res_model"], "signature.simulation")
        model = self.env["signature.simulation"].with_user(self.salesman).with_context(**action["context"])
        form = Form(model)
        for name, value in chosen.items():
            form[name] = value
        return form, form.line_ids._records

    def texts(self, lines):
        return [" ".join(html2plaintext(line["details"]).replace("*", "").split()) for line in lines]

    def rows(self):
        """Return what stands in all tables that a sending would write to."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT table_name FROM information_schema.tables
                WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
                  AND (table_name ~ '^(signature|mail|sms|ir_cron_trigger|ir_attachment|crm_lead$|bus_bus)')"""
        )
        found = {}
        for (table,) in self.env.cr.fetchall():
            self.env.cr.execute(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" t')  # noqa: S608
            found[table] = self.env.cr.fetchone()
        return found

    def test_a_rule_that_fires(self):
        self.template.role_ids[0].channel = "sms"
        self.partner.phone = "+40721123456"
        self.rule.write(
            {
                "has_own_deadline": True,
                "expiry_days": 12,
                "remind_times": 2,
                "action_ids": [(0, 0, {"event": "declined", "kind": "next"})],
            }
        )
        self.commit()
        before = self.rows()
        form, lines = self.simulate(self.deal)
        self.commit()
        after = self.rows()
        self.assertEqual([table for table in before if after[table] != before[table]], [])
        self.assertIn("1 of 1 rules would send a document; SMS: 1.", form.summary)
        (text,) = self.texts(lines)
        for words in (
            "To sign → Agreement Would be sent",
            "Agreement – Big deal",
            "Zoë Țăndărică (Client) · Signs · SMS: +40721123456 · 1 SMS",
            "Ceo (Our company) · Signs · E-mail: ceo@company.example",
            "To be signed within 12 days. Reminders after 3 days, then every 3 days, at most 2.",
            "Mark as won, when all documents of the stage are signed",
            "Declined Move to the next stage: Signed",
        ):
            self.assertIn(words, text)
        self.assertIn(f"/{self.template.id}/preview?record_id={self.deal.id}", lines[0]["preview_url"])

    def test_it_says_what_the_worker_says(self):
        """What is missing is missing in the same words when the deal comes to the stage."""
        self.partner.email = False
        form, lines = self.simulate(self.deal)
        (text,) = self.texts(lines)
        self.assertIn("Would fail", text)
        self.assertIn("Would fail: 1.", form.summary)
        request = self.send(self.deal)
        self.assertEqual(request.state, "failed")
        self.assertIn(" ".join(request.failure.split()), text)

    def test_a_missing_value(self):
        self.template.body = self.template.body.replace("{{name}}", "{{date_deadline}}")
        __, lines = self.simulate(self.deal)
        request = self.send(self.deal)
        self.assertEqual(request.state, "failed")
        self.assertIn(" ".join(request.failure.split()), self.texts(lines)[0])

    def test_why_a_rule_does_not_fire(self):
        other = self.env["crm.team"].create({"name": "Others"})
        cases = {
            "does not match the filter": {"domain": "[('expected_revenue', '>', 5000)]", "team_ids": False},
            "It is for deals of Others only": {"domain": "[]", "team_ids": other.ids},
        }
        for words, values in cases.items():
            self.rule.write(values)
            form, lines = self.simulate(self.deal)
            self.assertIn(words, self.texts(lines)[0])
            self.assertIn("0 of 1 rules", form.summary)
            self.assertFalse(lines[0]["preview_url"])
        # a rule for an archived team is not one for every team
        other.active = False
        self.assertIn("It is for deals of Others only", self.texts(self.simulate(self.deal)[1])[0])
        other.active = True
        # a filter on the stage itself is read as of then
        self.rule.write({"team_ids": False, "domain": f"[('stage_id', '=', {self.stage_sign.id})]"})
        self.assertIn("Would be sent", self.texts(self.simulate(self.deal)[1])[0])
        self.rule.domain = "[]"
        self.send(self.deal)
        self.assertIn("has been sent already", self.texts(self.simulate(self.deal)[1])[0])

    def test_from_a_rule_and_for_one_stage(self):
        form, lines = self.simulate(self.rule)
        self.assertEqual((form.summary, lines), ("Choose a deal.", []))
        __, lines = self.simulate(self.rule, lead_id=self.deal)
        self.assertIn("Would be sent", self.texts(lines)[0])
        form, lines = self.simulate(self.deal, stage_id=self.stage_next)
        self.assertEqual(lines, [])
        self.assertIn("nothing would be sent", form.summary)

    def test_held_and_on_paper(self):
        self.rule.write({"hold_domain": "[('priority', '=', '2')]", "hold_reason": "the deposit"})
        __, lines = self.simulate(self.deal)
        self.assertIn("It can be signed after the deposit;", self.texts(lines)[0])
        self.partner.signature_opt_out = True
        __, lines = self.simulate(self.deal)
        self.assertIn("On paper", self.texts(lines)[0])
        self.assertIn("SMS: 0", self.simulate(self.deal)[0].summary)
        request = self.send(self.deal)
        self.assertEqual(request.state, "paper", request.failure)
