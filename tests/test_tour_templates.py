from odoo.tests import tagged

from . import template_samples
from .test_http_signing import SignatureHttpCase


@tagged("post_install", "-at_install", "signature_tour")
class TestTemplateTours(SignatureHttpCase):
    """What a salesperson and a sales manager do, in a real browser."""

    def test_second_deal_in_two_clicks(self):
        self.rule.active = False
        first = self._make_deal()
        self.template._make_requests(first, signatory=self.signatory)
        self.work()
        client = self.env["res.partner"].create({"name": "Second client", "email": "second@client.example"})
        deal = self._make_deal(partner_id=client.id)
        self.start_tour(f"/odoo/crm.lead/{deal.id}", "signature_workflow_two_clicks", login="saul")
        self.env.invalidate_all()
        self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        self.assertEqual(request.signer_ids[0].email, "second@client.example")

    def test_template_from_a_pdf_form(self):
        self.rule.active = False
        self.env["ir.attachment"].create(
            {
                "name": "order_form.pdf",
                "url": "/signature_test/order_form.pdf",
                "raw": template_samples.form(),
                "mimetype": "application/pdf",
                "public": True,
            }
        )
        url = "/odoo/action-signature_workflow.signature_template_action"
        self.start_tour(url, "signature_workflow_template_from_form", login="manager")
        template = self.env["signature.template"].search([("name", "=", "Order form")])
        self.assertEqual(
            sorted(template.field_ids.mapped("type")),
            ["checkbox", "choice", "initials", "multiline", "signature", "text"],
        )
        deal = self._make_deal()
        self.start_tour(f"/odoo/crm.lead/{deal.id}", "signature_workflow_send_template", login="saul")
        self.env.invalidate_all()
        self.work()
        request = self.requests_of(deal)
        self.assertEqual((request.state, request.template_id), ("sent", template), request.failure)
        self.assertEqual(len(request.field_ids), 6)
