"""The list of all signatures and approvals received."""

import base64
import io

from lxml import etree
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, tagged
from PIL import Image

from ..signature_workflow.engine import mark_image, marks
from ..signature_workflow.models.fonts import font_set
from .common import STROKES, SignatureCase
from .picture_samples import plain

TYPED = {"kind": "typed", "text": "Zoë Țăndărică", "font": "great_vibes"}
COLUMNS = [
    "mark_url", "name", "email", "ip", "date_signed", "state", "channel", "authentication", "host_id", "request_id",
    "record_name", "template_id", "salesperson_id", "partner_id", "role_id",
]  # fmt: skip


def picture_of(url):
    """Return the type and the bytes in a data URI."""
    head, data = url.split(",")
    return head, base64.b64decode(data)


@tagged("post_install", "-at_install")
class TestMarkImage(BaseCase):
    """The small pictures of marks."""

    def test_drawn(self):
        head, data = picture_of(mark_image.data_uri(marks.parse(STROKES), font_set()))
        self.assertEqual(head, "data:image/svg+xml;base64")
        self.assertRegex(data.decode(), r'^<svg xmlns="http://www.w3.org/2000/svg" width="160" height="\d+" [^<]+<path')

    def test_long_scribble_stays_small(self):
        stroke = [number for index in range(5000) for number in (index % 400, (index * 7) % 150)]
        mark = marks.parse({**STROKES, "strokes": [stroke]})
        self.assertLess(len(mark_image.data_uri(mark, font_set())), 40_000)

    def test_typed(self):
        for text in ("Zoë Țăndărică", "山", "i", "W" * 100):
            for hand in font_set().hands:
                head, data = picture_of(mark_image.data_uri(marks.Typed(text, hand), font_set()))
                self.assertEqual(head, "data:image/png;base64")
                image = Image.open(io.BytesIO(data)).convert("RGBA")
                self.assertLessEqual(image.width, 2 * mark_image.WIDTH)
                self.assertEqual(image.getchannel("A").getextrema()[0], 0, "its ground is transparent")
                self.assertGreater(image.getchannel("A").getextrema()[1], 50, "there is ink")


@tagged("post_install", "-at_install")
class TestRegistry(SignatureCase):
    def received(self, user=None):
        action = self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_registry_action")
        domain = [("state", "in", ("signed", "approved")), ("request_id.is_test", "=", False)]
        self.assertEqual(action["domain"].replace(" ", ""), repr(domain).replace(" ", ""))
        return (
            self.env["signature.signer"]
            .with_user(user or self.salesman)
            .search(domain, order="date_signed desc, id desc")
        )

    def test_what_is_shown_of_each(self):
        request = self.send()
        client, ceo = request.signer_ids.sorted("sequence")
        self.sign(client, signature=TYPED)
        self.work()
        self.sign(ceo, signature={"kind": "picture", "data": base64.b64encode(plain(60, 30)).decode()})
        second, first = self.received()
        self.assertEqual((first.name, first.email, first.ip), (client.name, "zoe@client.example", "192.0.2.7"))
        self.assertEqual((first.request_id, first.record_name), (request.with_user(self.salesman), "Big deal"))
        self.assertEqual((first.template_id.id, first.salesperson_id), (self.template.id, self.salesman))
        self.assertTrue(first.mark_url.startswith("data:image/png;base64,"))
        self.assertEqual(first.action_open_record()["res_id"], request.res_id)
        file = second.sudo().field_ids.filtered("attachment_id").attachment_id
        self.assertEqual(second.mark_url, f"/web/image/{file.id}/320x120")
        self.assertTrue(file.with_user(self.salesman).raw)

    def test_one_signs_and_others_are_not_there(self):
        request = self.send()
        self.assertFalse(self.received())
        self.sign(request.signer_ids.sorted("sequence")[0])
        self.assertEqual(self.received().mapped("state"), ["signed"])
        self.assertTrue(self.received().mark_url.startswith("data:image/svg+xml;base64,"))

    def test_approval_has_no_mark_unless_one_was_asked_for(self):
        who = {"name": "Checker", "policy": "partner", "partner_id": self.manager.partner_id.id}
        checker = self.env["signature.role"].create(who)
        self.template.role_ids = [(0, 0, {"role_id": checker.id, "sequence": 0, "participation": "approve"})]
        self.template.role_ids.filtered(lambda line: line.role_id == self.role_client).participation = "approve"
        request = self.send()
        first, client, __ = request.signer_ids.sorted("sequence")
        first.sudo()._submit({}, "nonce", request.original_sha256, {"ip": "192.0.2.7"})
        self.assertEqual((self.received().state, self.received().mark_url), ("approved", False))
        self.work()
        self.sign(client)
        self.assertTrue(self.received().filtered(lambda part: part.id == client.id).mark_url)

    def test_a_page_of_the_list_takes_no_query_for_each(self):
        counts = []
        for size in (2, 8):
            while len(self.received(self.manager)) < size:
                self.sign(self.send(name=f"Deal {size}").signer_ids.sorted("sequence")[0])
            self.env.flush_all()
            self.env.invalidate_all()
            rows = self.env["signature.signer"].with_user(self.manager)
            domain = [("state", "in", ("signed", "approved")), ("request_id.is_test", "=", False)]
            specification = {name: {} for name in COLUMNS}
            for name in ("request_id", "template_id", "salesperson_id", "partner_id", "role_id", "host_id"):
                specification[name] = {"fields": {"display_name": {}}}
            # what a session reads once: rights, groups
            rows.web_search_read(domain, specification, limit=1)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            found = rows.web_search_read(domain, specification, limit=80, order="date_signed desc, id desc")
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(found["records"]), size)
            self.assertTrue(all(record["mark_url"] for record in found["records"]))
        self.assertEqual(counts[0], counts[1])

    def test_searched_and_grouped(self):
        request = self.send()
        self.sign(request.signer_ids.sorted("sequence")[0])
        view = etree.fromstring(self.env.ref("signature_workflow.signature_registry_view_search").arch)
        filters = [node.get("domain") for node in view.iter("filter") if node.get("domain")]
        rows = self.env["signature.signer"].with_user(self.salesman)
        for domain in filters:
            rows.search(eval(domain))  # noqa: S307
        colleagues = rows.search([("state", "=", "signed"), ("user_id", "!=", False)])
        (clients,) = (domain for domain in filters if "user_id" in domain)
        self.assertEqual(rows.search(eval(clients)) & colleagues, rows)  # noqa: S307
        for name, found in (("template_id", self.template), ("salesperson_id", self.salesman)):
            self.assertIn((found, 1), rows._read_group([("state", "=", "signed")], [name], ["__count"]))
        for path in ("partner_id", "date_signed:month"):
            self.assertTrue(rows._read_group([("state", "=", "signed")], [path], ["__count"]))

    def test_seen_with_the_record_only(self):
        request = self.send()
        self.sign(request.signer_ids.sorted("sequence")[0])
        other = self._make_user("other", "sales_team.group_sale_salesman")
        stranger = self._make_user("stranger", "base.group_user")
        self.assertEqual(len(self.received(self.manager)), 1)
        self.assertFalse(self.received(other))
        with self.assertRaises(AccessError):
            self.received(stranger)
        request.sudo().company_id = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertFalse(self.received(self.manager))
