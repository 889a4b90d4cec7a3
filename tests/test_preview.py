import base64
from unittest.mock import patch

from odoo.tests import tagged

from .common import SignatureCase, pdf_text

PREVIEW = "odoo.addons.signature_workflow.signature_workflow.models.signature_template_preview.preview"


@tagged("post_install", "-at_install")
class TestFirstPages(SignatureCase):
    """First pages of templates, made in the background."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["signature.template"].with_context(active_test=False).search([]).preview_due = False

    def make_previews(self):
        with self.enter_registry_test_mode():
            self.env.ref("signature_workflow.ir_cron_preview").method_direct_trigger()
        self.env.invalidate_all()

    def test_a_poisonous_template_does_not_hold_up_the_others(self):
        depth = 1500
        unfinished = self._make_template(name="A", kind="pdf")
        poisonous = self._make_template(name="B", body="<div>" * depth + "deep" + "</div>" * depth)
        good = self._make_template(name="C", body="<p>Good</p>")
        self.make_previews()
        self.assertTrue(base64.b64decode(good.preview).startswith(b"\x89PNG"))
        for template in (unfinished, poisonous):
            self.assertFalse(template.preview)
        self.assertFalse((unfinished | poisonous | good).filtered("preview_due"))

    def test_what_breaks_the_worker_is_not_tried_again(self):
        bad, good = (self._make_template(name=name, body=f"<p>{name}</p>") for name in "AB")
        tried = []

        def broken(pdf, **_options):
            tried.append(pdf_text(pdf))
            if "A" in tried[-1]:
                raise MemoryError
            return b"picture"

        with patch(PREVIEW, broken), self.assertLogs("odoo.addons.base.models.ir_cron", "ERROR"):
            self.make_previews()
        self.assertEqual((bad.preview, base64.b64decode(good.preview)), (False, b"picture"))
        self.assertEqual(len(tried), 2)

    def test_letterhead_of_its_own_company(self):
        other = self.env["res.company"].create({"name": "Second SRL"})
        template = self._make_template(body="<p>Good</p>", company_id=other.id)
        with patch(PREVIEW, lambda pdf, **_options: pdf):
            self.make_previews()
        self.assertIn("Second SRL", pdf_text(base64.b64decode(template.preview)))
