"""The stand-alone verifier: ``python -m signature_workflow.engine.audit FILE``.

It needs no Odoo and no database; for PDF files it needs pypdf. The signature of the seal is judged with pyHanko where
that can be imported.
"""

import argparse
import base64
import contextlib
import hashlib
import io
import logging
import re
import signal
import struct
import sys
import zipfile
import zlib
from pathlib import Path

from . import evidence
from .errors import AuditError
from .evidence import Finding

EVIDENCE, SIGNED, ORIGINAL, TIMESTAMP, CERTIFICATE, ATTACHED = (
    "evidence.json",
    "signed.pdf",
    "original.pdf",
    "timestamp.tsr",
    "certificate.pem",
    "attached/",
)
INTACT, BROKEN, UNREADABLE = 0, 1, 2
MiB = 1024 * 1024
# of the file, and of all that is packed in it
MAX_BYTES = 1024 * MiB
MAX_MEMBERS = 5000
# what this process may take of the machine, whatever the file makes a reader of it do
MAX_MEMORY = 4096 * MiB
MAX_SECONDS = 300
# what never changes of a party once the document is sealed, unless it is erased
LASTING = (
    "name", "email", "phone", "turn", "participation", "identity_check", "viewed", "signed", "ip", "device", "marks",
)  # fmt: skip
# and of the document
FIXED = ("id", "name", "code", "pages", "original", "sent")
STATES = {True: "ok", False: "BROKEN", None: "note"}
SEAL = (
    "The signature of the seal is not judged here, for the Python library pyHanko is not there: install it, or use "
    "pdfsig (poppler), or any other program that knows PAdES."
)
NOT_JUDGED = "its signature is not judged here, but by openssl ts -verify."
# what follows from no certificate being trusted here
_OF_TRUST = {"untrusted", "timestamp_untrusted"}
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
# what readers of archives and of PDF files raise for damaged ones
_DAMAGE = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError,
    struct.error, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Check the file that is named on the command line, and say what was found, one line for each check.

    :return: the exit status: 0 intact, 1 broken, 2 unreadable
    """
    parser = argparse.ArgumentParser(
        prog="python -m signature_workflow.engine.audit",
        description="Check the evidence of a signed document without Odoo.",
        epilog="Exit status: 0 everything holds, 1 something is broken, 2 the file cannot be read.",
    )
    parser.add_argument("file", help="an exported evidence.json or bundle (.zip), or a sealed PDF; - is standard input")
    name = parser.parse_args(arguments).file
    _confine()
    sys.stdout.reconfigure(errors="replace")
    for library in ("pypdf", "pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        findings = check_file(_read(name))
    except (OSError, AuditError, MemoryError) as error:
        _say(f"unreadable  {str(error) or 'This file needs too much memory.'}")
        return UNREADABLE
    for finding in findings:
        _say(f"{STATES[finding.is_ok]:<10}  {finding.text}")
    broken = sum(finding.is_ok is False for finding in findings)
    _say(f"Broken: {broken} of {len(findings)} checks." if broken else "Everything that was checked holds.")
    return BROKEN if broken else INTACT


def check_file(data: bytes) -> list[Finding]:
    """Return what comes of all checks of an exported evidence file, a bundle of them, or a sealed PDF.

    :raises AuditError: ``evidence_unreadable``
    """
    if data.startswith(b"PK"):
        return list(_check_bundle(data))
    if b"%PDF-" in data[:1024]:
        found, text = _open_pdf(data)
        return [*evidence.check(found), *_check_pdf(data, found, text)]
    found = evidence.load(data)
    note = "Only the evidence file was checked. With the exported bundle (.zip), its files are compared with it, too."
    return [*evidence.check(found), Finding("files", None, note)]


def _read(name):
    if name == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _unreadable(f"it has more than {MAX_BYTES // MiB} MiB")
    return data


def _say(text):
    # a name in a file must not write to the terminal's controls
    sys.stdout.write("".join(char if char.isprintable() else "?" for char in text) + "\n")


def _unreadable(reason):
    return AuditError("evidence_unreadable", f"This file cannot be read: {reason}.", path="")


def _confine():
    """Limit what this process may take, where the system can do that."""
    with contextlib.suppress(ImportError):
        import resource

        for kind, limit in ((resource.RLIMIT_AS, MAX_MEMORY), (resource.RLIMIT_CPU, MAX_SECONDS)):
            hard = resource.getrlimit(kind)[1]
            soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(kind, (soft, hard))
        signal.signal(signal.SIGXCPU, _time_is_over)


def _time_is_over(_signal, _frame):
    raise TimeoutError("This file takes too long to read.")


# PDF files


def embedded(data: bytes) -> dict:
    """Return the evidence that a sealed PDF carries, as of :func:`evidence.load`.

    :raises AuditError: ``evidence_unreadable``
    """
    return _read_pdf(data)[0]


def _read_pdf(data):
    """Return the evidence that a PDF carries, and pypdf's reader."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise _unreadable("PDF files need the Python library pypdf; install it, or give the exported bundle") from None
    try:
        reader = PdfReader(io.BytesIO(data))
        files = list(reader.attachments.get(EVIDENCE, ()))
    except (PyPdfError, *_DAMAGE):
        raise _unreadable("the PDF is damaged") from None
    if len(files) != 1:
        raise _unreadable(
            f"this PDF carries {len(files) or 'no'} evidence files (old ones do not), and one is expected"
        )
    return evidence.load(files[0]), reader


def _open_pdf(data):
    """Return the evidence that a PDF carries, and the text of the pages after the original's, without blanks."""
    from pypdf.errors import PyPdfError

    found, reader = _read_pdf(data)
    try:
        text = "".join(page.extract_text() for page in reader.pages[found["document"]["pages"] :])
    except (PyPdfError, *_DAMAGE):
        text = ""
    return found, "".join(text.split())


def _check_pdf(data, found, text):
    """Check a sealed file against the evidence that it carries; `text` is that of its certificate of completion."""
    original = found["document"]["original"]
    if original:
        same = hashlib.sha256(data[: original["bytes"]]).hexdigest() == original["sha256"]
        what = "The file begins with" if same else "The file does not begin with"
        yield Finding("original", same, f"{what} the original document, byte by byte.")
    printed = [
        ("the last line of the audit trail", found["events"][-1]["hash"] if found["events"] else ""),
        ("the original document", original and original["sha256"]),
    ]
    for what, digest in printed:
        if digest:
            same = digest in text
            verb = "names" if same else "does not name"
            yield Finding("certificate", same, f"The certificate of completion {verb} the digest of {what}.")
    yield _check_range(data, original["bytes"] if original else 0)
    yield from _check_seal(data, found)


def _check_range(data, start):
    """Check that there is one seal behind the original's bytes, and that it covers all but its own place."""
    ranges = [[int(part) for part in found] for found in _RANGE.findall(data, start)]
    if len(ranges) != 1:
        text = f"The file has {len(ranges)} seals, and one is expected." if ranges else "The file has no seal."
        return Finding("range", False, text)
    length, resume, rest = ranges[0]
    place = data[length:resume]
    if resume + rest != len(data):
        return Finding("range", False, "The file goes on after what its seal covers.")
    if length < start or not re.fullmatch(rb"<[0-9A-Fa-f]+>", place):
        return Finding("range", False, "The seal leaves out more than its own place.")
    return Finding("range", True, "The seal covers the file to its last byte.")


def _check_seal(data, found):
    """Check the signature of the seal, where that can be done here."""
    try:
        from .sealing.verify import verify
    except ImportError:
        yield Finding("seal", None, SEAL)
        return
    verdict = verify(data, ())
    problems = sorted(set(verdict.problems) - _OF_TRUST)
    if problems:
        yield Finding("seal", False, f"The seal does not hold: {', '.join(problems)}.")
        return
    yield Finding("seal", True, "The seal holds: its signature is valid, and nothing was changed or added after it.")
    who = f"{verdict.signer.subject}, SHA-256 {verdict.signer.fingerprint_sha256}"
    yield Finding("seal", None, f"Ask the organisation whether this certificate is its own: {who}.")
    if found["seal"] and found["seal"]["certificate_sha256"] not in (None, verdict.signer.fingerprint_sha256):
        yield Finding("seal", False, "The evidence names another certificate than the one of the seal.")


# Bundles


class _Bundle:
    """The files of an archive, none of which can be larger than what is left of the limit."""

    def __init__(self, data):
        try:
            self.archive = zipfile.ZipFile(io.BytesIO(data))
        except _DAMAGE:
            raise _unreadable("the archive is damaged") from None
        self.names = set(self.archive.namelist())
        members = self.archive.infolist()
        if len(members) > MAX_MEMBERS or len(self.names) != len(members):
            raise _unreadable(f"the archive has more than {MAX_MEMBERS} files, or two of the same name")
        if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
            raise _unreadable("the archive is packed in an unusual way")
        self.left = MAX_BYTES

    def content(self, name):
        """Return the bytes of a file, or None when there is none of this name."""
        if name not in self.names:
            return None
        try:
            with self.archive.open(name) as file:
                data = file.read(self.left + 1)
        except _DAMAGE:
            raise _unreadable(f"{name} is damaged") from None
        self.left -= len(data)
        if self.left < 0:
            raise _unreadable(f"its files have more than {MAX_BYTES // MiB} MiB")
        return data


def _check_bundle(data):
    bundle = _Bundle(data)
    folders = sorted(name.removesuffix(EVIDENCE) for name in bundle.names if f"/{name}".endswith(f"/{EVIDENCE}"))
    if not folders:
        raise _unreadable(f"the archive has no {EVIDENCE}")
    for folder in folders:
        for finding in _check_folder(bundle, folder):
            yield Finding(finding.code, finding.is_ok, f"{folder}{': ' if folder else ''}{finding.text}", finding.line)


def _check_folder(bundle, folder):
    found = evidence.load(bundle.content(f"{folder}{EVIDENCE}"))
    document = found["document"]
    yield from evidence.check(found)
    signed = bundle.content(f"{folder}{SIGNED}")
    yield from _compare(SIGNED, signed, document["final"])
    yield from _compare(ORIGINAL, bundle.content(f"{folder}{ORIGINAL}"), document["original"])
    for answer in found["answers"]:
        if answer["file"]:
            name = f"{ATTACHED}{answer['file']['name']}"
            yield from _compare(name, bundle.content(f"{folder}{name}"), answer["file"])
    token = bundle.content(f"{folder}{TIMESTAMP}")
    if token is not None and signed is not None:
        same = hashlib.sha256(signed).digest() in token
        what = "names the digest of" if same else "is not about"
        yield Finding("timestamp", None if same else False, f"{TIMESTAMP} {what} {SIGNED}: {NOT_JUDGED}")
    elif found["seal"] and found["seal"]["timestamp"]["state"] == "later":
        yield Finding("timestamp", False, f"{TIMESTAMP} is missing.")
    yield from _check_certificate(bundle.content(f"{folder}{CERTIFICATE}"), found["seal"])
    if signed is not None and document["final"] and document["final"]["kind"] == "sealed":
        yield from _check_sealed(signed, found)


def _compare(name, data, file):
    """Check a file of a bundle against what the evidence says of it."""
    if file and data is None:
        yield Finding("file", False, f"{name} is missing.")
    elif file:
        same = (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
        text = f"{name} {'is' if same else 'is not'} the file that the evidence is about."
        yield Finding("file", same, text)


def _check_certificate(data, seal):
    """Check that the certificate of a bundle, the first one in its file, is the one that the evidence names."""
    if data is None or not seal or not seal["certificate_sha256"]:
        return
    own = _PEM.search(data)
    try:
        digest = hashlib.sha256(base64.b64decode(own[1])).hexdigest() if own else ""
    except ValueError:
        digest = ""
    same = digest == seal["certificate_sha256"]
    verb = "is" if same else "is not"
    yield Finding("certificate", same, f"{CERTIFICATE} {verb} the certificate that the evidence names.")


def _check_sealed(data, exported):
    """Check the sealed file of a bundle, and the exported evidence against the one that was sealed."""
    try:
        sealed, text = _open_pdf(data)
    except AuditError as error:
        yield Finding("embedded", None, f"{SIGNED}: {error}")
        return
    yield from _check_pdf(data, sealed | {"seal": exported["seal"]}, text)
    yield from _check_later(sealed["events"], exported["events"])
    wrong = _differences(sealed, exported)
    text = "The exported evidence says what the sealed file says of the document, its sender, parties and answers."
    if wrong:
        text = f"The exported evidence does not say what the sealed file says of {', '.join(wrong)}."
    yield Finding("embedded", not wrong, text)


def _check_later(sealed, exported):
    """Check that the exported audit trail goes on from the sealed one as trails do."""
    later = [event["payload"]["kind"] for event in exported[len(sealed) :]]
    same = [event["hash"] for event in exported[: len(sealed)]] == [event["hash"] for event in sealed]
    same = same and later[:1] == ["sealed"] and not {"sealed", *evidence.DONE_KINDS}.intersection(later[1:])
    verb = "goes on from" if same else "does not go on from"
    yield Finding("embedded", same, f"The exported audit trail {verb} the one in the sealed file.")
    withheld = sum("withheld" in event for event in sealed)
    if same and withheld:
        text = f"Lines whose details the sealed file withholds: {withheld}. What is here of them has the sealed digest."
        yield Finding("withheld", None, text)


def _differences(sealed, exported):
    """Return the names of whom and what the exported evidence gives otherwise, erasures apart."""
    about = [f"the {name}" for name in FIXED if sealed["document"][name] != exported["document"][name]]
    if sealed["organisation"] != exported["organisation"]:
        about.append("the organisation")
    if sealed["document"]["template"]["version"] != exported["document"]["template"]["version"]:
        about.append("the template")
    parties = {party["id"]: party for party in exported["parties"]}
    answers = {answer["field"]: answer for answer in exported["answers"]}
    wrong = [party["name"] for party in sealed["parties"] if _differ(party, parties.get(party["id"]), LASTING)]
    wrong += [
        f"field {answer['field']}"
        for answer in sealed["answers"]
        if _differ(answer, answers.get(answer["field"]), answer.keys())
    ]
    known = [{one[key] for one in sealed[kind]} for kind, key in (("parties", "id"), ("answers", "field"))]
    wrong += [party["name"] for party in exported["parties"] if party["id"] not in known[0]]
    return about + wrong + [f"field {number}" for number in answers if number not in known[1]]


def _differ(sealed, exported, keys):
    # what came after the seal was not there
    known = (key for key in keys if sealed[key] is not None)
    return exported is None or any(exported[key] not in (None, sealed[key]) for key in known)
