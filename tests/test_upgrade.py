import importlib.util
from pathlib import Path

from odoo.tests import tagged

from . import pdf_samples
from .common import SignatureCase

MIGRATIONS = Path(__file__).parent.parent / "migrations"


@tagged("post_install", "-at_install")
class TestUpgrade(SignatureCase):
    """What an upgrade makes of documents that are there."""

    def migrate(self, name):
        spec = importlib.util.spec_from_file_location("migration", MIGRATIONS / name)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.env.flush_all()
        script.migrate(self.env.cr, "")
        self.env.invalidate_all()

    def test_to_automation(self):
        """Completed documents are counted in the reports; those not made yet have the days of their template."""
        self.template.expiry_days = 7
        request = self.send()
        self.complete(request)
        self.template._make_requests(self._make_deal())
        self.env.flush_all()
        self.env.cr.execute(
            """ALTER TABLE signature_rule ADD COLUMN old_signed_action varchar, ADD COLUMN old_signed_stage_id integer;
               UPDATE signature_request SET hours_to_sign = NULL, expiry_days = 30, is_test = NULL,
                      date_sent = date_completed - interval '90 minutes'"""
        )
        self.migrate("19.0.1.2.0/post-migrate.py")
        self.assertEqual(request.hours_to_sign, 1.5)
        requests = self.env["signature.request"].search([("template_id", "=", self.template.id)])
        self.assertEqual(requests.mapped("expiry_days"), [7, 7])

    def test_to_proof(self):
        """Sealed documents are said to be so, and by which key; nothing is said of those that are not sealed."""
        request, other = self.send(), self.send(self._make_deal(name="Other"))
        self.complete(request)
        key = request.key_id
        other._sign_on_paper([pdf_samples.simple()])
        self.env.flush_all()
        self.env.cr.execute(
            """UPDATE signature_request SET seal_level = NULL, timestamp_state = NULL, key_id = NULL;
               UPDATE signature_key SET create_date = create_date - interval '1 hour'"""
        )
        self.env["signature.key"]._make(self.env.company)
        self.env.flush_all()
        self.env.cr.execute("UPDATE signature_key SET create_date = create_date + interval '1 hour' WHERE active")
        self.migrate("19.0.1.3.0/post-migrate.py")
        self.assertEqual((request.seal_level, request.timestamp_state, request.key_id), ("b", "none", key))
        self.assertFalse(other.seal_level or other.timestamp_state or other.key_id)

    def test_labels_differ(self):
        """Odoo warns of the same label of two fields when it installs or upgrades."""
        for model in self.env.values():
            if model._name.startswith("signature."):
                labels = [field.string for field in model._fields.values()]
                self.assertFalse({label for label in labels if labels.count(label) > 1}, model._name)
