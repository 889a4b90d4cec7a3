"""Several people at the same instant, each in a transaction of their own that is committed."""

import random
import threading
from contextlib import contextmanager
from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.orm.registry import DummyRLock, Registry
from odoo.service.model import retrying
from odoo.tests import BaseCase
from odoo.tests.common import get_db_name
from psycopg2.errors import SerializationFailure


class RealTransactionsCase(BaseCase):
    """Deletes all requests afterwards, and the records named in `made`."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        # the main thread holds the registry's lock while tests run
        lock = patch.object(Registry, "_lock", DummyRLock())
        lock.start()
        self.addCleanup(lock.stop)
        self.made = []
        self.addCleanup(self._clean)

    @contextmanager
    def transaction(self):
        """Give an environment of its own, which is committed in the end."""
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})

    def _clean(self):
        with self.transaction() as env:
            env["signature.signer"].search([])._delete_messages()
            env["mail.activity"].search([("signature_request_id", "!=", False)]).unlink()
            # their parts go with them; by itself the audit trail is never deleted
            env.cr.execute("DELETE FROM signature_request")
            env.invalidate_all()
            env["ir.attachment"].search([("res_model", "=", "signature.request")]).unlink()
            for model, ids in self.made:
                env[model].browse(ids).unlink()

    def at_once(self, prepare, jobs):
        """Call what `prepare(env, *job)` returns for each of `jobs` at the same instant; return the answers.

        A conflict is tried again as Odoo's server does it, only sooner; "busy" is the answer when it gives up.
        """
        barrier, answers = threading.Barrier(len(jobs), timeout=30), []

        def work(job):
            with self.transaction() as env:
                act = prepare(env, *job)
                barrier.wait()
                try:
                    answers.append(retrying(act, env))
                except SerializationFailure:
                    answers.append("busy")

        threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
        uniform = random.uniform
        with patch.object(random, "uniform", lambda low, high: uniform(low, high / 20)):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=120)
        self.assertEqual(len(answers), len(jobs))
        return answers
