from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import ForeignKeyViolation

from .common import SignatureCase
from .invariants import assert_invariants

# what to do instead
STEP = "(?i)archiv|change its text"


@tagged("post_install", "-at_install")
class TestDangling(SignatureCase):
    """What a document needs can be archived; deleting it is refused, or the document goes on without it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env["crm.lost.reason"].create({"name": "Never answered"})
        cls.activity_type = cls.env["mail.activity.type"].create({"name": "Ring them"})
        cls.server_action = cls.env["ir.actions.server"].create(
            {
                "name": "Nothing",
                "model_id": cls.env["ir.model"]._get_id("crm.lead"),
                "state": "code",
                "code": "pass",
            }
        )
        cls.other_template = cls._make_template(name="Annex", kind="html", body=cls.template.body)
        cls.witness = cls.env["signature.role"].create({"name": "Witness", "policy": "contact"})
        cls.other_template.role_ids = [(0, 0, {"role_id": cls.witness.id, "participation": "view"})]
        cls.automation = cls.env["base.automation"].create(
            {
                "name": "Say so",
                "model_id": cls.env["ir.model"]._get_id("crm.lead"),
                "trigger": "on_signature_completed",
                "action_server_ids": [(6, 0, cls.server_action.copy().ids)],
            }
        )
        cls.rule.team_ids = cls.team
        cls.rule.action_ids = [
            (5,),
            (0, 0, {"event": "signed", "kind": "stage", "stage_id": cls.stage_next.id}),
            (0, 0, {"event": "signed", "kind": "server", "server_action_id": cls.server_action.id}),
            (0, 0, {"event": "signed", "kind": "template", "template_id": cls.other_template.id}),
            (0, 0, {"event": "declined", "kind": "lost", "lost_reason_id": cls.reason.id}),
            (
                0,
                0,
                {
                    "event": "expired",
                    "kind": "activity",
                    "activity_type_id": cls.activity_type.id,
                    "activity_for": "user",
                    "user_id": cls.manager.id,
                },
            ),
        ]

    def in_use(self):
        """Return what the open document of a deal needs, by name."""
        return {
            "deal": self.request._record(),
            "template": self.template,
            "chained template": self.other_template,
            "rule": self.rule,
            "stage": self.stage_sign,
            "target stage": self.stage_next,
            "team": self.team,
            "salesperson": self.salesman,
            "signatory": self.signatory,
            "user of an activity": self.manager,
            "contact": self.partner,
            "lost reason": self.reason,
            "activity type": self.activity_type,
            "server action": self.server_action,
            "confirmation": self.template.copies_mail_id,
            "role": self.role_client,
            "role of the chained template": self.witness,
            "deal of a held document": self.held._record(),
            "template of a held document": self.held.template_id,
            "batch": self.request.batch_id,
            "automation": self.automation,
            **{mail.name: mail for mail in self.env["mail.template"].search([("model", "=", "signature.signer")])},
        }

    def words(self, error):
        """Return what whoever deletes a record reads of `error`."""
        if isinstance(error, UserError):
            return str(error)
        # as Odoo words it, which knows no model for links between many and many
        table = error.diag.table_name
        model = next((name for name, model in self.env.registry.items() if model._table == table), "base")
        return self.env[model]._sql_error_to_message(error)

    def setUp(self):
        super().setUp()
        self.request = self.send()
        self.assertEqual(self.request.state, "sent", self.request.failure)
        self.request.batch_id = self.env["signature.batch"].create({"name": "All", "template_id": self.template.id})
        held = {"hold_domain": "[('priority', '=', '3')]", "hold_reason": "the deposit"}
        template = self._make_template(name="Held", kind="html", body=self.template.body, **held)
        self.held = template._make_requests(self._make_deal(), signatory=self.signatory)
        self.work()
        self.assertEqual(self.held.state, "held", self.held.failure)

    @mute_logger("odoo.sql_db")
    def test_deleting(self):
        refused = []
        for name, record in self.in_use().items():
            with self.subTest(name):
                try:
                    with self.env.cr.savepoint():
                        record.unlink()
                        self.env.flush_all()
                except (UserError, ForeignKeyViolation) as error:
                    refused.append(name)
                    self.assertRegex(self.words(error), STEP)
        self.env.invalidate_all()
        free = set(self.in_use()) - set(refused)
        self.assertEqual(free, {"batch", "automation"}, "what was deleted")
        self.complete(self.request)
        self.work()
        self.held._record().priority = "3"
        self.held.action_check_hold()
        self.work()
        self.complete(self.held)
        assert_invariants(self, self.env)

    def test_archiving(self):
        """The document that is out is signed and what follows is done, whatever has been put away meanwhile."""
        for record in (self.template, self.rule, self.team, self.salesman, self.reason, self.activity_type):
            record.active = False
        self.complete(self.request)
        # what was chained to it is made by the next run
        self.work()
        reactions = self.request.reaction_ids
        self.assertFalse(reactions.filtered(lambda reaction: reaction.state not in ("done", "failed", "waiting")))
        assert_invariants(self, self.env)

    def test_merged_deal(self):
        kept = self._make_deal(name="Kept", probability=99)
        merged = self.request._record()
        self.complete(self.request)
        (kept + merged).merge_opportunity()
        left = (kept + merged).exists()
        self.assertEqual(self.requests_of(left), self.requests_of(kept + merged))
        self.assertIn(self.request, left.signature_request_ids)
        self.assertTrue(self.env["signature.rule.run"].search([("request_id", "=", self.request.id)]))
        assert_invariants(self, self.env, finished=False)

    def test_other_records_that_are_deleted(self):
        """A document of a contact that goes away while it waits: the worker goes on, and a person is told."""
        template = self._make_template(
            name="Consent",
            kind="html",
            model_id=self.env["ir.model"]._get_id("res.partner"),
            body="<p>{{signature;role=Client}}</p><p>{{signature;role=Our company}}</p>",
        )
        for state in ("queued", "sent", "signed"):
            with self.subTest(state):
                contact = self.env["res.partner"].create({"name": "Ana", "email": "ana@client.example"})
                request = template._make_requests(contact, signatory=self.signatory)
                if state != "queued":
                    self.work()
                    self.assertEqual(request.state, "sent", request.failure)
                if state == "signed":
                    self.sign(request.signer_ids[0], nonce="first")
                    self.work()
                    self.sign(request.signer_ids[1], nonce="last")
                try:
                    with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                        contact.unlink()
                except (UserError, ForeignKeyViolation):
                    continue
                self.work()
                after = {"queued": "failed", "sent": "sent", "signed": "completed"}
                self.assertEqual(request.state, after[state], request.failure)
                assert_invariants(self, self.env)
