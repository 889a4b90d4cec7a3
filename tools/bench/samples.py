"""What is measured on: PDF files, marks, fonts and a key, without Odoo."""

import functools
import importlib.util
import math
from datetime import UTC, datetime

from signature_workflow.engine import marks
from signature_workflow.engine.fonts import from_folder
from signature_workflow.engine.pdf.stamp import Stamp
from signature_workflow.engine.placement import Box
from signature_workflow.engine.sealing import pades
from tools.paths import CHECKOUT

FONTS = from_folder(CHECKOUT / "static" / "fonts")
SCAN = "13 MB scan"


@functools.cache
def pdf(kind):
    """A file with so many pages, or the scan; the tests' own samples."""
    spec = importlib.util.spec_from_file_location("pdf_samples", CHECKOUT / "tests" / "pdf_samples.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.scan_13mb() if kind == SCAN else module.simple(kind)


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
