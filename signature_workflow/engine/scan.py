"""Scans of documents that were signed on paper."""

import io
from collections.abc import Sequence

from PIL import Image
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from . import images
from .errors import ValueRefused
from .pdf.inspect import inspect

MAX_BYTES = 25 * 1024 * 1024
# as many as are decoded within a few seconds
MAX_PICTURES = 20
# some 200 dots an inch on A4
MAX_SIDE = 2400
QUALITY = 80
# points
MARGIN = 12


def to_pdf(files: Sequence[bytes]) -> bytes:
    """Return the one PDF that a scan is kept as.

    :param files: one PDF, which is let in by its door and stays as it is, or PNG and JPEG pictures, each of which
        becomes a page; MAX_BYTES in total
    :raises PdfRefused: see :func:`.pdf.inspect.inspect`
    :raises ValueRefused: ``file_empty``, ``file_too_large``, ``file_type`` (for a PDF among others, too),
        ``too_many_files`` (``limit``), and those of :func:`.images.upright`
    """
    if not files or not all(files):
        raise ValueRefused("file_empty", "There is no file, or one is empty.")
    if sum(map(len, files)) > MAX_BYTES:
        raise ValueRefused("file_too_large", "The files have too many bytes.", limit=MAX_BYTES)
    if len(files) == 1 and files[0].startswith(b"%PDF-"):
        inspect(files[0])
        return files[0]
    if not all(map(images.mimetype_of, files)):
        raise ValueRefused("file_type", "One PDF file, or PNG and JPEG pictures are accepted.")
    if len(files) > MAX_PICTURES:
        raise ValueRefused("too_many_files", "There are too many pictures.", limit=MAX_PICTURES)
    return _pages_of(files)


def _pages_of(files):
    target = io.BytesIO()
    canvas = Canvas(target, pageCompression=1)
    for data in files:
        picture = _on_white(images.upright(data, MAX_SIDE))
        width, height = landscape(A4) if picture.width > picture.height else A4
        canvas.setPageSize((width, height))
        box = (MARGIN, MARGIN, width - 2 * MARGIN, height - 2 * MARGIN)
        canvas.drawImage(_jpeg(picture), *box, preserveAspectRatio=True)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _on_white(image):
    """Return the picture as paper would show it: grey or RGB, without transparency."""
    if image.mode != "RGBA":
        return image if image.mode == "L" else image.convert("RGB")
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image)
    return paper


def _jpeg(image):
    # what is left here, Pillow would write: colour profile, EXIF, texts
    image.info.clear()
    target = io.BytesIO()
    image.save(target, "JPEG", quality=QUALITY)
    target.seek(0)
    return ImageReader(target)
