"""Where things lie: the checkout, and the cache folder for all that is downloaded or made."""

import hashlib
import os
from pathlib import Path

ADDON = "signature_workflow"
CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / "tools"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").resolve() / ADDON
DATA_DIR = CACHE / "data"
LOGS = CACHE / "logs"


def digest(*parts):
    """A short name for a combination of texts and files' contents."""
    state = hashlib.sha256()
    for part in parts:
        state.update(part.read_bytes() if isinstance(part, Path) and part.is_file() else str(part).encode())
        state.update(b"\0")
    return state.hexdigest()[:10]


def addon_folder():
    """The folder for the addons path: it holds a link named after the addon, and nothing else.

    The checkout may have any name, and Odoo crashes on a folder with an invalid module name.
    """
    folder = CACHE / f"addons-{digest(CHECKOUT)}"
    link = folder / ADDON
    folder.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(CHECKOUT)
    return folder
