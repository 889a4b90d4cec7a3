from odoo.addons.signature_workflow.signature_workflow.models.refused import SubmitRefused
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import test_concurrency
from .common import STROKES
from .test_roles import RoleCase

GROUP_BODY = "<p>{{signature;role=Client}}</p><p>{{signature;role=Board}} {{name;role=Board}}</p>"


@tagged("post_install", "-at_install")
class TestGroup(RoleCase):
    """One of a group is enough."""

    def setUp(self):
        super().setUp()
        self.board = self.env["signature.role"].create(
            {
                "name": "Board",
                "policy": "group",
                "member_ids": [(6, 0, (self.manager | self.signatory).partner_id.ids)],
            }
        )
        self.template.body = "<p/>"
        self.template.role_ids[1].unlink()
        self.template.role_ids = [(0, 0, {"role_id": self.board.id, "sequence": 1})]
        self.template.body = GROUP_BODY
        self.rule.action_ids = [(5,)]
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.mails = self.work()
        self.request = self.requests_of(deal)
        self.assertEqual(self.request.state, "sent", self.request.failure)
        self.client = self.request.signer_ids.filtered(lambda signer: signer.role_id == self.role_client)
        self.first, self.second = (self.request.signer_ids - self.client).sorted("id")

    def submit(self, signer):
        signer = signer.sudo()
        values = {"signature": STROKES, "name": signer.name}
        own = self.env["signature.request.field"].search(signer._own_fields_domain())
        answers = {field.id: values[field.type] for field in own}
        return signer._submit(answers, f"n{signer.id}", self.request.original_sha256, {"ip": "192.0.2.7"})

    def test_all_get_a_link_and_the_first_who_signs_signs_for_all(self):
        self.assertEqual((self.first | self.second).mapped("state"), ["sent", "sent"])
        for signer in self.first | self.second:
            self.link_of(self.mails, signer.email)
        self.assertEqual(self.submit(self.second), "signed")
        self.assertEqual((self.first.state, self.second.state), ("skipped", "signed"))
        self.assertEqual((len(self.first.field_ids), len(self.second.field_ids)), (0, 2))
        self.assertEqual(self.second.field_ids.filtered(lambda f: f.type == "name").value, self.second.name)
        kinds = self.request.event_ids.mapped(lambda event: (event.kind, event.signer_id))
        self.assertEqual(kinds[-2:], [("signed", self.second), ("skipped", self.first)])
        self.request.event_ids._verify_chain()
        notes = self.request._record().message_ids.mapped("body")
        self.assertTrue(any("has done the part of" in note and self.first.name in note for note in notes), notes)
        self.assertEqual(self.submit(self.client), "sealing")
        self.work()
        self.assertEqual(self.request.state, "completed", self.request.failure)

    def test_todos_of_the_others_are_closed(self):
        self.board.member_ids = self.env["res.partner"].create([{"name": "Ana"}, {"name": "Bob"}])
        self.template.role_ids.filtered(lambda line: line.role_id == self.board).channel = "manual"
        self.request = self.send()
        self.assertEqual(self.request.state, "sent", self.request.failure)
        first = self.request.signer_ids[1]
        todos = self.request._record().activity_ids
        self.assertEqual(set(todos.mapped("summary")), {f"{name} gets the document by hand" for name in ("Ana", "Bob")})
        self.submit(first)
        self.assertFalse(self.request._record().activity_ids)

    def test_released_signer(self):
        self.submit(self.second)
        self.assertEqual(self.first.sudo()._page_state(), "released")
        self.assertFalse(self.first.sudo()._document())
        self.assertEqual(self.first._released_by(), self.second)
        with self.assertRaisesRegex(SubmitRefused, f"{self.second.name} has already done this"):
            self.first.sudo()._submit({}, "other", self.request.original_sha256, {})
        with self.assertRaises(SubmitRefused):
            self.first.sudo()._decline("No", "other", {})
        self.assertEqual(self.request.state, "sent")

    def test_repeat_of_the_winner(self):
        self.submit(self.second)
        self.assertEqual(self.submit(self.second), "signed")
        self.assertEqual(self.request.event_ids.mapped("kind").count("skipped"), 1)

    def test_group_counts_once(self):
        signers = self.request.signer_ids
        self.assertEqual(signers._progress(), "0/2")
        self.submit(self.first)
        self.assertEqual(signers._progress(), "1/2")
        self.submit(self.client)
        self.assertEqual(signers._progress(), "2/2")

    def test_decline_of_one_declines_the_document(self):
        self.first.sudo()._decline("Too dear", "n", {})
        self.assertEqual(self.request.state, "declined")

    def test_next_turn_comes_after_one_of_the_group(self):
        self.template.role_ids.filtered(lambda line: line.role_id == self.role_client).sequence = 2
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.work()
        self.request = self.requests_of(deal)
        first, __, client = self.request.signer_ids
        self.assertEqual(self.request.signer_ids.mapped("state"), ["sent", "sent", "waiting"])
        self.submit(first)
        self.work()
        self.assertEqual(client.state, "sent")

    def test_everybody_of_a_group_needs_an_address(self):
        self.signatory.partner_id.email = False
        signers, problems = self.find(self.template)
        self.assertEqual([signer["name"] for signer in signers], ["Zoë Țăndărică", "Manager"])
        self.assertIn("Ceo (Board)", problems[0])


@tagged("post_install", "-at_install")
class TestGroupAtOnce(test_concurrency.SentRequestsCase):
    """All of a group sign at the same instant."""

    def _make(self, env):
        requests, made = super()._make(env)
        template = env["signature.template"].browse(made[1][1])
        partners = env["res.partner"].create([{"name": f"M{n}", "email": f"m{n}@us.example"} for n in range(3)])
        role = env["signature.role"].create({"name": "Board", "policy": "group", "member_ids": [(6, 0, partners.ids)]})
        template.body = "<p/>"
        template.role_ids[1].role_id = role
        template.body = "<p>{{signature;role=Client}} {{signature;role=Board}}</p>"
        return requests, [*made, (role._name, role.ids), (partners._name, partners.ids)]

    def _sign(self, env, signer_id, nonce):
        signer = env["signature.signer"].browse(signer_id)
        own = env["signature.request.field"].search(signer._own_fields_domain())
        answers, sha256 = dict.fromkeys(own.ids, STROKES), signer.request_id.original_sha256
        env.cr.rollback()

        def sign():
            try:
                return signer._submit(answers, nonce, sha256, {"ip": "192.0.2.1"})
            except SubmitRefused as refused:
                return refused.code

        return sign

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_exactly_one_signs(self):
        with self.transaction() as env:
            requests = env["signature.request"].browse(self.request_ids[:5])
            self.assertEqual(set(requests.mapped("state")), {"sent"}, requests.mapped("failure"))
            members = requests.signer_ids.filtered(lambda signer: signer.role_id.policy == "group").ids
        answers = self.at_once(self._sign, [(signer_id, f"n{signer_id}") for signer_id in members])
        self.assertEqual((answers.count("signed"), answers.count("released")), (5, 10))
        with self.transaction() as env:
            for request in env["signature.request"].browse(self.request_ids[:5]):
                group = request.signer_ids.filtered(lambda signer: signer.role_id.policy == "group")
                self.assertEqual(sorted(group.mapped("state")), ["signed", "skipped", "skipped"])
                kinds = request.event_ids.mapped("kind")
                self.assertEqual((kinds.count("signed"), kinds.count("skipped")), (1, 2))
                request.event_ids._verify_chain()
