"""The stand-alone verifier: ``python -m signature_workflow.engine.audit FILE``.

It needs no Odoo and no database; for PDF files it needs pypdf. It judges everything but the seal's signature, which
is for the tools that others have made.
"""

import argparse
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

EVIDENCE, SIGNED, ORIGINAL, TIMESTAMP, ATTACHED = (
    "evidence.json",
    "signed.pdf",
    "original.pdf",
    "timestamp.tsr",
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
LASTING = ("name", "email", "phone", "participation", "identity_check", "signed", "ip", "device", "comment", "marks")
STATES = {True: "ok", False: "BROKEN", None: "note"}
SEAL = (
    "The signature of the seal is not judged here: do that with pdfsig (poppler), or any other program that knows "
    "PAdES."
)
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
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


def _open_pdf(data):
    """Return the evidence that a PDF carries, and the text of the pages after the original's, without blanks."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError:
        raise _unreadable("PDF files need the Python library pypdf; install it, or give the exported bundle") from None
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data))
        files = list(reader.attachments.get(EVIDENCE, ()))
    except (PyPdfError, *_DAMAGE):
        raise _unreadable("the PDF is damaged") from None
    if len(files) != 1:
        raise _unreadable(
            f"this PDF carries {len(files) or 'no'} evidence files (old ones do not), and one is expected"
        )
    found = evidence.load(files[0])
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
    ranges = _RANGE.findall(data)
    start, length = (int(part) for part in ranges[-1][1:]) if ranges else (0, 0)
    same = bool(ranges) and start + length == len(data)
    text = "The seal covers the file to its last byte." if same else "The file goes on after what its seal covers."
    yield Finding("range", same, text if ranges else "The file has no seal.")
    yield Finding("seal", None, SEAL)


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
        text = f"{TIMESTAMP} is {'about' if same else 'not about'} {SIGNED}; judge it with openssl ts -verify."
        yield Finding("timestamp", same, text)
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


def _check_sealed(data, exported):
    """Check the sealed file of a bundle, and the exported evidence against the one that was sealed."""
    try:
        embedded, text = _open_pdf(data)
    except AuditError as error:
        yield Finding("embedded", None, f"{SIGNED}: {error}")
        return
    yield from _check_pdf(data, embedded, text)
    hashes = [[event["hash"] for event in one["events"]] for one in (embedded, exported)]
    same = hashes[1][: len(hashes[0])] == hashes[0]
    verb = "goes on from" if same else "does not go on from"
    yield Finding("embedded", same, f"The exported audit trail {verb} the one in the sealed file.")
    wrong = _differences(embedded, exported)
    text = "The exported evidence says what the sealed file says of parties and answers."
    if wrong:
        text = f"The exported evidence does not say what the sealed file says of {', '.join(wrong)}."
    yield Finding("embedded", not wrong, text)


def _differences(sealed, exported):
    """Return the names and field ids of whom and what the exported evidence gives otherwise, erasures apart."""
    parties = {party["id"]: party for party in exported["parties"]}
    answers = {answer["field"]: answer for answer in exported["answers"]}
    wrong = [party["name"] for party in sealed["parties"] if _differ(party, parties.get(party["id"]), LASTING)]
    return wrong + [
        f"field {answer['field']}"
        for answer in sealed["answers"]
        if _differ(answer, answers.get(answer["field"]), answer.keys())
    ]


def _differ(sealed, exported, keys):
    return exported is None or any(exported[key] not in (None, sealed[key]) for key in keys)
