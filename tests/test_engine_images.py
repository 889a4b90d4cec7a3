import io
import random
import struct
from unittest.mock import patch

from odoo.tests import BaseCase
from PIL import Image, ImageFile

from ..signature_workflow.engine import images
from ..signature_workflow.engine.errors import ValueRefused
from .picture_samples import noise, plain, promising, saved

RED, BLUE = (255, 0, 0), (0, 0, 255)


def opened(picture):
    return Image.open(io.BytesIO(picture.png), formats=("PNG",))


class TestImages(BaseCase):
    def assertRefused(self, code, data):
        with self.assertRaises(ValueRefused) as caught:
            images.normalise(data)
        self.assertEqual(caught.exception.code, code)
        return caught.exception

    def test_pixels_and_transparency_are_kept(self):
        picture = images.normalise(saved(noise("RGBA"), "PNG"))
        self.assertEqual((picture.width, picture.height), (80, 50))
        self.assertEqual(opened(picture).tobytes(), noise("RGBA").tobytes())
        self.assertEqual(images.normalise(picture.png), picture)
        self.assertEqual(images.read(picture.png), picture)

    def test_all_kinds_of_pixels_are_accepted(self):
        for mode, kind in (
            *((mode, "PNG") for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
            *((mode, "JPEG") for mode in ("L", "RGB", "CMYK")),
        ):
            with self.subTest(mode=mode, kind=kind):
                image = Image.new(mode, (30, 20))
                self.assertEqual(images.normalise(saved(image, kind)).width, 30)
        progressive = saved(noise(), "JPEG", progressive=True)
        self.assertEqual(images.normalise(progressive).height, 50)

    def test_sixteen_bits_become_eight(self):
        image = Image.frombytes("I;16", (4, 1), struct.pack("<4H", 0, 0x4000, 0x8000, 0xFFFF))
        self.assertEqual(opened(images.normalise(saved(image, "PNG"))).tobytes(), bytes([0, 64, 128, 255]))

    def test_a_palette_may_be_transparent(self):
        image = Image.new("P", (2, 1))
        image.putpalette([*RED, *BLUE])
        image.putpixel((1, 0), 1)
        result = opened(images.normalise(saved(image, "PNG", transparency=0)))
        self.assertEqual(result.getpixel((0, 0))[3], 0)
        self.assertEqual(result.getpixel((1, 0)), (*BLUE, 255))

    def test_pictures_stand_upright(self):
        image = Image.new("RGB", (40, 20), RED)
        image.paste(BLUE, (0, 0, 20, 20))
        exif = Image.Exif()
        exif[0x0112] = 6  # turned a quarter to the left: what was at the left is now at the top
        for kind, options in (("PNG", {}), ("JPEG", {"quality": 100})):
            result = opened(images.normalise(saved(image, kind, exif=exif, **options)))
            self.assertEqual(result.size, (20, 40))
            red, _green, blue = result.getpixel((10, 5))
            self.assertLess(red, blue)

    def test_metadata_are_dropped(self):
        exif = Image.Exif()
        exif[0x010F] = "Secret camera"
        for kind in ("PNG", "JPEG"):
            picture = images.normalise(saved(noise(), kind, exif=exif, icc_profile=b"Secret profile", dpi=(300, 300)))
            self.assertNotIn(b"Secret", picture.png)
            self.assertEqual(opened(picture).info, {})

    def test_large_pictures_are_made_smaller(self):
        for kind in ("PNG", "JPEG"):
            picture = images.normalise(saved(Image.new("RGB", (3000, 1500)), kind))
            self.assertEqual((picture.width, picture.height), (1200, 600))

    def test_other_content_is_refused(self):
        for data in (b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html></html>", b"%PDF-1.7", b"\x00" * 99):
            self.assertRefused("image_type", data)
        self.assertRefused("image_type", saved(noise(), "GIF"))
        self.assertRefused("image_type", b" " + plain(9, 9))
        for start in (b"BM", b"II*\x00", b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"\x00\x00\x00\x0cjP  "):
            self.assertRefused("image_type", start + bytes(99))

    def test_bombs_are_refused_before_they_are_decoded(self):
        with patch.object(ImageFile.ImageFile, "load", side_effect=AssertionError("decoded")):
            for size in ((6001, 4000), (50_000, 50_000), (2**31 - 1, 2**31 - 1)):
                error = self.assertRefused("image_pixels", promising(*size))
                self.assertEqual(error.params, {"limit": 24})
            error = self.assertRefused("image_too_large", plain(9, 9) + bytes(8 * 1024 * 1024))
            self.assertEqual(error.params, {"limit": 8 * 1024 * 1024})

    def test_cut_off_files_are_refused_whatever_pillow_is_told(self):
        """Odoo tells Pillow, for the whole process, to fill up what is missing."""
        for tolerant in (False, True):
            for data in (saved(noise()), saved(noise(), "JPEG"), saved(noise(), "JPEG", progressive=True)):
                with patch.object(ImageFile, "LOAD_TRUNCATED_IMAGES", tolerant):
                    for part in (0.1, 0.5, 0.9, 0.99):
                        self.assertRefused("image_broken", data[: int(len(data) * part)])

    def test_damaged_files_become_a_picture_or_are_refused(self):
        chance = random.Random(3)
        for data in (saved(noise()), saved(noise(), "JPEG"), saved(noise("L").convert("P"), "PNG")):
            for _round in range(150):
                damaged = bytearray(data)
                for _byte in range(chance.choice((1, 4))):
                    damaged[chance.randrange(8, min(len(data), 400))] = chance.randrange(256)
                try:
                    picture = images.normalise(bytes(damaged))
                except ValueRefused as error:
                    self.assertRegex(error.code, r"\Aimage_")
                else:
                    self.assertEqual(opened(picture).size, (picture.width, picture.height))

    def test_the_type_is_known_by_the_first_bytes(self):
        self.assertEqual(images.mimetype_of(plain(9, 9)), "image/png")
        self.assertEqual(images.mimetype_of(plain(9, 9, "JPEG")), "image/jpeg")
        self.assertEqual(images.mimetype_of(b"GIF89a"), "")
