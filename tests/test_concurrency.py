import base64
from datetime import timedelta
from types import SimpleNamespace

from odoo import fields
from odoo.addons.signature_workflow.signature_workflow.models.refused import SubmitRefused
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import pdf_samples
from .common import BODY, STROKES
from .invariants import assert_invariants
from .real_transactions import RealTransactionsCase

REQUESTS = 20
ORIGIN = {"ip": "192.0.2.1"}


class SentRequestsCase(RealTransactionsCase):
    """Requests that wait for two signers each."""

    count = REQUESTS

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.request_ids, self.made = self._make(env)
        with self.transaction() as env:
            env["signature.request"]._cron_process()
            requests = env["signature.request"].browse(self.request_ids)
            self.assertEqual(set(requests.mapped("state")), {"sent"}, requests.mapped("failure"))
            self.signers = {request.id: request.signer_ids.sorted("id").ids for request in requests}

    def _make(self, env):
        partner = env["res.partner"].create({"name": "Client", "email": "c@client.example"})
        roles = [env.ref(f"signature_workflow.{name}").id for name in ("role_client", "role_company")]
        lines = [(0, 0, {"role_id": role, "sequence": 1, "may_forward": True}) for role in roles]
        template = env["signature.template"].create({"name": "Together", "role_ids": lines, **self._content(roles)})
        deals = env["crm.lead"].create(
            [{"name": f"D{n}", "type": "opportunity", "partner_id": partner.id} for n in range(self.count)]
        )
        signatory = env.ref("base.user_admin")
        signatory.email = signatory.email or "admin@company.example"
        requests = template._make_requests(deals, signatory=signatory)
        return requests.ids, [(record._name, record.ids) for record in (deals, template, partner)]

    def _content(self, _roles):
        return {"body": BODY}

    def _sign(self, env, signer_id, nonce):
        """Return what signs once it is called."""
        signer = env["signature.signer"].browse(signer_id)
        values = {"signature": STROKES, "name": "N", "checkbox": True, "text": "t"}
        answers = {f.id: values[f.type] for f in signer.field_ids if f.type in values}
        sha256 = signer.request_id.original_sha256
        env.cr.rollback()
        return lambda: signer._submit(answers, nonce, sha256, ORIGIN)


@tagged("post_install", "-at_install")
class TestLastSigners(SentRequestsCase):
    """Two last signers at the same instant, many times."""

    count = 200

    def _content(self, roles):
        # nothing to render
        fields = [
            (0, 0, {"role_id": role, "type": "signature", "name": "Signature", "x": 50 * place})
            for place, role in enumerate(roles)
        ]
        return {"kind": "pdf", "pdf_file": base64.b64encode(pdf_samples.simple()), "field_ids": fields}

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_two_last_signers(self):
        answers = []
        for begin in range(0, self.count, REQUESTS):
            signers = [signer for each in self.request_ids[begin : begin + REQUESTS] for signer in self.signers[each]]
            answers += self.at_once(self._sign, [(signer, f"n{signer}") for signer in signers])
        self.assertNotIn("busy", answers)
        self.assertGreaterEqual(answers.count("sealing"), self.count)
        with self.transaction() as env:
            env["signature.request"]._cron_process()
            for request in env["signature.request"].browse(self.request_ids):
                kinds = request.event_ids.mapped("kind")
                self.assertEqual(request.state, "completed", request.failure)
                self.assertEqual((kinds.count("signed"), kinds.count("sealed")), (2, 1))
                self.assertEqual(len(request.reaction_ids), 1)
            assert_invariants(self, env)


@tagged("post_install", "-at_install")
class TestSameAnswer(SentRequestsCase):
    count = 1

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_same_answer_many_times(self):
        [[signer_id, _last]] = self.signers.values()
        self.assertEqual(self.at_once(self._sign, [(signer_id, "same")] * 20), ["signed"] * 20)
        with self.transaction() as env:
            request = env["signature.request"].browse(self.request_ids)
            self.assertEqual(request.event_ids.mapped("kind").count("signed"), 1)
            assert_invariants(self, env)


class AgainstSigningCase(SentRequestsCase):
    """The last signature, and something else that happens to the document at the same instant."""

    # what happens, and whether the signature may follow it all the same
    acts = {}

    def setUp(self):
        super().setUp()
        self.tokens = {}
        with self.transaction() as env:
            for request, (first, last) in self.signers.items():
                self._sign(env, first, f"n{first}")()
                url = env["signature.link"]._make(env["signature.signer"].browse(last), "email")[last]
                self.tokens[request] = url.rpartition("/")[2]
                env.cr.commit()

    def _act(self, env, name, request_id):
        """Return what happens at the instant; it answers what became of it: "done", or the words that refuse it."""
        request, last = env["signature.request"].browse(request_id), self.signers[request_id][1]
        sign = self._sign(env, last, f"n{last}")
        here = SimpleNamespace(env=env, request=request, signer=request.signer_ids.browse(last), sign=sign)

        def act():
            try:
                getattr(self, f"_{name}")(here)
            except (SubmitRefused, UserError) as refused:
                return request_id, name, str(refused)
            return request_id, name, "done"

        return act

    def _sign_by_link(self, here):
        """Sign as a visitor does: the link has to work at that instant."""
        signer = here.env["signature.signer"]._from_token(self.tokens[here.request.id])
        if not signer:
            raise SubmitRefused("gone", "The link does not work any more.")
        here.sign()

    def _happen(self, names):
        """Let one of `names` happen to each document in turn, and the last signature; return the answers of each."""
        jobs = []
        for number, request_id in enumerate(self.request_ids):
            jobs += [("sign_by_link", request_id), (names[number % len(names)], request_id)]
        answers = {}
        for request_id, name, answer in self.at_once(self._act, jobs):
            answers.setdefault(request_id, {})[name] = answer
        with self.transaction() as env:
            env["signature.request"]._cron_process()
        return answers


@tagged("post_install", "-at_install")
class TestAgainstSigning(AgainstSigningCase):
    """One of the two wins, the other is told that it came too late, and the trail says the same."""

    count = 28

    def _cancel(self, here):
        here.request.action_cancel("No longer wanted")

    def _decline(self, here):
        here.signer._decline("No", "another tab", ORIGIN)

    def _scan(self, here):
        here.request._sign_on_paper([pdf_samples.simple()])

    def _paper(self, here):
        here.request.action_continue_on_paper()

    def _resend(self, here):
        here.signer.action_resend()

    def _change(self, here):
        person = {"name": "Other", "email": "other@client.example", "channel": "email", "lang": "en_US"}
        here.env["signature.signer.change"].create({"signer_id": here.signer.id, **person}).action_change()

    def _forward(self, here):
        here.signer._forward("Other", "other@client.example", "", ORIGIN)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_one_of_two(self):
        ends = {
            "cancel": ("cancelled", "cancelled"),
            "decline": ("declined", "declined"),
            "scan": ("completed", "paper"),
            "paper": ("paper", "to_paper"),
            "resend": ("sent", "link_sent"),
            "change": ("sent", "changed"),
            "forward": ("sent", "forwarded"),
        }
        answers = self._happen(list(ends))
        with self.transaction() as env:
            for request in env["signature.request"].browse(self.request_ids):
                signing = answers[request.id].pop("sign_by_link")
                [(name, other)] = answers[request.id].items()
                with self.subTest(name, signing=signing, other=other):
                    self.assertEqual([signing, other].count("done"), 1)
                    self._check_end(request, signing == "done", *ends[name])
            assert_invariants(self, env)

    def _check_end(self, request, is_signed, end, kind):
        kinds = request.event_ids.mapped("kind")
        self.assertEqual(request.state, "completed" if is_signed else end, request.failure)
        self.assertEqual(kinds.count("signed"), 2 if is_signed else 1)
        self.assertEqual(kinds.count("sealed"), int(is_signed))
        # links have been sent before
        others = kinds.count(kind) - (kind == "link_sent")
        self.assertEqual(others, int(not is_signed))


@tagged("post_install", "-at_install")
class TestDeadlineAgainstSigning(AgainstSigningCase):
    """The time runs out, or is made longer, as the last one signs."""

    def _extend(self, here):
        limit = fields.Date.today() + timedelta(days=90)
        values = {"request_id": here.request.id, "date_expire": limit}
        here.env["signature.request.deadline"].create(values).action_change()

    def _expire(self, here):
        here.env["signature.request"]._cron_expire()

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_more_time(self):
        """Whoever comes first, it is signed; who comes too late with more time is told."""
        answers = self._happen(["extend"])
        with self.transaction() as env:
            for request in env["signature.request"].browse(self.request_ids):
                self.assertEqual(answers[request.id]["sign_by_link"], "done")
                self.assertEqual(request.state, "completed", request.failure)
                given = request.event_ids.mapped("kind").count("extended")
                self.assertEqual(given, int(answers[request.id]["extend"] == "done"))
            assert_invariants(self, env)

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_expire(self):
        with self.transaction() as env:
            requests = env["signature.request"].browse(self.request_ids)
            requests.date_expire = fields.Date.today() - timedelta(days=1)
        jobs = [("sign_late", each) for each in self.request_ids] + [("expire", self.request_ids[0])]
        self.at_once(self._act, jobs)
        with self.transaction() as env:
            env["signature.request"]._cron_expire()
        with self.transaction() as env:
            env["signature.request"]._cron_process()
            for request in env["signature.request"].browse(self.request_ids):
                kinds = request.event_ids.mapped("kind")
                self.assertIn(request.state, ("completed", "expired"))
                self.assertEqual(kinds.count("signed"), 2 if request.state == "completed" else 1)
                self.assertEqual(kinds.count("expired"), int(request.state == "expired"))
            assert_invariants(self, env)

    def _sign_late(self, here):
        # it is still the last day where the signer is
        here.sign()


@tagged("post_install", "-at_install")
class TestTwoWorkers(SentRequestsCase):
    """Two workers at the same instant share the work."""

    def _process(self, env, _number):
        def process():
            env["signature.request"]._cron_process()
            return len(env["signature.event"].search([("kind", "in", ("created", "sealed"))]))

        return process

    @mute_logger("odoo.sql_db", "odoo.service.model")
    def test_nothing_twice(self):
        with self.transaction() as env:
            deals = env["crm.lead"].browse(self.made[0][1])
            template = env["signature.request"].browse(self.request_ids[0]).template_id
            self.request_ids += template._make_requests(deals, signatory=env.ref("base.user_admin")).ids
        for state in ("sent", "completed"):
            self.at_once(self._process, [(1,), (2,)])
            with self.transaction() as env:
                # what one left because it met the other is for the next run
                env["signature.request"]._cron_process()
                requests = env["signature.request"].browse(self.request_ids)
                self.assertEqual(set(requests.mapped("state")), {state}, requests.mapped("failure"))
                self.assertFalse(any(requests.mapped("attempts")))
                assert_invariants(self, env)
                if state == "sent":
                    for signer in requests.signer_ids:
                        self._sign(env, signer.id, f"n{signer.id}")()
                        env.cr.commit()
