"""Picture files, made by code."""

import io
import random
import struct
import zlib

from PIL import Image


def plain(width: int, height: int, kind: str = "PNG") -> bytes:
    """A black picture."""
    return saved(Image.new("RGB", (width, height)), kind)


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    """The file of an image."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def noise(mode: str = "RGB", width: int = 80, height: int = 50) -> Image.Image:
    """An image that hardly compresses; always the same."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    return Image.frombytes(mode, (width, height), random.Random(7).randbytes(width * height * channels))


def promising(width: int, height: int) -> bytes:
    """A small PNG file whose header promises this size."""
    data = plain(9, 9)
    header = struct.pack(">II", width, height) + data[24:29]
    return data[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + data[33:]
