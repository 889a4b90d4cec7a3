from datetime import date, datetime

from markupsafe import Markup
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import html_sanitize

from .common import SignatureCase

CONTACTS = "{{table;partner_id.child_ids;columns=name:Contact,color,email}}"


class MergeCase(SignatureCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.merge = cls.env["signature.merge"]
        cls.model = cls.env["crm.lead"]

    def merged(self, html, record, sample=False):
        """Merge `html` as it is stored; return the text and the empty paths."""
        stored = html_sanitize(html, sanitize_tags=False, sanitize_conditional_comments=False, output_method="xml")
        return self.merge._merge_html(stored, record, lambda tag: Markup("<i>{}</i>").format(tag), sample=sample)

    def assertRefused(self, html, words, model=None):
        with self.assertRaises(UserError) as caught:
            self.merge._check_html(html, self.model if model is None else model)
        self.assertIn(words, str(caught.exception))


@tagged("post_install", "-at_install")
class TestMergeValues(MergeCase):
    """A merge value reads as the customer writes it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fr_FR")
        cls.deal = cls._make_deal(
            expected_revenue=1234567.5,
            priority="2",
            date_deadline=date(2026, 3, 9),
            date_closed=datetime(2026, 3, 9, 22, 30),
            tag_ids=[(0, 0, {"name": "Fair"}), (0, 0, {"name": "Large & green"})],
        )

    def text_of(self, path, lang="en_US"):
        return self.merge._read(self.deal.with_context(lang=lang), path).replace("\u202f", " ").replace("\xa0", " ")

    def test_dates_amounts_and_choices_follow_the_language(self):
        company = self.env["res.company"].create({"name": "Rhône", "currency_id": self.env.ref("base.EUR").id})
        self.deal.write({"company_id": company.id, "user_id": False, "team_id": False})
        self.assertEqual(self.text_of("date_deadline"), "03/09/2026")
        self.assertEqual(self.text_of("date_deadline", "fr_FR"), "09/03/2026")
        self.assertEqual(self.text_of("expected_revenue"), "1,234,567.50 €")
        self.assertEqual(self.text_of("expected_revenue", "fr_FR"), "1 234 567,50 €")
        self.assertEqual(self.text_of("priority", "fr_FR"), "Haute")
        self.assertEqual(self.text_of("probability", "fr_FR"), self.text_of("probability").replace(".", ","))

    def test_links_and_lists_give_names(self):
        self.assertEqual(self.text_of("partner_id"), "Zoë Țăndărică")
        self.assertEqual(self.text_of("tag_ids"), "Fair, Large & green")
        self.assertEqual(self.text_of("tag_ids.name"), "Fair, Large & green")

    def test_times_are_those_of_the_customer(self):
        self.assertIn("10:30", self.text_of("date_closed"))
        self.partner.tz = "Europe/Bucharest"
        self.assertIn("00:30", self.text_of("date_closed", "fr_FR"))
        self.assertIn("10/03/2026", self.text_of("date_closed", "fr_FR"))

    def test_the_name_of_a_path_tells_the_way(self):
        self.assertEqual(self.merge._label(self.model, "partner_id.name"), "Contact: Name (partner_id.name)")

    def test_text_from_people_is_only_text(self):
        self.deal.name = "<b>bold</b> {{signature;role=Client}}"
        html, empty = self.merged("<p>{{name}} {{signature;role=Client}}</p>", self.deal)
        self.assertEqual(html, "<p>&lt;b&gt;bold&lt;/b&gt; {{signature;role=Client}} <i>signature;role=Client</i></p>")
        self.assertFalse(empty)

    def test_an_empty_value_is_told_unless_it_may_be(self):
        html, empty = self.merged("<p>{{phone}}/{{zip?}}/{{ street ? }}/{{city|nowhere}}</p>", self.deal)
        self.assertEqual(html, "<p>///nowhere</p>")
        self.assertEqual(empty, {"phone"})

    def test_without_a_record_labels_stand_for_values(self):
        html, empty = self.merged(f"<p>{{{{partner_id.name}}}}</p><p>{CONTACTS}</p>", self.model, sample=True)
        self.assertIn("<p>‹Contact: Name›</p>", html)
        self.assertEqual(html.count("<td>‹Contact›</td>"), 2)
        self.assertFalse(empty)


@tagged("post_install", "-at_install")
class TestMergeTable(MergeCase):
    """A list of lines becomes a table."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deal = cls._make_deal()
        cls.partner.child_ids = [
            (0, 0, {"name": "Ana <script>", "color": 3, "email": "ana@client.example"}),
            (0, 0, {"name": "Bob", "color": 12345}),
        ]

    def test_each_line_is_a_row_with_its_numbers_on_the_right(self):
        html, empty = self.merged(f"<h1>People</h1><p class='x'>{CONTACTS}<br></p><p>End</p>", self.deal)
        self.assertEqual(
            html,
            '<h1>People</h1><table class="sign-lines"><thead><tr>'
            '<th>Contact</th><th class="text-end">Color Index</th><th>Email</th></tr></thead><tbody>'
            '<tr><td>Ana &lt;script&gt;</td><td class="text-end">3</td><td>ana@client.example</td></tr>'
            '<tr><td>Bob</td><td class="text-end">12,345</td><td></td></tr>'
            "</tbody></table><p>End</p>",
        )
        self.assertFalse(empty)

    def test_columns_follow_links(self):
        html, __ = self.merged("<div>{{table;partner_id.child_ids;columns=parent_id.name:Of}}</div>", self.deal)
        self.assertEqual(html.count("<td>Zoë Țăndărică</td>"), 2)

    def test_sections_and_notes_of_a_quotation_go_across(self):
        if "sale.order" not in self.env:
            self.skipTest("Sales is not installed")
        product = self.env["product.product"].create({"name": "Desk", "list_price": 100, "taxes_id": False})
        self.env["sale.order"].create(
            {
                "partner_id": self.partner.id,
                "opportunity_id": self.deal.id,
                "order_line": [
                    (0, 0, {"display_type": "line_section", "name": "Furniture"}),
                    (0, 0, {"product_id": product.id, "product_uom_qty": 2}),
                ],
            }
        )
        html, __ = self.merged(
            "<p>{{table;order_ids.order_line;columns=product_uom_qty,name:Product,price_subtotal}}</p>", self.deal
        )
        self.assertIn('<tr><td colspan="3"><strong>Furniture</strong></td></tr>', html)
        self.assertIn('<td class="text-end">2.00</td><td>Desk</td><td class="text-end">$\xa0200.00</td>', html)

    def test_an_empty_list_is_told_unless_it_may_be(self):
        self.partner.child_ids.unlink()
        self.assertEqual(self.merged(f"<p>{CONTACTS}</p>", self.deal), ("", {"partner_id.child_ids"}))
        html, empty = self.merged(f"<p>{CONTACTS.replace('child_ids;', 'child_ids?;')}</p>", self.deal)
        self.assertEqual((html, empty), ("", set()))

    def test_what_is_wrong_is_said_when_it_is_saved(self):
        self.assertRefused("{{table;partner_id.child_ids}}", "is not understood")
        self.assertRefused("{{table;partner_id.child_ids;columns=}}", "is not understood")
        self.assertRefused("{{table;partner_id.child_ids;columns=name,nothing}}", "nothing")
        self.assertRefused("{{table;name;columns=name}}", "is not a link")
        self.assertRefused("{{table;partner_id.child_ids;columns=image_1920}}", "image_1920")

    def test_each_table_more_costs_no_query_for_each_document(self):
        deals = self._make_deal()
        for number in range(9):
            partner = self.env["res.partner"].create(
                {"name": f"P{number}", "child_ids": [(0, 0, {"name": f"C{number}", "color": number})]}
            )
            deals |= self._make_deal(partner_id=partner.id)
        html = f"<p>{{{{partner_id.name}}}} {{{{tag_ids?}}}} {{{{partner_id.country_id?}}}}</p><p>{CONTACTS}</p>"
        counts = []
        for batch in (deals[:2], deals):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            for deal in batch:
                self.merged(html, deal)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0])


@tagged("post_install", "-at_install")
class TestMergeCheck(MergeCase):
    """A placeholder that cannot work is refused while its author is there."""

    def test_field_tags_come_back_in_their_order(self):
        tags = self.merge._check_html(
            "<p>{{signature;role=Client}} {{name}} {{A &amp; B;type=choice;options=x|y}}</p>", self.model
        )
        self.assertEqual(tags, ["signature;role=Client", "A & B;type=choice;options=x|y"])

    def test_paths_that_lead_nowhere_or_to_secrets(self):
        for path in (
            "nothing",
            "name.x",
            "partner_id.image_1920",
            "partner_id.signup_type",
            "lead_properties",
            "name()",
        ):
            with self.subTest(path):
                self.assertRefused(f"<p>{{{{{path}}}}}</p>", "cannot be used")

    def test_the_author_must_be_able_to_read_what_is_named(self):
        self.assertRefused("{{create_uid.log_ids}}", "cannot be used", self.model.with_user(self.salesman))
        self.assertEqual(self.merge._check_html("{{user_id.name}}", self.model.with_user(self.salesman)), [])

    def test_braces_that_are_no_merge_field(self):
        self.assertRefused("<p>{{partner_id.<b>name</b>}}</p>", "{{partner_id")
        self.assertRefused("<p>{{name}</p>", "{{name}")
        self.assertRefused("<p>name}}</p>", "name}}")


@tagged("post_install", "-at_install")
class TestDynamicPlaceholder(MergeCase):
    """What Odoo's own editor inserts is read as a field path, and nothing else is."""

    def test_a_field_and_the_text_for_nothing(self):
        deal = self._make_deal(phone=False)
        html, empty = self.merged(
            '<p><t t-out="object.partner_id.name"/>, <t t-out="object.phone">no <b>{phone} &amp; fax</b></t>, '
            '<t t-out="object.street" data-oe-t-inline="true"></t></p>',
            deal,
        )
        self.assertEqual(html, "<p>Zoë Țăndărică, no {phone} &amp; fax, </p>")
        self.assertEqual(empty, {"street"})

    def test_a_time_as_the_editor_writes_it(self):
        deal = self._make_deal(date_closed=datetime(2026, 3, 9, 22, 30))
        self.partner.tz = "Europe/Bucharest"
        time = "format_datetime(object.date_closed, tz=object.partner_id.tz)"
        html, __ = self.merged(f'<p><t t-out="{time}"></t></p>', deal)
        self.assertIn("12:30", html)
        deal.date_closed = False
        html, empty = self.merged(f"<p><t t-out=\"{time} or 'isn\\'t closed'\">x</t></p>", deal)
        self.assertEqual((html, empty), ("<p>isn&#39;t closed</p>", set()))

    def test_anything_else_is_refused(self):
        for html in (
            '<t t-out="object.unlink()"/>',
            '<t t-out="object.name or 1">x</t>',
            '<t t-out="user.name"/>',
            '<t t-out="format_datetime(object.date_closed, tz=object.user_id.tz)"/>',
            '<t t-out="object.name" t-if="object.active">x</t>',
            '<t t-set="x" t-value="1"/>',
            '<span class="a" t-field="object.name"/>',
            '<p t-foreach="object.tag_ids" t-as="tag">x</p>',
        ):
            with self.subTest(html):
                self.assertRefused(html, "cannot stand in a document")
        self.assertRefused('<t t-out="object.nothing"/>', "cannot be used")
        self.assertEqual(self.merge._check_html('<p title="a t-shirt">a t-shirt</p>', self.model), [])
