import functools
from pathlib import Path

from odoo.tools.misc import file_path

from ..engine.fonts import from_folder


@functools.cache
def font_set():
    """Return the fonts shipped with the addon."""
    return from_folder(Path(file_path("signature_workflow/static/fonts")))
