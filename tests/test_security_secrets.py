"""Links, codes and passes that were handed out stand nowhere in clear: in no table, no file, no line of the log."""

import logging
import re
from unittest.mock import patch

from odoo import http
from odoo.addons.signature_workflow.signature_workflow.controllers.sign import PASS_COOKIE
from odoo.addons.signature_workflow.signature_workflow.models.signature_link import SignatureLink
from odoo.addons.signature_workflow.signature_workflow.models.signature_signer_identity import SignatureSigner
from odoo.tests import tagged
from odoo.tools import SQL

from .common import pdf_text
from .test_sms import SmsFixture

# of a mail or a text message until it is sent
QUEUES = {"mail_mail", "sms_sms"}


class Ears(logging.Handler):
    """Keeps all that is logged, as it is written."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


@tagged("post_install", "-at_install")
class TestSecretsNowhere(SmsFixture):
    def setUp(self):
        super().setUp()
        self.secrets, self.ears = {}, Ears()
        logging.getLogger().addHandler(self.ears)
        self.addCleanup(logging.getLogger().removeHandler, self.ears)
        make, send_code = SignatureLink._make, SignatureSigner._send_code

        def heard_make(links, signers, channel):
            made = make(links, signers, channel)
            self.secrets |= {url.rpartition("/")[2]: f"link by {channel}" for url in made.values()}
            return made

        def heard_code(signer, code):
            self.secrets[code] = f"code by {signer.authentication}"
            return send_code(signer, code)

        for owner, name, heard in ((SignatureLink, "_make", heard_make), (SignatureSigner, "_send_code", heard_code)):
            patcher = patch.object(owner, name, heard)
            patcher.start()
            self.addCleanup(patcher.stop)
        self.client_role.write({"channel": "email", "may_forward": True})

    def tables_with(self, secrets, like="%"):
        """Return the tables in which one of `secrets` stands, as text or as bytes."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND relname SIMILAR TO %s",
            [like],
        )
        # a code of six digits stands in many a number: it counts where it stands alone
        pattern = "|".join(
            rf"\m{secret}\M|{secret.encode().hex()}" if secret.isdigit() else f"{secret}|{secret.encode().hex()}"
            for secret in secrets
        )
        one = "SELECT %s WHERE EXISTS (SELECT FROM %s row WHERE row::text ~ %s)"
        queries = [SQL(one, name, SQL.identifier(name), pattern) for (name,) in self.env.cr.fetchall()]
        return {name for (name,) in self.env.execute_query(SQL(" UNION ALL ").join(queries))}

    def files_with(self, secrets):
        """Return the names of the attachments in whose bytes, or text, one of `secrets` stands."""
        found = []
        # bundles of styles are full of six digits
        kept = [("url", "not like", "/web/assets/"), "|", ("res_field", "=", False), ("res_field", "!=", False)]
        for attachment in self.env["ir.attachment"].search(kept):
            data = attachment.raw or b""
            text = pdf_text(data) if data.startswith(b"%PDF") else ""
            found += [attachment.name for secret in secrets if secret.encode() in data or secret in text]
        return found

    def enter(self, token, method):
        """Ask for a code, enter a wrong and the right one; return the token of the browser's pass."""
        url = f"/sign/{token}"
        # not to wait for a minute between two codes
        self.env["signature.authentication"].search([]).unlink()
        self.assertNotIn("error", self.call(f"{url}/code").json()["result"])
        sent = self.mails_out() if method == "email" else self.text()
        code = re.search(r"\b(\d{6})\b", sent[-1]["body"])[1]
        self.call(f"{url}/code/check", code=f"{(int(code) + 1) % 10**6:06d}")
        answer = self.call(f"{url}/code/check", code=code)
        self.assertEqual(answer.json()["result"], {"state": "ready"})
        self.secrets[answer.cookies[PASS_COOKIE]] = "pass"

    def mails_out(self):
        """Send what waits; until then, it stands in the queues only. Returns the mails."""
        self.commit()
        places = self.tables_with(self.secrets, "(mail|sms|signature)_%") if self.secrets else set()
        self.assertLessEqual(places, QUEUES)
        return self.work()

    def finish(self, request, token):
        client, company = request.signer_ids.sorted("sequence")
        self.assertEqual(self.submit(token, client), {"state": "signed"})
        self.submit(self.link_of(self.mails_out(), "ceo@company.example"), company, nonce="c")
        self.mails_out()
        self.assertEqual(request.state, "completed", request.failure)

    def test_after_everything(self):
        # asked by mail, with a code by mail, sent again, reminded, forwarded, declined elsewhere
        self.client_role.authentication = "email"
        request, token = self.send()
        self.url_open(f"/sign/{token}")
        self.enter(token, "email")
        client = request.signer_ids.sorted("sequence")[0]
        client.sudo().date_reminded = False
        client.with_user(self.salesman).action_resend()
        token = self.link_of(self.mails_out(), "zoe@client.example")
        self.enter(token, "email")
        bob = {"name": "Bob", "email": "bob@client.example"}
        self.assertEqual(self.call(f"/sign/{token}/forward", **bob).json()["result"], {"state": "forwarded"})
        self.assertEqual(self.url_open(f"/sign/{token}").status_code, 410)
        token = self.link_of(self.mails_out(), "bob@client.example")
        self.enter(token, "email")
        self.call(f"/sign/{token}/draft", draft={"values": {}})
        self.finish(request, token)
        # by SMS, with a code by SMS
        self.client_role.write({"channel": "sms", "authentication": "sms"})
        request = self.send_by_sms()
        (message,) = self.text(sms_allow_unlink=True)
        token = re.search(r"/s/([A-Za-z0-9_-]{22})\b", message["body"])[1]
        self.url_open(f"/s/{token}")
        self.enter(token, "sms")
        self.finish(request, token)
        # handed over in person, shown as a QR code, and from the account
        self.client_role.write({"channel": "manual", "authentication": "link"})
        for way in ("action_sign_here", "action_show_link", "action_show_tablet_link"):
            deal = self._make_deal()
            deal.stage_id = self.stage_sign
            self.mails_out()
            request = self.requests_of(deal)
            client = request.signer_ids.sorted("sequence")[0]
            getattr(client.with_user(self.salesman), way)()
            self.commit()
            token = list(self.secrets)[-1]
            self.authenticate("saul", "saul-password")
            self.url_open(f"/sign/{token}")
            self.finish(request, token)
        self.text(sms_allow_unlink=True)
        ways = set(self.secrets.values())
        self.assertLessEqual({"link by email", "link by sms", "link by in_person", "link by shown"}, ways)
        self.assertLessEqual({"code by email", "code by sms", "pass"}, ways)
        self.assertFalse(self.tables_with(self.secrets))
        self.assertFalse(self.files_with(self.secrets))
        log = "\n".join(self.ears.lines)
        self.assertIn("/sign/…", log)
        self.assertFalse([way for secret, way in self.secrets.items() if re.search(rf"(?<!\w){secret}(?!\w)", log)])

    def test_from_the_account(self):
        request, __ = self.send()
        user = self._make_user("zoe", "base.group_portal")
        user.partner_id = self.partner
        self.authenticate("zoe", "zoe-password")
        client = request.signer_ids.sorted("sequence")[0]
        data = {"csrf_token": http.Request.csrf_token(self)}
        response = self.url_open(f"/my/signatures/{client.id}/open", data=data)
        self.assertEqual(response.status_code, 200)
        self.finish(request, response.url.rpartition("/")[2])
        self.assertIn("link by portal", self.secrets.values())
        self.assertFalse(self.tables_with(self.secrets))
        self.assertFalse(self.files_with(self.secrets))

    def test_pages_lead_nowhere_else(self):
        __, token = self.send()
        for path in (f"/sign/{token}", "/sign/x", "/verify"):
            page = self.url_open(path).text
            addresses = re.findall(r"""(?<![\w-])(?:href|src|action)=["']([^"']*)["']""", page)
            # what is on another host would be told this address, or would tell of who reads
            elsewhere = [url for url in addresses if url and not url.startswith(("/", "#", "data:", "mailto:", "tel:"))]
            self.assertFalse(elsewhere, path)
            self.assertFalse([url for url in addresses if url.startswith("//")], path)
