import re

from odoo.tests import BaseCase

from ..signature_workflow.engine import qr
from ..signature_workflow.engine.errors import LinkError

URL = "https://sign.company.example/sign/" + "A" * 43
FINDER = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"]


class TestQr(BaseCase):
    def draw(self, text):
        """Return the code as a renderer of SVG paints it: rows of "#" and "."."""
        code = qr.svg_path(text)
        runs = re.findall(r"M(\d+) (\d+)h(\d+)v1h-(\d+)z", code.path)
        self.assertEqual("".join("M{} {}h{}v1h-{}z".format(*run) for run in runs), code.path)
        rows = [["."] * code.size for __ in range(code.size)]
        for x, y, width, back in (map(int, run) for run in runs):
            self.assertEqual(width, back)
            rows[y][x : x + width] = "#" * width
            self.assertEqual(len(rows[y]), code.size)
        return ["".join(row) for row in rows]

    def test_the_code_of_a_link(self):
        rows = self.draw(URL)
        # version 5, 37 modules, which holds 84 bytes at level M
        self.assertEqual(len(rows), 37 + 2 * qr.QUIET_ZONE)
        quiet = [*rows[:4], *rows[-4:], *("".join((row[:4], row[-4:])) for row in rows)]
        self.assertNotIn("#", "".join(quiet))
        symbol = [row[4:-4] for row in rows[4:-4]]
        corners = ([row[:7] for row in symbol[:7]], [row[-7:] for row in symbol[:7]], [row[:7] for row in symbol[-7:]])
        for corner in corners:
            self.assertEqual(corner, FINDER)

    def test_a_part_may_be_damaged(self):
        symbol = [row[4:-4] for row in self.draw(URL)[4:-4]]
        # ISO/IEC 18004: the first two bits of the format, under their mask 10, are 00 for level M
        self.assertEqual(symbol[8][:2], "#.")

    def test_every_link_has_its_own(self):
        self.assertEqual(qr.svg_path(URL), qr.svg_path(URL))
        self.assertNotEqual(qr.svg_path(URL), qr.svg_path(URL[:-1] + "B"))

    def test_the_longest_text(self):
        self.assertEqual(qr.svg_path("ș" * 1165 + "s").size, 177 + 2 * qr.QUIET_ZONE)
        with self.assertRaises(LinkError) as caught:
            qr.svg_path("ș" * 1166)
        self.assertEqual((caught.exception.code, caught.exception.params), ("qr_too_long", {"limit": 2331}))
