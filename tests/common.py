"""Fixtures: a sales team with a rule, and the worker run as in production."""

import re
import subprocess

from odoo.addons.mail.tests.common import MailCase

LINK = re.compile(r"/sign/([A-Za-z0-9_-]{43})")
STROKES = {"kind": "drawn", "width": 400, "height": 150, "strokes": [[20, 100, 120, 30, 300, 120]]}

BODY = """
<h1>Agreement</h1><p>for {{partner_id.name}} about {{name}}</p>
<p>{{signature;role=Client}} {{name;role=Client}} {{date_signed;role=Client}}</p>
<p>{{PO;type=text;role=Client;required=false}} {{I agree;type=checkbox;role=Client}}</p>
<p>{{signature;role=Our company}}</p>
"""


def pdf_text(data):
    """Return the text of a PDF (bytes) as poppler reads it."""
    done = subprocess.run(
        ["pdftotext", "-", "-"],
        input=data,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode()


class SignatureFixture(MailCase):
    """`setUpClass` makes one rule that sends one template."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.tz = "UTC"
        cls.role_client = cls.env.ref("signature_workflow.role_client")
        cls.role_company = cls.env.ref("signature_workflow.role_company")
        cls.env["signature.rule"].search([]).active = False
        cls.salesman = cls._make_user("saul", "sales_team.group_sale_salesman")
        cls.signatory = cls._make_user("ceo", "sales_team.group_sale_salesman_all_leads")
        cls.manager = cls._make_user("manager", "sales_team.group_sale_manager")
        cls.team = cls.env["crm.team"].create({"name": "Signing team"})
        cls.stage_new, cls.stage_sign, cls.stage_next, cls.stage_won = cls.env["crm.stage"].create(
            [
                {"name": name, "sequence": 100 + index, "is_won": name == "Done"}
                for index, name in enumerate(("Fresh", "To sign", "Signed", "Done"))
            ]
        )
        cls.partner = cls.env["res.partner"].create(
            {"name": "Zoë Țăndărică", "email": "zoe@client.example", "lang": "en_US"}
        )
        cls.template = cls._make_template(kind="html", body=BODY)
        cls.rule = cls.env["signature.rule"].create(
            {
                "stage_id": cls.stage_sign.id,
                "template_id": cls.template.id,
                "signatory_id": cls.signatory.id,
                "action_ids": [(0, 0, {"event": "signed", "kind": "won"})],
                "company_id": False,
            }
        )

    @classmethod
    def _make_user(cls, login, group):
        return cls.env["res.users"].create(
            {
                "name": login.title(),
                "login": login,
                "password": f"{login}-password",
                "email": f"{login}@company.example",
                "group_ids": [(6, 0, [cls.env.ref(group).id])],
                "tz": "UTC",
            }
        )

    @classmethod
    def _make_template(cls, **values):
        roles = [
            (0, 0, {"role_id": cls.role_client.id, "sequence": 1}),
            (0, 0, {"role_id": cls.role_company.id, "sequence": 2}),
        ]
        return cls.env["signature.template"].create({"name": "Agreement", "role_ids": roles, **values})

    @classmethod
    def _make_deal(cls, **values):
        # without Odoo's own mail to the salesperson
        return (
            cls.env["crm.lead"]
            .with_context(mail_auto_subscribe_no_notify=True)
            .create(
                {
                    "name": "Big deal",
                    "type": "opportunity",
                    "partner_id": cls.partner.id,
                    "user_id": cls.salesman.id,
                    "stage_id": cls.stage_new.id,
                    "team_id": cls.team.id,
                    **values,
                }
            )
        )

    def commit(self):
        """Do what happens when a transaction commits, as far as a test may."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env.flush_all()

    def run_crons(self):
        """Run the worker once, then the mail queue that it wakes."""
        for xmlid in ("signature_workflow.ir_cron_process", "mail.ir_cron_mail_scheduler_action"):
            self.env.ref(xmlid).method_direct_trigger()
        self.env.invalidate_all()

    def work(self):
        """Do what the server does once a transaction is committed; return the mails that went out."""
        self.commit()
        with self.mock_mail_gateway(mail_unlink_sent=True):
            self.run_crons()
        return self._mails

    def link_of(self, mails, email):
        """Return the token in the newest of `mails` to `email`."""
        tokens = [match[1] for mail in mails if email in str(mail["email_to"]) for match in LINK.finditer(mail["body"])]
        self.assertTrue(tokens, f"no link to {email} in {[m['email_to'] for m in mails]}")
        return tokens[-1]

    def assertStoredNowhere(self, token):
        """Look for a secret in all texts of the database that it may come near."""
        self.env.flush_all()
        self.env.cr.execute(
            """SELECT table_name, column_name FROM information_schema.columns
                WHERE table_schema = 'public' AND data_type IN ('text', 'character varying', 'jsonb')
                  AND (table_name LIKE 'signature_%' OR table_name IN ('mail_message', 'mail_mail', 'mail_activity',
                       'sms_sms', 'crm_lead', 'ir_attachment', 'ir_logging'))"""
        )
        for table, column in self.env.cr.fetchall():
            self.env.cr.execute(
                f'SELECT 1 FROM "{table}" WHERE "{column}"::text LIKE %s',  # noqa: S608
                [f"%{token}%"],
            )
            self.assertFalse(self.env.cr.fetchall(), f"{table}.{column}")

    def requests_of(self, deal):
        return self.env["signature.request"].search([("res_model", "=", "crm.lead"), ("res_id", "in", deal.ids)])


class SignatureCase(SignatureFixture):
    """Without a web server."""

    def work(self):
        with self.enter_registry_test_mode():
            return super().work()

    def send(self, deal=None, **values):
        """Bring a deal into the stage and let the worker send; return the request."""
        deal = deal or self._make_deal(**values)
        deal.stage_id = self.stage_sign
        self.work()
        return self.requests_of(deal)

    def answers(self, signer, **given):
        """Return valid answers of a signer, by field id."""
        by_type = {"signature": STROKES, "name": signer.name, "checkbox": True, "text": "PO 7"}
        return {
            field.id: {**by_type, **given}[field.type]
            for field in signer.field_ids
            if field.type in {**by_type, **given}
        }

    def sign(self, signer, nonce="nonce", **given):
        signer = signer.sudo()
        return signer._submit(
            self.answers(signer, **given),
            nonce,
            signer.request_id.original_sha256,
            {"ip": "192.0.2.7", "user_agent": "Phone"},
        )

    def complete(self, request):
        """Let all signers sign in their order and the worker seal."""
        for signer in request.signer_ids.sorted("sequence"):
            self.sign(signer, nonce=f"nonce-{signer.id}")
            mails = self.work()
        self.assertEqual(request.state, "completed", request.failure)
        return mails
