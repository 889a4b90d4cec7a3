"""What the tests of the engine share: fonts, keys, marks, and poppler's view of a PDF file."""

import functools
import math
import re
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from ..signature_workflow.engine import marks
from ..signature_workflow.engine.fonts import from_folder
from ..signature_workflow.engine.sealing import api, pades

MOMENT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
FONTS = from_folder(Path(__file__).parents[1] / "static" / "fonts")


@functools.cache
def material(name: str = "Atelier Ștefănescu SRL") -> pades.KeyMaterial:
    """Return a key with a certificate that is valid for ten years from MOMENT."""
    return pades.make_identity(common_name=name, organization=name, country="RO", moment=MOMENT, validity_days=3650)


def seal(pdf: bytes, stamps=(), **changes) -> bytes:
    """Return ``pdf`` stamped and sealed with everyday arguments."""
    arguments = {
        "identity": pades.load_identity(material()),
        "fonts": FONTS,
        "moment": MOMENT,
        "reason": "Everybody has signed",
        "location": "București",
        "name": "Atelier Ștefănescu SRL",
        **changes,
    }
    return api.stamp_and_seal(pdf, stamps, **arguments).data


@functools.cache
def wave() -> marks.Drawn:
    """Return a signature of two strokes."""
    stroke = []
    for step in range(120):
        turn = step / 120
        stroke += [40 + turn * 300, 75 + 45 * math.sin(turn * 25) * (1 - turn)]
    return marks.parse({"kind": "drawn", "width": 400, "height": 150, "strokes": [stroke, [90, 125, 310, 115]]})


def corner() -> marks.Drawn:
    """Return a mark like the letter L that fills its pad."""
    strokes = [[0, 0, 0, 100], [0, 100, 200, 100]]
    return marks.parse({"kind": "drawn", "width": 200, "height": 100, "strokes": strokes})


def run_tool(*command: str, pdf: bytes) -> subprocess.CompletedProcess:
    """Run a command whose argument ``FILE`` stands for the PDF file."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        arguments = [file.name if part == "FILE" else part for part in command]
        return subprocess.run(arguments, capture_output=True, check=False)


def text_of(pdf: bytes, page: int = 1) -> str:
    """Return the text of a page as poppler extracts it."""
    done = run_tool("pdftotext", "-layout", "-f", str(page), "-l", str(page), "FILE", "-", pdf=pdf)
    # poppler takes the thin blanks around a slash for nothing, or not
    return re.sub(r"(\d) ?/ ?(\d)", r"\1/\2", done.stdout.decode())


def fonts_of(pdf: bytes) -> list[str]:
    """Return poppler's line about each font."""
    return run_tool("pdffonts", "FILE", pdf=pdf).stdout.decode().splitlines()[2:]


def pixels_of(pdf: bytes, page: int = 1, dpi: int = 72) -> tuple[int, int, bytes]:
    """Return width, height and grey levels of a page, as a reader sees it: rows from the top."""
    number = str(page)
    done = run_tool(
        *("pdftoppm", "-gray", "-cropbox", "-r", str(dpi), "-f", number, "-l", number, "FILE"),
        pdf=pdf,
    )
    head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", done.stdout)
    return int(head[1]), int(head[2]), done.stdout[head.end() :]


def ink_of(pdf: bytes, page: int = 1, dpi: int = 72) -> list[list[bool]]:
    """Return which pixels of the page are dark, as a reader sees it: rows from the top."""
    width, height, pixels = pixels_of(pdf, page, dpi)
    return [[level < 200 for level in pixels[y * width : (y + 1) * width]] for y in range(height)]


def bounds_of(ink: list[list[bool]]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the dark pixels, in percent of the page."""
    rows = [y for y, row in enumerate(ink) if any(row)]
    columns = [x for x, column in enumerate(zip(*ink, strict=True)) if any(column)]
    width, height = len(ink[0]) / 100, len(ink) / 100
    right, bottom = (columns[-1] + 1) / width, (rows[-1] + 1) / height
    return columns[0] / width, rows[0] / height, right, bottom
