"""Pictures from people, brought into one harmless form."""

import io
import struct
from dataclasses import dataclass

from PIL import Image, ImageOps

from .errors import ValueRefused

MAX_BYTES = 8 * 1024 * 1024
MAX_MEGAPIXELS = 24
# pixels: 10 cm on paper at 300 dpi
MAX_SIDE = 1200

# what Pillow raises on damaged files
_UNREADABLE = (OSError, SyntaxError, ValueError, IndexError, TypeError, struct.error)
_MAGIC = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True)
class Picture:
    """A picture as :func:`normalise` made it.

    :param png: a PNG file without metadata, RGB, grey, or RGB with transparency
    :param width: in pixels
    :param height: in pixels
    """

    png: bytes
    width: int
    height: int


def mimetype_of(data: bytes) -> str:
    """Return ``image/png`` or ``image/jpeg`` by the first bytes, or an empty text."""
    return next((mimetype for magic, mimetype in _MAGIC.items() if data.startswith(magic)), "")


def check(data: bytes) -> None:
    """Refuse what is not a PNG or JPEG file of a reasonable number of pixels; pixels are not decoded.

    :raises ValueRefused: ``image_type``, ``image_pixels``, ``image_broken``
    """
    _open(data)


def normalise(data: bytes) -> Picture:
    """Return the picture of a PNG or JPEG file upright, at most MAX_SIDE pixels long and without metadata.

    :raises ValueRefused: ``image_too_large``, ``image_type``, ``image_pixels``, ``image_broken``
    """
    if len(data) > MAX_BYTES:
        raise ValueRefused("image_too_large", "The picture has too many bytes.", limit=MAX_BYTES)
    image = upright(data, MAX_SIDE)
    try:
        return _encode(image)
    except _UNREADABLE as error:
        raise _broken() from error


def upright(data: bytes, side: int) -> Image.Image:
    """Return the picture of a PNG or JPEG file turned as its EXIF data say, at most ``side`` pixels long.

    :raises ValueRefused: ``image_type``, ``image_pixels``, ``image_broken``
    """
    image = _open(data)
    try:
        return _upright(image, side)
    except _UNREADABLE as error:
        raise _broken() from error


def read(png: bytes) -> Picture:
    """Return the Picture whose ``png`` was stored; only its header is looked at."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        return Picture(png, *image.size)


class _WholeFile(io.BytesIO):
    """A file whose end is an error: Odoo lets Pillow fill up what is cut off, for the whole process."""

    def read(self, size=-1):
        part = super().read(size)
        if size and size > 0 and not part:
            raise OSError("The file is cut off.")
        return part


def _open(data):
    """Return the picture, header read; refuses too many pixels before any is decoded."""
    if not mimetype_of(data):
        raise ValueRefused("image_type", "Only PNG and JPEG pictures are accepted.")
    try:
        image = Image.open(_WholeFile(data), formats=("PNG", "JPEG"))
        if image.width * image.height > MAX_MEGAPIXELS * 1_000_000:
            raise _too_many_pixels()
        # of a PNG file this compares the checksums; a verified picture cannot be decoded any more
        image.verify()
        return Image.open(_WholeFile(data), formats=("PNG", "JPEG"))
    except Image.DecompressionBombError as error:
        raise _too_many_pixels() from error
    except _UNREADABLE as error:
        raise _broken() from error


def _upright(image, side):
    """Return a smaller picture of few modes, turned as its EXIF data say."""
    if image.mode.startswith("I"):
        # converting would cut 16 bits off at 255
        image = image.point(lambda level: level / 256).convert("L")
    elif image.mode not in ("L", "RGB", "RGBA", "CMYK") or image.has_transparency_data:
        # resampling needs colours, not numbers of a palette
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((side, side))
    return ImageOps.exif_transpose(image)


def _encode(image):
    image = image.convert("RGB") if image.mode == "CMYK" else image
    # what is left here, Pillow would write: colour profile, EXIF, texts
    image.info.clear()
    target = io.BytesIO()
    image.save(target, "PNG")
    return Picture(target.getvalue(), *image.size)


def _too_many_pixels():
    return ValueRefused("image_pixels", f"At most {MAX_MEGAPIXELS} megapixels are allowed.", limit=MAX_MEGAPIXELS)


def _broken():
    return ValueRefused("image_broken", "The picture is damaged.")
