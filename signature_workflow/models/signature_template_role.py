from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize

from .signature_policy import ACTING, POLICY
from .signature_role import Person


class SignatureTemplateRole(models.Model):
    """One role of a template and its turn; roles of the same turn sign side by side."""

    _name = "signature.template.role"
    _inherit = ["signature.content", "signature.policy"]
    _description = "Signature template role"
    _order = "sequence, id"

    role_id = fields.Many2one("signature.role", required=True, ondelete="restrict")
    sequence = fields.Integer(
        "Turn", default=1, help="1 signs first. Roles with the same number sign at the same time."
    )
    policy = fields.Selection(related="role_id.policy")
    any_of = fields.Boolean(
        "One of them is enough",
        help="When the role finds several people, all get a link, and who signs first signs for all of them.",
    )

    _role_uniq = models.Constraint("UNIQUE (template_id, role_id)", "A role takes part once in a template.")

    @api.constrains("role_id", "template_id")
    def _check_path(self):
        for line in self.filtered(lambda line: line.role_id.policy == "path"):
            # Odoo checks with all rights, but it is the author's that count
            line.role_id._check_path(self.sudo(False).env[line.template_id.model])

    @api.constrains("authentication", "may_forward")
    def _check_may_forward(self):
        for line in self:
            if line.may_forward and line.authentication == "code":
                raise ValidationError(
                    self.env._(
                        "“%s” is asked for an access code that only they know, so they cannot forward. Take away the "
                        "code or the forwarding.",
                        line.role_id.name,
                    )
                )

    def _find_people(self, record, user, signatory):
        """Return `(persons, problem)`: who plays the role for `record`, or the sentence that says why nobody can."""
        self.ensure_one()
        role = self.role_id
        people = role._find_people(record, user, signatory)
        if not people:
            return [], role._nobody(record)
        if len(people) == 1 or self.any_of or role.policy == "group":
            return people, None
        if role.policy == "company_signatory":
            return people[:1], None
        return [], self.env._(
            "The role “%(role)s” finds several people: %(names)s. Tick “One of them is enough” in the template "
            "“%(template)s”, or choose a field in the role that names one person.",
            role=role.name,
            names=", ".join(person.name or person.email for person in people),
            template=self.template_id.name,
        )

    def _testers(self, people, user):
        """Return Persons with the names of `people`, or of the role, whose mails go to `user`."""
        partner, nobody = user.partner_id, self.env["res.users"]
        return [
            Person(partner, person.user and user, person.name or self.role_id.name, user.email, user.lang, False)
            for person in people or [Person(partner, nobody, "", "", "", "")]
        ]

    def _policy(self, channel=None, is_test=False):
        """Return how this role takes part, as values of a signer.

        A test, and a copy, go by e-mail and ask for no code.
        """
        policy = {name: self[name] for name in POLICY}
        if is_test or self.participation == "copy":
            return policy | {"channel": "email", "authentication": "link", "may_forward": False}
        return policy | {"channel": channel or self.channel}

    def _lacking(self, person, policy):
        """Return the sentences that say what `person` lacks to take part like that, and what to do."""
        name = person.name or person.email or self.role_id.name
        who = self.env._("%(name)s (%(role)s)", name=name, role=self.role_id.name)
        ways, problems = (policy["channel"], policy["authentication"]), []
        if ({"email", "both"} & {*ways} or policy["participation"] == "copy") and not email_normalize(person.email):
            problems.append(self.env._("%s has no valid e-mail address. Enter it on the contact, then try again.", who))
        if {"sms", "both"} & {*ways} and not person.phone:
            problems.append(
                self.env._(
                    "%s has no phone number that an SMS can go to. Enter it on the contact, with the country code, "
                    "then try again.",
                    who,
                )
            )
        if policy["authentication"] == "code" and not person.partner.signature_access_code:
            problems.append(
                self.env._("%s has no access code. Agree on one, enter it on the contact, then try again.", who)
            )
        return problems

    def _signer_values(self, person, policy):
        """Return the values of the signer, who lacks nothing."""
        return {
            "role_id": self.role_id.id,
            "sequence": self.sequence,
            "partner_id": person.partner.id,
            "user_id": person.user.id,
            "name": person.name or email_normalize(person.email) or person.phone,
            "email": email_normalize(person.email),
            "phone": person.phone,
            "lang": person.lang or self.env.lang,
            "tz": person.partner.tz,
            **policy,
        }


class SignatureTemplate(models.Model):
    """Who signs."""

    _inherit = "signature.template"

    @api.constrains("model_id")
    def _check_role_paths(self):
        self.role_ids._check_path()

    def _find_signers(self, record, user, signatory, overrides=None, is_test=False, channels=None):
        """Return `(signers, problems)`: values of the signers of `record`'s document, and who or what is missing.

        `user` is the salesperson who sends, `signatory` the user who signs for our company; `overrides` are contacts,
        or parts as in `people` of a request, by role id, who play it instead of whom the role finds, `channels` the
        ways chosen instead of the role's.
        Several signers of one role are a group, of whom one is enough. Each problem is a sentence with the next step.
        A test goes to `user` in everybody's name.

        People are found with all rights: the caller checks that the user may read `record` and the chosen contacts.
        """
        self.ensure_one()
        record, lines, overrides = record.sudo(), self.sudo().role_ids, overrides or {}
        signers, problems = [], []
        if not any(line.participation in ACTING for line in lines):
            problems.append(self.env._("In the template “%s” nobody signs or approves. Add who does.", self.name))
        for line in lines:
            role = line.role_id
            if role.id in overrides:
                people = role._chosen_persons(overrides[role.id])
                problem = None if people else role._nobody(record)
            else:
                people, problem = line._find_people(record, user, signatory)
            if is_test:
                people, problem = line._testers(people, user.sudo()), None
            if problem:
                problems.append(problem)
            for person in people:
                policy = line._policy(person.channel or (channels or {}).get(role.id), is_test)
                if lacking := line._lacking(person, policy):
                    problems += lacking
                else:
                    signers.append(line._signer_values(person, policy))
        return signers, problems
