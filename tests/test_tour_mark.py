import io
import json
import tempfile
from pathlib import Path

from odoo.addons.signature_workflow.signature_workflow.controllers import responses
from odoo.tests import tagged
from PIL import Image, ImageDraw

from .browser import DESKTOP, PHONE
from .test_tour_signing import SigningTour

HANDS_LOADED = (
    "[...document.fonts].filter(({ family, status }) => family.includes('o_sign') && status === 'loaded').length"
)
DRAWING = "document.querySelector('[data-type=signature] svg').innerHTML"


def photo(written=True):
    """Return a photographed paper in uneven light, the signature in blue ink a sixth of it."""
    light = Image.linear_gradient("L").resize((1200, 900)).point(lambda level: 130 + level // 3)
    image = Image.merge("RGB", (light, light, light.point(lambda level: level * 0.9)))
    if written:
        points = [(300 + 6 * step, 450 + (step * 37 % 120)) for step in range(100)]
        ImageDraw.Draw(image).line(points, fill=(30, 40, 110), width=6, joint="curve")
    target = io.BytesIO()
    image.save(target, "JPEG", quality=85)
    return target.getvalue()


@tagged("post_install", "-at_install", "signature_tour")
class TestMark(SigningTour):
    """The ways to make a signature."""

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def finish(self, visitor):
        visitor.tap(text="Next field")
        visitor.tap("#o_sign_input")
        visitor.tap(text="Done")
        visitor.tap(text="Finish")
        visitor.wait_for(".o_sign_finished", "Thank you")

    def test_type_in_one_of_several_hands(self):
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                visitor.tap("[data-type=signature]")
                self.assertEqual(visitor.evaluate(HANDS_LOADED), 0)
                visitor.tap(text="Type")
                visitor.wait_until(f"{HANDS_LOADED} === 4")
                visitor.tap("[value=great_vibes]")
                self.assertEqual(visitor.axe(), [])
                visitor.tap(text="Adopt and sign")
                # what was adopted is shown again
                visitor.tap("[data-type=signature]")
                self.assertTrue(visitor.evaluate("document.querySelector('dialog [value=great_vibes]').checked"))
                visitor.fill("dialog input[type=text]", "Zoë T.")
                visitor.press("Enter")
                visitor.wait_until(f"/o_sign_great_vibes.*>Zoë T\\.</.test({DRAWING})")
                self.finish(visitor)
                mark = json.loads(self.answer(client, "signature"))
                self.assertEqual(mark, {"kind": "typed", "text": "Zoë T.", "font": "great_vibes"})

    def test_upload_a_photographed_signature(self):
        for device in (PHONE, DESKTOP):
            with self.signer(device) as (visitor, client):
                visitor.tap("[data-type=signature]")
                visitor.tap(text="Upload")
                visitor.tap(text="Adopt and sign")
                visitor.wait_for("dialog", "Please choose a picture of your signature first.")
                for name, data, words in (
                    ("blank.jpg", photo(written=False), "No ink was found"),
                    ("page.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "cannot be read as a picture"),
                ):
                    visitor.upload("dialog label.o_sign_secondary", self.file(name, data))
                    visitor.wait_for("dialog", words)
                self.assertEqual(visitor.axe(), [])
                visitor.upload("dialog label.o_sign_secondary", self.file("photo.jpg", photo()))
                visitor.wait_for("dialog img")
                self.assertEqual(visitor.axe(), [])
                visitor.tap(text="Adopt and sign")
                visitor.wait_for("[data-type=signature] image")
                self.finish(visitor)
                self.assertEqual(self.answer(client, "signature"), "picture")
                field = client.field_ids.filtered(lambda field: field.type == "signature")
                picture = Image.open(io.BytesIO(field.attachment_id.raw))
                # cut out, the paper transparent, the ink as blue as it was
                self.assertEqual(picture.mode, "RGBA")
                self.assertTrue(580 < picture.width < 650 and 110 < picture.height < 170, picture.size)
                self.assertEqual(picture.getpixel((0, 0))[3], 0)
                ink = [pixel for pixel in picture.getdata() if pixel[3] > 200]
                self.assertTrue(all(pixel[2] > pixel[0] + 30 for pixel in ink))
                self.assertTrue(0.02 < len(ink) / (picture.width * picture.height) < 0.5)

    def test_one_picture_for_several_fields(self):
        self.template.body = "<p>{{signature;role=Client}} {{Again;type=signature;role=Client}}</p>"
        self.template.body += "<p>{{signature;role=Our company}}</p>"
        with self.signer(PHONE) as (visitor, _client):
            self.upload_photo(visitor)
            size = visitor.evaluate("document.querySelector('dialog[open] img').src.length") * 0.75
            visitor.tap(text="Adopt and sign")
            visitor.wait_for("dialog", gone=True)
            self.assertEqual(visitor.evaluate("document.querySelectorAll('[data-type=signature] image').length"), 2)
        # room for one of them only
        self.patch(responses, "MAX_FILES", int(1.5 * size))
        with self.signer(PHONE) as (visitor, _client):
            self.upload_photo(visitor)
            visitor.tap(text="Adopt and sign")
            visitor.wait_for("dialog", "this picture is too large")
            visitor.tap(text="Type")
            visitor.tap(text="Adopt and sign")
            visitor.wait_for("dialog", gone=True)
            self.assertTrue(visitor.sees("#o_sign_primary", "Finish"))

    def upload_photo(self, visitor):
        visitor.tap("[data-type=signature]")
        visitor.tap(text="Upload")
        visitor.upload("dialog label.o_sign_secondary", self.file("photo.jpg", photo()))
        visitor.wait_for("dialog img")

    def test_undo_and_clear(self):
        with self.signer(PHONE) as (visitor, _client):
            visitor.tap("[data-type=signature]")
            visitor.draw("dialog canvas")
            visitor.draw("dialog canvas")
            visitor.tap(text="Undo stroke")
            visitor.tap(text="Adopt and sign")
            # each stroke begins with a move
            self.assertEqual(visitor.evaluate(f"{DRAWING}.match(/M[0-9]/g).length"), 1)
            visitor.tap("[data-type=signature]")
            visitor.tap(text="Clear")
            visitor.tap(text="Adopt and sign")
            visitor.wait_for("dialog", "Please draw your signature first")
