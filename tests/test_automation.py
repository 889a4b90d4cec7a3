from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import SignatureCase

BODY = "<p>{{display_name}}</p><p>{{signature;role=Client}}</p>"
HEARD = "record.write({'comment': 'heard'})"


class AutomationCase(SignatureCase):
    """With a template of contacts, and one of quotations where these are installed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rule.active = False
        cls.lead_model, cls.partner_model = map(cls.env["ir.model"]._get, ("crm.lead", "res.partner"))
        cls.partner_template = cls._make_one_signer_template("res.partner", name="Privacy notice")

    @classmethod
    def _make_one_signer_template(cls, model, **values):
        role = (0, 0, {"role_id": cls.role_client.id, "sequence": 1})
        return cls.env["signature.template"].create(
            {
                "name": "Terms",
                "kind": "html",
                "body": BODY,
                "model_id": cls.env["ir.model"]._get_id(model),
                "role_ids": [role],
                **values,
            }
        )

    @classmethod
    def _make_action(cls, template, **values):
        return cls.env["ir.actions.server"].create(
            {
                "name": "Ask",
                "model_id": template.model_id.id,
                "state": "signature_request",
                "signature_template_id": template.id,
                **values,
            }
        )

    @classmethod
    def _make_automation(cls, trigger, model, **action):
        """Make an automation rule with one action; code is the default."""
        code = {"name": "Act", "state": "code", "model_id": model.id, "usage": "base_automation"}
        filter_domain = action.pop("filter_domain", False)
        return cls.env["base.automation"].create(
            {
                "name": f"Listens {trigger}",
                "model_id": model.id,
                "trigger": trigger,
                "filter_domain": filter_domain,
                "action_server_ids": [(0, 0, code | action)],
            }
        )

    def requests_from(self, records):
        return self.env["signature.request"].search([("res_model", "=", records._name), ("res_id", "in", records.ids)])

    def run_action(self, action, records, user):
        context = {"active_model": records._name, "active_ids": records.ids, "active_id": records[:1].id}
        return action.with_user(user).with_context(**context).run()

    def ask_partner(self):
        """Send the template of contacts to the contact; return the request."""
        self.partner_template._make_requests(self.partner, signatory=self.salesman)
        self.work()
        return self.requests_from(self.partner)[0]

    def automation_reactions(self, request):
        return request.reaction_ids.filtered(lambda reaction: reaction.kind == "automation")


@tagged("post_install", "-at_install")
class TestRequestAction(AutomationCase):
    """The server action *Request Signature*."""

    def test_from_the_action_menu_of_a_list(self):
        action = self._make_action(self.partner_template, signature_signatory_id=self.signatory.id)
        action.create_action()
        names = {binding["name"] for binding in action.get_bindings("res.partner")["action"]}
        self.assertIn("Ask", names)
        contacts = self.partner + self.partner.copy({"email": "second@client.example"})
        answer = self.run_action(action, contacts, self.salesman)
        self.assertEqual(answer["params"]["message"], "“Privacy notice” is being sent for 2 records.")
        requests = self.requests_from(contacts)
        self.assertEqual(set(requests.mapped("res_id")), set(contacts.ids))
        self.assertEqual(set(requests.mapped("state")), {"queued"})
        self.assertEqual((requests.signatory_id, requests.user_id), (self.signatory, self.signatory))
        mails = self.work()
        self.assertEqual(set(requests.mapped("state")), {"sent"}, requests.mapped("failure"))
        for email in ("zoe@client.example", "second@client.example"):
            self.assertTrue(self.link_of(mails, email))

    def test_form(self):
        self.env.user.group_ids += self.env.ref("base.group_no_one")
        with Form(self.env["ir.actions.server"]) as form:
            form.model_id = self.partner_model
            form.state = "signature_request"
            self.assertIn(self.partner_model, form.available_model_ids[:])
            self.assertNotIn("res.country", form.available_model_ids[:].mapped("model"))
            form.signature_template_id = self.partner_template
            self.assertEqual(form.name, "Request signature: Privacy notice")
        action = form.record
        self.assertFalse(action.warning)
        with self.assertRaisesRegex(ValidationError, "Choose the document"):
            action.model_id = self.lead_model
            self.env.flush_all()

    def test_from_an_automation_rule(self):
        tag = self.env["res.partner.category"].create({"name": "To sign"})
        self._make_automation(
            "on_create_or_write",
            self.partner_model,
            state="signature_request",
            signature_template_id=self.partner_template.id,
            filter_domain=f"[('category_id', 'in', {tag.ids})]",
        )
        self.partner.category_id = tag
        self.assertEqual(self.requests_from(self.partner).state, "queued")

    def test_from_a_scheduled_action(self):
        action = self._make_action(self.partner_template)
        code = (
            f"env['ir.actions.server'].browse({action.id}).with_context("
            f"active_model='res.partner', active_ids={self.partner.ids}).run()"
        )
        cron = self.env["ir.cron"].create(
            {"name": "Every year", "model_id": self.partner_model.id, "state": "code", "code": code}
        )
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(self.requests_from(self.partner).state, "queued")

    def test_without_records_nothing_is_asked(self):
        action = self._make_action(self.partner_template)
        self.assertFalse(action.run())
        self.assertFalse(self.requests_from(self.partner))

    def test_rights_of_whoever_runs_it(self):
        action = self._make_action(self.template, group_ids=[(4, self.env.ref("base.group_user").id)])
        deal = self._make_deal(user_id=self.manager.id)
        with self.assertRaises(AccessError):
            self.run_action(action, deal, self.salesman)
        clerk = self._make_user("clerk", "base.group_user")
        asking = self._make_action(self.partner_template, group_ids=[(4, self.env.ref("base.group_user").id)])
        with self.assertRaisesRegex(AccessError, "Signature template"):
            self.run_action(asking, self.partner, clerk)
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.partner_template.company_id = elsewhere
        with self.assertRaises(AccessError):
            self.run_action(asking, self.partner, self.salesman)
        self.assertFalse(self.requests_from(deal) + self.requests_from(self.partner))

    def test_what_cannot_run_is_said(self):
        with self.assertRaisesRegex(ValidationError, "Choose the document"), self.env.cr.savepoint():
            self.env["ir.actions.server"].create(
                {"name": "Ask", "model_id": self.partner_model.id, "state": "signature_request"}
            )
        action = self._make_action(self.partner_template)
        self.partner_template.active = False
        self.assertIn("“Privacy notice” is archived", action.warning)
        with self.assertRaisesRegex(UserError, "warnings"):
            self.run_action(action, self.partner, self.manager)
        with self.assertRaisesRegex(ValidationError, "when a record is deleted"):
            self._make_automation(
                "on_unlink",
                self.lead_model,
                state="signature_request",
                signature_template_id=self.template.id,
            )


@tagged("post_install", "-at_install")
class TestTriggers(AutomationCase):
    """Automation rules that listen to documents."""

    def test_completed_document_tags_its_contact(self):
        tag = self.env["res.partner.category"].create({"name": "Has signed"})
        self._make_automation(
            "on_signature_completed",
            self.partner_model,
            code=f"record.write({{'category_id': [Command.link({tag.id})]}})\n"
            "record.message_post(body=signature_request.name + ' ' + signature_request.state)",
        )
        forged = self._make_action(
            self.partner_template, state="code", code="action = {'name': signature_request.name}"
        )
        request = self.ask_partner()
        self.assertFalse(self.partner.category_id)
        self.complete(request)
        self.assertEqual(self.partner.category_id, tag)
        self.assertEqual(self.partner.message_ids[0].preview, f"{request.name} completed")
        reaction = self.automation_reactions(request)
        self.assertEqual((reaction.state, reaction.event), ("done", "signed"))
        self.assertIn("“Listens on_signature_completed” has run", reaction.outcome)
        # by hand there is no document, whatever the context says
        with_key = forged.with_context(signature_request_id=request.id, active_model="res.partner")
        self.commit()
        self.assertEqual(with_key.run(), {"name": False})

    def test_quotation_is_confirmed(self):
        if "sale.order" not in self.env:
            self.skipTest("Sales is not installed")
        template = self._make_one_signer_template("sale.order")
        order = self.env["sale.order"].create({"partner_id": self.partner.id, "user_id": self.salesman.id})
        self._make_automation("on_signature_completed", template.model_id, code="record.action_confirm()")
        self.run_action(self._make_action(template), order, self.salesman)
        self.work()
        self.complete(self.requests_from(order))
        self.assertEqual(order.state, "sale")

    def test_each_event_has_its_trigger(self):
        for trigger in ("completed", "declined", "expired", "cancelled"):
            self._make_automation(
                f"on_signature_{trigger}", self.lead_model, code=f"record.write({{'name': 'Deal {trigger}'}})"
            )

        def declined(request):
            request.signer_ids[0].sudo()._decline("No", "nonce", {"ip": "192.0.2.7", "user_agent": "Phone"})

        def expired(request):
            request.date_expire = "2020-01-01"
            with self.enter_registry_test_mode():
                self.env.ref("signature_workflow.ir_cron_expire").method_direct_trigger()

        def cancelled(request):
            request.with_user(self.salesman).action_cancel()

        for end, name in ((declined, "declined"), (expired, "expired"), (cancelled, "cancelled")):
            with self.subTest(name):
                deal = self._make_deal(name="Deal")
                self.template._make_requests(deal, signatory=self.signatory)
                self.work()
                request = self.requests_of(deal)
                end(request)
                self.work()
                self.assertEqual((deal.name, request.state), (f"Deal {name}", name))

    def test_only_rules_that_are_meant_for_it(self):
        note = "record.message_post(body='heard')"
        other = self._make_automation("on_signature_completed", self.lead_model, code=note)
        archived = self._make_automation("on_signature_completed", self.partner_model, code=note)
        archived.active = False
        unfit = self._make_automation(
            "on_signature_completed", self.partner_model, code=note, filter_domain="[('name', '=', 'Somebody else')]"
        )
        request = self.ask_partner()
        self.complete(request)
        self.assertNotIn("heard", self.partner.message_ids.mapped("preview"))
        reaction = self.automation_reactions(request)
        self.assertEqual(reaction.automation_id, unfit)
        self.assertIn("not meant for this record", reaction.outcome)
        self.assertFalse(other.last_run)

    def test_archived_or_deleted_before_it_ran(self):
        first, second = (
            self._make_automation("on_signature_cancelled", self.partner_model, code=HEARD) for _each in range(2)
        )
        request = self.ask_partner()
        request.action_cancel()
        first.active = False
        second.unlink()
        self.work()
        self.assertFalse(self.partner.comment)
        reactions = self.automation_reactions(request)
        self.assertEqual(reactions.mapped("state"), ["done"] * 2)
        self.assertEqual(set(reactions.mapped("outcome")), {"The automation rule was archived or deleted by then."})

    def test_record_that_is_gone(self):
        self._make_automation("on_signature_cancelled", self.partner_model, code=HEARD)
        partner = self.partner.copy()
        self.partner_template._make_requests(partner)
        request = self.requests_from(partner)
        request.action_cancel()
        partner.unlink()
        self.work()
        self.assertEqual(self.automation_reactions(request).outcome, "The record no longer exists.")

    def test_failure_is_shown_and_run_again_once(self):
        automation = self._make_automation(
            "on_signature_completed",
            self.partner_model,
            code="if not record.comment:\n    raise UserError('The note is missing.')\n"
            "record.write({'ref': (record.ref or '') + '+'})",
        )
        request = self.ask_partner()
        self.complete(request)
        reaction = self.automation_reactions(request)
        self.assertEqual((reaction.state, reaction.failure), ("failed", "The note is missing."))
        self.assertEqual(request.state, "completed")
        self.assertTrue(self.partner.activity_ids.filtered(lambda todo: "The note is missing." in todo.note))
        self.partner.comment = "Here"
        reaction.with_user(self.salesman).action_retry()
        self.work()
        self.assertEqual((reaction.state, self.partner.ref), ("done", "+"))
        request._react("signed")
        self.work()
        self.assertEqual((self.automation_reactions(request), self.partner.ref), (reaction, "+"))
        self.assertTrue(automation)

    def test_tests_are_not_heard(self):
        self._make_automation("on_signature_cancelled", self.partner_model, code=HEARD)
        self.partner_template._make_requests(self.partner, is_test=True)
        request = self.requests_from(self.partner)
        request.action_cancel()
        self.work()
        self.assertFalse(self.automation_reactions(request))

    def test_round_of_requests_comes_to_an_end(self):
        self._make_automation(
            "on_signature_cancelled",
            self.partner_model,
            state="signature_request",
            signature_template_id=self.partner_template.id,
        )
        request = self.ask_partner()
        for _turn in range(10):
            last = self.requests_from(self.partner)[0]
            if last.state == "cancelled":
                break
            last.action_cancel()
            self.work()
        requests = self.requests_from(self.partner)
        self.assertEqual(last.state, "cancelled")
        self.assertLess(len(requests), 10)
        self.assertEqual(requests[-2].cause_id, request)

    def test_request_that_follows_another(self):
        self._make_automation(
            "on_signature_completed",
            self.partner_model,
            state="signature_request",
            signature_template_id=self.partner_template.id,
            filter_domain="[('comment', '=', False)]",
        )
        request = self.ask_partner()
        self.complete(request)
        following = self.requests_from(self.partner) - request
        self.assertEqual((following.cause_id, following.state), (request, "queued"))

    def test_nothing_is_patched_or_asked_without_rules(self):
        Lead = self.env.registry["crm.lead"]
        self._make_automation("on_signature_completed", self.lead_model, code="pass")
        for name in ("create", "write", "_compute_field_value", "unlink"):
            self.assertNotIn("base_automation", getattr(Lead, name).__module__, name)
        automations = self.env["base.automation"]
        self.env.flush_all()
        automations._signature_automation_ids("res.partner", "signed")
        with self.assertQueryCount(0):
            self.assertEqual(automations._signature_automation_ids("res.partner", "signed"), ())

    def test_models_without_chatter_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "Choose a model with a chatter"):
            self._make_automation("on_signature_completed", self.env["ir.model"]._get("res.country"), code="pass")
