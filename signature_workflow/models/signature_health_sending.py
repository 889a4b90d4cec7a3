import ipaddress
import json
from datetime import timedelta
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.addons.base.models.ir_mail_server import MailDeliveryException
from odoo.addons.sms.tools.sms_api import SmsApi
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.http import request
from odoo.tools import SQL, config

from ..engine import links
from ..engine.errors import LinkError

# the mail queue and that of text messages are worked every hour
PATIENCE = timedelta(minutes=90)
# so many lines are shown of what may be many
SHOWN = 5
# so many events of the audit trails are looked at, the newest
LATEST = 5000
# who has sent a text message since then does so
LATELY = timedelta(days=30)


def _is_local(host):
    """Tell whether a host's name or address is one that only this machine or its network knows."""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".lan"))


class SignatureHealth(models.AbstractModel):
    """What signers are reached by: the server's address, mail and SMS."""

    _inherit = "signature.health"

    # The address

    @api.model
    def _check_base_url(self):
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url", "")
        change = self._open(
            self.env._("Change the address"),
            "base.ir_config_list_action",
            domain=[("key", "in", ("web.base.url", "web.base.url.freeze"))],
        )
        if problem := self._base_url_problem(base):
            return self._result(*problem, buttons=[change])
        if not self.env["ir.config_parameter"].sudo().get_param("web.base.url.freeze"):
            return self._result(
                "attention",
                self.env._("Links lead to %s, until an administrator logs in by another address.", base),
                self.env._("Keep this address, so that links never lead elsewhere."),
                buttons=[self._call(self.env._("Keep this address"), "action_keep_base_url"), change],
            )
        return self._result("good", self.env._("Links lead to %s.", base), buttons=[change])

    @api.model
    def _base_url_problem(self, base):
        """Return state, finding and next step where links to `base` are no good, else None."""
        enter = self.env._("Enter the address at which signers reach this server, such as https://odoo.example.com.")
        try:
            links.verify_url(base, "")
        except LinkError:
            return "broken", self.env._("“%s” is no web address, so no link can be sent.", base), enter
        if _is_local(urlsplit(base).hostname):
            return "attention", self.env._("Links lead to %s, which cannot be opened from outside.", base), enter
        if urlsplit(base).scheme != "https":
            return (
                "attention",
                self.env._("Links lead to %s, unencrypted: who listens on the way can sign.", base),
                self.env._("Set up HTTPS, then enter the address that begins with https."),
            )
        return None

    @api.model
    def action_keep_base_url(self):
        """Have Odoo never change the address of the server by itself."""
        self._check_administrator()
        self.env["ir.config_parameter"].sudo().set_param("web.base.url.freeze", "True")
        return self.env["signature.template"]._notification(
            self.env._("The address stays as it is until you change it, or delete web.base.url.freeze.")
        )

    @api.model
    def _check_proxy(self):
        if not request:
            return self._result("unused", self.env._("Seen only when somebody opens this page."))
        headers = request.httprequest.headers
        forwarded = headers.get("X-Forwarded-For")
        if not forwarded:
            address = request.httprequest.remote_addr
            if not _is_local(address):
                return self._result("good", self.env._("Browsers reach this server directly."))
            return self._result(
                "unused",
                self.env._("No proxy names itself. This page was asked for by %s.", address),
                self.env._(
                    "If there is a proxy all the same, the audit trail notes its address instead of the signer's: have "
                    "it set the headers X-Forwarded-For and X-Forwarded-Host, and set proxy_mode = True."
                ),
            )
        if not config["proxy_mode"]:
            return self._result(
                "attention",
                self.env._("A proxy hands requests on, so the audit trail notes its address instead of the signer's."),
                self.env._("Set proxy_mode = True in the server's configuration and restart the server."),
            )
        if not headers.get("X-Forwarded-Host"):
            return self._result(
                "attention",
                self.env._("The proxy does not say which host was asked for, so Odoo does not believe its addresses."),
                self.env._("Have the proxy set the header X-Forwarded-Host."),
            )
        return self._result("good", self.env._("Requests come by a proxy, and the addresses of signers are known."))

    # E-mail

    @api.model
    def _check_mail(self):
        test = self._call(self.env._("Send me a test e-mail"), "action_send_test_mail")
        if problem := self._mails_waiting(test) or self._mails_failed(test):
            return problem
        servers = self.env["ir.mail_server"].search([("active", "=", True)])
        if not servers and config.get("smtp_server") in (None, False, "localhost"):
            return self._result(
                "attention",
                self.env._("No outgoing mail server is set up: e-mails go to a mail server on this machine."),
                self.env._("Set one up, unless there is one here; then send a test e-mail."),
                buttons=[self._open(self.env._("Mail servers"), "base.action_ir_mail_server_list"), test],
            )
        names = ", ".join(servers.mapped("name")) or config["smtp_server"]
        return self._result("good", self.env._("E-mails go by %s, and none waits.", names), buttons=[test])

    @api.model
    def _mails_waiting(self, test):
        """Return the result where the mail queue does not send what is ours, else None; `test` is a button."""
        since = fields.Datetime.now() - PATIENCE
        due = ["|", ("scheduled_date", "=", False), ("scheduled_date", "<", since)]
        old = [("signature_signer_id", "!=", False), ("state", "=", "outgoing"), ("create_date", "<", since), *due]
        count = self.env["mail.mail"].search_count(old)
        if not count:
            return None
        return self._result(
            "broken",
            self.env._("E-mails that have waited for more than an hour: %s.", count),
            self.env._("See whether the scheduled actions run, and send a test e-mail."),
            buttons=[
                self._open(self.env._("E-mails that wait"), "mail.action_view_mail_mail", domain=old, context={}),
                test,
            ],
        )

    @api.model
    def _mails_failed(self, test):
        """Return the result where the mail server refuses what is ours, else None; `test` is a button."""
        if undelivered := self._undelivered("email"):
            return self._result(
                "attention",
                self.env._("E-mails that could not be delivered since yesterday: %s.", len(undelivered)),
                self.env._("Send a test e-mail. The salespeople have a to-do about each."),
                lines=undelivered[:SHOWN],
                buttons=[test],
            )
        # of those that hold a link nothing is kept
        kept = [("signature_signer_id", "!=", False), ("state", "=", "exception")]
        if count := self.env["mail.mail"].search_count(kept):
            return self._result(
                "attention",
                self.env._("E-mails with signed copies that were not delivered: %s.", count),
                self.env._("Send them once more, or delete them when the copies were given otherwise."),
                buttons=[
                    self._open(self.env._("Failed e-mails"), "mail.action_view_mail_mail", domain=kept, context={}),
                    test,
                ],
            )
        return None

    @api.model
    def _undelivered(self, channel):
        """Return why messages of a channel did not arrive since yesterday, each as a line."""
        events = self.env["signature.event"]
        events.flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT e.id FROM signature_event e JOIN signature_signer s ON s.id = e.signer_id
                    WHERE e.id > (SELECT max(id) FROM signature_event) - %s AND e.kind = 'undelivered'
                      AND e.date > %s AND (s.channel = 'sms') = %s
                 ORDER BY e.id DESC""",
                LATEST,
                fields.Datetime.now() - timedelta(days=1),
                channel == "sms",
            )
        )
        return [
            f"{event.request_id.name}, {event.signer_id.name}: {json.loads(event.data or '{}').get('reason', '')}"
            for event in events.browse(row[0] for row in rows)
        ]

    @api.model
    def action_send_test_mail(self):
        """Send the user an e-mail at once, and say what the mail server answers."""
        self._check_administrator()
        user = self.env.user
        if not user.email:
            raise UserError(self.env._("You have no e-mail address. Enter one in your preferences."))
        mail = self.env["mail.mail"].sudo()
        try:
            mail.create(
                {
                    "subject": self.env._("Test e-mail of Signatures"),
                    "body_html": self.env["ir.qweb"]._render("signature_workflow.health_test_mail"),
                    "email_from": self.env.company.partner_id.email_formatted or user.email_formatted,
                    "email_to": user.email_formatted,
                    "auto_delete": True,
                }
            ).send(raise_exception=True)
        except (MailDeliveryException, OSError) as error:
            reason = " ".join(str(part) for part in error.args if part)
            raise UserError(
                self.env._("The e-mail to %(email)s was not sent: %(reason)s", email=user.email, reason=reason)
            ) from error
        return self.env["signature.template"]._notification(
            self.env._("Sent to %s. Look whether it arrives, and not as spam.", user.email)
        )

    # SMS

    @api.model
    def _check_sms(self):
        since = fields.Datetime.now() - PATIENCE
        old = [("signature_signer_id", "!=", False), ("state", "=", "outgoing"), ("create_date", "<", since)]
        if waiting := self.env["sms.sms"].search_count(old):
            return self._result(
                "broken",
                self.env._("Text messages that have waited for more than an hour: %s.", waiting),
                self.env._("See whether the scheduled actions run."),
                buttons=[self._open(self.env._("Text messages"), "sms.sms_sms_action", domain=old)],
            )
        companies = self._texting_companies()
        for company in companies:
            if problem := self._sms_problem(company):
                return problem
        if undelivered := self._undelivered("sms"):
            return self._result(
                "attention",
                self.env._("Text messages that did not arrive since yesterday: %s.", len(undelivered)),
                self.env._("See what the provider says. The salespeople have a to-do about each."),
                lines=undelivered[:SHOWN],
            )
        if not companies:
            return self._result("unused", self.env._("No template, rule or document of late sends text messages."))
        return self._result("good", self.env._("A provider is set up, and no message waits."))

    @api.model
    def _texting_companies(self):
        """Return the companies that send text messages: by a template, by a rule, or of late by somebody's choice."""
        texts = [("channel", "in", ("sms", "both"))]
        roles = self.env["signature.template.role"].search(
            ["|", *texts, ("authentication", "=", "sms"), ("template_id.active", "=", True)]
        )
        users = [*roles.template_id, *self.env["signature.rule"].search([*texts, ("active", "=", True)])]
        if not all(user.company_id for user in users):
            return self.env["res.company"].search([("active", "=", True)])
        signers = Domain("authentication", "=", "sms") | Domain(texts)
        lately = Domain("create_date", ">", fields.Datetime.now() - LATELY) & Domain("signer_ids", "any", signers)
        rows = self.env["signature.request"]._read_group(lately, ["company_id"])
        return self.env["res.company"].union(*(user.company_id for user in users), *(row[0] for row in rows))

    @api.model
    def _sms_problem(self, company):
        """Return the result about a company whose provider is not set up, else None; not all providers are known."""
        settings = self._open(self.env._("Settings"), "base_setup.action_general_configuration")
        if "sms_provider" in company._fields and company.sms_provider == "twilio":
            if company.sms_twilio_account_sid and company.sms_twilio_auth_token and company.sms_twilio_number_ids:
                return None
            return self._result(
                "broken",
                self.env._("%s sends text messages by Twilio, whose account is not complete.", company.name),
                self.env._("Enter account, token and number in the settings."),
                buttons=[settings],
            )
        if company._get_sms_api_class() is not SmsApi:
            return None
        account = self.env["iap.account"].search(
            [("service_name", "=", "sms"), "|", ("company_ids", "in", company.ids), ("company_ids", "=", False)],
            limit=1,
        )
        # what Odoo has seen of the account when somebody looked at it last
        if account.state == "registered":
            return None
        return self._result(
            "attention" if not account.state else "broken",
            self.env._(
                "%s sends text messages by Odoo's own service, and the account there is not known to be registered.",
                company.name,
            ),
            self.env._("Open the account: it shows its credits and how to register."),
            buttons=[self._open(self.env._("Accounts"), "iap.iap_account_action")],
        )
