import tempfile
from pathlib import Path

from odoo.tests import tagged

from .browser import DESKTOP, PHONE, PICTURES, BrowserCase
from .pkcs12 import make_pkcs12
from .test_http_signing import SignatureHttpCase

KEYS = "/odoo/action-signature_workflow.signature_key_action"


@tagged("post_install", "-at_install", "signature_tour")
class TestKeyTour(BrowserCase, SignatureHttpCase):
    """An administrator looks at the key, imports another one, and goes back to the old."""

    def picture(self, visitor, name):
        if PICTURES:
            visitor.screenshot(Path(PICTURES, f"key-{name}-{visitor.device.name}.png"))

    def test_import_and_back(self):
        old = self.env["signature.key"]._get_active(self.env.company)
        file = Path(self.enterContext(tempfile.TemporaryDirectory()), "ours.p12")
        file.write_bytes(make_pkcs12("Our own certificate", b"right"))
        with self.visitor(DESKTOP, login="admin") as visitor:
            visitor.visit(KEYS)
            self.picture(visitor, "list")
            visitor.tap(".o_control_panel button", "Import PKCS#12")
            visitor.wait_for(".modal .o_field_widget[name=file]")
            visitor.upload(".modal .o_select_file_button", str(file))
            visitor.fill(".modal .o_field_widget[name=password] input", "wrong")
            self.picture(visitor, "import")
            visitor.tap(".modal footer button", "Use this key")
            visitor.wait_for(".modal", "Is the password right?")
            self.picture(visitor, "wrong")
            visitor.tap(".modal footer button", "Close")
            visitor.fill(".modal .o_field_widget[name=password] input", "right")
            visitor.tap(".modal footer button", "Use this key")
            visitor.wait_for(".o_form_view h2", "Our own certificate")
            self.picture(visitor, "imported")
            self.env.invalidate_all()
            self.assertFalse(old.active)
            visitor.visit(f"{KEYS}/{old.id}")
            visitor.wait_for(".ribbon", "NOT IN USE")
            visitor.tap(".o_statusbar_buttons button", "Use this key again")
            visitor.wait_for(".alert", "documents are sealed with")
            self.picture(visitor, "old")
            visitor.tap(".modal footer button", "Use this key")
            visitor.wait_for(".o_statusbar_buttons button", "Make a new key")
            self.picture(visitor, "again")
        self.env.invalidate_all()
        self.assertTrue(old.active)

    def test_on_a_phone(self):
        key = self.env["signature.key"]._get_active(self.env.company)
        with self.visitor(PHONE, login="admin") as visitor:
            visitor.visit(f"{KEYS}/{key.id}")
            visitor.wait_for(".o_form_view .o_field_widget[name=fingerprint]")
            self.picture(visitor, "form")
