"""The font files that documents and stamps are set in."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class FontSet:
    """TrueType files, all of them embedded into what is made with them.

    :param regular: text; also gives the glyphs that ``handwriting`` lacks in upright text
    :param handwriting: typed signatures
    """

    regular: Path
    bold: Path
    italic: Path
    bold_italic: Path
    handwriting: Path
