"""What comes in from outside: names with markup, forged hosts, reports of delivery, template code, hostile files."""

import base64
import json
import re
import threading
from unittest.mock import patch

from lxml import html
from odoo.addons.signature_workflow.signature_workflow.models import signature_sending
from odoo.addons.signature_workflow.signature_workflow.models.signature_sending import LIMITS
from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..signature_workflow.engine.errors import PdfRefused
from ..signature_workflow.engine.pdf import child
from ..signature_workflow.engine.pdf import inspect as door
from . import pdf_samples
from .common import SignatureCase, pdf_text
from .test_http_signing import SignatureHttpCase
from .test_sms import SmsFixture

MARKUP = '<b>x</b><img src=x onerror=alert(1)>{{7*7}}<t t-out="7*7"/>&amp;"\''


@tagged("post_install", "-at_install")
class TestMarkup(SignatureHttpCase):
    """What people write is text wherever it is shown."""

    def assertHarmless(self, page, where):
        tree = html.fromstring(page)
        self.assertFalse(tree.xpath("//img[@src='x'] | //*[@onerror='alert(1)'] | //b[text()='x']"), where)
        self.assertNotIn(">49<", page, where)

    @mute_logger("odoo.http")
    def test_names_with_markup(self):
        self.env.company.name = f"Company {MARKUP}"
        self.partner.name = f"Client {MARKUP}"
        self.salesman.name = f"Seller {MARKUP}"
        self.template.name = f"Template {MARKUP}"
        self.role_client.name = f"Role {MARKUP}"
        deal = self._make_deal(name=f"Deal {MARKUP}", company_id=self.env.company.id)
        deal.stage_id = self.stage_sign
        mails = self.work()
        request = self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        token = self.link_of(mails, "zoe@client.example")
        client, company = request.signer_ids.sorted("sequence")
        self.assertIn(MARKUP, client.name)
        pages = {"page": self.url_open(f"/sign/{token}").text}
        config = re.search(r'id="o_sign_config">(.*?)</script>', pages["page"], re.DOTALL)[1]
        self.assertIn("onerror", json.loads(config)["signerName"])
        self.assertNotIn("<img", config)
        self.submit(token, client, text="PO")
        mails += self.work()
        self.submit(self.link_of(mails, "ceo@company.example"), company, nonce="c")
        mails += self.work()
        self.assertEqual(request.state, "completed", request.failure)
        pages["signed"] = self.url_open(f"/sign/{token}").text
        # the words in the sealed file are those that were written
        self.assertIn("onerror=alert(1)", pdf_text(request.final_id.raw))
        cancelled, other = self._send_another(deal, mails)
        self.call(f"/sign/{other}/decline", reason=f"Reason {MARKUP}", nonce="n")
        self.env.invalidate_all()
        self.assertEqual(cancelled.state, "declined")
        mails += self.work()
        pages["declined"] = self.url_open(f"/sign/{other}").text
        pages |= {f"mail {number}": mail["body"] for number, mail in enumerate(mails)}
        pages |= {f"chatter {message.id}": message.body for message in deal.message_ids if message.body}
        pages |= {f"to-do {todo.id}": todo.note for todo in deal.activity_ids if todo.note}
        self.authenticate("saul", "saul-password")
        pages["see as"] = self.url_open(f"/signature_workflow/signer/{client.id}").text
        user = self._make_user("zoe", "base.group_portal")
        user.partner_id = self.partner
        self.authenticate("zoe", "zoe-password")
        pages["account"] = self.url_open("/my/signatures").text
        for where, page in pages.items():
            with self.subTest(where):
                self.assertHarmless(page, where)
        self.assertTrue(any("onerror" in page for where, page in pages.items() if where.startswith("chatter")))
        self.assertTrue(any("onerror" in page for where, page in pages.items() if where.startswith("mail")))

    def _send_another(self, deal, mails):
        request = self.template._make_requests(deal, signatory=self.signatory)
        mails += self.work()
        return request, self.link_of(mails[-1:], "zoe@client.example")

    def test_names_of_several_lines(self):
        self.partner.name = "Zoe\r\nBcc: spy@evil.example"
        deal = self._make_deal(name='a"\r\nX-Evil: 1\r\n\r\n<script>../../etc/passwd')
        deal.stage_id = self.stage_sign
        mails, request = self.work(), self.requests_of(deal)
        self.assertEqual(request.state, "sent", request.failure)
        token = self.link_of(mails, "zoe@client.example")
        self.assertEqual(mails[0]["email_to"], ['"Zoe Bcc: spy@evil.example" <zoe@client.example>'])
        self.assertFalse(mails[0]["email_cc"] or mails[0].get("email_bcc"))
        response = self.url_open(f"/sign/{token}/document?download=1")
        self.assertEqual(response.status_code, 200, request.failure)
        self.assertNotIn("X-Evil", response.headers)
        self.assertEqual(response.headers["Content-Type"], "application/pdf")


@tagged("post_install", "-at_install")
class TestForgedHosts(SignatureHttpCase):
    """Links are those of the configured address, whatever a browser says it was."""

    def test_links_and_redirects(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://sign.company.example")
        __, token = self.send()
        evil = {
            "Host": "evil.example",
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
            "Forwarded": "host=evil.example",
        }
        client = self.env["signature.signer"]._from_token(token)
        client.authentication = "email"
        for path in (f"/sign/{token}", f"/s/{token}", "/sign/x", "/verify"):
            for name, value in evil.items():
                if name == "Host":
                    continue  # the web server of the tests finds the database by it
                response = self.url_open(path, headers={name: value}, allow_redirects=False)
                self.assertNotIn("evil.example", response.text + str(response.headers), f"{name} of {path}")
        client.authentication = "link"
        client.may_forward = True
        body = {"params": {"name": "Bob", "email": "bob@client.example"}}
        self.url_open(
            f"/sign/{token}/forward", json=body, headers={name: evil[name] for name in evil if name != "Host"}
        )
        (mail,) = [mail for mail in self.work() if "bob@" in str(mail["email_to"])]
        self.assertIn("https://sign.company.example/sign/", mail["body"])
        self.assertNotIn("evil.example", mail["body"])


@tagged("post_install", "-at_install")
class TestDeliveryReports(SmsFixture):
    """Who does not know the number of a message says nothing of it."""

    @mute_logger("odoo.http", "odoo.addons.sms.controllers.main")
    def test_forged_reports(self):
        request = self.send_by_sms()
        self.text()
        tracker = self.env["sms.tracker"].search([("signature_signer_id", "in", request.signer_ids.ids)])
        self.assertTrue(tracker)
        kinds = self.kinds(request)
        for uuids in (["0" * 32], ["x"], [], [tracker.sms_uuid[:-1]], ["%"], [tracker.sms_uuid.upper() + "0"], None, 7):
            for status in ("delivered", "not_delivered", "<b>x</b>", "server_error"):
                self.call("/sms/status", message_statuses=[{"sms_status": status, "uuids": uuids}])
        self.tell()
        self.assertEqual(self.kinds(request), kinds)
        self.assertFalse(tracker.signature_failure)
        # those who could report in its name do not see it
        for user in (self.salesman, self.manager):
            self.assertFalse(self.env["sms.tracker"].with_user(user).has_access("read"))
            self.assertFalse(self.env["sms.sms"].with_user(user).has_access("read"))

    def test_what_a_number_costs(self):
        """Every way to a text message is counted, so that nobody is made to pay for more than the limits."""
        self.client_role.authentication = "sms"
        counted = self.env["signature.sending"]
        (__, __, limit), *__ = LIMITS["sms"]
        request = self.send_by_sms()
        client = request.signer_ids.sorted("sequence")[0].sudo()
        for _again in range(limit + 2):
            client.date_reminded = False
            client.action_resend()
        self.assertEqual(counted.search_count([("address", "=", client.phone)]), limit)
        self.assertLessEqual(len(self.text()), limit)
        # neither does another document to the same number
        self.send_by_sms()
        self.assertFalse(self.text())

    def test_what_a_document_costs(self):
        self.patch(signature_sending, "LIMITS", {"sms": [_limit("sms", "signer_id.request_id", 2)]})
        client = self.send_by_sms().signer_ids.sorted("sequence")[0].sudo()
        for number in range(3):
            client.phone = f"+4072123456{number}"
            client.date_reminded = False
            client.action_resend()
        self.assertEqual(len(self.text()), 2)
        self.send_by_sms()
        self.assertEqual(len(self.text()), 1)

    def test_what_a_user_costs(self):
        self.patch(signature_sending, "LIMITS", {"sms": [_limit("sms", "signer_id.request_id.user_id", 2)]})
        for number in range(3):
            self.partner.phone = f"+4072123456{number}"
            self.send_by_sms()
        self.assertEqual(len(self.text()), 2)
        self.send_by_sms(user_id=self.manager.id)
        self.assertEqual(len(self.text()), 1)


def _limit(channel, path, number):
    """Return the limit that counts messages by `path`, with so many instead of its own."""
    ((hours, __),) = [rest for counted, *rest in LIMITS[channel] if counted == path]
    return path, hours, number


@tagged("post_install", "-at_install")
class TestMailBombing(SignatureHttpCase):
    """Visitors cannot have us send e-mails without end."""

    def setUp(self):
        super().setUp()
        self.template.role_ids[0].may_forward = True

    def forward(self, token, email):
        """Hand the document on; return what the visitor is told, and the links that went to `email`."""
        response = self.url_open(f"/sign/{token}/forward", json={"params": {"name": "Bob", "email": email}})
        mails = [mail for mail in self.work() if email in str(mail["email_to"])]
        return response.text, [self.link_of([mail], email) for mail in mails]

    def test_limits(self):
        for path, email in (
            ("address", "bob1@client.example"),
            ("signer_id.request_id", "bob2@client.example"),
            ("signer_id.request_id.user_id", "bob2@client.example"),
        ):
            with self.subTest(path):
                self.env["signature.sending"].search([]).unlink()
                self.patch(signature_sending, "LIMITS", {"email": [_limit("email", path, 1)]})
                __, token = self.send()
                __, (passed_on,) = self.forward(token, "bob1@client.example")
                if path != "signer_id.request_id":
                    __, passed_on = self.send()
                told, links = self.forward(passed_on, email)
                self.assertIn("Too many", told)
                self.assertFalse(links)


@tagged("post_install", "-at_install")
class TestTemplateCode(SignatureCase):
    """Templates hold field paths, never code, and lead to nothing that is kept for some."""

    PATHS = (
        "__class__", "__class__.__mro__", "env", "env.cr", "sudo", "sudo()", "_fields", "_cr", "pool", "ids",
        "_context", "user_id.password", "user_id.new_password", "create_uid.totp_secret",
        "partner_id.signup_token", "partner_id.signature_access_code",
        "company_id.partner_id.bank_ids.sanitized_acc_number()", "partner_id['name']", "name.upper()",
        "name + name", "7*7", "object.name", "request", "user.login", "partner_id.user_ids.api_key_ids.key",
        "access_token", "partner_id.image_1920", "message_ids.body.__class__", "user_id.env", "lambda: 1",
        "name;drop",
    )  # fmt: skip

    def test_paths(self):
        merge, deal = self.env["signature.merge"].with_user(self.manager), self._make_deal().with_user(self.manager)
        for path in self.PATHS:
            with self.subTest(path):
                with self.assertRaises(UserError):
                    merge._follow(deal, path)
                if ";" in path:
                    continue
                with self.assertRaises(UserError):
                    self._make_template(kind="html", body=f"<p>{{{{{path}}}}}</p><p>{{{{signature;role=Client}}}}</p>")

    def test_odoo_code_in_a_text(self):
        for code in (
            '<t t-out="object.env.cr"/>',
            '<t t-out="object.sudo().name"/>',
            '<t t-out="object.user_id.password"/>',
            '<t t-foreach="object.env" t-as="x"/>',
            '<t t-out="request.env"/>',
            '<t t-out="object.name.__class__"/>',
            '<p t-att-onclick="object.name">x</p>',
            "<t t-set='x' t-value='object'/>",
        ):
            with self.subTest(code), self.assertRaises(UserError):
                self._make_template(kind="html", body=f"<p>{code}</p><p>{{{{signature;role=Client}}}}</p>")

    @mute_logger("odoo.http")
    def test_a_change_cannot_be_kept_quiet(self):
        self.template._make_requests(self._make_deal(), signatory=self.signatory)
        self.work()
        lines = self.template.role_ids.with_env(self.env(user=self.manager, su=False))
        for value in (True, 1, "x", {}, []):
            version = self.template.version
            args, context = [lines[0].ids, {"sequence": lines[0].sequence + 1}], {"signature_content_noted": value}
            call_kw(lines.browse(), "write", args, {"context": context})
            self.template._make_requests(self._make_deal(), signatory=self.signatory)
            self.work()
            self.assertGreater(self.template.version, version)

    def test_fields_over_a_file(self):
        pdf = base64.b64encode(pdf_samples.simple())
        template = self._make_template(kind="pdf", pdf_file=pdf)
        place = {"template_id": template.id, "type": "merge", "page": 1, "x": 10, "y": 10, "width": 20, "height": 5}
        for path in self.PATHS:
            with self.subTest(path), self.assertRaises(UserError):
                template.field_ids.with_user(self.manager).create({**place, "merge_path": path})


@tagged("post_install", "-at_install")
class TestHostileFiles(SignatureHttpCase):
    """While a file is looked at, the server goes on answering."""

    HOSTILE = (
        "bomb", "xref_loop", "deep_outline", "huge_page", "encrypted", "javascript", "xfa", "launch",
        "embedded_file", "signed",
    )  # fmt: skip

    def test_refused_as_a_template_and_as_an_attachment(self):
        for name in self.HOSTILE:
            data = getattr(pdf_samples, name)()
            with self.subTest(name):
                with self.assertRaises(UserError) as caught:
                    self._make_template(kind="pdf", pdf_file=base64.b64encode(data))
                self.assertGreater(len(str(caught.exception)), 20)
                file = self.env["ir.attachment"].create(
                    {"name": "x.pdf", "raw": data, "res_model": "crm.lead", "res_id": self._make_deal().id}
                )
                with self.assertRaises(UserError):
                    self.env["signature.template"].action_send_attachment(file.id)

    def test_a_file_that_looks_different_elsewhere(self):
        words = {
            "layer": "layers", "annotation": "comments", "picture": "pictures", "reference": "another file",
            "portfolio": "other files", "print": "printing",
        }  # fmt: skip
        shown = dict(pdf_samples.shadows().values())
        self.assertEqual(shown.keys(), words.keys())
        for found, data in shown.items():
            with self.subTest(found), self.assertRaises(UserError) as caught, Form(self.template) as form:
                form.kind = "pdf"
                form.pdf_file = base64.b64encode(data)
                form.save()
            self.assertIn(words[found], str(caught.exception))
            self.assertIn("Print it to a new PDF", str(caught.exception))

    def test_answers_meanwhile(self):
        __, token = self.send()
        begun, done, run = threading.Event(), threading.Event(), child.subprocess.run

        def held(*args, **options):
            begun.set()
            self.assertTrue(done.wait(20))
            return run(*args, **options)

        refused = []

        def upload():
            try:
                door.inspect(pdf_samples.bomb())
            except PdfRefused as error:
                refused.append(error.code)

        with patch.object(child.subprocess, "run", held):
            thread = threading.Thread(target=upload)
            thread.start()
            self.assertTrue(begun.wait(20))
            self.assertEqual(self.url_open(f"/sign/{token}").status_code, 200)
            self.assertEqual(self.url_open(f"/sign/{token}/status").json()["state"], "ready")
            self.assertFalse(refused)
            done.set()
            thread.join()
        self.assertEqual(refused, ["bomb"])
