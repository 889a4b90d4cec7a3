"""The font files that documents and stamps are set in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_HAND_FILES = {"caveat": "Caveat", "comforter": "Comforter", "great_vibes": "GreatVibes", "bad_script": "BadScript"}
# the hands that a name can be signed in; the first one, where none is named
HANDS = tuple(_HAND_FILES)


@dataclass(frozen=True)
class FontSet:
    """TrueType files, all of them embedded into what is made with them.

    :param italic: also shows typed signatures with glyphs that their hand lacks
    :param hands: typed signatures, one file for each of HANDS
    """

    regular: Path
    bold: Path
    italic: Path
    bold_italic: Path
    hands: Mapping[str, Path] = field(hash=False)


def from_folder(folder: Path) -> FontSet:
    """Return the fonts of the addon, whose files are in ``folder``; it is not looked into."""
    return FontSet(
        regular=folder / "NotoSans-Regular.ttf",
        bold=folder / "NotoSans-Bold.ttf",
        italic=folder / "NotoSans-Italic.ttf",
        bold_italic=folder / "NotoSans-BoldItalic.ttf",
        hands={hand: folder / f"{name}-Regular.ttf" for hand, name in _HAND_FILES.items()},
    )
