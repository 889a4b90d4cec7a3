from odoo.tests import BaseCase

from ..signature_workflow.engine.errors import TagError
from ..signature_workflow.engine.tags import TYPES, Tag, parse_tag


class TestTags(BaseCase):
    def test_the_name_is_the_type_or_type_says_it(self):
        self.assertEqual(parse_tag("signature;role=Client"), Tag("signature", "signature", {"role": "Client"}))
        tag = parse_tag(" Order date ; Type = date ; role=Our company;required=no")
        self.assertEqual((tag.name, tag.type, tag.options["role"]), ("Order date", "date", "Our company"))
        self.assertFalse(tag.required)
        for kind in TYPES:
            self.assertEqual(parse_tag(kind).type, kind)
        for word in ("Date signed", "DATE_SIGNED", "date-signed", "Date\u00a0signed"):
            self.assertEqual(parse_tag(word + ";role=x").type, "date_signed")

    def test_defaults(self):
        tag = parse_tag("text;role=Client")
        self.assertEqual((tag.required, tag.readonly, tag.choices, tag.size), (True, False, (), (None, None)))

    def test_options_are_read(self):
        tag = parse_tag("Size;type=choice;options= S | M||L ;required=Yes;readonly=TRUE;width=80;height=12.5;x;y=")
        self.assertEqual(tag.choices, ("S", "M", "L"))
        self.assertEqual((tag.required, tag.readonly, tag.size), (True, True, (80, 12.5)))
        self.assertEqual(tag.options["y"], "")
        self.assertNotIn("x", tag.options)
        self.assertEqual(parse_tag("text;default=a=b").options["default"], "a=b")

    def test_a_path_alone_is_a_merge_value(self):
        self.assertEqual(parse_tag("partner_id.phone"), Tag("partner_id.phone", "merge", _merge("partner_id.phone")))
        optional = parse_tag("partner_id.phone?")
        self.assertEqual((optional.name, optional.required), ("partner_id.phone", False))
        self.assertEqual(parse_tag("name").type, "name")

    def test_what_is_not_understood_is_refused(self):
        for text in ("", ";", "Foo bar", "foo;role=Client", "x;type=", "x;type=image", "''.__class__", "{{x}}", "a..b"):
            with self.subTest(text), self.assertRaises(TagError) as caught:
                parse_tag(text)
            self.assertEqual(caught.exception.code, "tag_invalid")
            self.assertEqual(caught.exception.params["text"], text)
        for size in ("wide", "0", "-3", "nan", "inf", "99999", ""):
            with self.subTest(size), self.assertRaises(TagError) as caught:
                parse_tag(f"text;width={size}")
            self.assertEqual(caught.exception.params["option"], "width")


def _merge(path):
    return {"merge": path, "required": "true"}
