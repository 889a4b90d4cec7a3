import copy
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from odoo.tests import BaseCase

from ..signature_workflow.engine import audit, evidence, verifier
from ..signature_workflow.engine.errors import AuditError

ROOT = Path(__file__).resolve().parent.parent
CONSENT = "By finishing I sign this document."
STROKES = '{"kind":"drawn","strokes":[[1,2,3,4]]}'
ORIGINAL = b"the original"


def sha256(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def run_verifier(data, *arguments):
    """Give `data` (bytes) to the stand-alone verifier, in a process without Odoo; return its status and its words."""
    command = [sys.executable, "-m", "signature_workflow.engine.audit", *(arguments or ("-",))]
    # the tests' own environment lets nothing be imported from the current directory
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, input=data, capture_output=True, env=environment, cwd="/", check=False)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


def pack(files):
    """Return a ZIP archive (bytes) of `{name: bytes}`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def make_event(events, kind, signer=None, ip=None, **data):
    """Add an event of version 2 to a trail."""
    details = {"ip": ip, "user_agent": ip and "Phone", "data": data}
    salt = f"{len(events):032x}"
    payload = {
        "request_id": 7,
        "sequence": len(events) + 1,
        "kind": kind,
        "date": f"2026-11-22 16:40:{len(events):02}",
        "signer_id": signer,
        "user_id": 2,
        "details": audit.details_hash(salt, details),
    }
    previous = events[-1]["hash"] if events else audit.GENESIS
    link = {"version": 2, "previous": previous, "hash": audit.chain_hash(previous, payload), "payload": payload}
    events.append(link | {"salt": salt, "details": details})


def make_evidence():
    """Return the evidence of a document that one person has signed and another one has read."""
    answers = [
        {"field": 12, "signer": 3, "type": "text", "name": "PO", "page": 1, "value": "Ștefan\n7", "file": None},
        {"field": 11, "signer": 3, "type": "signature", "name": "", "page": 1, "value": STROKES, "file": None}
        | {"box": ["5.0000", "80.0000", "30.0000", "5.0000"]},
        {"field": 13, "signer": 3, "type": "file", "name": "ID", "page": 1, "value": "id.pdf"}
        | {"file": {"name": "13-id.pdf", "sha256": sha256(b"id"), "bytes": 2}},
    ]
    digest = evidence.answers_sha256([(11, STROKES, None), (12, "Ștefan\n7", None), (13, "id.pdf", sha256(b"id"))])
    events = []
    make_event(events, "created", document_sha256=sha256(ORIGINAL))
    make_event(events, "link_sent", to=[["email", "zoe@client.example"]])
    consent = {"consent_version": "2", "consent_lang": "en_US", "consent_text": CONSENT}
    make_event(
        events, "signed", 3, "192.0.2.7", document_sha256=sha256(ORIGINAL), answers_sha256=digest,
        consent_sha256=sha256(CONSENT), **consent,
    )  # fmt: skip
    make_event(events, "paper", document_sha256=sha256(b"sealed"))
    party = dict.fromkeys(("phone", "viewed", "host", "comment", "decline_reason"))
    party |= {"channel": "email", "identity_check": "link", "sent": "2026-11-22T16:40:00Z", "ip": None}
    return evidence.build(
        made="2026-11-22T16:50:00Z",
        document={
            "id": 7, "name": "Agreement", "state": "completed", "code": None, "url": None, "pages": 1,
            "original": {"sha256": sha256(ORIGINAL), "bytes": len(ORIGINAL)},
            "final": {"sha256": sha256(b"sealed"), "bytes": 6, "kind": "paper"},
            "template": {"name": "Agreement", "version": 1}, "sent": None, "completed": "2026-11-22T16:40:03Z",
            "withdrawn": None,
        },
        organisation={"name": "We", "vat": None, "country": "RO"},
        seal=None,
        parties=[
            party | {"id": 3, "name": "Zoë", "email": "zoe@client.example", "role": "Client", "turn": 1}
            | {"participation": "sign", "state": "signed", "ip": "192.0.2.7"},
            party | {"id": 4, "name": "Eve", "email": None, "role": "Reader", "turn": 1}
            | {"participation": "view", "state": "sent"},
        ],
        answers=answers,
        users=[{"id": 2, "name": "Saul"}],
        events=events,
        texts={},
    )  # fmt: skip


def make_bundle(found):
    return {
        "evidence.json": evidence.dump(found),
        "original.pdf": ORIGINAL,
        "signed.pdf": b"sealed",
        "attached/13-id.pdf": b"id",
    }


def erase(event):
    event.update(salt=None, details=None)


class TestEvidence(BaseCase):
    def changed(self, change):
        """Return the evidence as read from a file, after `change(evidence)`."""
        found = copy.deepcopy(make_evidence())
        change(found)
        return evidence.load(json.dumps(found).encode())

    def broken(self, found):
        return [(finding.code, finding.line) for finding in evidence.check(found) if finding.is_ok is False]

    def test_the_file_says_it_all_once(self):
        found = make_evidence()
        data = evidence.dump(found)
        self.assertEqual(data, evidence.dump(copy.deepcopy(found)))
        self.assertEqual(evidence.load(data), json.loads(data))
        party = found["parties"][0]
        self.assertEqual((party["signed"], party["device"]), ("2026-11-22T16:40:02Z", "Phone"))
        self.assertEqual([mark["field"] for mark in party["marks"]], [11])
        self.assertEqual(party["marks"][0]["sha256"], sha256(STROKES))
        self.assertEqual([answer["field"] for answer in found["answers"]], [11, 12, 13])
        self.assertEqual(found["consents"][0]["text"], CONSENT)
        self.assertFalse(self.broken(found))

    def test_the_digest_of_answers_stays_the_same_for_ever(self):
        """Signed events depend on it."""
        plain = f'[[11, {json.dumps(STROKES)}], [12, "Ștefan\\n7"], [13, "id.pdf", "{sha256(b"id")}"]]'
        self.assertEqual(_signed(make_evidence())["details"]["data"]["answers_sha256"], sha256(plain))

    def test_what_was_changed_is_named(self):
        changes = {
            "a line": (lambda e: e["events"][1]["details"]["data"].update(to=[]), ("chain", 2)),
            "a time": (lambda e: e["events"][2]["payload"].update(date="2026-11-21 00:00:00"), ("chain", 3)),
            "a line removed": (lambda e: e["events"].pop(1), ("chain", 2)),
            "two lines swapped": (lambda e: e["events"].insert(1, e["events"].pop(2)), ("chain", 2)),
            "another document": (lambda e: e["document"].update(id=8), ("chain", 1)),
            "an answer": (lambda e: e["answers"][1].update(value="8"), ("answers", 3)),
            "an answer more": (lambda e: e["answers"].append(e["answers"][1] | {"field": 14}), ("answers", 3)),
            "the original": (lambda e: e["document"]["original"].update(sha256=sha256(b"x")), ("document", 1)),
            "the signed copy": (lambda e: e["document"]["final"].update(sha256=sha256(b"x")), ("document", 4)),
            "the consent": (lambda e: e["consents"][0].update(text="I sign nothing."), ("consent", 3)),
            "who signed": (lambda e: e["parties"][0].update(id=9), ("party", None)),
            "when": (lambda e: e["parties"][0].update(signed="2026-11-21T00:00:00Z"), ("party", None)),
            "from where": (lambda e: e["parties"][0].update(ip="192.0.2.8"), ("party", None)),
            "a mark": (lambda e: e["parties"][0]["marks"][0].update(sha256=sha256(b"x")), ("party", None)),
            "one who did not": (lambda e: e["parties"][1].update(state="signed"), ("party", None)),
        }
        for what, (change, expected) in changes.items():
            with self.subTest(what):
                self.assertIn(expected, self.broken(self.changed(change)))

    def test_erased_lines_hold_when_it_is_said(self):
        found = make_evidence()
        erase(found["events"][1])
        self.assertEqual(self.broken(found), [("erased", 2)])
        make_event(found["events"], "erased")
        self.assertFalse(self.broken(found))
        self.assertEqual([f.line for f in evidence.check(found) if f.code == "erased"], [2])
        # the signature itself: what can still be checked holds
        erase(found["events"][2])
        self.assertFalse(self.broken(found))

    def test_a_document_that_was_never_made(self):
        found = make_evidence() | {"events": [], "answers": [], "parties": [], "consents": []}
        found["document"] |= {"original": None, "final": None, "completed": None}
        self.assertFalse(self.broken(evidence.load(evidence.dump(found))))

    def test_what_is_no_evidence_is_refused(self):
        found = make_evidence()
        plain = evidence.dump(found).decode()
        deep = "[" * 100_000 + "]" * 100_000
        for what, data in {
            "nothing": b"",
            "no JSON": b"{",
            "no text": b"\xff\xfe\x00",
            "another thing": b"[]",
            "a number": b"1" * 5000,
            "deep": deep.encode(),
            "deep inside": plain.replace('"to":', f'"to":{deep},"x":', 1).encode(),
            "a float": plain.replace('"pages":1', '"pages":1.5', 1).encode(),
            "not a number": plain.replace('"pages":1', '"pages":NaN', 1).encode(),
            "a boolean": plain.replace('"pages":1', '"pages":true', 1).encode(),
            "a key twice": plain.replace('"pages":1', '"pages":1,"pages":1', 1).encode(),
            "half a character": plain.replace("Agreement", "\\ud800", 1).encode(),
            "a key missing": plain.replace('"parties":', '"partys":', 1).encode(),
            "details of another kind": json.dumps(found | {"events": [found["events"][0] | {"details": []}]}).encode(),
            "a later version": json.dumps(found | {"version": 2}).encode(),
        }.items():
            with self.subTest(what), self.assertRaises(AuditError) as caught:
                evidence.load(data)
            self.assertEqual(caught.exception.code, "evidence_unreadable", what)


class TestVerifier(BaseCase):
    """`python -m signature_workflow.engine.audit`, without Odoo."""

    def assertVerdict(self, data, status, *words):
        found, said = run_verifier(data)
        self.assertEqual(found, status, said)
        for word in words:
            self.assertIn(word, said)
        self.assertNotIn("Traceback", said)
        return said

    def test_intact(self):
        found = make_evidence()
        self.assertVerdict(evidence.dump(found), 0, "The audit trail holds: 4 lines", "Everything that was checked")
        self.assertVerdict(json.dumps(found, indent=4).encode(), 0)
        self.assertVerdict(pack(make_bundle(found)), 0, "signed.pdf is the file", "attached/13-id.pdf is the file")
        folders = {f"{number}/{name}": data for number in (7, 8) for name, data in make_bundle(found).items()}
        self.assertVerdict(pack(folders), 0, "8/: The audit trail holds")

    def test_the_broken_line_is_named(self):
        found = make_evidence()
        found["events"][2]["details"]["ip"] = "192.0.2.8"
        data = evidence.dump(found)
        line = "line 3 (2026-11-22 16:40:02 UTC, signed) was changed"
        self.assertVerdict(data, 1, line, "BROKEN")
        self.assertVerdict(pack(make_bundle(make_evidence()) | {"evidence.json": data}), 1, line)

    def test_files_of_a_bundle_are_compared(self):
        for name in ("signed.pdf", "original.pdf", "attached/13-id.pdf"):
            files = make_bundle(make_evidence())
            self.assertVerdict(pack(files | {name: b"other"}), 1, f"{name} is not the file")
            del files[name]
            self.assertVerdict(pack(files), 1, f"{name} is missing")

    def test_timestamp_of_another_file(self):
        files = make_bundle(make_evidence())
        token = b"0\x80" + hashlib.sha256(b"sealed").digest()
        self.assertVerdict(
            pack(files | {"timestamp.tsr": token}), 0, "note        timestamp.tsr names the digest of signed.pdf"
        )
        self.assertVerdict(pack(files | {"timestamp.tsr": b"0"}), 1, "timestamp.tsr is not about signed.pdf")

    def test_unreadable(self):
        bomb = pack({"evidence.json": b" " * (evidence.MAX_BYTES + 1)})
        self.assertLess(len(bomb), 100_000)
        truncated = pack(make_bundle(make_evidence()))[:-40]
        for data in (
            b"",
            b"{}",
            b"nonsense",
            b"PK\x03\x04",
            bomb,
            truncated,
            pack({"x": b""}),
            b"%PDF-1.7",
            b"[" * 10**6,
        ):
            self.assertVerdict(data, 2, "unreadable")
        self.assertEqual(run_verifier(b"", "/nowhere/evidence.json")[0], 2)

    def test_names_do_not_steer_the_terminal(self):
        found = make_evidence()
        found["parties"][0]["name"] = "\x1b[2J\u202eZoë"
        said = self.assertVerdict(evidence.dump(found), 0)
        self.assertNotIn("\x1b", said)
        self.assertNotIn("\u202e", said)

    def test_help(self):
        status, said = run_verifier(b"", "--help")
        self.assertEqual(status, 0)
        self.assertIn("Exit status: 0", said)

    def test_bundles_within_bounds(self):
        many = pack({f"{number}": b"" for number in range(verifier.MAX_MEMBERS + 1)})
        self.assertVerdict(many, 2, "more than")


def _signed(found):
    [event] = [event for event in found["events"] if event["payload"]["kind"] == "signed"]
    return event
