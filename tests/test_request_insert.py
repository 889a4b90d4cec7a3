from odoo.tests import tagged

from .common import SignatureCase


@tagged("post_install", "-at_install")
class TestRequestInsert(SignatureCase):
    """Many requests are made by one statement, and are what Odoo's own way would make."""

    def rows(self, requests):
        self.env.flush_all()
        self.env.cr.execute("SELECT * FROM signature_request WHERE id IN %s ORDER BY id", [requests._ids])
        return [{key: value for key, value in row.items() if key != "id"} for row in self.env.cr.dictfetchall()]

    def test_rows_are_those_of_create(self):
        deals = self._make_deal(name="One") + self._make_deal(name="Two", user_id=False)
        model = self.env["signature.request"].sudo()
        common = {
            "template_id": self.template.id,
            "res_model": "crm.lead",
            "people": {"1": 2},
            "message": "It’s\n“you”",
        }
        vals_list = [
            {
                **common,
                "name": deal.name,
                "res_id": deal.id,
                "user_id": deal.user_id.id,
                "company_id": self.env.company.id,
                "state": "queued",
            }
            for deal in deals
        ]
        own = model._insert(vals_list)
        self.assertEqual(own.mapped("name"), ["One", "Two"])
        self.assertEqual(self.rows(own), self.rows(model.create(vals_list)))
        self.assertFalse(model._insert([]))

    def test_defaults_of_the_caller_are_not_taken(self):
        # a view's context speaks of the record that is open there
        deal = self._make_deal()
        request = self.template.with_context(default_state="completed", default_is_test=True)._make_requests(deal)
        self.assertEqual((request.state, request.is_test), ("queued", False))

    def test_what_was_read_before_is_read_anew(self):
        deal = self._make_deal()
        self.assertFalse(deal.signature_request_ids)
        self.assertFalse(deal.signature_state)
        request = self.template._make_requests(deal)
        self.assertEqual(deal.signature_request_ids, request)
        self.assertEqual(deal.signature_state, "waiting")
