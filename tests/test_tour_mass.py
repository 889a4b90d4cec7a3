from datetime import timedelta
from pathlib import Path

from odoo.tests import tagged

from .browser import DESKTOP, PHONE, PICTURES, BrowserCase
from .common import SignatureCase
from .test_http_signing import SignatureHttpCase

LIST = "/odoo/action-crm.crm_lead_opportunities"


@tagged("post_install", "-at_install", "signature_tour")
class TestMassTour(BrowserCase, SignatureHttpCase):
    """From the list of deals: choose, send, close the window, and read what came of it."""

    def setUp(self):
        super().setUp()
        self.rule.active = False
        self.deals = self.env["crm.lead"].concat(*(self._make_deal(name=f"Deal {n}") for n in range(5)))
        self.deals[0].write({"partner_id": False, "email_from": False})
        # chosen by itself, as it was sent last
        self.template._make_requests(self._make_deal(name="Before"), signatory=self.salesman)
        self.work()

    def picture(self, visitor, name):
        if PICTURES:
            visitor.screenshot(Path(PICTURES, f"mass-{name}-{visitor.device.name}.png"))

    def choose_all(self, visitor):
        visitor.visit(LIST)
        visitor.tap("button.o_switch_view.o_list")
        visitor.wait_for(".o_list_view .o_data_row", "Deal 4")
        visitor.tap("thead .o_list_record_selector input")
        visitor.tap(".o_control_panel button", "Actions")
        visitor.tap(".o-dropdown-item", "Send for signature")
        visitor.wait_for(".modal .o_signature_problems", "Deal 0")

    def test_send_to_many(self):
        self.env["crm.lead"].search([("id", "not in", self.deals.ids)]).active = False
        with self.visitor(DESKTOP, login="saul") as visitor:
            self.choose_all(visitor)
            visitor.wait_for(".modal .alert", "It can be sent for 4 of 5 records")
            visitor.wait_for("img.o_signature_preview_sheet")
            self.picture(visitor, "dialog")
            visitor.tap(".modal footer button", "Send to 4")
            visitor.wait_for(".o_notification", "4 documents are on their way")
            visitor.wait_for(".modal", gone=True)
            self.picture(visitor, "sent")
            batch = self.env["signature.batch"].search([], limit=1)
            # the window is closed; the page of the batch is opened from the menu later
            visitor.visit("/odoo/signatures-at-once")
            visitor.tap(".o_data_row .o_data_cell", "Agreement for 4")
            visitor.wait_for(".o_signature_batch_progress", "0 of 4 are prepared")
            self.picture(visitor, "preparing")
            self.partner.email = False
            self.deals[1].partner_id = self.env["res.partner"].create({"name": "Able", "email": "able@client.example"})
            self.deals[2:].email_from = False
            self.work()
            # by itself
            visitor.wait_for(".o_signature_batch_progress", "All are through: 1 sent, 3 failed, 1 left out.")
            visitor.wait_for(".o_field_widget[name=failed_ids]", "no valid e-mail address")
            self.picture(visitor, "failed")
            visitor.wait_for(".o_signature_problems", "Deal 0")
            self.partner.email = "zoe@client.example"
            visitor.tap("button", "Try failed again")
            visitor.wait_for(".o_signature_batch_progress", "1 of 4 are prepared")
            self.work()
            visitor.wait_for(".o_signature_batch_progress", "All are through: 4 sent, 1 left out.")
            visitor.wait_for("button", "Try failed again", gone=True)
            self.assertEqual(batch.sent_count, 4)
            visitor.tap(".oe_stat_button", "Waiting")
            visitor.wait_for(".o_data_row", "Deal 1")
            self.picture(visitor, "requests")

    def test_on_the_phone(self):
        batch = self.env["signature.batch"].create({"name": "Agreement for 3", "template_id": self.template.id})
        batch.user_id = self.salesman
        batch.left_out = [{"id": self.deals[0].id, "name": "Deal 0", "problem": "Set the customer, then try again."}]
        self.template._make_requests(self.deals[1:4], batch_id=batch.id)
        self.work()
        with self.visitor(PHONE, login="saul") as visitor:
            visitor.visit(f"/odoo/signature.batch/{batch.id}")
            visitor.wait_for(".o_signature_batch_progress", "All are through: 3 sent, 1 left out.")
            self.picture(visitor, "batch")

    def chart(self, visitor):
        """Return what the graph in sight shows: its labels, and by series the rounded values."""
        visitor.wait_for(".o_graph_renderer canvas")
        data = "Chart.getChart(document.querySelector('.o_graph_renderer canvas')).data"
        series = visitor.evaluate(f"{data}.datasets.map((each) => [each.label, each.data.map(Math.round)])")
        return visitor.evaluate(f"{data}.labels.map(String)"), dict(series)

    def test_reports(self):
        self.template._make_requests(self.deals[1:4], signatory=self.signatory)
        self.work()
        signed, *declined = (self.requests_of(deal) for deal in self.deals[1:4])
        signed.date_sent -= timedelta(hours=5)
        for signer in signed.signer_ids.sudo().sorted("sequence"):
            signer._submit(SignatureCase.answers(self, signer), f"n{signer.id}", signed.original_sha256, {})
            self.work()
        reasons = self.env["signature.decline.reason"].search([])[:2]
        for request, reason in zip(declined, reasons, strict=True):
            request.signer_ids[0].sudo()._decline("Not now", "no", {}, reason.id)
        self.env.flush_all()
        with self.visitor(DESKTOP, login="saul") as visitor:
            visitor.visit("/odoo/signatures-reporting")
            __, series = self.chart(visitor)
            self.assertEqual(series, {"Completed": [1], "Declined": [2], "Waiting for signatures": [1], "Sum": [4]})
            visitor.tap(".o_graph_view button", "Measures")
            visitor.wait_for(".o-dropdown--menu", "Hours to sign")
            self.assertEqual(visitor.text(".o-dropdown--menu").split("\n"), ["Hours to sign", "Count"])
            self.picture(visitor, "graph")
            visitor.press("Escape")
            visitor.tap("button.o_switch_view.o_pivot")
            visitor.wait_for(".o_pivot table", "Agreement")
            self.picture(visitor, "pivot")
            for path, labels, series in (
                ("signatures-time", ["Agreement"], {"Hours to sign": [5]}),
                ("signatures-declined", sorted(reasons.mapped("name")), {"Count": [1, 1]}),
            ):
                visitor.visit(f"/odoo/{path}")
                shown = self.chart(visitor)
                self.assertEqual((sorted(shown[0]), shown[1]), (labels, series), path)
                self.picture(visitor, path)
            visitor.visit("/odoo/action-signature_workflow.signature_request_action")
            visitor.wait_for(".o_data_row", "Before")
            visitor.tap("button.o_searchview_dropdown_toggler")
            visitor.wait_for(".o_search_bar_menu", "To sign on paper")
            self.picture(visitor, "search")
