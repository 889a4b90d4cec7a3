"""Everybody who may come to the door, in two companies."""

from odoo import Command

from .common import SignatureFixture

# from the one who may least
VISITORS = (
    "nobody", "client", "neighbour", "colleague", "stranger", "host", "foreign", "manager", "system", "admin",
)  # fmt: skip


class VisitorsFixture(SignatureFixture):
    """`visitors` is `{name: user}`; all documents of `_make_deal` belong to the first company.

    nobody: not logged in; client, neighbour: portal users, of the document's customer and of another one; colleague:
    without any right here; stranger: a salesperson without the deal; host: the one who looks after it; foreign: a
    manager of another company; manager; system: may administrate the server, but sells nothing; admin: both.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.elsewhere = cls.env["res.company"].create({"name": "Elsewhere"})
        cls.template.company_id = cls.rule.company_id = cls.env.company
        portal, seller = "base.group_portal", "sales_team.group_sale_salesman"
        cls.visitors = {
            "nobody": cls.env.ref("base.public_user"),
            "client": cls._make_user("client", portal),
            "neighbour": cls._make_user("neighbour", portal),
            "colleague": cls._make_user("colleague", "base.group_user"),
            "stranger": cls._make_user("stranger", seller),
            "host": cls.salesman,
            "foreign": cls._make_user("foreign", "sales_team.group_sale_manager"),
            "manager": cls.manager,
            "system": cls._make_user("system", "base.group_system"),
            "admin": cls.env.ref("base.user_admin"),
        }
        cls.visitors["client"].partner_id = cls.partner
        at_home = {"company_id": cls.elsewhere.id, "company_ids": [Command.set(cls.elsewhere.ids)]}
        cls.visitors["foreign"].write(at_home)

    @classmethod
    def _make_deal(cls, **values):
        return super()._make_deal(**{"company_id": cls.env.company.id, **values})
