"""Examination of a foreign PDF file and search for its fields; runs in a child process of :mod:`.discover` only."""

import io
import json
import sys

from .examine import examine, main

# of the time for the file: what is left is for writing it
SEARCH_SHARE = 0.7


def find(data: bytes, limits: dict) -> tuple[dict, bytes]:
    """Return what :func:`.examine.examine` does, with ``found`` and ``notices``, and what to append to the file.

    :raises PdfRefused: as there
    """
    answer = examine(data, limits)
    # loaded under the limits, too
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    from . import pages
    from .form_fields import FormRemoval
    from .text_tags import TagSearch

    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    form, search = FormRemoval(writer), TagSearch(writer, limits["seconds"] * SEARCH_SHARE)
    for number, page in enumerate(pages.walk(writer), 1):
        geometry = page.geometry(number)
        form.search_page(number, page, geometry)
        search.search_page(number, page, geometry)
    form.finish()
    search.finish()
    answer |= {
        "found": [*form.found, *search.found],
        "notices": [*form.notices, *search.notices],
        "has_form": answer["has_form"] and not form.is_changed,
    }
    if not form.is_changed and not search.found:
        return answer, b""
    target = io.BytesIO()
    writer.write(target)
    return answer, target.getvalue()[len(data) :]


if __name__ == "__main__":
    main(json.loads(sys.argv[3]), find)
