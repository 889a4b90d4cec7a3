import contextlib

from odoo.tests import tagged
from odoo.tests.common import ChromeBrowserException

from .browser import DESKTOP, PHONE
from .test_tour_signing import SigningTour

# What looks at links before people do.
BOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "WhatsApp/2.23.20.0",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "BarracudaCentral/1.0",
    "curl/8.5.0",
]
# Does what a scanner does that runs scripts: everything but what needs a hand.
BOT = """(async () => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    for (let round = 0; round < 4; round++) {
        for (const el of document.querySelectorAll("input, textarea, select")) {
            if (el.type !== "radio" && el.type !== "checkbox" && el.type !== "file") {
                el.value = "Bot";
            }
            el.dispatchEvent(new Event("input", { bubbles: true }));
            el.dispatchEvent(new Event("change", { bubbles: true }));
        }
        for (const el of document.querySelectorAll("button, summary, label, input, canvas, [data-field]")) {
            for (const type of ["pointerdown", "pointermove", "pointerup"]) {
                el.dispatchEvent(new PointerEvent(type, { bubbles: true, clientX: 9 * round, clientY: 9 }));
            }
            el.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            el.dispatchEvent(new WheelEvent("wheel", { bubbles: true }));
            el.click();
            await pause();
        }
        for (const form of document.forms) {
            form.requestSubmit();
        }
        scrollTo(0, document.body.scrollHeight);
    }
    for (const { href } of document.links) {
        href.startsWith("http") && (await fetch(href));
    }
})()"""


@tagged("post_install", "-at_install", "signature_tour")
class TestPreviewBots(SigningTour):
    """Scanners and previews open links, and some run scripts; none of them is the signer."""

    def test_bot_that_runs_scripts(self):
        self.let_client(may_forward=True)
        for device in (PHONE, DESKTOP):
            request, token = self.send()
            self.let_bot_in(device, request, token)

    def test_bot_that_might_approve(self):
        self.template.body = "<h1>Agreement</h1><p>{{signature;role=Our company}}</p>"
        self.let_client(participation="approve")
        request, token = self.send()
        self.let_bot_in(PHONE, request, token)

    def test_bot_on_a_device_handed_over(self):
        request, _token = self.send()
        client = request.signer_ids[0].sudo()
        link = self.env["signature.link"].with_user(self.salesman)._make(client, "in_person")[client.id]
        self.let_bot_in(PHONE, request, link.rpartition("/")[2])

    def let_bot_in(self, device, request, token):
        """Nothing has changed once the bot was there."""
        before = self.state_of_things(request)
        with self.subTest(device.name):
            with self.visitor(device) as visitor:
                # it also presses what is hidden and means nothing now
                visitor.allow("TypeError")
                visitor.visit(f"/sign/{token}")
                visitor.wait_for("[data-drawn]")
                # a page that goes on by itself is seen by what has changed
                with contextlib.suppress(ChromeBrowserException):
                    visitor.evaluate(BOT)
            self.assertEqual(self.state_of_things(request), before)

    def test_bot_that_reads(self):
        request, token = self.send()
        before = self.state_of_things(request)
        for bot in BOTS:
            for tail in ("", "/document", "/status"):
                for method in ("HEAD", "GET"):
                    page = self.url_open(f"/sign/{token}{tail}", method=method, headers={"User-Agent": bot})
                    self.assertEqual(page.status_code, 200)
        self.assertEqual(self.state_of_things(request), before)
