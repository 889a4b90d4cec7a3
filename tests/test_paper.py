import base64
import io
from unittest.mock import patch

from odoo.addons.signature_workflow.signature_workflow.engine import scan
from odoo.addons.signature_workflow.signature_workflow.engine.errors import PdfRefused, ValueRefused
from odoo.addons.signature_workflow.signature_workflow.models.signature_request_paper import ScanRefused
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, Form, tagged
from PIL import Image
from pypdf import PdfReader

from . import pdf_samples, picture_samples
from .common import SignatureCase
from .test_reminders import ReminderCase


@tagged("post_install", "-at_install")
class TestScan(BaseCase):
    """What is kept of a scan."""

    def assertRefused(self, code, *files, error=ValueRefused):
        with self.assertRaises(error) as caught:
            scan.to_pdf(files)
        self.assertEqual(caught.exception.code, code)

    def test_pdf_stays_as_it_is(self):
        data = pdf_samples.simple(2)
        self.assertEqual(scan.to_pdf([data]), data)

    def test_pictures_become_pages(self):
        files = [
            picture_samples.plain(300, 200, "JPEG"),
            picture_samples.plain(20, 30),
            picture_samples.saved(picture_samples.noise("L", 3000, 3100)),
            picture_samples.saved(picture_samples.noise("RGBA")),
            picture_samples.saved(picture_samples.noise("CMYK"), "JPEG"),
        ]
        pages = PdfReader(io.BytesIO(scan.to_pdf(files))).pages
        self.assertEqual([page.mediabox.width > page.mediabox.height for page in pages], [1, 0, 0, 1, 1])
        pictures = [page.images[0].image for page in pages]
        self.assertEqual(max(pictures[2].size), scan.MAX_SIDE)
        self.assertEqual({picture.format for picture in pictures}, {"JPEG"})

    def test_picture_is_turned_and_says_nothing_else(self):
        image = Image.new("RGB", (40, 20), "red")
        exif = image.getexif()
        exif[0x0112], exif[0x010E] = 6, "secret place"
        data = scan.to_pdf([picture_samples.saved(image, "JPEG", exif=exif)])
        (page,) = PdfReader(io.BytesIO(data)).pages
        self.assertEqual(page.images[0].image.size, (20, 40))
        self.assertNotIn(b"secret place", page.images[0].data)

    def test_refused(self):
        picture, document = picture_samples.plain(9, 9), pdf_samples.simple()
        self.assertRefused("file_empty")
        self.assertRefused("file_empty", picture, b"")
        self.assertRefused("file_type", picture, document)
        self.assertRefused("file_type", document, document)
        self.assertRefused("file_type", b"GIF89a")
        self.assertRefused("too_many_files", *[picture] * (scan.MAX_PICTURES + 1))
        self.assertRefused("file_too_large", b"%PDF-" + bytes(scan.MAX_BYTES))
        self.assertRefused("image_broken", picture[:-20])
        self.assertRefused("image_pixels", picture_samples.promising(20_000, 20_000))
        self.assertRefused("active_content", pdf_samples.javascript(), error=PdfRefused)


@tagged("post_install", "-at_install")
class TestPaper(SignatureCase):
    """Documents that are signed on paper, and people who sign no other way."""

    def todos(self, deal):
        return deal.activity_ids.filtered("signature_request_id").mapped("summary")

    def upload(self, request, *files, user=None):
        """File a scan as by the button of the request."""
        attachments = self.env["ir.attachment"]
        for number, data in enumerate(files):
            attachments |= attachments.with_user(user or self.salesman).create(
                {"name": f"{number}", "raw": data, "res_model": "signature.request.paper"}
            )
        wizard = self.env["signature.request.paper"].with_user(user or self.salesman)
        wizard.create({"request_id": request.id, "attachment_ids": attachments.ids}).action_file()
        self.assertFalse(attachments.exists())

    def test_scan_is_the_signed_copy(self):
        request = self.send()
        deal = request._record()
        client, company = request.signer_ids
        data = pdf_samples.simple()
        self.upload(request, data)
        self.assertEqual((request.state, request.is_paper), ("completed", True))
        self.assertEqual(request.final_id.raw, data)
        self.assertEqual(request.final_id.name, f"{request.name} – signed on paper.pdf")
        self.assertEqual((client.state, company.state), ("skipped", "skipped"))
        self.assertFalse(client.date_remind)
        event = request.event_ids[-1]
        self.assertEqual((event.kind, event.user_id), ("paper", self.salesman))
        self.assertIn(request.final_sha256, event.data)
        request.event_ids._verify_chain()
        self.assertEqual(self.todos(deal), [])
        note = deal.message_ids[0]
        self.assertIn("was signed on paper", note.body)
        self.assertEqual((note.author_id, note.attachment_ids.raw), (self.salesman.partner_id, data))
        self.assertNotEqual(deal.won_status, "won")
        self.work()
        self.assertEqual(deal.won_status, "won")
        self.assertEqual(deal.signature_state, "signed")

    def test_one_has_signed_already(self):
        request = self.send()
        client, company = request.signer_ids
        self.sign(client)
        self.upload(request, picture_samples.plain(50, 80), picture_samples.plain(80, 50, "JPEG"))
        self.assertEqual((client.state, company.state), ("signed", "skipped"))
        self.assertEqual(len(PdfReader(io.BytesIO(request.final_id.raw)).pages), 2)
        mails = self.work()
        self.assertTrue(any("zoe@client.example" in mail["email_to"][0] for mail in mails), mails)

    def test_nobody_is_asked_any_more(self):
        request = self.send()
        client = request.signer_ids[0]
        self.upload(request, pdf_samples.simple())
        with self.assertRaises(UserError):
            self.sign(client)
        with self.assertRaisesRegex(UserError, "cannot be signed on paper any more"):
            self.upload(request, pdf_samples.simple())
        with self.assertRaises(UserError):
            request.action_cancel()

    def test_file_is_refused(self):
        request = self.send()
        for words, files in [
            ("Choose the scan", ()),
            ("one PDF", [b"no file"]),
            ("digital signature, so it is no scan", [pdf_samples.signed()]),
            ("active content", [pdf_samples.javascript()]),
            ("damaged", [picture_samples.plain(30, 30)[:-20]]),
        ]:
            with self.subTest(words), self.assertRaisesRegex(ScanRefused, words):
                self.upload(request, *files)
        self.assertEqual(request.state, "sent")

    def test_answers_are_not_written_back(self):
        self.template.body = "<p>{{signature;role=Client}} {{Mail;type=email;role=Client;write=email_from}}</p>"
        self.template.role_ids[1:].unlink()
        deal = self._make_deal(email_from="kept@client.example")
        request = self.send(deal)
        self.assertEqual(request.field_ids.filtered("write_path").write_path, "email_from")
        self.upload(request, pdf_samples.simple())
        self.work()
        self.assertEqual(deal.email_from, "kept@client.example")

    def test_who_may_not_change_the_deal(self):
        request = self.send()
        stranger = self._make_user("stranger", "sales_team.group_sale_salesman")
        with self.assertRaises(AccessError):
            self.upload(request, pdf_samples.simple(), user=stranger)
        with self.assertRaises(AccessError):
            request.with_user(stranger).action_continue_on_paper()

    def test_continue_on_paper(self):
        request = self.send()
        deal = request._record()
        request.with_user(self.salesman).action_continue_on_paper()
        self.assertEqual((request.state, deal.signature_state), ("paper", "paper"))
        self.assertEqual(self.todos(deal), [f"To be signed on paper: {request.name}"])
        self.assertFalse(any(request.signer_ids.mapped("date_remind")))
        with self.assertRaises(UserError):
            self.sign(request.signer_ids[0])
        self.assertFalse(self.work())
        with self.assertRaisesRegex(UserError, "does not wait to be signed"):
            request.with_user(self.salesman).action_continue_on_paper()
        self.upload(request, pdf_samples.simple())
        self.work()
        self.assertEqual(deal.won_status, "won")

    def test_what_is_not_sent_does_not_continue_on_paper(self):
        deal = self._make_deal(user_id=self.salesman.id)
        deal.stage_id = self.stage_sign
        self.commit()
        queued = self.requests_of(deal)
        self.assertEqual(queued.state, "queued")
        failing = self._make_deal(partner_id=False)
        failed = self.send(failing)
        self.assertEqual(failed.state, "failed")
        self.template.with_user(self.salesman).action_send_test()
        self.work()
        test = self.env["signature.request"].search([("is_test", "=", True)], limit=1)
        self.assertEqual(test.state, "sent", test.failure)
        for request in (failed, test):
            with self.assertRaisesRegex(UserError, "does not wait to be signed"), self.env.cr.savepoint():
                request.with_user(self.salesman).action_continue_on_paper()

    def test_opted_out(self):
        self.partner.signature_opt_out = True
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        mails = self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "paper", request.failure)
        self.assertFalse(mails)
        self.assertTrue(request.original_id)
        self.assertEqual(set(request.signer_ids.mapped("state")), {"waiting"})
        self.assertEqual(self.todos(deal), [f"{self.partner.name} signs on paper"])
        self.assertEqual(deal.activity_ids.user_id, self.salesman)
        self.assertEqual((deal.signature_state, deal.stage_id), ("paper", self.stage_sign))
        self.upload(request, pdf_samples.simple())
        mails = self.work()
        self.assertEqual((deal.won_status, self.todos(deal)), ("won", []))
        self.assertFalse(mails)

    def test_company_opted_out(self):
        company = self.env["res.partner"].create({"name": "Paper Ltd", "is_company": True})
        self.partner.parent_id = company
        self.assertEqual(self.send().state, "sent")
        company.signature_opt_out = True
        self.assertEqual(self.send().state, "paper")
        company.signature_opt_out = False
        self.assertEqual(self.send().state, "sent")

    def test_who_only_reads_may_have_opted_out(self):
        self.template.role_ids[0].participation = "copy"
        self.template.body = "<p>{{signature;role=Our company}}</p>"
        self.partner.signature_opt_out = True
        self.assertEqual(self.send().state, "sent")

    def test_send_dialog_says_so(self):
        deal = self._make_deal()
        form = Form(
            self.env["signature.request.send"]
            .with_user(self.salesman)
            .with_context(default_res_model="crm.lead", default_res_id=deal.id, default_template_id=self.template.id)
        )
        self.assertFalse(form.paper_hint)
        self.partner.signature_opt_out = True
        send = form.save()
        send.invalidate_recordset(["paper_hint"])
        self.assertIn(f"{self.partner.name} signs on paper only", send.paper_hint)
        notice = send.action_send()
        self.assertIn("upload the scan", notice["params"]["message"])
        self.work()
        self.assertEqual(self.requests_of(deal).state, "paper")

    def test_base64_of_a_move(self):
        request = self.send().with_user(self.salesman)
        for file in ("no base64!", 7, None):
            with self.assertRaises(ScanRefused):
                request._answer_move({"action": "paper", "scan": [file]})
        request._answer_move({"action": "paper", "scan": [base64.b64encode(pdf_samples.simple()).decode()]})
        self.assertEqual(request.state, "completed")


@tagged("post_install", "-at_install")
class TestPaperLater(ReminderCase):
    """Who opts out while a document waits for them is asked by the salesperson from then on."""

    def test_reminders(self):
        request = self.send_on()
        self.partner.signature_opt_out = True
        mails, texts = self.remind("2026-11-30 10:00:00")
        self.assertFalse(mails + texts)
        self.assertIn(f"{self.partner.name} has not answered", self.todos(request).mapped("summary"))
        # three days before the deadline
        mails, texts = self.remind("2026-12-23 10:00:00")
        self.assertEqual([mail["email_to"] for mail in mails], [[self.salesman.email_formatted]])
        self.assertFalse(texts)
        client = request.signer_ids[0].with_user(self.salesman)
        for press in (client.action_remind, client.action_resend):
            with self.assertRaisesRegex(UserError, "gets the link by hand"), self.env.cr.savepoint():
                press()

    def test_who_opts_out_before_their_turn(self):
        first, second = self.template.role_ids
        first.sequence, second.sequence = 2, 1
        request = self.send()
        self.partner.signature_opt_out = True
        self.sign(request.signer_ids.filtered(lambda signer: signer.role_id == self.role_company))
        self.assertFalse(self.work())
        self.assertEqual(self.todos(request).mapped("summary"), [f"{self.partner.name} gets the document by hand"])

    def test_change_to_somebody_who_has_opted_out(self):
        request = self.send()
        deputy = self.partner.copy({"name": "Deputy", "email": "deputy@client.example", "signature_opt_out": True})
        change = self.env["signature.signer.change"].with_user(self.salesman)
        with Form(change.with_context(default_signer_id=request.signer_ids[0].id)) as form:
            form.partner_id = deputy
        notice = form.record.action_change()
        self.assertIn("Show Deputy a new one", notice["params"]["message"])
        self.assertFalse(self.work())
        self.assertEqual(request.signer_ids[0].channel, "manual")

    def test_nobody_keeps_what_was_before(self):
        seen = []

        def clear_cache(registry, *names):
            seen.append(self.partner.signature_opt_out)

        with patch.object(type(self.registry), "clear_cache", clear_cache):
            self.partner.signature_opt_out = True
        self.assertEqual(seen, [True])
