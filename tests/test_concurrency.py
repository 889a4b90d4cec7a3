import threading
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.orm.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tests.common import get_db_name
from odoo.tools import mute_logger

from .common import BODY, STROKES

REQUESTS = 20
TABLES = (
    "signature_reaction",
    "signature_event",
    "signature_request_field",
    "signature_link",
    "signature_rule_run",
    "signature_signer",
    "signature_request",
)


@tagged("post_install", "-at_install")
class TestLastSigners(BaseCase):
    """Real transactions: two last signers at the same instant, and the same answer sent twice."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        # the main thread holds the registry's lock while tests run
        lock = patch.object(Registry, "_lock", DummyRLock())
        lock.start()
        self.addCleanup(lock.stop)
        self.addCleanup(self._clean)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            self.request_ids, self.made = self._make(env)
        with self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["signature.request"]._cron_process()

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
        return requests.ids, [(deals._name, deals.ids), (template._name, template.ids)]

    def _clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["mail.mail"].search([("signature_signer_id", "!=", False)]).unlink()
            env["mail.activity"].search([("signature_request_id", "!=", False)]).unlink()
            for table in TABLES:
                cr.execute(f"DELETE FROM {table}")  # noqa: S608
            env.invalidate_all()
            for model, ids in self.made:
                env[model].browse(ids).unlink()

    def _sign(self, signer_id, nonce, barrier, results):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            signer = env["signature.signer"].browse(signer_id)
            values = {"signature": STROKES, "name": "N", "checkbox": True, "text": "t"}
            answers = {f.id: values[f.type] for f in signer.field_ids if f.type in values}
            sha256 = signer.request_id.original_sha256
            cr.rollback()
            barrier.wait(timeout=30)

            def submit():
                return signer._submit(answers, nonce, sha256, {"ip": "192.0.2.1"})

            results.append(retrying(submit, env))

    def _run(self, jobs):
        """Sign with all `(signer id, nonce)` at the same instant; return the answers."""
        barrier, results = threading.Barrier(len(jobs)), []
        threads = [threading.Thread(target=self._sign, args=(*job, barrier, results)) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=120)
        return results

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_last_signers(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            requests = env["signature.request"].browse(self.request_ids)
            self.assertEqual(set(requests.mapped("state")), {"sent"}, requests.mapped("failure"))
            pairs = [request.signer_ids.ids for request in requests]
        answers = self._run([(signer_id, f"n{signer_id}") for pair in pairs for signer_id in pair])
        self.assertEqual(len(answers), 2 * REQUESTS)
        self.assertGreaterEqual(answers.count("sealing"), REQUESTS)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            env["signature.request"]._cron_process()
            for request in env["signature.request"].browse(self.request_ids):
                kinds = request.event_ids.mapped("kind")
                self.assertEqual(request.state, "completed", request.failure)
                self.assertEqual((kinds.count("signed"), kinds.count("sealed")), (2, 1))
                self.assertEqual(len(request.reaction_ids), 1)
                request.event_ids._verify_chain()

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_same_answer_many_times(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            request = env["signature.request"].browse(self.request_ids[0])
            signer_id = request.signer_ids[0].id
        answers = self._run([(signer_id, "same")] * 8)
        self.assertEqual(answers, ["signed"] * 8)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            request = env["signature.request"].browse(self.request_ids[0])
            self.assertEqual(request.event_ids.mapped("kind").count("signed"), 1)
