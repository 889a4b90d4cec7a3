import re
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import remove_accents
from odoo.tools.mail import email_split_tuples


class Person(NamedTuple):
    """Somebody who plays a role; `partner` and `user` may be empty recordsets, the texts empty.

    `channel` is the way in which they in particular get their link, where that is known.
    """

    partner: models.BaseModel
    user: models.BaseModel
    name: str
    email: str
    lang: str
    phone: str
    channel: str = ""


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
            ("contact", "The customer"),
            ("company_signatory", "Who signs for the customer's company"),
            ("signatory", "Who signs for our company"),
            ("salesperson", "The salesperson"),
            ("user", "Always the same colleague"),
            ("partner", "Always the same contact"),
            ("group", "Any one of several people"),
            ("path", "Somebody named on the record"),
        ],
        string="Who it is",
        required=True,
        default="contact",
    )
    partner_id = fields.Many2one("res.partner", string="Contact")
    user_id = fields.Many2one("res.users", string="Colleague", domain=[("share", "=", False)])
    member_ids = fields.Many2many("res.partner", string="People")
    function_words = fields.Char(
        "Job positions",
        help="Separated by commas. Used when no contact of the company is marked “Signs for the company”.",
    )
    path = fields.Char("Field", help="Path from the record to a contact, a user or an e-mail address.")
    path_model = fields.Char(compute="_compute_path_model")

    def _compute_path_model(self):
        lines = self.env["signature.template.role"].sudo()
        for role in self:
            line = lines.search([("role_id", "=", role._origin.id)], limit=1)
            role.path_model = line.template_id.model or "crm.lead"

    @api.constrains("policy", "partner_id", "user_id", "member_ids", "path")
    def _check_policy(self):
        needed = {"partner": "partner_id", "user": "user_id", "group": "member_ids", "path": "path"}
        for role in self:
            if role.policy in needed and not role[needed[role.policy]]:
                raise ValidationError(self.env._("Choose who plays the role “%s”.", role.name))
        self.env["signature.template.role"].search([("role_id", "in", self.ids)])._check_path()

    def _check_path(self, model):
        """Raise ValidationError unless the path leads from `model`, an empty recordset of the author, to people."""
        self.ensure_one()
        title = self.env["ir.model"]._get(model._name).name
        try:
            __, field = self.env["signature.merge"]._follow(model, self.path)
        except UserError as error:
            raise ValidationError(
                self.env._(
                    "The role “%(role)s” finds nobody from %(model)s. %(problem)s",
                    role=self.name,
                    model=title,
                    problem=error,
                )
            ) from error
        if field.type != "char" and not (field.relational and field.comodel_name in ("res.partner", "res.users")):
            raise ValidationError(
                self.env._(
                    "The role “%(role)s” finds nobody from %(model)s: “%(path)s” is not a contact, a user or an "
                    "e-mail address. Choose another field in the role.",
                    role=self.name,
                    model=title,
                    path=self.path,
                )
            )

    # Who plays the role

    def _find_people(self, record, user, signatory):
        """Return the Persons who may play this role for `record` (sudo), the best one first.

        `user` is the salesperson who sends, `signatory` the user who signs for our company.
        """
        self.ensure_one()
        match self.policy:
            case "contact":
                return self._customer_person(record)
            case "company_signatory":
                return self._partner_persons(self._company_signatories(record))
            case "signatory":
                return self._user_persons(signatory or user)
            case "salesperson":
                return self._user_persons(user)
            case "user":
                return self._user_persons(self.user_id)
            case "partner":
                return self._partner_persons(self.partner_id.filtered("active"))
            case "group":
                return self._partner_persons(self.member_ids)
        return self._path_persons(record)

    @api.model
    def _person(self, partner, user):
        return Person(partner, user, partner.name, partner.email, partner.lang, partner.phone_sanitized)

    @api.model
    def _partner_persons(self, partners):
        """Return the Persons of contacts (a recordset or a list); some of them are colleagues."""
        persons = []
        for partner in partners:
            contact = partner.sudo()
            colleague = contact.user_ids.filtered(lambda user: not user.share)[:1]
            persons.append(self._person(contact, colleague))
        return persons

    @api.model
    def _chosen_persons(self, chosen):
        """Return the Persons of `chosen`: a contact, or those of a part as `people` of a request may hold them."""
        if not isinstance(chosen, list):
            return self._partner_persons(chosen)
        contacts, users = self.env["res.partner"].sudo(), self.env["res.users"].sudo()
        return [
            Person(
                contacts.browse(each["partner_id"]).exists(),
                users.browse(each["user_id"]).exists(),
                *(each[name] for name in Person._fields[2:]),
            )
            for each in chosen
        ]

    @api.model
    def _user_persons(self, users):
        """Return the Persons of users; who has left signs no more."""
        return [self._person(user.partner_id, user) for user in users.sudo() if user.active]

    @api.model
    def _customer(self, record):
        """Return the contact that the record is for; read for the whole batch that `record` is prefetched with."""
        if record._name == "res.partner":
            return record
        names = record._mail_get_partner_fields()
        partners = record[names[0]] if names else self.env["res.partner"]
        # a slice would be read alone
        return next(iter(partners), partners)

    def _customer_person(self, record):
        partner, nobody = self._customer(record), self.env["res.users"]
        if partner:
            return [self._person(partner, nobody)]
        contact = record._signature_contact()
        return [Person(partner, nobody, **contact)] if contact["email"] or contact["phone"] else []

    def _company_signatories(self, record):
        """Return the contacts who sign for the customer's company: who is marked so, else who has a fitting job.

        The record's own contact comes before the others; a customer without a company signs in person.
        """
        customer = self._customer(record)
        company = customer.commercial_partner_id
        if not company.is_company:
            return list(customer)
        contacts = [c for c in dict.fromkeys([customer, *company.child_ids]) if not c.is_company]
        return [contact for contact in contacts if contact.is_signatory] or self._with_job(contacts)

    def _with_job(self, contacts):
        """Return those of `contacts` with one of the jobs of this role, the closest first."""
        jobs = [words for part in re.split("[,;]", self.function_words or "") if (words := self._words(part))]
        ranked = []
        for contact in contacts:
            job = self._words(contact.function)
            # “CEO” comes before “Assistant to the CEO”
            ranks = [(len(job - words), rank) for rank, words in enumerate(jobs) if words <= job]
            if ranks:
                ranked.append((min(ranks), contact))
        return [contact for __, contact in sorted(ranked, key=lambda pair: pair[0])]

    @api.model
    def _words(self, text):
        return frozenset(re.findall(r"\w+", remove_accents(text or "").casefold()))

    def _path_persons(self, record):
        records, field = self.env["signature.merge"]._follow(record, self.path)
        if field.relational:
            people = records[field.name]
            if people._name == "res.users":
                return self._user_persons(people)
            return self._partner_persons(people.filtered("active"))
        partner, user = self.env["res.partner"], self.env["res.users"]
        return [
            Person(partner, user, name, email, False, False)
            for one in records
            for name, email in (email_split_tuples(one[field.name]) or [("", one[field.name])])
            if email
        ]

    def _nobody(self, record):
        """Return the sentence that says that nobody plays this role for `record`, and what to do."""
        self.ensure_one()
        return self.env._(
            "Nobody plays the role “%(role)s” for “%(record)s”. %(step)s",
            role=self.name,
            record=record.display_name,
            step=self._missing_step(record),
        )

    def _missing_step(self, record):
        match self.policy:
            case "path":
                label = self.env["signature.merge"]._label(record.with_env(self.env), self.path)
                return self.env._("Fill in %s, then try again.", label)
            case "company_signatory" if customer := self._customer(record):
                return self.env._(
                    "Open the contact of “%s” who signs there and tick “Signs for the company”, then try again.",
                    customer.commercial_partner_id.display_name,
                )
            case "contact" | "company_signatory":
                return self.env._("Set the customer, or at least an e-mail address, then try again.")
            case "salesperson":
                return self.env._("Set the salesperson, then try again.")
            case "signatory":
                return self.env._("Choose who signs for our company, then try again.")
        return self.env._("Choose the person in the role, then try again.")

    def _matches(self, name):
        """Tell whether `name` is this role's name in any installed language, case ignored."""
        self.ensure_one()
        wanted = name.strip().casefold()
        return any(
            self.with_context(lang=code).name.strip().casefold() == wanted
            for code, __ in self.env["res.lang"].get_installed()
        )
