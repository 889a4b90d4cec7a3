import base64
import hashlib
import json
import subprocess
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.addons.signature_workflow.signature_workflow.engine.sealing.verify import verify
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import pdf_samples
from .common import SignatureCase, pdf_text


class SealChecks:
    """What independent validators must say of a sealed file."""

    def assertSealed(self, request):
        """Check the signed copy of `request` by pyHanko, pdfsig and qpdf; return its bytes."""
        data = request.final_id.raw
        self.assertEqual(request.final_sha256, hashlib.sha256(data).hexdigest())
        key = self.env["signature.key"]._get_identity(request.company_id)
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

    def test_audit_trail_finds_tampering(self):
        request = self.send()
        self.complete(request)
        self.env.flush_all()
        event = request.event_ids[2]
        changed = json.dumps(json.loads(event.data) | {"consent_version": "0"})
        self.env.cr.execute("UPDATE signature_event SET data = %s WHERE id = %s", [changed, event.id])
        self.env.invalidate_all()
        with self.assertRaisesRegex(Exception, "2"):
            request.event_ids._verify_chain()

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
        wizard = self.env["signature.key.import"].create({"file": base64.b64encode(b"nonsense"), "password": "x"})
        with self.assertRaisesRegex(UserError, "cannot be opened"):
            wizard.action_import()
