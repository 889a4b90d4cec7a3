import json
import shutil
import tempfile
from collections import namedtuple
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

from freezegun import freeze_time
from odoo.addons.base.models.ir_mail_server import IrMail_Server, MailDeliveryException
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Datetime
from odoo.tests import Form, tagged
from odoo.tools import config

from ..signature_workflow.engine import docx
from .common import SignatureCase, SignatureFixture
from .pki import Authority

WORK = "odoo.addons.signature_workflow.signature_workflow.models.signature_health_work"
DiskUsage = namedtuple("DiskUsage", "total used free")
GB = 1024**3


class HealthFixture(SignatureFixture):
    """All is well at the beginning, as far as that can be on a machine for tests."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.env.ref("base.user_admin")
        cls.admin.write({"email": "admin@company.example", "tz": "UTC"})
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("web.base.url", "https://odoo.company.example")
        parameters.set_param("web.base.url.freeze", "True")
        cls.env["ir.mail_server"].search([]).active = False
        cls.env["ir.mail_server"].create({"name": "Our mail server", "smtp_host": "mail.company.example"})
        cls.env["ir.cron"].search([]).write({"nextcall": Datetime.now() + timedelta(hours=1), "failure_count": 0})

    def setUp(self):
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.secret = Path(folder, "signature_workflow.secret")
        self.secret.write_text("a secret of more than sixteen bytes")
        self.secret.chmod(0o600)
        self.enterContext(patch.object(type(self.env["signature.key"]), "_secret_path", return_value=self.secret))

        # those of the database were locked with its own secret
        self.env["signature.key"].search([]).active = False


class HealthCase(HealthFixture, SignatureCase):
    """What an administrator sees."""

    def health(self):
        """Return the checks by key, as an administrator gets them."""
        self.env.invalidate_all()
        checks = self.env["signature.health"].with_user(self.admin).get_checks()
        order = [check["state"] for check in checks]
        self.assertEqual(order, sorted(order, key=["broken", "attention", "unused", "good"].index))
        return {check["key"]: check for check in checks}

    def assertHealth(self, key, state, *words):
        """A check is in this state, says these words, and what to do unless all is well."""
        check = self.health()[key]
        text = " ".join([check["found"], check["todo"], *check["lines"]])
        self.assertEqual(check["state"], state, text)
        for word in words:
            self.assertIn(word, text)
        if state in ("broken", "attention"):
            self.assertTrue(check["todo"], text)
        return check

    def press(self, check, label):
        """Press a button of a check that does something; return the action."""
        (button,) = (button for button in check["buttons"] if button["label"] == label)
        return getattr(self.env["signature.health"].with_user(self.admin), button["method"])(*button["args"])

    def listed(self, check, label):
        """Return the records that a button of a check leads to."""
        (action,) = (button["action"] for button in check["buttons"] if button["label"] == label)
        return self.env[action["res_model"]].with_context(active_test=False).search(action["domain"])

    def backdate(self, records, column="create_date", **ago):
        self.env.flush_all()
        self.env.cr.execute(
            f'UPDATE "{records._table}" SET "{column}" = %s WHERE id IN %s',  # noqa: S608
            [Datetime.now() - timedelta(**ago), records._ids],
        )
        self.env.invalidate_all()


@tagged("post_install", "-at_install")
class TestHealth(HealthCase):
    """Each check says that all is well, and what is to be done when it is not."""

    def test_all_is_well(self):
        self.complete(self.send())
        states = {key: check["state"] for key, check in self.health().items()}
        for key in ("proxy", "sms", "timestamp"):
            self.assertEqual(states.pop(key), "unused")
        self.assertEqual(set(states.values()), {"good"}, states)

    def test_rights(self):
        for user in (self.salesman, self.manager):
            health = self.env["signature.health"].with_user(user)
            for call in (
                health.get_checks,
                health.verify_step,
                health.action_send_test_mail,
                health.action_keep_base_url,
                lambda health=health: health.action_test_timestamp(self.env.company.id),
            ):
                with self.assertRaises(AccessError):
                    call()
            self.assertFalse(self.env["ir.model.access"].with_user(user).check("res.config.settings", "create", False))

    def test_administrator_who_sells_nothing(self):
        self.complete(self.send())
        technician = self._make_user("tess", "base.group_system")
        health = self.env["signature.health"].with_user(technician)
        self.assertEqual({check["key"] for check in health.get_checks()}, set(health._titles()))
        menus = self.env["ir.ui.menu"].with_user(technician)._visible_menu_ids()
        self.assertIn(self.env.ref("signature_workflow.menu_health").id, menus)
        self.assertNotIn(self.env.ref("signature_workflow.menu_roles").id, menus)
        self.assertNotIn(
            self.env.ref("signature_workflow.menu_health").id,
            self.env["ir.ui.menu"].with_user(self.manager)._visible_menu_ids(),
        )

    def test_check_that_cannot_be_done(self):
        with patch.object(shutil, "disk_usage", side_effect=PermissionError("not for you")):
            self.assertHealth("disk", "attention", "could not be checked: not for you")

    # The address

    def test_base_url(self):
        parameters = self.env["ir.config_parameter"]
        for url, state, words in (
            ("ftp://odoo.company.example", "broken", "no web address"),
            ("https://user:word@odoo.company.example", "broken", "no web address"),
            ("http://localhost:8069", "attention", "cannot be opened from outside"),
            ("https://192.168.1.5", "attention", "cannot be opened from outside"),
            ("https://odoo", "attention", "cannot be opened from outside"),
            ("http://odoo.company.example", "attention", "unencrypted"),
            ("https://odoo.company.example", "good", "https://odoo.company.example"),
        ):
            with self.subTest(url):
                parameters.set_param("web.base.url", url)
                check = self.assertHealth("base_url", state, words)
                self.assertEqual(
                    set(self.listed(check, "Change the address").mapped("key")),
                    {"web.base.url", "web.base.url.freeze"},
                )

    def test_base_url_is_kept(self):
        self.env["ir.config_parameter"].set_param("web.base.url.freeze", False)
        check = self.assertHealth("base_url", "attention", "logs in by another address")
        self.press(check, "Keep this address")
        self.assertHealth("base_url", "good")

    # E-mail

    def test_mails_that_wait(self):
        self.send()
        signer = self.env["signature.signer"].search([], order="id desc", limit=1)
        mail = self.env["mail.mail"].create({"state": "outgoing", "signature_signer_id": signer.id})
        self.assertHealth("mail", "good", "Our mail server")
        self.backdate(mail, hours=2)
        check = self.assertHealth("mail", "broken", "more than an hour: 1")
        self.assertEqual(self.listed(check, "E-mails that wait"), mail)
        mail.scheduled_date = Datetime.now() + timedelta(hours=1)
        self.assertHealth("mail", "good")

    def test_mails_that_fail(self):
        request = self.send()
        request.signer_ids[0]._delivery_failed("no such mailbox")
        self.assertHealth("mail", "attention", f"{request.name}, {self.partner.name}: no such mailbox")
        # what was yesterday is over
        with freeze_time(Datetime.now() + timedelta(days=2)):
            undelivered = self.env["signature.health"]._undelivered("email")
        self.assertFalse(undelivered)

    def test_no_mail_server(self):
        self.env["ir.mail_server"].search([]).active = False
        with patch.dict(config.options, {"smtp_server": "localhost"}):
            self.assertHealth("mail", "attention", "No outgoing mail server")

    def test_test_mail(self):
        check = self.health()["mail"]
        with self.mock_mail_gateway():
            action = self.press(check, "Send me a test e-mail")
        self.assertIn("admin@company.example", action["params"]["message"])
        self.assertIn("admin@company.example", str(self._mails[0]["email_to"]))
        refused = MailDeliveryException("Mail Delivery Failed", "550 no such mailbox")
        with (
            self.mock_mail_gateway(),
            patch.object(IrMail_Server, "send_email", side_effect=refused),
            self.assertLogs("odoo.addons.mail.models.mail_mail", "ERROR"),
            self.assertRaisesRegex(UserError, "550 no such mailbox"),
        ):
            self.press(check, "Send me a test e-mail")
        self.admin.email = False
        with self.assertRaisesRegex(UserError, "no e-mail address"):
            self.press(check, "Send me a test e-mail")

    # SMS

    def test_sms(self):
        signer = self.send().signer_ids[0]
        account = self.env["iap.account"].get("sms")
        self.template.role_ids[0].channel = "sms"
        for state, expected in ((False, "attention"), ("unregistered", "broken"), ("registered", "good")):
            account.state = state
            self.assertHealth("sms", expected)
        message = self.env["sms.sms"].create(
            {"number": "+40721234567", "body": "Sign", "signature_signer_id": signer.id}
        )
        self.assertHealth("sms", "good")
        self.backdate(message, hours=2)
        check = self.assertHealth("sms", "broken", "more than an hour: 1")
        self.assertEqual(self.listed(check, "Text messages"), message)

    def test_sms_that_fails(self):
        self.env["iap.account"].get("sms").state = "registered"
        signer = self.send().signer_ids[0]
        signer.channel = self.template.role_ids[0].channel = "sms"
        signer._delivery_failed("the number is not known")
        self.assertHealth("sms", "attention", "the number is not known")
        # nobody sends any now: what has failed is told all the same
        self.template.role_ids[0].channel = "email"
        self.assertHealth("sms", "attention", "the number is not known")

    def test_sms_without_a_template(self):
        self.env["iap.account"].get("sms").state = "unregistered"
        signer = self.send().signer_ids[0]
        self.assertHealth("sms", "unused")
        self.rule.channel = "both"
        self.assertHealth("sms", "broken", "registered")
        self.rule.channel = False
        self.assertHealth("sms", "unused")
        # chosen in the dialog
        signer.channel = "sms"
        self.assertHealth("sms", "broken", "registered")

    # The work

    def test_crons(self):
        worker = self.env.ref("signature_workflow.ir_cron_process")
        worker.active = False
        check = self.assertHealth("crons", "broken", f"{worker.name} is switched off")
        self.assertEqual(self.listed(check, "Scheduled actions"), worker)
        worker.active = True
        worker.nextcall = Datetime.now() - timedelta(minutes=15)
        self.assertHealth("crons", "good")
        worker.nextcall = Datetime.now() - timedelta(minutes=25)
        self.assertHealth("crons", "broken", "should have run on")
        with patch.dict(config.options, {"max_cron_threads": 0}):
            self.assertHealth("crons", "broken", "max_cron_threads = 0")
        worker.nextcall = Datetime.now() + timedelta(minutes=5)
        worker.failure_count = 3
        self.assertHealth("crons", "attention", f"{worker.name} has failed 3 times")

    def test_queue(self):
        deal = self._make_deal()
        deal.stage_id = self.stage_sign
        self.commit()
        request = self.requests_of(deal)
        self.assertHealth("queue", "good", "Jobs that wait: 1")
        self.backdate(request, "write_date", hours=1)
        check = self.assertHealth("queue", "broken", "Jobs that wait: 1, the oldest since")
        self.assertEqual(self.listed(check, "Documents that wait"), request)
        self.work()
        self.assertHealth("queue", "good", "Nothing waits")

    def test_failures(self):
        self.partner.email = False
        request = self.send()
        self.assertEqual(request.state, "failed")
        check = self.assertHealth("failures", "attention", "Documents that failed: 1")
        self.assertEqual(self.listed(check, "Documents that failed"), request)

    # Keys and timestamps

    def test_keys(self):
        key = self.env["signature.key"]._get_active(self.env.company)
        self.assertHealth("keys", "good", str(self.secret))
        self.secret.chmod(0o644)
        self.assertHealth("keys", "attention", "chmod 600")
        self.secret.chmod(0o600)
        self.secret.write_text("another secret of more than sixteen bytes")
        self.assertHealth("keys", "broken", "cannot be opened")
        self.secret.unlink()
        self.assertHealth("keys", "broken", "is gone")
        self.assertFalse(self.secret.exists(), "looking made a secret")
        self.secret.write_text("a secret of more than sixteen bytes")
        self.secret.chmod(0o600)
        self.backdate(key, "date_end", days=-30)
        self.assertHealth("keys", "attention", "ends on")
        with freeze_time(Datetime.now() + timedelta(days=11 * 365)):
            check = self.env["signature.health"]._run("keys")
        self.assertEqual(check["state"], "broken")
        self.assertIn("expired", check["found"])

    def test_timestamp(self):
        root = Authority(Path(self.enterContext(tempfile.TemporaryDirectory())), "root")
        self.env.company.signature_tsa_certificates = root.pem
        self.env.company.signature_tsa_url = "https://time.company.example"
        check = self.assertHealth("timestamp", "good", "A server is set up")
        self.assertTrue([button for button in check["buttons"] if button.get("method") == "action_test_timestamp"])
        request = self.send()
        self.env.company.signature_tsa_url = False
        self.complete(request)
        self.env.company.signature_tsa_url = "https://time.company.example"
        request.write({"timestamp_state": "pending", "timestamp_failure": "The server does not answer."})
        check = self.assertHealth("timestamp", "attention", "timestamp: 1", "The server does not answer.")
        self.assertEqual(self.listed(check, "These documents"), request)
        self.backdate(request, "date_completed", days=2)
        self.assertHealth("timestamp", "broken", "timestamp: 1")
        request.write({"timestamp_state": "later", "date_timestamp": Datetime.now()})
        self.assertHealth("timestamp", "good", "the last one is of")
        self.env.company.signature_tsa_certificates = False
        self.assertHealth("timestamp", "attention", "anybody in between", "root certificate")

    def test_timestamp_server_that_was_given_up(self):
        request = self.send()
        self.complete(request)
        failure = "Our company has no timestamp server any more."
        request.write({"timestamp_state": "pending", "timestamp_failure": failure})
        check = self.assertHealth("timestamp", "attention", "timestamp: 1", failure, "leave them without")
        (button,) = (button for button in check["buttons"] if button["label"] == "Leave without timestamp")
        self.assertIn("cannot be undone", button["confirm"])
        action = self.press(check, "Leave without timestamp")
        self.assertIn("without a timestamp: 1", action["params"]["message"])
        self.assertEqual((request.timestamp_state, request.timestamp_failure), ("none", False))
        event = request.event_ids[-1]
        self.assertEqual(event.kind, "not_timestamped")
        self.assertEqual(json.loads(event.data), {"code": "tsa_removed", "by": self.admin.name})
        self.assertHealth("timestamp", "unused", "No timestamp server")
        self.assertHealth("data", "good")

    # What was done

    def tamper(self, request):
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE signature_event DISABLE TRIGGER USER")
        self.env.cr.execute(
            "UPDATE signature_event SET kind = 'declined' WHERE request_id = %s AND kind = 'sealed'", [request.id]
        )
        self.env.cr.execute("ALTER TABLE signature_event ENABLE TRIGGER USER")
        self.env.invalidate_all()

    def test_trail(self):
        request = self.send()
        self.complete(request)
        self.assertHealth("trail", "good", "hold")
        self.tamper(request)
        check = self.assertHealth("trail", "broken", "does not hold: 1", request.name)
        self.assertEqual(self.listed(check, "These documents"), request)
        self.assertHealth("data", "broken", "was sealed, and is not completed")

    def test_trail_with_lines_erased(self):
        request = self.send()
        self.complete(request)
        request.event_ids.filtered(lambda event: event.kind == "signed")._erase()
        check = self.assertHealth("trail", "broken", "does not hold: 1", request.name)
        self.assertEqual(self.listed(check, "These documents"), request)
        self.assertIn(request.id, [problem["id"] for problem in self.verify_all()])
        request._log_events("erased", data={"lines": [1]})
        self.assertHealth("trail", "broken")
        lines = [event.sequence for event in request.event_ids if event.kind == "signed"]
        request._log_events("erased", data={"lines": lines})
        self.assertHealth("trail", "good")
        self.assertEqual(self.verify_all(), [])

    def test_record(self):
        request = self.send()
        self.complete(request)
        bank = self.env["res.company"].create({"name": "Famous Bank"})
        self.env.flush_all()
        self.env.cr.execute("UPDATE signature_request SET company_id = %s WHERE id = %s", [bank.id, request.id])
        self.assertHealth("data", "broken", f"{request.name} is not as its audit trail says")

    def test_trigger(self):
        for forged in (
            "ALTER TABLE signature_event DISABLE TRIGGER signature_event_guard_rows",
            "DROP TRIGGER signature_event_guard_table ON signature_event",
            """CREATE OR REPLACE FUNCTION signature_event_guard() RETURNS trigger LANGUAGE plpgsql
               AS 'BEGIN RETURN NEW; END'""",
            """CREATE OR REPLACE TRIGGER signature_event_guard_rows BEFORE DELETE ON signature_event
               FOR EACH ROW EXECUTE FUNCTION signature_event_guard()""",
            """CREATE OR REPLACE TRIGGER signature_event_guard_rows BEFORE UPDATE OF hash OR DELETE ON signature_event
               FOR EACH ROW EXECUTE FUNCTION signature_event_guard()""",
            """CREATE OR REPLACE TRIGGER signature_event_guard_rows BEFORE UPDATE OR DELETE ON signature_event
               FOR EACH ROW WHEN (OLD.id < 0) EXECUTE FUNCTION signature_event_guard()""",
        ):
            with self.subTest(forged), self.env.cr.savepoint() as undone:
                self.env.cr.execute(forged)
                self.assertHealth("trail", "broken", "no longer refuses changes")
                undone.rollback()
        self.assertHealth("trail", "good")

    def test_files(self):
        request = self.send()
        self.complete(request)
        path = Path(request.final_id._full_path(request.final_id.store_fname))
        whole = path.read_bytes()
        self.addCleanup(path.write_bytes, whole)
        # of the right length: only the hash tells
        path.write_bytes(whole[:-1] + b"!")
        self.assertHealth("data", "good")
        self.assertEqual([problem["id"] for problem in self.verify_all()], [request.id])
        # from now on this one is read each time, until it holds
        self.assertHealth("data", "broken", f"{request.name} has a file that is lost")
        path.write_bytes(whole)
        self.assertHealth("data", "good")
        path.unlink()
        check = self.assertHealth("data", "broken", f"{request.name} has a file that is lost")
        self.assertEqual(self.listed(check, "These documents"), request)

    def verify_all(self):
        health = self.env["signature.health"].with_user(self.admin)
        self.env.invalidate_all()
        problems, last, count = [], 0, 0
        while last is not False:
            step = health.verify_step(last)
            problems += step["problems"]
            last, count = step["last"], count + step["count"]
        self.assertEqual(count, self.env["signature.request"].search_count([]))
        return problems

    def test_verify_all(self):
        first, second = self.send(), self.send()
        self.complete(first)
        self.assertEqual(self.verify_all(), [])
        self.tamper(first)
        with patch(f"{WORK}.STEP", 1):
            self.assertEqual({problem["id"] for problem in self.verify_all()}, {first.id})
        self.assertEqual(second.state, "sent")

    def test_files_are_read_one_by_one(self):
        requests = self.send() | self.send() | self.send()
        for request in requests:
            self.complete(request)
        files, read = self.env["ir.attachment"], []
        self.env.invalidate_all()
        original = type(files)._file_read

        def count(files, fname, *args, **kwargs):
            read.append(fname)
            return original(files, fname, *args, **kwargs)

        with patch.object(type(files), "_file_read", count):
            self.env["signature.health"].verify_step(requests[0].id - 1)
        self.assertEqual(len(read), 2 * len(requests))

    # The machine

    def test_disk(self):
        for free, state in ((0.5 * GB, "broken"), (5 * GB, "attention"), (50 * GB, "good")):
            with patch.object(shutil, "disk_usage", return_value=DiskUsage(100 * GB, 100 * GB - free, int(free))):
                self.assertHealth("disk", state, f"{free / GB:.1f} GB free")

    def test_renderers(self):
        with patch.object(docx, "is_available", return_value=False):
            self.assertHealth("renderers", "good")
            self.template.kind = "docx"
            check = self.assertHealth("renderers", "broken", "LibreOffice is not installed")
        self.assertEqual(self.listed(check, "These templates"), self.template)
        report = self.env.ref("web.action_report_externalpreview")
        self.template.write(
            {"kind": "report", "report_id": report.id, "report_path": "company_id", "report_engine": "odoo"}
        )
        for state, expected in (("broken", "broken"), ("workers", "attention"), ("ok", "good")):
            with patch.object(type(self.env["ir.actions.report"]), "get_wkhtmltopdf_state", return_value=state):
                self.assertHealth("renderers", expected)

    def test_clock(self):
        self.assertHealth("clock", "good")
        with freeze_time(Datetime.now() + timedelta(minutes=3)):
            self.assertEqual(self.env["signature.health"]._run("clock")["state"], "attention")

    def test_server(self):
        with patch.dict(config.options, {"workers": 0}):
            self.assertHealth("server", "good", "One process", "PostgreSQL")
        with patch.dict(config.options, {"workers": 4, "limit_time_real": 20}):
            self.assertHealth("server", "attention", "20 seconds")


@tagged("post_install", "-at_install")
class TestHealthIsTold(HealthCase):
    """Who does not look is told, once."""

    def todos(self):
        return self.env["mail.activity"].search([("summary", "like", "Signatures:")])

    def look(self):
        with self.mock_mail_gateway():
            self.env["signature.health"]._cron_check()

    def test_told_once(self):
        self._make_user("tess", "base.group_system")
        administrators = self.env.ref("base.group_system").all_user_ids.filtered("active")
        self.look()
        self.assertFalse(self.todos())
        worker = self.env.ref("signature_workflow.ir_cron_process")
        worker.active = False
        self.look()
        self.assertFalse(self.todos(), "it may pass")
        cron = self.env.ref("signature_workflow.ir_cron_health")
        self.assertEqual(
            self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)]), 1, "there is a second look"
        )
        with self.assertLogs("odoo.addons.signature_workflow", "WARNING"):
            self.look()
        self.assertEqual(self.todos().user_id, administrators)
        self.assertEqual(len(self.todos()), len(administrators))
        note = self.todos()[0].note
        self.assertIn(worker.name, note)
        self.assertIn('href="/odoo/signature-health"', note)
        self.look()
        self.assertEqual(len(self.todos()), len(administrators))
        # who has done it is not told of the same again
        self.todos()[0].action_done()
        self.look()
        self.assertEqual(len(self.todos()), len(administrators) - 1)
        worker.active = True
        self.look()
        self.assertFalse(self.todos())
        worker.active = False
        self.look()
        with self.assertLogs("odoo.addons.signature_workflow", "WARNING"):
            self.look()
        self.assertEqual(len(self.todos()), len(administrators))

    def tampered(self):
        """Return the first and the last of three documents, of which the first one's trail does not hold."""
        first, _second, last = self.send(), self.send(), self.send()
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE signature_event DISABLE TRIGGER USER")
        self.env.cr.execute("UPDATE signature_event SET kind = 'held' WHERE request_id = %s", [first.id])
        self.env.cr.execute("ALTER TABLE signature_event ENABLE TRIGGER USER")
        self.env.invalidate_all()
        self.enterContext(patch(f"{WORK}.SAMPLE", 1))
        return first, last

    def look_at(self, request):
        """Run the scheduled action, whose sample is this request."""
        with patch("random.SystemRandom.sample", return_value=[request.id]):
            self.look()

    def test_found_in_a_sample(self):
        first, last = self.tampered()
        with patch(f"{WORK}.DAILY", 0):
            self.look_at(last)
            self.assertFalse(self.todos())
            with self.assertLogs("odoo.addons.signature_workflow", "WARNING"):
                self.look_at(first)
            todos = self.todos()
            self.assertTrue(todos, "told at once")
            for todo in todos:
                self.assertIn(first.name, todo.note)
            # it was luck to find it: now it is looked at each time
            for _day in range(3):
                self.look_at(last)
                self.assertEqual(self.todos(), todos)
            with patch("random.SystemRandom.sample", return_value=[last.id]):
                check = self.assertHealth("trail", "broken", first.name)
            self.assertEqual(self.listed(check, "These documents"), first)
            # who has done it is told of another one, and of both then
            todos.action_done()
            self.look_at(last)
            self.assertFalse(self.todos())
            last.event_ids[0]._erase()
            with self.assertLogs("odoo.addons.signature_workflow", "WARNING"):
                self.look_at(last)
            self.assertIn("hold: 2", self.todos()[0].note)
            # what holds again is told no more
            last._log_events("erased")
            first.sudo()._delete_for_good()
            self.look_at(last)
            self.assertFalse(self.todos())

    def test_all_documents_in_time(self):
        first, last = self.tampered()
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("signature_workflow.health_position", first.id)
        with patch(f"{WORK}.DAILY", 1), patch(f"{WORK}.STEP", 1):
            for _day in range(3):
                # the second, the third, the end
                self.look_at(last)
                self.assertFalse(self.todos())
            parameters.set_param("signature_workflow.health_position", first.id - 1)
            with self.assertLogs("odoo.addons.signature_workflow", "WARNING"):
                self.look_at(last)
        self.assertIn(first.name, self.todos()[0].note)

    def test_attention_is_not_told(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "http://odoo.company.example")
        self.look()
        self.assertFalse(self.todos())
        self.assertEqual(json.loads(self.env["ir.config_parameter"].get_param("signature_workflow.health_told")), {})


@tagged("post_install", "-at_install")
class TestSettings(HealthCase):
    """The settings of a company."""

    def form(self):
        return Form(self.env["res.config.settings"].with_user(self.admin))

    def test_saved(self):
        company = self.env.company
        with self.form() as form:
            form.signature_tsa_url = "https://time.company.example/tsa?fast=1"
            form.signature_keep_years = 10
            form.signature_purge_days = 90
        form.record.execute()
        self.assertEqual(company.signature_tsa_url, "https://time.company.example/tsa?fast=1")
        self.assertEqual((company.signature_keep_years, company.signature_purge_days), (10, 90))

    def test_preview(self):
        request = self.send()
        request.action_cancel()
        self.work()
        with freeze_time(Datetime.now() + timedelta(days=100)):
            form = self.form()
            self.assertIn("Nothing is deleted", form.signature_retention_preview)
            form.signature_purge_days = 110
            self.assertIn("came to nothing: 0", form.signature_retention_preview)
            self.assertIn("first run with these numbers is on", form.signature_retention_preview)
            form.signature_purge_days = 90
            self.assertIn("came to nothing: 1", form.signature_retention_preview)

    def test_administrator_who_sells_nothing(self):
        technician = self._make_user("tess", "base.group_system")
        for user, is_manager in ((technician, False), (self.admin, True)):
            views = self.env["res.config.settings"].with_user(user).get_views([(False, "form")])
            arch = views["views"]["form"]["arch"]
            for name in ("signature_erasure", "signature_roles"):
                self.assertEqual(f'id="{name}"' in arch, is_manager)
            self.assertIn('id="signature_keep"', arch)

    def test_refused(self):
        for field, value in (
            ("signature_tsa_url", "ftp://time.company.example"),
            ("signature_tsa_url", "https://me:word@time.company.example"),
            ("signature_tsa_url", "https://"),
            ("signature_tsa_certificates", "no certificate"),
            ("signature_keep_years", -1),
            ("signature_purge_days", -1),
        ):
            with self.subTest(value=value), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.env["res.config.settings"].with_user(self.admin).create({field: value})
