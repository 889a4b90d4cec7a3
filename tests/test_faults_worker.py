from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import SerializationFailure

from .bad_mail_server import BadMailServer
from .bad_sms_gateway import BadSmsGateway
from .common import BODY, STROKES
from .invariants import assert_invariants
from .killable_worker import COMMITS, KillableWorker
from .real_transactions import RealTransactionsCase

NUMBER = "+40721234567"
# at which points the worker is killed on a document's whole way
ON_THE_WAY = ("rendering", "file write", "first links", "sealing", "mailing", "mailed", "reacting")


class FaultsCase(RealTransactionsCase):
    """A rule, and a worker in a process of its own that mails and texts to servers of ours."""

    channel = "email"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.worker = cls.enterClassContext(KillableWorker())
        cls.server = cls.enterClassContext(BadMailServer())
        cls.gateway = cls.enterClassContext(BadSmsGateway())

    def setUp(self):
        super().setUp()
        self.server.mood = self.gateway.mood = "good"
        self.server.mails.clear()
        self.gateway.texts.clear()
        with self.transaction() as env:
            self._make(env)

    def _make(self, env):
        env["signature.rule"].search([]).active = False
        env["ir.config_parameter"].set_param("sms.endpoint", self.gateway.url)
        env.ref("base.user_admin").email = "admin@company.example"
        partner = env["res.partner"].create(
            {"name": "Client", "email": "c@client.example", "phone": NUMBER, "country_id": env.ref("base.ro").id}
        )
        roles = [
            (0, 0, {"role_id": env.ref(f"signature_workflow.{name}").id, "sequence": 1, "channel": channel})
            for name, channel in (("role_client", self.channel), ("role_company", "email"))
        ]
        template = env["signature.template"].create({"name": "Faulty", "body": BODY, "role_ids": roles})
        stages = env["crm.stage"].create([{"name": name, "sequence": 200} for name in ("To sign", "Next")])
        stage, after = stages
        rule = env["signature.rule"].create(
            {
                "stage_id": stage.id,
                "template_id": template.id,
                "signatory_id": env.ref("base.user_admin").id,
                "action_ids": [(0, 0, {"event": "signed", "kind": "stage", "stage_id": after.id})],
                "company_id": False,
            }
        )
        mail_server = env["ir.mail_server"].create(
            {"name": "Ours", "smtp_host": "127.0.0.1", "smtp_port": self.server.port, "sequence": 0}
        )
        self.made = [(record._name, record.ids) for record in (rule, template, stages, partner, mail_server)]
        self.stage_id, self.after_id, self.partner_id = stage.id, after.id, partner.id

    def enter(self, count=1, **values):
        """Bring new deals into the rule's stage; return their ids."""
        with self.transaction() as env:
            deals = env["crm.lead"].create(
                [
                    {
                        "name": f"Deal <{number}>",
                        "type": "opportunity",
                        "partner_id": self.partner_id,
                        "user_id": env.ref("base.user_admin").id,
                        "stage_id": self.stage_id,
                        **values,
                    }
                    for number in range(count)
                ]
            )
            self.made.insert(0, (deals._name, deals.ids))
            return deals.ids

    def requests(self, env):
        return env["signature.request"].search([])

    def sign_all(self):
        with self.transaction() as env:
            values = {"signature": STROKES, "name": "N", "checkbox": True, "text": "t"}
            for signer in self.requests(env).signer_ids:
                answers = {field.id: values[field.type] for field in signer.field_ids if field.type in values}
                digest = signer.request_id.original_sha256
                signer._submit(answers, f"n{signer.id}", digest, {"ip": "192.0.2.1"})

    def finish(self):
        """Let the worker run in peace, as often as its triggers would have it."""
        for _run in range(2):
            self.assertTrue(self.worker.run())

    def check_completed(self):
        """The same end as that of a run without faults."""
        with self.transaction() as env:
            requests = self.requests(env)
            self.assertEqual(set(requests.mapped("state")), {"completed"}, requests.mapped("failure"))
            self.assertEqual(
                set(requests.reaction_ids.mapped("state")), {"done"}, requests.mapped("reaction_ids.failure")
            )
            deals = env["crm.lead"].browse(requests.mapped("res_id"))
            self.assertEqual(deals.stage_id.ids, [self.after_id])
            moves = deals.message_ids.tracking_value_ids.filtered(lambda value: value.field_id.name == "stage_id")
            self.assertLessEqual(len(moves), len(deals))
            assert_invariants(self, env)
        self.assertGreaterEqual(len(self.copies()), 2 * len(deals))

    def check_at_any_time(self):
        with self.transaction() as env:
            assert_invariants(self, env, finished=False)

    def copies(self):
        return [mail for mail in self.server.mails if b"application/pdf" in mail]


@tagged("post_install", "-at_install")
class TestKilledWorker(FaultsCase):
    """The worker is killed, or cut from the database, in the middle: nothing is lost, and nothing done twice."""

    def test_killed_at_each_point(self):
        commits = [f"{when} {number}" for when in ("before", "after") for number in COMMITS]
        for point in [*ON_THE_WAY, *commits]:
            with self.subTest(point):
                self.enter()
                reached = not self.worker.run(point)
                self.finish()
                self.sign_all()
                reached |= not self.worker.run(point)
                self.finish()
                self.assertTrue(reached)
                self.check_completed()
                self._clean_requests()

    def _clean_requests(self):
        """Forget the documents, as the next point begins anew."""
        made, self.made = self.made, [each for each in self.made if each[0] == "crm.lead"]
        self._clean()
        self.made = [each for each in made if each[0] != "crm.lead"]
        self.server.mails.clear()

    def test_killed_while_it_tells_of_the_end(self):
        self.enter(3)
        self.finish()
        self.server.mails.clear()
        with self.transaction() as env:
            self.requests(env).action_cancel("No longer wanted")
        for point in ("told", "before second commit", "mailing"):
            with self.subTest(point):
                self.assertFalse(self.worker.run(point))
                self.check_at_any_time()
        self.finish()
        told = [mail for mail in self.server.mails if b"Subject: Cancelled: " in mail]
        self.assertEqual(len(told), 6)
        with self.transaction() as env:
            self.assertEqual(set(self.requests(env).reaction_ids.mapped("state")), {"done"})
            assert_invariants(self, env)

    def test_full_disk(self):
        """Somebody is told, nothing is completed without bytes, and it goes on once there is room."""
        self.enter(2)
        self.check_no_room("queued")
        self.sign_all()
        self.check_no_room("signed")
        self.check_completed()

    def check_no_room(self, state):
        self.assertTrue(self.worker.run(how="full"))
        with self.transaction() as env:
            requests = self.requests(env)
            self.assertEqual(set(requests.mapped("state")), {"failed"})
            self.assertIn("no room", requests[0].failure)
            todos = env["mail.activity"].search([("signature_request_id", "in", requests.ids)])
            self.assertEqual((todos.user_id, len(todos)), (env.ref("base.user_admin"), 2))
            self.check_at_any_time()
            requests.action_retry()
            self.assertEqual(set(requests.mapped("state")), {state})
        # and the server is killed in the middle of a file
        self.assertFalse(self.worker.run(how="torn"))
        self.check_at_any_time()
        self.finish()

    def test_cut_from_the_database(self):
        self.enter(3)
        self.assertFalse(self.worker.run("rendering", "cut"))
        self.finish()
        self.sign_all()
        self.assertFalse(self.worker.run("sealing", "cut"))
        self.finish()
        self.check_completed()

    def test_poison_among_fifty(self):
        self.enter(50)
        runs = 1
        while not self.worker.run("rendering", only="Deal <7>"):
            runs += 1
        self.assertEqual(runs, 4)
        with self.transaction() as env:
            failed = self.requests(env).filtered(lambda request: request.state != "sent")
            self.assertEqual((failed.state, failed.name), ("failed", "Faulty – Deal <7>"))
            self.assertIn("stopped 3 times", failed.failure)
            todo = env["mail.activity"].search([("signature_request_id", "=", failed.id)])
            self.assertEqual(todo.user_id, env.ref("base.user_admin"))
            assert_invariants(self, env)

    @mute_logger("odoo.sql_db")
    def test_serialization_failures(self):
        """Each step of the way fails once because somebody was quicker."""
        self.enter(3)
        for name in ("_store_documents", "_send_next"):
            self._work_with_conflict("signature.request", name)
        self.finish()
        self.sign_all()
        for model, name in (("signature.request", "_seal"), ("signature.reaction", "_apply")):
            self._work_with_conflict(model, name)
        self.finish()
        self.check_completed()

    def _work_with_conflict(self, model, name):
        failures = iter([SerializationFailure("injected")])
        original = getattr(self.registry[model], name)

        def fail_once(records, *args):
            for failure in failures:
                raise failure
            return original(records, *args)

        with patch.object(self.registry[model], name, fail_once), self.transaction() as env:
            env["signature.request"]._cron_process()
        self.assertFalse(list(failures), f"{name} was not reached")


@tagged("post_install", "-at_install")
class TestBadMailServer(FaultsCase):
    """What was refused, or perhaps did not arrive, is told to a person, who sends it again."""

    def to_client(self):
        return [mail for mail in self.server.mails if b"c@client.example" in mail]

    def test_refuses(self):
        self.check_told_and_sent_again("refuses")

    def test_hangs_up_after_the_text(self):
        self.check_told_and_sent_again("hangs up")

    def check_told_and_sent_again(self, mood):
        self.server.mood = mood
        self.enter()
        # a mail server that hangs up stops the queue until its next run: two links, and the mail about a to-do
        for _run in range(4):
            self.assertTrue(self.worker.run())
        with self.transaction() as env:
            request = self.requests(env)
            self.assertEqual(request.state, "sent", request.failure)
            todos = env["mail.activity"].search([("signature_request_id", "=", request.id)])
            for signer in request.signer_ids:
                self.assertIn(signer.email, "".join(todos.mapped("note")))
            self.assertEqual(request.event_ids.mapped("kind").count("undelivered"), 2)
            self.server.mood = "good"
            self.server.mails.clear()
            request.signer_ids.action_resend()
        self.finish()
        self.assertEqual(len(self.to_client()), 1)
        with self.transaction() as env:
            assert_invariants(self, env)

    def test_slow(self):
        self.server.mood = "slow"
        self.enter()
        self.finish()
        self.assertEqual(len(self.to_client()), 1)


@tagged("post_install", "-at_install")
class TestBadSmsGateway(FaultsCase):
    """The client is reached by SMS: what the gateway did not take, or perhaps did, is told to a person."""

    channel = "sms"

    def links(self):
        return [text for text in self.gateway.texts if "/s/" in text]

    def test_down(self):
        self.check_told("down", taken=0)

    def test_drops(self):
        """It has taken the message, but its answer is lost."""
        self.check_told("drops", taken=1)

    def check_told(self, mood, taken):
        self.gateway.mood = mood
        self.enter()
        self.finish()
        self.assertEqual(len(self.links()), taken)
        with self.transaction() as env:
            request = self.requests(env)
            self.assertEqual(request.state, "sent", request.failure)
            todo = env["mail.activity"].search([("signature_request_id", "=", request.id)])
            self.assertEqual(todo.user_id, env.ref("base.user_admin"))
            self.assertIn(f"could not be sent to {NUMBER}: Server Error, and perhaps it has arrived", todo.note)
            self.assertEqual(request.event_ids.mapped("kind").count("undelivered"), 1)
            assert_invariants(self, env)
            self.gateway.mood = "good"
            self.gateway.texts.clear()
            request.signer_ids.filtered("phone")[0].action_resend()
        self.finish()
        self.assertEqual(len(self.links()), 1)
        with self.transaction() as env:
            self.assertFalse(env["mail.activity"].search([("signature_request_id", "=", self.requests(env).id)]))

    def test_slow(self):
        self.gateway.mood = "slow"
        self.enter()
        self.finish()
        self.assertEqual(len(self.links()), 1)
        with self.transaction() as env:
            self.assertNotIn("undelivered", self.requests(env).event_ids.mapped("kind"))

    def test_killed_as_it_was_sent(self):
        """It goes out once more: whether it has arrived nobody knows."""
        self.enter()
        self.assertFalse(self.worker.run("texted"))
        self.finish()
        self.assertEqual(len(self.links()), 2)
        with self.transaction() as env:
            assert_invariants(self, env)
