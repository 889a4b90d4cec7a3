from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import SignatureCase


@tagged("post_install", "-at_install")
class TestPolicy(SignatureCase):
    """How a role takes part is said in the template, and kept with each document that is sent."""

    def problems(self):
        return self.template._find_signers(self._make_deal(), self.salesman, self.signatory)[1]

    def test_template_form(self):
        form = Form(self.template.with_user(self.manager))
        with form.role_ids.edit(0) as line:
            self.assertEqual((line.participation, line.channel, line.authentication), ("sign", "email", "link"))
            line.channel = "both"
            line.authentication = "sms"
            line.may_forward = True
        form.save()
        self.partner.phone = "+40721234567"
        request = self.send()
        client = request.signer_ids[0]
        self.assertEqual((client.channel, client.authentication, client.may_forward), ("both", "sms", True))
        # what is sent stays as it was sent
        self.template.role_ids[0].channel = "email"
        self.assertEqual(client.channel, "both")

    def test_what_is_missing_is_said(self):
        line = self.template.role_ids[0]
        for values, problem in (
            ({"channel": "sms"}, "no phone number"),
            ({"channel": "both"}, "no phone number"),
            ({"authentication": "sms"}, "no phone number"),
            ({"authentication": "code"}, "no access code"),
        ):
            with self.subTest(values):
                line.write({"channel": "email", "authentication": "link", **values})
                (told,) = self.problems()
                self.assertIn(problem, told)
                self.assertIn("Zoë Țăndărică (Client)", told)
        self.partner.signature_access_code = "blue"
        self.assertFalse(self.problems())

    def test_secret_codes_are_not_forwarded(self):
        with self.assertRaisesRegex(ValidationError, "cannot forward"):
            self.template.role_ids[0].write({"authentication": "code", "may_forward": True})

    def test_access_code_on_the_contact(self):
        form = Form(self.partner.with_user(self.salesman))
        form.signature_access_code = "blue"
        form.save()
        self.assertEqual(self.partner.signature_access_code, "blue")
        self.assertFalse(self.partner.copy().signature_access_code)
        with self.assertRaisesRegex(ValidationError, "needs 4 to 100"):
            self.partner.signature_access_code = "a  b c"
        other = self._make_user("other", "base.group_user")
        arch = self.env["res.partner"].with_user(other).get_view()["arch"]
        self.assertNotIn('name="signature_access_code"', arch)
        with self.assertRaises(AccessError):
            self.partner.with_user(other).read(["signature_access_code"])

    def test_who_does_not_sign_needs_no_place(self):
        self.template.role_ids[1].participation = "view"
        self.template.body = "<p>{{signature;role=Client}}</p>"
        request = self.send()
        self.assertEqual(request.state, "sent", request.failure)
        self.sign(request.signer_ids[0])
        self.work()
        self.assertEqual(request.state, "completed", request.failure)
