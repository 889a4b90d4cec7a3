import base64
import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from freezegun import freeze_time
from odoo.addons.signature_workflow.signature_workflow.engine import evidence
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from . import pdf_samples
from .browser import DESKTOP, PHONE, PICTURES, BrowserCase
from .common import BODY, SignatureCase, SignatureFixture
from .tampering import WAYS, gap, swap_content
from .test_engine_evidence import ROOT, pack, run_verifier
from .test_http_signing import SignatureHttpCase


def unpack(data):
    """Return `{name: bytes}` of a ZIP archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@tagged("post_install", "-at_install")
class TestEvidence(SignatureCase):
    """What an expert gets of a document, and what they find out without us."""

    def export(self, requests):
        """Return the files of the exported archive; it passes through a real file as in the route."""
        self.env.flush_all()
        file = io.BytesIO()
        requests.with_user(self.salesman)._write_evidence(file)
        return unpack(file.getvalue())

    def assertVerdict(self, files, status, *words):
        found, said = run_verifier(pack(files) if isinstance(files, dict) else files)
        self.assertEqual(found, status, said)
        for word in words:
            self.assertIn(word, said)
        self.assertNotIn("Traceback", said)
        return said

    def assertWithoutFinal(self, request, state):
        """Check the export of a document that nobody has signed in the end."""
        self.assertEqual(request.state, state)
        files = self.export(request)
        self.assertVerdict(files, 0, "The audit trail holds")
        self.assertEqual(set(files), {"evidence.json", "READ-ME.txt", "original.pdf"})
        return json.loads(files["evidence.json"])

    def as_superuser(self, query, *args):
        """Change the trail as only the owner of the database can."""
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE signature_event DISABLE TRIGGER USER")
        self.env.cr.execute(query, args)
        self.env.cr.execute("ALTER TABLE signature_event ENABLE TRIGGER USER")
        self.env.invalidate_all()

    def test_a_sealed_file_proves_itself(self):
        request = self.send()
        self.complete(request)
        said = self.assertVerdict(
            request.final_id.raw,
            0,
            "The audit trail holds",
            "begins with the original document, byte by byte",
            "names the digest of the last line of the audit trail",
            "names the digest of the original document",
            "The seal covers the file to its last byte",
            "agree about Zoë Țăndărică",
        )
        self.assertEqual(said.count("the answers and marks are those that the signer sent"), 2)
        self.assertEqual(said.count("the words that were agreed to are in this file"), 2)
        self.assertIn("The seal holds: its signature is valid", said)

    def test_what_the_file_says(self):
        request = self.send()
        self.complete(request)
        found = json.loads(self.export(request)["evidence.json"])
        document = found["document"]
        self.assertEqual(document["final"]["sha256"], request.final_sha256)
        self.assertEqual(document["final"]["kind"], "sealed")
        self.assertEqual(
            document["original"], {"sha256": request.original_sha256, "bytes": len(request.original_id.raw)}
        )
        self.assertEqual((document["code"], document["url"]), (request.verify_code, request._verify_url()))
        self.assertEqual(found["seal"]["certificate_sha256"], request.key_id.fingerprint)
        party = found["parties"][0]
        self.assertEqual((party["name"], party["email"]), ("Zoë Țăndărică", "zoe@client.example"))
        self.assertEqual((party["role"], party["ip"], party["device"]), ("Client", "192.0.2.7", "Phone"))
        self.assertEqual((party["channel"], party["identity_check"], party["state"]), ("email", "link", "signed"))
        [mark] = party["marks"]
        field = request.field_ids.browse(mark["field"])
        self.assertEqual(mark["sha256"], hashlib.sha256(field.value.encode()).hexdigest())
        self.assertAlmostEqual(float(mark["box"][0]), field.x, 3)
        self.assertIn("PO 7", [answer["value"] for answer in found["answers"]])
        self.assertEqual({user["name"] for user in found["users"]}, set(request.event_ids.user_id.mapped("name")))
        self.assertEqual([event["hash"] for event in found["events"]], request.event_ids.mapped("hash"))

    def test_the_same_bytes_whoever_asks(self):
        request = self.send()
        self.complete(request)
        with freeze_time("2027-01-01 12:00:00"):
            files = self.export(request)
            french = self.export(request.with_context(lang="fr_FR"))
            self.assertEqual(files, self.export(request))
        self.assertEqual(files["evidence.json"], french["evidence.json"])
        self.assertEqual(files["evidence.json"], evidence.dump(json.loads(files["evidence.json"])))

    def test_reading_changes_nothing(self):
        request = self.send()
        self.complete(request)
        before = request.event_ids.ids, request.revision, len(request._record().message_ids)
        self.export(request)
        self.env.invalidate_all()
        self.assertEqual((request.event_ids.ids, request.revision, len(request._record().message_ids)), before)

    def test_the_commands_of_the_read_me_work(self):
        request = self.send()
        self.complete(request)
        files = self.export(request)
        said = []
        with tempfile.TemporaryDirectory() as folder:
            for name, data in files.items():
                Path(folder, name).write_bytes(data)
            for line in files["READ-ME.txt"].decode().splitlines():
                if line.startswith(("    sha256sum", "    head", "    pdfsig", "    openssl x509")):
                    done = subprocess.run(["sh", "-c", line], cwd=folder, capture_output=True, check=False)
                    said.append(done.stdout.decode())
        self.assertEqual(len(said), 4)
        read_me = files["READ-ME.txt"].decode()
        for line in said[0].splitlines():
            self.assertIn(line, read_me)
        self.assertIn(request.original_sha256, said[1])
        self.assertIn("Signature is Valid", said[2])
        self.assertIn("Total document signed", said[2])
        fingerprint = said[3].partition("Fingerprint=")[2].strip().replace(":", "").lower()
        self.assertEqual(fingerprint, request.key_id.fingerprint.replace(":", "").lower())
        self.assertIn(request.key_id.fingerprint, read_me)

    def test_the_verifier_names_what_a_superuser_has_changed(self):
        request = self.send()
        self.complete(request)
        request.action_withdraw("The price was wrong")
        signed = request.event_ids.filtered(lambda event: event.kind == "signed")[0]
        self.as_superuser("UPDATE signature_event SET ip = '192.0.2.8' WHERE id = %s", signed.id)
        line = f"line {signed.sequence} ({signed.date:%Y-%m-%d %H:%M:%S} UTC, signed) was changed"
        self.assertVerdict(self.export(request), 1, line)

    def test_a_trail_that_was_written_anew_is_not_the_sealed_one(self):
        """Who recomputes all hashes after a change cannot change those in the sealed file."""
        request = self.send()
        self.complete(request)
        self.env.flush_all()
        events = request.event_ids.sudo()
        values = [event.copy_data()[0] | {"request_id": request.id} for event in events]
        self.as_superuser("DELETE FROM signature_event WHERE request_id = %s", request.id)
        log = self.env["signature.event"]
        for event in values:
            data = json.loads(event["data"]) | ({"to": []} if event["kind"] == "link_sent" else {})
            signer = self.env["signature.signer"].browse(event["signer_id"])
            origin = {"ip": event["ip"], "user_agent": event["user_agent"] or ""}
            with freeze_time(event["date"]):
                log._append(request, event["kind"], signer=signer, data=data, origin=origin)
        self.assertEqual(request.event_ids._verify_chain(), [])
        self.assertVerdict(self.export(request), 1, "does not go on from the one in the sealed file")

    def test_tampered_copies(self):
        request = self.send()
        self.complete(request)
        data = request.final_id.raw
        flipped = bytearray(data)
        flipped[200] ^= 1
        self.assertVerdict(bytes(flipped), 1, "does not begin with the original document")
        self.assertVerdict(data + b"\n%%EOF\n", 1, "goes on after what its seal covers")
        files = self.export(request)
        self.assertVerdict(files | {"signed.pdf": data + b"\n%%EOF\n"}, 1, "signed.pdf is not the file")
        found = json.loads(files["evidence.json"])
        found["parties"][0]["name"] = "Mallory"
        self.assertVerdict(files | {"evidence.json": evidence.dump(found)}, 1, "sealed file says of Zoë Țăndărică")

    def test_what_colleagues_say_goes_to_nobody_else(self):
        """Each party gets the signed copy, for ever."""
        self.template.role_ids[1].participation = "approve"
        request = self.send()
        client, boss = request.signer_ids.sorted("sequence")
        self.template.name = "Zebra1 terms for the difficult"
        own = request.with_user(self.manager)
        own._change_legal_hold(False, "Zebra2: we suspect fraud")
        own._change_legal_hold(True, "Zebra3: it was a mistake")
        client.sudo()._delivery_failed("Zebra4: the box is full")
        request._record().name = "Zebra5 deal"
        request.with_user(self.salesman).action_leave_values()
        self.sign(client)
        self.work()
        origin = {"ip": "192.0.2.7", "user_agent": "Phone"}
        boss.sudo()._submit(self.answers(boss), "n", request.original_sha256, origin, comment="Zebra6, but too dear")
        self.work()
        self.assertEqual(request.state, "completed", request.failure)
        kinds = {"legal_hold", "hold_lifted", "undelivered", "left"}
        self.assertLess(kinds, set(request.event_ids.mapped("kind")))
        files = self.export(request)
        for number in range(1, 7):
            self.assertIn(f"Zebra{number}", files["evidence.json"].decode())
        self.assertNotIn(b"Zebra", self.unpacked(files["signed.pdf"]))
        said = self.assertVerdict(files["signed.pdf"], 0)
        self.assertEqual(said.count("were withheld by the sender"), 4)
        self.assertVerdict(files, 0, "Lines whose details the sealed file withholds: 4")
        # what is not in the sealed file cannot be written anew, either
        changed = files["evidence.json"].replace(b"Zebra2: we suspect", b"Zebra2: we do not suspect")
        self.assertVerdict(files | {"evidence.json": changed}, 1, "legal_hold) was changed")
        changed = files["evidence.json"].replace(b"Zebra6, but", b"Zebra6, not")
        self.assertVerdict(files | {"evidence.json": changed}, 1, "comment")

    def unpacked(self, pdf):
        """Return a PDF file with all its streams readable, its embedded files and its text."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "signed.pdf")
            path.write_bytes(pdf)
            plain = subprocess.run(["qpdf", "--qdf", path, "-"], capture_output=True, check=True).stdout
            text = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True).stdout
        self.assertIn(b"signature_workflow.evidence", plain)
        self.assertIn(b"Certificate of completion", text)
        return plain + text

    def test_whatever_was_done_to_the_signed_copy(self):
        request = self.send()
        self.complete(request)
        data = request.final_id.raw
        for tamper in WAYS:
            with self.subTest(tamper.__name__):
                self.assertIn(run_verifier(tamper(data))[0], (1, 2))
        start, end = gap(data)
        swapped = swap_content(data)
        for first in (1, start):
            # as if the seal were about all of it
            lie = b"%%%% appended /ByteRange [0 %d %d %012d]\n"
            size = len(swapped) + len(lie % (first, end, 0))
            lie %= first, end, size - end
            self.assertVerdict(swapped + lie, 1, "and one is expected", "The seal does not hold: ")
        hidden = data[: end - 41] + b"41" * 20 + data[end - 1 :]
        self.assertVerdict(hidden, 1, "The seal does not hold: signature")

    def test_without_pyhanko_the_seal_is_left_to_others(self):
        request = self.send()
        self.complete(request)
        code = (
            "import sys; sys.modules['pyhanko'] = None; sys.path.insert(0, sys.argv[1]); "
            "from signature_workflow.engine.verifier import main; sys.exit(main(['-']))"
        )
        for data, status, words in (
            (request.final_id.raw, 0, b"pyHanko is not there"),
            (swap_content(request.final_id.raw), 1, b"goes on after what its seal covers"),
        ):
            done = subprocess.run(
                [sys.executable, "-c", code, ROOT], input=data, capture_output=True, env={}, cwd="/", check=False
            )
            self.assertEqual((done.returncode, done.stderr), (status, b""))
            self.assertIn(words, done.stdout)

    def test_what_the_bundle_says_otherwise_than_the_sealed_file(self):
        request = self.send()
        self.complete(request)
        request.action_withdraw("The price was wrong")
        files = self.export(request)
        self.assertVerdict(files, 0, "agree about how the document has ended", "certificate.pem is the certificate")
        sound = json.loads(files["evidence.json"])
        ghost = sound["parties"][0] | {"id": 10**6, "name": "Ghost", "state": "sent", "marks": []}
        for words, change in (
            ("the organisation", {"organisation": {**sound["organisation"], "name": "Famous Bank"}}),
            ("Ghost", {"parties": [*sound["parties"], ghost]}),
            *((f"the {name}", {"document": {**sound["document"], name: "X"}}) for name in ("name", "code", "sent")),
            ("time completed", {"document": {**sound["document"], "completed": "2020-01-01T00:00:00Z"}}),
            ("time withdrawn", {"document": {**sound["document"], "withdrawn": None}}),
            ("state", {"document": {**sound["document"], "state": "completed"}}),
            ("signed copy", {"document": {**sound["document"], "final": None}}),
            (
                "signed copy",
                {"document": {**sound["document"], "final": sound["document"]["final"] | {"kind": "paper"}}},
            ),
            ("seal", {"seal": None}),
            ("level", {"seal": {**sound["seal"], "level": "lt"}}),
            ("certificate_sha256", {"seal": {**sound["seal"], "certificate_sha256": "0" * 64}}),
            (
                "timestamp",
                {"seal": {**sound["seal"], "timestamp": {"state": "embedded", "time": "2026-01-01T00:00:00Z"}}},
            ),
        ):
            with self.subTest(words):
                self.assertVerdict(files | {"evidence.json": evidence.dump(sound | change)}, 1, words)
        other = self.env["signature.key"]._make(request.company_id)
        self.assertVerdict(files | {"certificate.pem": other.certificates.encode()}, 1, "certificate.pem is not")

    def test_a_company_with_another_name_now(self):
        request = self.send()
        self.complete(request)
        before = request.company_id.name
        request.company_id.name = "Renamed"
        files = self.export(request)
        self.assertEqual(json.loads(files["evidence.json"])["organisation"]["name"], before)
        self.assertVerdict(files, 0)

    def test_without_an_address_of_the_server(self):
        request = self.send()
        self.complete(request)
        for address in ("nonsense", "https://münchen.example"):
            self.env["ir.config_parameter"].set_param("web.base.url", address)
            self.env.invalidate_all()
            files = self.export(request)
            self.assertIsNone(json.loads(files["evidence.json"])["document"]["url"])
            self.assertVerdict(files, 0)

    def test_erased_lines_are_told_apart_from_broken_ones(self):
        request = self.send()
        self.complete(request)
        request.event_ids.filtered(lambda event: event.kind == "link_sent")._erase()
        self.assertVerdict(self.export(request), 1, "no later line says that they were erased")
        request._log_events("erased")
        self.assertVerdict(self.export(request), 0, "were erased. That it was there, and when, still holds")

    def test_files_and_stamps_of_signers(self):
        body = BODY.replace("{{I agree", "{{ID;type=file;role=Client}} {{Stamp;type=stamp;role=Client}} {{I agree")
        self.template.body = body
        request = self.send()
        file = {"name": "../my id.pdf", "data": base64.b64encode(pdf_samples.simple()).decode()}
        picture = self.env.ref("base.main_company").logo
        stamp = {"kind": "picture", "data": picture.decode()}
        client, company = request.signer_ids
        self.sign(client, file=file, stamp=stamp)
        self.work()
        self.sign(company, nonce="other")
        self.work()
        self.assertEqual(request.state, "completed", request.failure)
        files = self.export(request)
        attached = [name for name in files if name.startswith("attached/")]
        self.assertEqual(len(attached), 2)
        self.assertIn(pdf_samples.simple(), [files[name] for name in attached])
        self.assertVerdict(files, 0, "my id.pdf is the file")
        self.assertVerdict(request.final_id.raw, 0)
        self.assertVerdict(files | {attached[0]: b"other"}, 1, "is not the file")

    def test_documents_that_came_to_nothing(self):
        declined = self.send(self._make_deal(name="Declined"))
        declined.signer_ids[0].sudo()._decline("Too dear", "n", {"ip": "192.0.2.7", "user_agent": "Phone"})
        found = self.assertWithoutFinal(declined, "declined")
        self.assertEqual((found["parties"][0]["decline_reason"], found["parties"][0]["device"]), ("Too dear", "Phone"))
        cancelled = self.send(self._make_deal(name="Cancelled"))
        self.sign(cancelled.signer_ids[0])
        cancelled.action_cancel("Too late")
        self.assertWithoutFinal(cancelled, "cancelled")
        never = self.template._make_requests(self._make_deal(name="Never"))
        self.assertVerdict(self.export(never), 0, "There is no audit trail")

    def test_paper_and_tests(self):
        paper = self.send(self._make_deal(name="Paper"))
        paper._sign_on_paper([pdf_samples.simple()])
        files = self.export(paper)
        self.assertEqual(json.loads(files["evidence.json"])["document"]["final"]["kind"], "paper")
        self.assertVerdict(files, 0, "signed.pdf is the file")
        deal = self._make_deal(name="Test")
        self.template._make_requests(deal, is_test=True, user_id=self.salesman.id)
        self.work()
        test = self.requests_of(deal)
        for signer in test.signer_ids:
            self.sign(signer, nonce=f"nonce-{signer.id}")
            self.work()
        self.assertEqual(test.state, "completed", test.failure)
        self.assertVerdict(self.export(test), 0, "signed.pdf is the file")

    def test_in_few_queries(self):
        """It is made while a document is sealed."""
        request = self.send()
        self.complete(request)
        for __ in range(100):
            request._log_events("reminded")
        self.env.flush_all()
        self.env.invalidate_all()
        request.fetch(["name"])
        with self.assertQueryCount(16):
            request._evidence_json()

    def test_who_may_export(self):
        request = self.send()
        other = self._make_user("other", "sales_team.group_sale_salesman")
        action = request.with_user(self.salesman).action_export_evidence()
        self.assertEqual(action["url"], f"/signature_workflow/evidence/{request.id}")
        with self.assertRaises(AccessError):
            request.with_user(other).action_export_evidence()
        with self.assertRaises(UserError):
            request.browse().action_export_evidence()
        many = request.browse(range(1, 102)).sudo()
        with self.assertRaisesRegex(UserError, "at most 100"):
            many.action_export_evidence()


@tagged("post_install", "-at_install")
class TestEvidenceRoute(SignatureFixture, HttpCase):
    """The archive over HTTP."""

    def setUp(self):
        super().setUp()
        deals = self._make_deal(), self._make_deal(name="Second deal")
        for deal in deals:
            deal.stage_id = self.stage_sign
        self.work()
        self.requests = self.requests_of(deals[0]) + self.requests_of(deals[1])

    def get(self, ids, **options):
        return self.url_open(f"/signature_workflow/evidence/{ids}", **options)

    def test_one_and_several(self):
        self.authenticate("saul", "saul-password")
        response = self.get(self.requests[0].id)
        self.assertEqual((response.status_code, response.headers["Content-Type"]), (200, "application/zip"))
        self.assertIn("no-store", response.headers["Cache-Control"])
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        self.assertIn("evidence.zip", response.headers["Content-Disposition"])
        self.assertEqual(run_verifier(response.content)[0], 0)
        reads = self.patch_reads()
        both = self.get(",".join(map(str, self.requests.ids)))
        self.assertEqual(len(reads), 2, "each file once")
        self.assertEqual({name.partition("/")[0] for name in unpack(both.content)}, set(map(str, self.requests.ids)))
        self.assertEqual(run_verifier(both.content)[0], 0)

    def patch_reads(self):
        """Return a list to which each file that is read from the store is added from now on."""
        reads, read = [], type(self.env["ir.attachment"])._file_read

        def file_read(attachments, name, *arguments, **options):
            reads.append(name)
            return read(attachments, name, *arguments, **options)

        self.patch(type(self.env["ir.attachment"]), "_file_read", file_read)
        return reads

    def test_names_that_do_not_go_into_a_header(self):
        self.authenticate("saul", "saul-password")
        self.requests[0].name = "Agreement\r\nX-Evil: 1\x07 “Ț”"
        response = self.get(self.requests[0].id)
        self.assertEqual(response.status_code, 200)
        self.assertNotIn("X-Evil", response.headers)

    @mute_logger("odoo.http")
    def test_not_found_is_the_same_for_all(self):
        own, foreign = self.requests
        foreign.sudo().company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self._make_user("other", "sales_team.group_sale_salesman")
        self._make_user("stranger", "base.group_user")
        cases = [
            ("saul", ids)
            for ids in (
                foreign.id,
                f"{own.id},{foreign.id}",
                10**8,
                10**30,
                "x",
                "1,",
                "-1",
                "٣",
                ",".join(["1"] * 101),
            )
        ]
        for login, ids in [*cases, ("other", own.id), ("stranger", own.id)]:
            self.authenticate(login, f"{login}-password")
            self.assertEqual(self.get(ids).status_code, 404, (login, ids))
        self.logout()
        response = self.get(own.id, allow_redirects=False)
        self.assertIn("/web/login", response.headers["Location"])


@tagged("post_install", "-at_install", "signature_tour")
class TestEvidenceTour(BrowserCase, SignatureHttpCase):
    """From the document to the archive, and from the archive to the verdict."""

    def test_download(self):
        request = self.requests_of(self._sent_deal())
        for device in (DESKTOP, PHONE):
            with self.visitor(device, login="saul") as visitor:
                visitor.visit(f"/odoo/signature.request/{request.id}")
                visitor.wait_for("h1", "Agreement")
                if PICTURES:
                    visitor.screenshot(Path(PICTURES, f"evidence-{device.name}.png"))
                if device == DESKTOP:
                    name, archive = visitor.download(".oe_stat_button", "Evidence")
                    self.assertEqual(name, "Agreement – Big deal – evidence.zip")
                    self.assertEqual(run_verifier(archive)[0], 0)

    def _sent_deal(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.work()
        return deal
