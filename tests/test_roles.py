from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import SignatureCase


class RoleCase(SignatureCase):
    def make_role(self, policy, **values):
        return self.env["signature.role"].create({"name": "Somebody", "policy": policy, **values})

    def make_template(self, role, **line):
        return self._make_template(role_ids=[(0, 0, {"role_id": role.id, **line})], kind="html", body="<p/>")

    def find(self, template, record=None, **options):
        return template._find_signers(record or self._make_deal(), self.salesman, self.signatory, **options)

    def names(self, template, record=None, **options):
        signers, problems = self.find(template, record, **options)
        self.assertFalse(problems)
        return [signer["name"] for signer in signers]

    def problem(self, template, record=None, **options):
        signers, problems = self.find(template, record, **options)
        self.assertFalse(signers)
        (problem,) = problems
        return problem

    def make_company(self, *contacts):
        """Return a company and its contacts, given as `(name, job, whether marked)`."""
        company = self.env["res.partner"].create({"name": "Azure", "is_company": True})
        values = [
            {
                "name": name,
                "function": job,
                "is_signatory": marked,
                "email": f"{name.lower()}@azure.example",
                "parent_id": company.id,
            }
            for name, job, marked in contacts
        ]
        return company, [self.env["res.partner"].create(each) for each in values]


@tagged("post_install", "-at_install")
class TestFindSigners(RoleCase):
    """Each policy finds its person from the record, or says what to do."""

    def test_customer_and_our_signatory(self):
        self.template.role_ids[1].sequence = 5
        client, company = self.find(self.template)[0]
        self.assertEqual(
            client,
            {
                "role_id": self.role_client.id,
                "sequence": 1,
                "partner_id": self.partner.id,
                "user_id": False,
                "name": "Zoë Țăndărică",
                "email": "zoe@client.example",
                "lang": "en_US",
                "tz": self.partner.tz,
                "phone": False,
                "participation": "sign",
                "channel": "email",
                "authentication": "link",
                "may_forward": False,
            },
        )
        self.assertEqual((company["user_id"], company["sequence"]), (self.signatory.id, 5))

    def test_customer_of_a_contact(self):
        template = self.make_template(self.role_client)
        template.model_id = self.env["ir.model"]._get("res.partner")
        self.assertEqual(self.names(template, self.partner), ["Zoë Țăndărică"])

    def test_all_that_is_missing_is_said_at_once(self):
        self.partner.email = "nonsense"
        roles = [self.role_client, self.make_role("company_signatory"), self.make_role("path", path="partner_id.phone")]
        template = self._make_template(role_ids=[(0, 0, {"role_id": role.id}) for role in roles], body="<p/>")
        signers, problems = self.find(template)
        self.assertFalse(signers)
        self.assertEqual(len(problems), 3)
        self.assertIn("Zoë Țăndărică (Client) has no valid e-mail address", problems[0])
        self.assertIn("Phone (partner_id.phone)", problems[2])

    def test_template_in_which_nobody_acts(self):
        for roles in ([], [(0, 0, {"role_id": self.role_client.id, "participation": "view"})]):
            template = self._make_template(role_ids=roles, body="<p/>")
            self.assertIn("nobody signs or approves", self.find(template)[1][0])

    def test_salesperson_and_fixed_people(self):
        for role, name in (
            (self.make_role("salesperson"), "Saul"),
            (self.make_role("user", user_id=self.manager.id), "Manager"),
            (self.make_role("partner", partner_id=self.partner.id), "Zoë Țăndărică"),
        ):
            with self.subTest(role.policy):
                self.assertEqual(self.names(self.make_template(role)), [name])

    def test_colleague_found_as_a_contact(self):
        template = self.make_template(self.make_role("partner", partner_id=self.manager.partner_id.id))
        self.assertEqual(self.find(template)[0][0]["user_id"], self.manager.id)

    def test_who_has_left_signs_no_more(self):
        for role, step in (
            (self.make_role("user", user_id=self.salesman.id), "Choose the person in the role"),
            (self.make_role("partner", partner_id=self.partner.id), "Choose the person in the role"),
            (self.make_role("path", path="user_id"), "Fill in Salesperson (user_id)"),
            (self.make_role("salesperson"), "Set the salesperson"),
            (self.role_company, "Choose who signs for our company"),
        ):
            with self.subTest(role.policy):
                template = self.make_template(role)
                self.assertEqual(len(self.names(template)), 1)
                people = self.salesman | self.signatory
                people.active = self.partner.active = False
                self.assertIn(step, self.problem(template))
                people.active = self.partner.active = True

    def test_role_needs_its_person(self):
        for policy in ("user", "partner", "group", "path"):
            with self.subTest(policy), self.assertRaisesRegex(ValidationError, "Choose who plays"):
                self.make_role(policy)

    def test_signatory_of_the_company_is_the_marked_contact(self):
        template = self.make_template(self.make_role("company_signatory", function_words="CEO"))
        company, (assistant, *_others) = self.make_company(
            ("Ada", "Assistant", False), ("Bob", "CEO", False), ("Cy", "Legal", True), ("Di", "Legal", True)
        )
        self.assertEqual(self.names(template, self._make_deal(partner_id=assistant.id)), ["Cy"])
        self.assertEqual(self.names(template, self._make_deal(partner_id=company.id)), ["Cy"])
        template.role_ids.any_of = True
        self.assertEqual(self.names(template, self._make_deal(partner_id=company.id)), ["Cy", "Di"])

    def test_marked_customer_comes_before_the_other_marked(self):
        template = self.make_template(self.make_role("company_signatory"))
        __, (_first, second) = self.make_company(("Ada", "", True), ("Bob", "", True))
        self.assertEqual(self.names(template, self._make_deal(partner_id=second.id)), ["Bob"])

    def test_signatory_of_the_company_by_job(self):
        role = self.make_role("company_signatory", function_words="CEO, Directeur général; Managing director")
        template = self.make_template(role)
        for jobs, name in (
            (("Buyer", "DIRECTEUR GENERAL"), "Bob"),
            (("Director, Managing", "Buyer"), "Ada"),
            (("Assistant to the CEO", "Managing Director"), "Bob"),
            (("Managing director", "ceo"), "Bob"),
            (("Founder & CEO", "Art director"), "Ada"),
        ):
            with self.subTest(jobs):
                company, __ = self.make_company(("Ada", jobs[0], False), ("Bob", jobs[1], False))
                self.assertEqual(self.names(template, self._make_deal(partner_id=company.id)), [name])

    def test_customer_without_a_company_signs_in_person(self):
        template = self.make_template(self.make_role("company_signatory"))
        self.assertEqual(self.names(template), ["Zoë Țăndărică"])

    def test_nobody_signs_for_the_company(self):
        template = self.make_template(self.make_role("company_signatory", function_words="CEO"))
        company, __ = self.make_company(("Ada", "Buyer", False))
        self.assertIn(
            "contact of “Azure” who signs there", self.problem(template, self._make_deal(partner_id=company.id))
        )
        self.assertIn("Set the customer", self.problem(template, self._make_deal(partner_id=False)))

    def test_chosen_person_instead_of_the_role(self):
        role = self.make_role("company_signatory")
        template, other = self.make_template(role), self.manager.partner_id
        (signer,) = self.find(template, overrides={role.id: other})[0]
        self.assertEqual((signer["name"], signer["user_id"]), ("Manager", self.manager.id))
        self.assertIn("Nobody plays", self.problem(template, overrides={role.id: other.browse()}))

    def test_chosen_people_of_a_request(self):
        role = str(self.role_client.id)
        request = self.template._make_requests(
            self._make_deal(), signatory=self.signatory, people={role: self.manager.partner_id.id}
        )
        self.work()
        self.assertEqual(request.signer_ids[0].name, "Manager", request.failure)
        self.assertEqual(request.template_version, self.template.version)

    def test_test_goes_to_the_tester_in_everybodys_name(self):
        self.template.body = "<p>{{signature;role=Client}}</p><p>{{signature;role=Our company}}</p>"
        request = self.template._make_requests(
            self._make_deal(partner_id=False), signatory=self.signatory, is_test=True
        )
        self.work()
        self.assertEqual(request.state, "sent", request.failure)
        self.assertEqual(request.signer_ids.mapped("name"), ["Client", "Ceo"])
        self.assertEqual(set(request.signer_ids.mapped("email")), {request.user_id.email})
        self.assertEqual(request.signer_ids.mapped("user_id"), request.user_id)

    def test_batch_is_read_together(self):
        template = self.make_template(self.make_role("company_signatory", function_words="CEO"))

        def count(number):
            people = [self.make_company(("Ada", "", False), ("Bob", "CEO", False))[1][0] for __ in range(number)]
            deals = self.env["crm.lead"].concat(*(self._make_deal(partner_id=person.id) for person in people))
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            for deal in deals:
                self.assertEqual(self.names(template, deal), ["Bob"])
            return self.env.cr.sql_log_count - before

        count(1)
        self.assertEqual(count(20), count(1))


@tagged("post_install", "-at_install")
class TestRolePath(RoleCase):
    """A field path from the record leads to who plays the role."""

    def path(self, path, **line):
        return self.make_template(self.make_role("path", path=path), **line)

    def test_contact_user_and_address(self):
        deal = self._make_deal(email_cc='"Ana Pop" <ana@pop.example>')
        for path, name, email, user in (
            ("partner_id", "Zoë Țăndărică", "zoe@client.example", False),
            ("team_id.user_id", "Manager", "manager@company.example", self.manager.id),
            ("email_cc", "Ana Pop", "ana@pop.example", False),
            ("partner_id.email", "zoe@client.example", "zoe@client.example", False),
        ):
            with self.subTest(path):
                self.team.user_id = self.manager
                (signer,), problems = self.find(self.path(path), deal)
                self.assertFalse(problems)
                self.assertEqual((signer["name"], signer["email"], signer["user_id"]), (name, email, user))

    def test_empty(self):
        self.assertIn(
            "Fill in Salesperson: ", self.problem(self.path("user_id.partner_id"), self._make_deal(user_id=False))
        )

    def test_several_people(self):
        deal = self._make_deal(email_cc="ana@pop.example, ion@pop.example")
        template = self.path("email_cc")
        self.assertIn("finds several people: ana@pop.example, ion@pop.example", self.problem(template, deal))
        template.role_ids.any_of = True
        self.assertEqual(self.names(template, deal), ["ana@pop.example", "ion@pop.example"])

    def test_path_that_leads_nowhere_is_refused(self):
        for path in ("nowhere", "partner_id.country_id", "date_deadline", "partner_id.signup_type", "name.upper"):
            with self.subTest(path), self.assertRaisesRegex(ValidationError, "“Somebody” finds nobody from Lead"):
                self.path(path)

    def test_path_is_checked_when_role_or_template_change(self):
        template = self.path("partner_id")
        with self.assertRaisesRegex(ValidationError, "finds nobody"):
            template.role_ids.role_id.path = "nowhere"
        template.role_ids.role_id.path = "team_id.user_id"
        with self.assertRaisesRegex(ValidationError, "finds nobody from Contact"):
            template.model_id = self.env["ir.model"]._get("res.partner")

    def test_author_needs_the_right_to_read_the_path(self):
        role, author = (
            self.make_role("path", path="partner_id"),
            self._make_user("author", "signature_workflow.group_manager"),
        )
        values = {"name": "T", "body": "<p/>", "role_ids": [(0, 0, {"role_id": role.id})]}
        templates = self.env["signature.template"]
        with self.assertRaisesRegex(ValidationError, "finds nobody"):
            templates.with_user(author).create(values)
        self.assertTrue(templates.with_user(self.manager).create(values))


@tagged("post_install", "-at_install")
class TestTwoRoles(RoleCase):
    """A person may play two roles of one document."""

    def test_two_links_that_name_the_role(self):
        seller = self.env.ref("signature_workflow.role_salesperson")
        self.template.role_ids = [(0, 0, {"role_id": seller.id, "sequence": 2})]
        self.template.body += "<p>{{signature;role=Salesperson}}</p>"
        self.rule.signatory_id = self.salesman
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.work()
        request = self.requests_of(deal)
        client, *both = request.signer_ids
        self.sign(client)
        mails = [mail["body"] for mail in self.work()]
        self.assertEqual([signer.user_id for signer in both], [self.salesman] * 2)
        self.assertEqual(len(mails), 2)
        for role in ("Our company", "Salesperson"):
            self.assertEqual(sum(role in mail for mail in mails), 1, role)
        self.assertEqual(self.sign(both[0]), "signed")
        self.assertEqual(self.sign(both[1]), "sealing")
