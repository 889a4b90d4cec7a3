import tempfile
from pathlib import Path

from odoo import fields
from odoo.tests import tagged

from . import pki
from .test_faults_worker import FaultsCase
from .timestamp_server import TimestampServer

STEPS = ("drawn", "timestamped", "signed", "checked", "file write", "moved", "noted", "filed", "planned", "sealing")


@tagged("post_install", "-at_install")
class TestKilledWhileSealing(FaultsCase):
    """The worker is killed at each step of sealing, with a timestamp server at work; nothing is lost or done twice.

    What lies in the store then without being known to anybody is removed by Odoo's own cleaning.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.clock = cls.enterClassContext(TimestampServer(folder))
        cls.root = pki.Authority(folder, "Test Root", crl_url=cls.clock.base)
        issued = cls.root.issue("Test TSA", *pki.STAMPING)
        cls.clock.serve(issued.certificate, issued.key)

    def setUp(self):
        super().setUp()
        self.clock.mood = "good"
        self._use(self.clock.url, self.root.pem)
        self.addCleanup(self._use, False, False)

    def _use(self, url, certificates):
        with self.transaction() as env:
            env["res.company"].search([]).write({"signature_tsa_url": url, "signature_tsa_certificates": certificates})

    def test_each_step(self):
        points = [*STEPS, "before second commit", "after second commit"]
        self.enter(len(points))
        self.finish()
        self.sign_all()
        for point in [*points, "copies", "mailing", "mailed"]:
            with self.subTest(point):
                self.assertFalse(self.worker.run(point))
                self.check_at_any_time()
        self.finish()
        self.check_completed()
        with self.transaction() as env:
            self.assertEqual(set(self.requests(env).mapped("timestamp_state")), {"embedded"})
        # the one that had gone when the worker was killed has perhaps arrived twice, and no other one
        self.assertIn(len(self.copies()), (2 * len(points), 2 * len(points) + 1))

    def test_timestamp_that_comes_later(self):
        self.clock.mood = "error"
        self.enter(3)
        self.finish()
        self.sign_all()
        self.finish()
        self.check_completed()
        with self.transaction() as env:
            requests = self.requests(env)
            self.assertEqual(set(requests.mapped("timestamp_state")), {"pending"})
            digests = requests.mapped("final_sha256")
            requests.write({"date_timestamp_try": False, "date_timestamp_next": fields.Datetime.now()})
        self.clock.mood = "good"
        for point in ("file write", "kept", "after second commit"):
            with self.subTest(point):
                self.assertFalse(self.worker.run(point))
                self.check_at_any_time()
        self.finish()
        self.check_completed()
        with self.transaction() as env:
            requests = self.requests(env)
            self.assertEqual(set(requests.mapped("timestamp_state")), {"later"}, requests.mapped("timestamp_failure"))
            self.assertEqual(requests.mapped("final_sha256"), digests)
