from odoo import api, fields, models
from odoo.exceptions import ValidationError


class SignatureRole(models.Model):
    """Who takes part in a document, and how the person is found from the record."""

    _name = "signature.role"
    _description = "Signature role"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    company_id = fields.Many2one("res.company")
    policy = fields.Selection(
        [
            ("contact", "The customer of the record"),
            ("signatory", "Our signatory, named by the stage rule"),
            ("salesperson", "The salesperson of the record"),
            ("partner", "A fixed contact"),
        ],
        string="Who it is",
        required=True,
        default="contact",
    )
    partner_id = fields.Many2one("res.partner", string="Contact", check_company=True)

    _check_company_auto = True

    @api.constrains("policy", "partner_id")
    def _check_partner_id(self):
        for role in self:
            if role.policy == "partner" and not role.partner_id:
                raise ValidationError(self.env._("Choose the contact who plays the role “%s”.", role.name))

    def _find_person(self, record, user, signatory):
        """Return `(partner, user)` who plays this role for `record`; either may be empty.

        `user` is the salesperson who sends, `signatory` the user who signs for our company.
        """
        self.ensure_one()
        if self.policy == "contact":
            name = record._mail_get_partner_fields()
            return (record[name[0]] if name else self.env["res.partner"]), self.env["res.users"]
        if self.policy == "partner":
            return self.partner_id, self.env["res.users"]
        person = (signatory or user) if self.policy == "signatory" else user
        return person.partner_id, person

    def _matches(self, name):
        """Tell whether `name` is this role's name in any installed language, case ignored."""
        self.ensure_one()
        wanted = name.strip().casefold()
        return any(
            self.with_context(lang=code).name.strip().casefold() == wanted
            for code, __ in self.env["res.lang"].get_installed()
        )
