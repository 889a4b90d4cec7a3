"""Picture files, made by code."""

import io
import random
import struct
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo

# what else a file may be for a program that does not look at its first bytes
PAYLOADS = (b"<script>alert(1)</script>", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"%PDF-1.7")
IMPOSTORS = (
    *PAYLOADS,
    b"GIF89a/*" + bytes(30) + b"*/=1;alert(1)",
    b"<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>",
    b" \x89PNG\r\n\x1a\n",
)


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


def polyglots():
    """Sound PNG and JPEG files, 30 pixels wide, that carry each of PAYLOADS behind or within them."""
    image = Image.new("RGB", (30, 10))
    for payload in PAYLOADS:
        words = PngInfo()
        words.add_text("Comment", payload.decode())
        yield saved(image, "PNG", pnginfo=words)
        yield saved(image, "JPEG", comment=payload)
        yield plain(30, 10, "PNG") + payload
        yield plain(30, 10, "JPEG") + payload
