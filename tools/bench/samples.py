"""What is measured on: PDF files, marks, fonts and a key, without Odoo."""

import functools
import hashlib
import importlib.util
import json
import math
import sys
from datetime import UTC, datetime

from signature_workflow.engine import marks
from signature_workflow.engine.certificate import Certificate, Event, Party
from signature_workflow.engine.fonts import from_folder
from signature_workflow.engine.pdf.append import Attachment
from signature_workflow.engine.pdf.stamp import Stamp
from signature_workflow.engine.placement import Box
from signature_workflow.engine.sealing import pades
from tools.paths import CHECKOUT

FONTS = from_folder(CHECKOUT / "static" / "fonts")
SCAN = "13 MB scan"


@functools.cache
def pdf(kind):
    """A file with so many pages, or the scan; the tests' own samples."""
    module = of_tests("pdf_samples")
    return module.scan_13mb() if kind == SCAN else module.simple(kind)


def of_tests(name):
    """A module of the tests that needs no Odoo: their package would."""
    spec = importlib.util.spec_from_file_location(name, CHECKOUT / "tests" / f"{name}.py")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def drawn():
    """A signature as a browser sends it: some hundred points."""
    stroke = []
    for step in range(120):
        turn = step / 120
        stroke += [40 + turn * 300, 75 + 45 * math.sin(turn * 25) * (1 - turn)]
    return {"kind": "drawn", "width": 400, "height": 150, "strokes": [stroke, [90, 125, 310, 115]]}


def stamps():
    """What two signers leave on the last page."""
    mark = marks.parse(drawn())
    return [
        Stamp(Box(-1, 10, 70, 30, 8), "signature", mark),
        Stamp(Box(-1, 10, 80, 30, 3), "name", "Zoë Țăndărică"),
        Stamp(Box(-1, 10, 84, 30, 3), "date_signed", "14/03/2026"),
        Stamp(Box(-1, 10, 88, 30, 3), "text", "PO 4711"),
        Stamp(Box(-1, 10, 92, 3, 3), "checkbox", True),
        Stamp(Box(-1, 60, 70, 30, 8), "signature", mark),
    ]


@functools.cache
def identity():
    """A P-256 key of a company, loaded."""
    material = pades.make_identity(
        common_name="Bench SRL", organization="Bench SRL", country="RO", moment=datetime.now(UTC), validity_days=30
    )
    return material, pades.load_identity(material)


def certificate():
    """What two signers and twelve events leave on the certificate of completion."""
    mark, code = marks.parse(drawn()), "7K3MABCDEF012345"
    details = (
        ("Link by", "E-mail · zoe@client.example"),
        ("Identity check", "Code by SMS · passed on 2026-03-14 09:19:50 UTC"),
        ("Opened on", "2026-03-14 09:18:02 UTC"),
        ("Signed on", "2026-03-14 09:26:53 UTC"),
        ("From", "192.0.2.7 · Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/130.0.0.0 Mobile"),
        (
            "Agreed to",
            "By finishing I sign this document electronically and agree that it counts as my handwritten one.",
        ),
    )
    kinds = (
        "Document made",
        "Link sent · zoe@client.example",
        "Viewed",
        "Code sent · SMS +40…67",
        "Identity checked",
        "Signed",
    )
    return Certificate(
        title="Certificate of completion",
        document="Contract de prestări servicii nr. 4711",
        organisation="Bench SRL",
        facts=(
            ("Pages", "3"),
            ("Sent", "2026-03-14 09:00:00 UTC by Saul, Bench SRL"),
            ("Sealed", "2026-03-14 09:26:53 UTC"),
        ),
        digests=tuple(
            (what, hashlib.sha256(what.encode()).hexdigest()) for what in ("Document", "Audit trail", "Certificate")
        ),
        url=f"https://sign.company.example/verify/{code}",
        check="Is this file genuine?",
        parties_title="Who took part",
        parties=tuple(Party(name, "Client · Signed", details, mark) for name in ("Zoë Țăndărică", "Saul")),
        events_title="What happened",
        columns=("Time (UTC)", "Event", "Who", "From"),
        events=tuple(
            Event(
                f"2026-03-14 09:{minute:02d}:07", kinds[minute % 6], "Zoë Țăndărică", "192.0.2.7 · Chrome 130, Android"
            )
            for minute in range(12)
        ),
        claim="This is a simple electronic signature, under a seal that shows every later change.",
        seal=("Sealed by Bench SRL", "2026-03-14 09:26:53 UTC"),
        page="Page {} of {}".format,
    )


def evidence():
    """About as much as is embedded of two signers and twelve events, and as hard to pack."""
    digests = [hashlib.sha256(b"%d" % number).hexdigest() for number in range(40)]
    lines = [{"hash": digest, "salt": digest[::-2], "kind": "viewed"} for digest in digests]
    return [Attachment("evidence.json", json.dumps({"drawn": drawn(), "events": lines}).encode(), "application/json")]
