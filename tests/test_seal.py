import base64
import hashlib
import io
import json
import re
import subprocess
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.signature_workflow.signature_workflow.engine import links
from odoo.addons.signature_workflow.signature_workflow.engine.sealing.verify import verify
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from pypdf import PdfReader

from . import pdf_samples, picture_samples
from .common import SignatureCase, pdf_text

CHROME = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile "
    "Safari/537.36"
)


class SealChecks:
    """What independent validators must say of a sealed file."""

    def assertSealed(self, request):
        """Check the signed copy of `request` by pyHanko, pdfsig and qpdf; return its bytes."""
        data = request.final_id.raw
        self.assertEqual(request.final_sha256, hashlib.sha256(data).hexdigest())
        key = self.env["signature.key"]._get_active(request.company_id)._identity()
        verdict = verify(data, [key.certificate_der])
        self.assertTrue(verdict.intact and verdict.trusted and verdict.certified, verdict.problems)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "final.pdf")
            path.write_bytes(data)
            pdfsig = subprocess.run(["pdfsig", path], capture_output=True, text=True, check=False)
            self.assertIn("Signature is Valid", pdfsig.stdout)
            self.assertIn("ETSI.CAdES.detached", pdfsig.stdout)
            subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
        request.event_ids._verify_chain()
        self.assertEqual(request.event_ids.mapped("kind").count("sealed"), 1)
        return data


@tagged("post_install", "-at_install")
class TestSeal(SealChecks, SignatureCase):
    """When everybody has signed: a sealed file, filed once, and the deal moves."""

    def test_the_whole_way(self):
        deal = self._make_deal()
        request = self.send(deal)
        mails = self.complete(request)
        text = pdf_text(self.assertSealed(request))
        self.assertIn("PO 7", text)
        self.assertEqual((deal.won_status, deal.probability), ("won", 100))
        self.assertEqual(deal.signature_state, "signed")
        self.assertEqual(deal.signature_progress, "2/2")
        message = deal.message_ids.filtered("attachment_ids")
        self.assertEqual(message.attachment_ids.raw, request.final_id.raw)
        self.assertCountEqual(
            [mail["email_to"][0].split("<")[1] for mail in mails],
            ["zoe@client.example>", "ceo@company.example>"],
        )
        for mail in mails:
            self.assertEqual(mail["attachments"][0][1], request.final_id.raw)
        self.assertEqual(set(request.reaction_ids.mapped("state")), {"done"})
        self.work()
        self.assertEqual(len(deal.message_ids.filtered("attachment_ids")), 1)

    def test_rotated_cropped_and_long_pdfs(self):
        for name, data in (
            ("rotated", pdf_samples.rotated(270)),
            ("cropped", pdf_samples.cropped()),
            ("many", pdf_samples.many(300)),
        ):
            with self.subTest(name):
                self.template.write(
                    {
                        "kind": "pdf",
                        "pdf_file": base64.b64encode(data),
                        "field_ids": [
                            Command.clear(),
                            Command.create({"role_id": self.role_client.id}),
                            Command.create({"role_id": self.role_client.id, "type": "name", "y": 70}),
                            Command.create({"role_id": self.role_company.id, "page": -1, "x": 60}),
                        ],
                    }
                )
                request = self.send(self._make_deal(name=name))
                self.complete(request)
                self.assertIn("Zoë Țăndărică", pdf_text(self.assertSealed(request)))

    def test_deal_moved_by_hand_stays(self):
        deal = self._make_deal()
        request = self.send(deal)
        deal.stage_id = self.stage_next
        self.complete(request)
        self.assertEqual(deal.stage_id, self.stage_next)
        self.assertIn("had left", request.reaction_ids.filtered(lambda r: r.kind == "rule").outcome)

    def test_next_stage(self):
        self.rule.action_ids.kind = "next"
        deal = self._make_deal()
        self.complete(self.send(deal))
        self.assertEqual(deal.stage_id, self.stage_next)

    def test_two_documents_of_a_stage_move_the_deal_once_both_are_signed(self):
        self.rule.copy()
        deal = self._make_deal()
        first, second = self.send(deal)
        self.complete(first)
        self.assertEqual(deal.stage_id, self.stage_sign)
        self.complete(second)
        self.assertEqual(deal.won_status, "won")

    def test_cancelled_sibling_lets_the_deal_go_on(self):
        self.rule.copy()
        deal = self._make_deal()
        first, second = self.send(deal)
        self.complete(first)
        self.assertEqual(first.reaction_ids.filtered(lambda r: r.kind == "rule").state, "waiting")
        second.action_cancel()
        self.work()
        self.assertEqual(deal.won_status, "won")

    def test_failed_reaction_keeps_the_signature_and_can_run_again(self):
        self.rule.action_ids.write({"kind": "stage", "stage_id": self.stage_next.id})
        self.stage_next.team_ids = self.env["crm.team"].create({"name": "Other"})
        deal = self._make_deal()
        request = self.send(deal)
        self.complete(request)
        reaction = request.reaction_ids.filtered(lambda r: r.kind == "rule")
        self.assertEqual((request.state, reaction.state), ("completed", "failed"))
        self.assertIn("not one of the team", reaction.failure)
        todo = self.env["mail.activity"].search([("signature_request_id", "=", request.id)])
        self.assertEqual(todo.user_id, self.salesman)
        self.stage_next.team_ids = False
        reaction.with_user(self.salesman).action_retry()
        self.work()
        self.assertEqual((reaction.state, deal.stage_id), ("done", self.stage_next))
        self.assertFalse(todo.exists())
        with self.assertRaises(UserError):
            reaction.action_retry()

    def test_sealing_that_fails_is_shown_and_tried_again(self):
        request = self.send()
        self.sign(request.signer_ids[0])
        self.work()
        self.sign(request.signer_ids[1])
        with patch.object(type(self.env["signature.key"]), "_secret", return_value=b"another secret of 32 bytes....."):
            self.work()
        self.assertEqual(request.state, "failed")
        self.assertIn("secret", request.failure)
        self.assertFalse(request.final_id)
        request.with_user(self.salesman).action_retry()
        self.assertEqual(request.state, "signed")
        self.work()
        self.assertSealed(request)

    def test_completed_is_final(self):
        request = self.send()
        self.complete(request)
        before = request.event_ids.ids
        with self.assertRaises(UserError):
            request.action_retry()
        with self.assertRaises(UserError):
            request.action_cancel()
        self.assertEqual(request.event_ids.ids, before)

    def test_own_certificate(self):
        from .pkcs12 import make_pkcs12

        company = self.env.company
        old = self.env["signature.key"]._get_active(company)
        wizard = self.env["signature.key.import"].create(
            {"file": base64.b64encode(make_pkcs12("Our CA", b"pass")), "password": "pass"}
        )
        wizard.action_import()
        self.assertFalse(old.active)
        request = self.send()
        self.complete(request)
        self.assertSealed(request)

    def test_new_key_of_our_own(self):
        old = self.env["signature.key"]._get_active(self.env.company)
        with self.assertRaises(AccessError):
            old.with_user(self.manager).action_make()
        old.with_user(self.env.ref("base.user_admin")).action_make()
        self.assertFalse(old.active)
        self.assertEqual(self.env["signature.key"]._get_active(self.env.company).origin, "made")

    def test_own_certificate_refused(self):
        with self.assertRaisesRegex(UserError, "no PKCS#12 file"):
            self.env["signature.key.import"].create({"file": base64.b64encode(b"nonsense"), "password": "x"})


@tagged("post_install", "-at_install")
class TestCertificate(SealChecks, SignatureCase):
    """What the signed copy says of itself, for people and for machines."""

    def certificate_of(self, request):
        """Return the pages that follow the document, and their text as poppler reads it."""
        pages = PdfReader(io.BytesIO(request.final_id.raw)).pages[len(request.page_sizes) :]
        self.assertTrue(pages)
        done = subprocess.run(
            ["pdftotext", "-layout", "-f", str(len(request.page_sizes) + 1), "-", "-"],
            input=request.final_id.raw,
            capture_output=True,
            check=True,
        )
        return pages, done.stdout.decode()

    def test_it_says_who_signed_what_when_and_how(self):
        self.template.role_ids[0].authentication = "email"
        request = self.send()
        client, company = request.signer_ids.sorted("sequence")
        check = self.env["signature.authentication"]
        signer = client.sudo()
        with self.mock_mail_gateway():
            check._send(signer, {"ip": "192.0.2.8"})
        code = re.search(r"\b\d{6}\b", self._new_mails.body_html or self._mails[-1]["body"])[0]
        passed, refused = check._check(signer, code, {"ip": "192.0.2.8", "user_agent": CHROME})
        self.assertFalse(refused)
        self.sign(client.with_context(signature_passed=passed))
        self.work()
        self.sign(company, nonce="other")
        self.work()
        data = self.assertSealed(request)
        self.assertEqual(data[: request.original_id.file_size], request.original_id.raw)
        text = " ".join(self.certificate_of(request)[1].split())
        for words in (
            "Certificate of completion", request.name, self.env.company.name, "Zoë Țăndărică", "zoe@client.example",
            "Client · Signed", "Our company · Signed", "Ceo", "Code by e-mail · passed on", "192.0.2.7", "Phone",
            "192.0.2.8", "Chrome 130, Android", "Identity checked", "z…@client.example",
            "my electronic signature counts", f"first {request.original_id.file_size} bytes", "Sealed by", "Page 1 of",
            f"{fields.Datetime.to_string(client.date_signed)} UTC",
        ):  # fmt: skip
            self.assertIn(words, text)
        plain = re.sub(r"\s", "", text)
        before = request.event_ids.filtered(lambda event: event.kind == "signed").sorted("sequence")[-1]
        for digest in (request.original_sha256, before.hash, request.key_id.fingerprint):
            self.assertIn(digest, plain)

    def test_the_request_keeps_what_seals_it(self):
        request = self.send()
        self.complete(request)
        key = self.env["signature.key"]._get_active(request.company_id)
        self.assertEqual((request.key_id, request.seal_level, request.timestamp_state), (key, "b", "none"))
        self.assertEqual(links.read_code(request.verify_code), request.verify_code)
        self.assertIn(f"/verify/{request.verify_code})".encode(), request.final_id.raw)
        [event] = request.event_ids.filtered(lambda event: event.kind == "sealed")
        self.assertEqual(
            json.loads(event.data),
            {
                "document_sha256": request.final_sha256,
                "certificate_sha256": key.fingerprint,
                "code": request.verify_code,
                "level": "b",
                "timestamp": None,
            },
        )
        other = self.send()
        self.complete(other)
        self.assertNotEqual(other.verify_code, request.verify_code)

    def test_the_evidence_lies_in_the_file(self):
        request = self.send()
        self.complete(request)
        [(name, [data])] = PdfReader(io.BytesIO(request.final_id.raw)).attachments.items()
        self.assertEqual(name, "evidence.json")
        document = json.loads(data)["document"]
        self.assertEqual(document["code"], request.verify_code)
        self.assertEqual(document["original"]["sha256"], request.original_sha256)

    def test_it_speaks_the_language_of_the_first_signer(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.partner.lang = "fr_FR"
        request = self.send()
        self.assertEqual(request.signer_ids[0].lang, "fr_FR")
        said = []
        facts = type(request)._certificate_facts

        def certificate_facts(self, moment, timestamping):
            said.append(self.env.lang)
            return facts(self, moment, timestamping)

        with patch.object(type(request), "_certificate_facts", certificate_facts):
            self.complete(request)
        self.assertEqual(said, ["fr_FR"])

    def test_what_was_done_before_a_part_was_handed_on_keeps_its_name(self):
        self.template.role_ids[0].write({"may_forward": True, "channel": "both"})
        self.partner.phone = "+40721234567"
        request = self.send()
        client, company = request.signer_ids.sorted("sequence")
        client.sudo()._record_view({"ip": "192.0.2.66", "user_agent": "First"})
        client.sudo()._forward("Nick Newman", "nick@client.example", "", {"ip": "192.0.2.66", "user_agent": "First"})
        self.work()
        self.sign(client)
        self.work()
        self.sign(company)
        self.work()
        self.assertEqual(request.state, "completed", request.failure)
        lines = [" ".join(line.split()) for line in self.certificate_of(request)[1].splitlines()]
        self.assertTrue(any("Viewed Zoë Țăndărică 192.0.2.66" in line for line in lines), lines)
        self.assertTrue(any("Forwarded Zoë Țăndărică 192.0.2.66" in line for line in lines), lines)
        self.assertTrue(any("Signed Nick Newman 192.0.2.7" in line for line in lines), lines)
        self.assertIn("Forwarded by Zoë Țăndărică", lines)

    def test_names_are_never_markup(self):
        name = '<img src="/etc/passwd"> & <b>Zoë</b>'
        self.partner.name = name
        request = self.send()
        self.complete(request)
        self.assertIn(name, " ".join(self.certificate_of(request)[1].split()))

    def test_approvals_have_one(self):
        self.template.role_ids.participation = "approve"
        request = self.send()
        for signer in request.signer_ids.sorted("sequence"):
            origin, comment = {"ip": "192.0.2.7"}, "Fine by me"
            signer.sudo()._submit(self.answers(signer), "n", request.original_sha256, origin, comment=comment)
            self.work()
        self.assertEqual(request.state, "completed", request.failure)
        text = " ".join(self.certificate_of(request)[1].split())
        for words in ("Certificate of approval", "Client · Approved", "Approved on", "electronic approval"):
            self.assertIn(words, text)
        self.assertNotIn("Fine by me", text)
        self.assertSealed(request)

    def test_a_file_of_a_signer_is_listed_with_its_hash(self):
        self.template.write(
            {
                "kind": "pdf",
                "pdf_file": base64.b64encode(pdf_samples.simple()),
                "field_ids": [
                    Command.clear(),
                    Command.create({"role_id": self.role_client.id}),
                    Command.create({"role_id": self.role_client.id, "type": "file", "name": "ID", "y": 70}),
                    Command.create({"role_id": self.role_company.id, "x": 60}),
                ],
            }
        )
        request = self.send()
        signer, other = request.signer_ids.sorted("sequence")
        field = request.field_ids.filtered(lambda field: field.type == "file")
        file = {"name": "passport.png", "data": base64.b64encode(picture_samples.plain(30, 20)).decode()}
        answers = {**self.answers(signer), field.id: file}
        signer.sudo()._submit(answers, "n", request.original_sha256, {"ip": "192.0.2.7", "user_agent": "Phone"})
        self.work()
        self.sign(other)
        self.work()
        self.assertEqual(request.state, "completed", request.failure)
        text = self.certificate_of(request)[1]
        self.assertIn("“passport.png”, attached by Zoë Țăndărică", " ".join(text.split()))
        self.assertIn(hashlib.sha256(field.attachment_id.raw).hexdigest(), re.sub(r"\s", "", text))
