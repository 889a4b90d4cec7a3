import functools
from pathlib import Path

from odoo.tools.misc import file_path

from ..engine.fonts import FontSet


@functools.cache
def font_set():
    """Return the fonts shipped with the addon."""

    def path(name):
        return Path(file_path(f"signature_workflow/static/fonts/{name}.ttf"))

    return FontSet(
        regular=path("NotoSans-Regular"),
        bold=path("NotoSans-Bold"),
        italic=path("NotoSans-Italic"),
        bold_italic=path("NotoSans-BoldItalic"),
        handwriting=path("Caveat-Regular"),
    )
