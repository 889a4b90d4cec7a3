from datetime import timedelta

from odoo import fields
from odoo.addons.signature_workflow.signature_workflow.models.refused import SubmitRefused
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BODY, STROKES
from .invariants import assert_invariants
from .real_transactions import RealTransactionsCase

REQUESTS = 20


class SentRequestsCase(RealTransactionsCase):
    """Requests that wait for two signers each."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.request_ids, self.made = self._make(env)
        with self.transaction() as env:
            env["signature.request"]._cron_process()

    def _make(self, env):
        partner = env["res.partner"].create({"name": "Client", "email": "c@client.example"})
        roles = [
            (0, 0, {"role_id": env.ref(f"signature_workflow.{name}").id, "sequence": 1})
            for name in ("role_client", "role_company")
        ]
        template = env["signature.template"].create({"name": "Together", "body": BODY, "role_ids": roles})
        deals = env["crm.lead"].create(
            [{"name": f"D{n}", "type": "opportunity", "partner_id": partner.id} for n in range(REQUESTS)]
        )
        signatory = env.ref("base.user_admin")
        signatory.email = signatory.email or "admin@company.example"
        requests = template._make_requests(deals, signatory=signatory)
        return requests.ids, [(record._name, record.ids) for record in (deals, template, partner)]

    def _sign(self, env, signer_id, nonce):
        """Return what signs once it is called."""
        signer = env["signature.signer"].browse(signer_id)
        values = {"signature": STROKES, "name": "N", "checkbox": True, "text": "t"}
        answers = {f.id: values[f.type] for f in signer.field_ids if f.type in values}
        sha256 = signer.request_id.original_sha256
        env.cr.rollback()
        return lambda: signer._submit(answers, nonce, sha256, {"ip": "192.0.2.1"})


@tagged("post_install", "-at_install")
class TestLastSigners(SentRequestsCase):
    """Two last signers at the same instant, and the same answer sent twice."""

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_last_signers(self):
        with self.transaction() as env:
            requests = env["signature.request"].browse(self.request_ids)
            self.assertEqual(set(requests.mapped("state")), {"sent"}, requests.mapped("failure"))
            pairs = [request.signer_ids.ids for request in requests]
        answers = self.at_once(self._sign, [(signer_id, f"n{signer_id}") for pair in pairs for signer_id in pair])
        self.assertGreaterEqual(answers.count("sealing"), REQUESTS)
        with self.transaction() as env:
            env["signature.request"]._cron_process()
            for request in env["signature.request"].browse(self.request_ids):
                kinds = request.event_ids.mapped("kind")
                self.assertEqual(request.state, "completed", request.failure)
                self.assertEqual((kinds.count("signed"), kinds.count("sealed")), (2, 1))
                self.assertEqual(len(request.reaction_ids), 1)
                request.event_ids._verify_chain()

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_same_answer_many_times(self):
        with self.transaction() as env:
            signer_id = env["signature.request"].browse(self.request_ids[0]).signer_ids[0].id
        self.assertEqual(self.at_once(self._sign, [(signer_id, "same")] * 8), ["signed"] * 8)
        with self.transaction() as env:
            request = env["signature.request"].browse(self.request_ids[0])
            self.assertEqual(request.event_ids.mapped("kind").count("signed"), 1)


@tagged("post_install", "-at_install")
class TestAgainstSigning(SentRequestsCase):
    """The last signature, and something else that happens to the document at the same instant: one of them wins."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.last = {}
            for request in env["signature.request"].browse(self.request_ids):
                first, self.last[request.id] = request.signer_ids.sorted("id").ids
                self._sign(env, first, f"n{first}")()
                env.cr.commit()

    def _act(self, env, name, request_id):
        """Return what happens at the instant; it answers what became of it."""
        request = env["signature.request"].browse(request_id)
        sign = self._sign(env, self.last[request_id], f"n{self.last[request_id]}")
        acts = {
            "sign": sign,
            "cancel": lambda: request.action_cancel("No longer wanted"),
            "expire": env["signature.request"]._cron_expire,
        }

        def act():
            try:
                return name, acts[name]()
            except (SubmitRefused, UserError):
                return name, "refused"

        return act

    def _check(self, loser):
        """Each document is either completed or has come to the other end, and its trail says the same."""
        with self.transaction() as env:
            env["signature.request"]._cron_process()
        with self.transaction() as env:
            requests = env["signature.request"].browse(self.request_ids)
            for request in requests:
                kinds = request.event_ids.mapped("kind")
                self.assertIn(request.state, ("completed", loser))
                self.assertEqual(kinds.count("signed"), 2 if request.state == "completed" else 1)
                self.assertEqual(kinds.count(loser), 0 if request.state == "completed" else 1)
            assert_invariants(self, env)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_cancel(self):
        answers = self.at_once(self._act, [(name, each) for each in self.request_ids for name in ("sign", "cancel")])
        self._check("cancelled")
        refused = [name for name, answer in answers if answer == "refused"]
        self.assertEqual(len(refused), REQUESTS, "one of the two is told that it came too late")

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_expire(self):
        with self.transaction() as env:
            yesterday = fields.Date.today() - timedelta(days=1)
            env["signature.request"].browse(self.request_ids).date_expire = yesterday
        jobs = [("sign", each) for each in self.request_ids] + [("expire", self.request_ids[0])]
        self.at_once(self._act, jobs)
        with self.transaction() as env:
            env["signature.request"]._cron_expire()
        self._check("expired")


@tagged("post_install", "-at_install")
class TestTwoWorkers(SentRequestsCase):
    """Two workers at the same instant share the work."""

    def _process(self, env, _number):
        def process():
            env["signature.request"]._cron_process()
            return len(env["signature.event"].search([("kind", "in", ("created", "sealed"))]))

        return process

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_nothing_twice(self):
        with self.transaction() as env:
            deals = env["crm.lead"].browse(self.made[0][1])
            template = env["signature.request"].browse(self.request_ids[0]).template_id
            self.request_ids += template._make_requests(deals, signatory=env.ref("base.user_admin")).ids
        for state in ("sent", "completed"):
            self.at_once(self._process, [(1,), (2,)])
            with self.transaction() as env:
                # what one left because it met the other is for the next run
                env["signature.request"]._cron_process()
                requests = env["signature.request"].browse(self.request_ids)
                self.assertEqual(set(requests.mapped("state")), {state}, requests.mapped("failure"))
                self.assertFalse(any(requests.mapped("attempts")))
                assert_invariants(self, env)
                if state == "sent":
                    for signer in requests.signer_ids:
                        self._sign(env, signer.id, f"n{signer.id}")()
                        env.cr.commit()
