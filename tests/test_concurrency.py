from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import BODY, STROKES
from .real_transactions import RealTransactionsCase

REQUESTS = 20


@tagged("post_install", "-at_install")
class TestLastSigners(RealTransactionsCase):
    """Two last signers at the same instant, and the same answer sent twice."""

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
