import base64
import unittest
from unittest.mock import patch

from odoo import Command
from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.tests import tagged

from . import mail_catcher, pdf_samples
from .browser import PHONE
from .test_seal import SealChecks
from .test_tour_signing import SigningTour


@tagged("post_install", "-at_install", "signature_tour")
@unittest.skipUnless(mail_catcher.URL, "needs the mail catcher of ./dev test")
class TestMainJob(SealChecks, SigningTour):
    """A deal dragged to a stage comes back signed: real browser, real SMTP, real PDF validators."""

    def setUp(self):
        super().setUp()
        mail_catcher.clear()
        self.env["ir.mail_server"].search([]).active = False
        self.env["ir.mail_server"].create(
            {"name": "Catcher", "smtp_host": "127.0.0.1", "smtp_port": int(mail_catcher.PORT)}
        )
        sending = patch.object(IrMail_Server, "_disable_send", return_value=False)
        sending.start()
        self.addCleanup(sending.stop)
        self.env["ir.config_parameter"].set_param("web.base.url", self.base_url())

    def work(self):
        """Run the worker with mails really sent."""
        self.commit()
        self.run_crons()

    def sign_in_browser(self, address, kind):
        token = mail_catcher.link(address)
        with self.visitor(PHONE) as visitor:
            visitor.visit(f"/sign/{token}")
            self.sign_by_hand(visitor, kind)
            visitor.tap(text="Finish")
            visitor.wait_for(".o_sign_finished", "Thank you, you have signed")
        return token

    def sign_and_seal(self, deal):
        self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        token = self.sign_in_browser("zoe@client.example", "drawn")
        self.assertEqual(request.signer_ids[0].state, "signed")
        self.work()
        self.sign_in_browser("ceo@company.example", "typed")
        mail_catcher.clear()
        self.work()
        self.assertEqual(request.state, "completed", request.failure)
        self.assertSealed(request)
        for address in ("zoe@client.example", "ceo@company.example"):
            (copy,) = mail_catcher.mails(address)
            self.assertIn("Signed:", copy["subject"])
            self.assertEqual(copy["attachments"][0]["contentType"], "application/pdf")
        return request, token

    def test_dragged_deal_comes_back_signed(self):
        deal = self._make_deal()
        url = "/odoo/action-crm.crm_lead_action_pipeline"
        self.start_tour(url, "signature_workflow_drag_deal", login="saul")
        self.assertEqual(deal.stage_id, self.stage_sign)
        request, token = self.sign_and_seal(deal)
        self.assertEqual(request.signer_ids[0].field_ids.filtered("value")[:1].type, "signature")
        self.assertEqual(deal.won_status, "won")
        page = self.url_open(f"/sign/{token}").text
        self.assertIn("Zoë Țăndărică", page)
        self.assertNotIn("o_sign_bar", page)
        self.start_tour(url, "signature_workflow_deal_signed", login="saul")

    def _sign_pdf(self, data):
        self.template.write(
            {
                "kind": "pdf",
                "pdf_file": base64.b64encode(data),
                "field_ids": [
                    Command.create({"role_id": self.role_client.id, "y": 60}),
                    Command.create({"role_id": self.role_client.id, "type": "name", "y": 70}),
                    Command.create({"role_id": self.role_company.id, "page": -1, "x": 60}),
                ],
            }
        )
        deal = self._make_deal(stage_id=self.stage_sign.id)
        self.sign_and_seal(deal)
        self.assertEqual(deal.won_status, "won")

    def test_rotated_page(self):
        self._sign_pdf(pdf_samples.rotated(90))

    def test_cropped_page(self):
        self._sign_pdf(pdf_samples.cropped())

    def test_three_hundred_pages(self):
        self._sign_pdf(pdf_samples.many(300))
