import base64
import unittest
from unittest.mock import patch

from odoo import Command
from odoo.addons.base.models.ir_mail_server import IrMail_Server
from odoo.tests import tagged

from . import mail_catcher, pdf_samples
from .test_http_signing import SignatureHttpCase
from .test_seal import SealChecks

PHONE, DESKTOP = "390x844", "1366x768"

# Signs as a person does: the one large button leads from field to field. `KIND` is how.
SIGN = """
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const one = (selector) => document.querySelector(selector);
async function until(what, test) {
    for (let i = 0; i < 150; i++) {
        const found = test();
        if (found) { return found; }
        await pause(100);
    }
    throw new Error("waited in vain for " + what);
}
function draw(canvas) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const at = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
        bubbles: true, cancelable: true, pointerId: 1, pointerType: "touch", isPrimary: true,
        buttons: type === "pointerup" ? 0 : 1, pressure: 0.5,
        clientX: left + x * width, clientY: top + y * height,
    }));
    at("pointerdown", 0.15, 0.6);
    for (let i = 1; i <= 30; i++) { at("pointermove", 0.15 + 0.02 * i, 0.5 + 0.25 * Math.sin(i / 3)); }
    at("pointerup", 0.75, 0.5);
}
// the page reloads once the server has taken the signature; what comes then is looked at apart
addEventListener("beforeunload", () => console.log("test successful"));
void (async () => {
    await until("the first page", () => one(".o_sign_page canvas"));
    for (let step = 0; step < 20; step++) {
        const dialog = one("dialog[data-dialog=signature][open]");
        const input = one("#o_sign_input");
        if (dialog) {
            if ("KIND" === "typed") {
                dialog.querySelector("input[value=typed]").click();
            } else {
                draw(await until("the pad", () => dialog.querySelector("canvas")));
            }
            await pause(200);
            dialog.querySelector("[data-action=adopt]").click();
        } else {
            if (input && input.offsetParent && input.type === "checkbox" && !input.checked) {
                input.click();
            }
            const button = await until("the button", () => !one("#o_sign_primary").disabled && one("#o_sign_primary"));
            button.click();
        }
        await pause(400);
    }
    throw new Error("the page did not finish");
})().catch((error) => console.error(error.message));
"""


@tagged("post_install", "-at_install", "signature_tour")
@unittest.skipUnless(mail_catcher.URL, "needs the mail catcher of ./dev test")
class TestMainJob(SealChecks, SignatureHttpCase):
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
        self.browser_size = PHONE
        token = mail_catcher.link(address)
        self.browser_js(f"/sign/{token}", SIGN.replace("KIND", kind))
        self.env.invalidate_all()
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
        self.browser_size = DESKTOP
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
