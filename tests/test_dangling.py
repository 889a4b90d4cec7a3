from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import ForeignKeyViolation

from .common import SignatureCase
from .invariants import assert_invariants


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
        }

    def setUp(self):
        super().setUp()
        self.request = self.send()
        self.assertEqual(self.request.state, "sent", self.request.failure)

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
                    # Odoo itself names the model of what is in the way
                    self.assertTrue(str(error))
        self.env.invalidate_all()
        free = set(self.in_use()) - set(refused)
        self.assertLessEqual(free, {"confirmation"}, "what was deleted")
        self.complete(self.request)
        self.work()
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
