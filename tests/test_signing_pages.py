"""Every page but the ready one, over HTTP: what each says, and above all what it does not."""

import base64
from datetime import timedelta

from lxml import html
from odoo import fields
from odoo.tests import tagged

from . import picture_samples
from .common import BODY
from .test_http_signing import SignatureHttpCase

PAGES = "//*[contains(@class, 'o_sign_pages')]"
MARKS = "//*[contains(@class, 'o_sign_mark')]"


class SigningPagesCase(SignatureHttpCase):
    """One request, of the client and then the company."""

    def setUp(self):
        super().setUp()
        self.prepare()
        self.request, self.token = self.send()
        self.client, self.company = self.request.signer_ids[:2]

    def prepare(self):
        """Change what is sent."""

    def link(self, signer, channel="email"):
        """Return the path of a new link, made by the salesperson."""
        links = self.env["signature.link"].with_user(self.salesman)._make(signer, channel)
        return links[signer.id].removeprefix(self.base_url())

    def open(self, path=None, status=200):
        """Return the page behind a path, else that of the client."""
        self.env.flush_all()
        response = self.url_open(path or f"/sign/{self.token}")
        self.env.invalidate_all()
        self.assertEqual(response.status_code, status)
        return html.fromstring(response.content)

    def words(self, page):
        """Return what a visitor can read."""
        body = page.find("body")
        for el in body.xpath(".//*[@hidden] | .//script"):
            el.drop_tree()
        return " ".join(body.text_content().split())

    def assertWords(self, page, *texts):
        words = self.words(page)
        for text in texts:
            self.assertIn(text, words)

    def assertNothingOfTheDocument(self, page):
        source = html.tostring(page, encoding="unicode")
        people = [*self.request.signer_ids.mapped("name"), *self.request.signer_ids.mapped("email")]
        for secret in ("Agreement", "Big deal", self.request.original_sha256, *people):
            self.assertNotIn(secret, source)
        self.assertEqual(page.xpath(PAGES), [])


@tagged("post_install", "-at_install")
class TestCodePage(SigningPagesCase):
    def test_closed_before_the_code(self):
        self.client.authentication = "email"
        self.request.action_cancel("Wrong price")
        page = self.open()
        self.assertNothingOfTheDocument(page)
        self.assertWords(page, "saul@company.example")
        self.assertNotIn("Wrong price", self.words(page))
        self.assertFalse(page.xpath("//input"))

    def test_code(self):
        self.partner.phone = "+40721234567"
        self.client.phone = "+40721234567"
        for method, address in (("email", "z…@client.example"), ("sms", "+40…67"), ("code", "access code")):
            with self.subTest(method):
                self.client.authentication = method
                page = self.open()
                self.assertNothingOfTheDocument(page)
                self.assertWords(page, "Saul has sent you a document", "saul@company.example", address)
                self.assertEqual(self.url_open(f"/sign/{self.token}/document").status_code, 404)

    def test_code_in_person(self):
        self.client.authentication = "code"
        page = self.open(self.link(self.client, "in_person"))
        self.assertNothingOfTheDocument(page)
        self.assertWords(page, "Give the device back to Saul")


@tagged("post_install", "-at_install")
class TestReadingPage(SigningPagesCase):
    def setUp(self):
        super().setUp()
        self.path = self.link(self.company)

    def prepare(self):
        # who only reads has no field to fill
        self.template.body = BODY.replace("{{signature;role=Our company}}", "")
        self.template.role_ids[1].write({"participation": "view", "sequence": 1})

    def test_reading(self):
        page = self.open(self.path)
        self.assertTrue(page.xpath(PAGES))
        self.assertWords(
            page, "nothing is asked of you", "the signed copy comes to ceo@company.example", "Their turn now"
        )
        self.assertEqual(page.xpath("//button[@data-action='primary' or @data-action='decline']"), [])

    def test_reading_without_mail(self):
        self.company.email = False
        self.assertWords(self.open(self.path), "come back by this link")

    def test_completed(self):
        self.submit(self.token, self.client)
        self.work()
        page = self.open(self.path)
        self.assertWords(page, "Signed by everybody", "Download the signed copy")


@tagged("post_install", "-at_install")
class TestReaderOfALaterTurn(SigningPagesCase):
    def prepare(self):
        role = {"name": "Reader", "policy": "partner", "partner_id": self.manager.partner_id.id}
        reader = self.env["signature.role"].create(role)
        self.template.role_ids = [(0, 0, {"role_id": reader.id, "sequence": 2, "participation": "view"})]

    def setUp(self):
        super().setUp()
        self.reader = self.request.signer_ids[2]

    def test_no_link_gets_round_the_order(self):
        path = self.link(self.reader, "template")
        page = self.open(path)
        self.assertWords(page, "It is not your turn yet")
        self.assertEqual(page.xpath(PAGES), [])
        self.assertEqual(self.url_open(f"{path}/document").status_code, 404)
        self.submit(self.token, self.client)
        self.work()
        self.assertEqual(len(self.open(path).xpath(PAGES)), 1)
        self.assertEqual(self.url_open(f"{path}/document").status_code, 200)


@tagged("post_install", "-at_install")
class TestFinishedPage(SigningPagesCase):
    def test_signed(self):
        self.submit(self.token, self.client)
        self.work()
        page = self.open()
        self.assertTrue(page.xpath(PAGES))
        self.assertTrue(page.xpath(MARKS))
        self.assertWords(
            page,
            "Thank you, you have signed",
            "Now it is the turn of Ceo",
            "the signed copy comes to zoe@client.example",
            "(UTC)",
        )

    def test_signed_without_mail(self):
        self.submit(self.token, self.client)
        self.client.email = False
        self.assertWords(self.open(), "come back by this link")

    def test_marks_as_they_were_made(self):
        typed = {"kind": "typed", "text": "Zoë", "font": "comforter"}
        self.submit(self.token, self.client, signature=typed)
        (text,) = self.open().xpath(MARKS)
        self.assertEqual((text.text, text.get("data-hand")), ("Zoë", "comforter"))
        token = self.link_of(self.work(), "ceo@company.example")
        stamp = base64.b64encode(picture_samples.plain(300, 120)).decode()
        self.submit(token, self.company, nonce="c", signature={"kind": "picture", "data": stamp})
        self.work()
        # also beside the sealed copy
        (picture,) = self.open().xpath("//img[contains(@class, 'o_sign_mark_picture')]")
        self.assertEqual(self.url_open(picture.get("src")).headers["Content-Type"], "image/png")
        self.assertEqual(picture.get("alt"), "")

    def test_sealing_and_completed(self):
        self.submit(self.token, self.client)
        token = self.link_of(self.work(), "ceo@company.example")
        self.submit(token, self.company, nonce="c")
        self.assertWords(self.open(), "Your signed copy is being prepared")
        # whoever gives the device back reads once how the copy comes
        words = self.words(self.open(self.link(self.client, "in_person")))
        self.assertIn("Everybody is done. The signed copy comes to zoe@client.example as soon as it is ready.", words)
        self.assertNotIn("Once everybody", words)
        self.work()
        page = self.open()
        self.assertWords(page, "Signed by everybody", "any change to it can be detected", "Zoë Țăndărică (you)", "Ceo")
        self.assertEqual(len(page.xpath(MARKS)), 2)

    def test_a_test_is_not_sealed(self):
        self.submit(self.token, self.client)
        token = self.link_of(self.work(), "ceo@company.example")
        self.request.is_test = True
        self.submit(token, self.company, nonce="c")
        self.work()
        words = self.words(self.open())
        self.assertIn("This was a test: the copy is not sealed", words)
        self.assertNotIn("can be detected", words)

    def test_approved(self):
        self.client.participation = "approve"
        self.submit(self.token, self.client)
        self.assertWords(self.open(), "Thank you, you have approved", "Approved")


@tagged("post_install", "-at_install")
class TestClosedPages(SigningPagesCase):
    def assertClosed(self, page, *texts):
        self.assertEqual(page.xpath(PAGES), [])
        self.assertEqual(page.xpath(MARKS), [])
        self.assertEqual(page.xpath("//a[contains(@href, '/document')]"), [])
        self.assertWords(page, *texts)

    def test_waiting(self):
        path = self.link(self.company)
        self.assertClosed(
            self.open(path),
            "It is not your turn yet",
            "First it is the turn of Zoë Țăndărică",
            "You get a message as soon as it is your turn",
            "Ask Saul",
        )
        self.company.channel = "manual"
        self.assertNotIn("You get a message", self.words(self.open(path)))

    def test_waiting_shows_no_mark_of_others(self):
        # signed, and the next one not asked yet
        self.submit(self.token, self.client, text="Confidential order")
        page = self.open(self.link(self.company))
        self.assertClosed(page, "It is not your turn yet")
        self.assertNotIn("Confidential order", html.tostring(page, encoding="unicode"))

    def test_declined(self):
        self.submit(self.token, self.client)
        token = self.link_of(self.work(), "ceo@company.example")
        self.call(f"/sign/{token}/decline", reason="Far too dear", nonce="n")
        self.assertClosed(self.open(f"/sign/{token}"), "You have declined to sign", "Saul has been told")
        page = self.open()
        self.assertClosed(page, "This document was declined", "Ceo", "Declined")
        # the reason is for the sender
        self.assertNotIn("Far too dear", self.words(page))

    def test_disapproved(self):
        path = self.link(self.company)
        self.client.participation = "approve"
        self.call(f"/sign/{self.token}/decline", reason="Not yet", nonce="n")
        self.assertClosed(self.open(), "You have not approved this document")
        self.assertClosed(self.open(path), "This document was not approved", "Not approved")

    def test_expired(self):
        self.request.date_expire = fields.Date.today() - timedelta(days=9)
        self.assertClosed(self.open(), "The time to sign has run out", "Ask the sender for a new link")
        self.client.participation = "approve"
        self.assertClosed(self.open(), "The time to approve has run out")
        self.client.participation = "view"
        self.assertClosed(self.open(), "Nothing is needed from you")

    def test_expired_after_signing(self):
        self.submit(self.token, self.client)
        self.request.write({"state": "expired", "date_expire": fields.Date.today()})
        self.assertClosed(self.open(), "You were in time, but not everybody was")

    def test_cancelled(self):
        self.request.action_cancel("The <b>price</b> has changed")
        self.assertClosed(self.open(), "This document was withdrawn", "The <b>price</b> has changed")

    def test_failed(self):
        self.request.state = "failed"
        self.assertClosed(self.open(), "Something went wrong on our side", "Saul knows")

    def test_preparing(self):
        self.request.state = "queued"
        self.assertClosed(self.open(), "The document is being prepared")

    def test_released(self):
        other = self.client.copy({"name": "Yann", "email": "yann@client.example", "state": "sent"})
        path = self.link(other)
        self.submit(self.token, self.client)
        self.assertClosed(self.open(path), "Zoë Țăndărică has already signed in your place")


@tagged("post_install", "-at_install")
class TestRevokedPage(SigningPagesCase):
    def test_reasons(self):
        link = self.client.sudo().link_ids
        for reason, words in (
            ("resent", "A newer link was sent to you"),
            ("forwarded", "You have forwarded this document"),
            ("changed", "This link was replaced"),
            ("returned", "The device can be handed back"),
        ):
            with self.subTest(reason):
                link.revoked = reason
                page = self.open(status=410)
                self.assertNothingOfTheDocument(page)
                self.assertWords(page, words)
                self.assertEqual("Saul" in self.words(page), reason != "returned")


@tagged("post_install", "-at_install")
class TestInPerson(SigningPagesCase):
    def setUp(self):
        super().setUp()
        self.path = self.link(self.client, "in_person")

    def assertNoWayOut(self, page):
        self.assertIn("o_sign_in_person", page.find("body").get("class"))
        for href in page.xpath("//a/@href"):
            self.assertTrue(href.startswith("#") or not href, href)

    def test_ready(self):
        page = self.open(self.path)
        self.assertNoWayOut(page)
        self.assertWords(page, "Stop and give the device back")

    def test_closed(self):
        self.request.action_cancel()
        page = self.open(self.path)
        self.assertNoWayOut(page)
        self.assertWords(page, "Give the device back to Saul")

    def test_signed_and_given_back(self):
        self.submit(self.path.rsplit("/", 1)[1], self.client)
        page = self.open(self.path)
        self.assertNoWayOut(page)
        self.assertWords(page, "Thank you, you have signed", "Give the device back to Saul")
        self.assertEqual(page.xpath(PAGES), [])
        answer = self.call(f"{self.path}/return").json()["result"]
        self.assertIn(str(self.request.res_id), answer["url"])
        self.assertNothingOfTheDocument(self.open(self.path, 410))


@tagged("post_install", "-at_install")
class TestPreviewBanner(SigningPagesCase):
    def test_banner(self):
        self.authenticate("saul", "saul-password")
        path = "/signature_workflow/signer/"
        words = self.words(self.open(f"{path}{self.client.id}"))
        self.assertIn("You see what Zoë Țăndărică sees", words)
        self.assertNotIn("Their turn has not come yet", words)
        self.assertWords(self.open(f"{path}{self.company.id}"), "Their turn has not come yet")

    def test_a_signer_sees_no_banner(self):
        self.assertNotIn("You see what", self.words(self.open()))
