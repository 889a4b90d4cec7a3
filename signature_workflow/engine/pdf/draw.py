"""Drawing a page of a foreign PDF file; runs in a child process of :mod:`.preview` only."""

import io
import json
import sys

from ..errors import PdfRefused
from . import child

MAX_HEIGHT = 3
"""Of a picture, in widths."""


def main(options: dict) -> None:
    """Draw a page of the file on standard input; answer on standard output with a line of JSON, then a PNG picture.

    The JSON has ``pages``, the number of pages, or a refusal; without such a page there is no picture.
    """
    child.confine(options)
    # the library is loaded under the limits, too
    import pypdfium2

    target = io.BytesIO()
    try:
        document = pypdfium2.PdfDocument(sys.stdin.buffer.read())
        answer = {"pages": len(document)}
        if 1 <= options["page"] <= len(document):
            page, side = document[options["page"] - 1], options["width"]
            width, height = page.get_size()
            # rounded up to whole pixels there
            scale = min(side / width, side * MAX_HEIGHT / height) * (1 - 1e-9)
            page.render(scale=scale).to_pil().convert("RGB").save(target, "PNG")
    except pypdfium2.PdfiumError as error:
        is_encrypted = "password" in str(error).casefold()
        answer = child.refusal(PdfRefused("encrypted", "The file is encrypted.") if is_encrypted else child.broken())
        target = io.BytesIO()
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + target.getvalue())


if __name__ == "__main__":
    main(json.loads(sys.argv[3]))
