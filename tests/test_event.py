import hashlib
import json

from odoo.addons.signature_workflow import hooks
from odoo.addons.signature_workflow.signature_workflow.engine import audit
from odoo.addons.signature_workflow.signature_workflow.engine.errors import AuditError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import RaiseException, UniqueViolation

from .common import SignatureCase

PARTS = ("signature.event", "signature.signer", "signature.request.field", "signature.reaction", "signature.rule.run")
# by somebody who has the database's password
INSIDER = {
    "content": "UPDATE signature_event SET data = '{}' WHERE id = %(id)s",
    "address": "UPDATE signature_event SET ip = '192.0.2.8' WHERE id = %(id)s",
    "half an erasure": "UPDATE signature_event SET data = NULL WHERE id = %(id)s",
    "an erasure, and more": """UPDATE signature_event SET ip = NULL, user_agent = NULL, data = NULL, salt = NULL,
                               kind = 'signed' WHERE id = %(id)s""",
    "whom it is about": "UPDATE signature_event SET signer_id = NULL WHERE id = %(id)s",
    "order": "UPDATE signature_event SET sequence = sequence + 100 WHERE request_id = %(request)s",
    "one line": "DELETE FROM signature_event WHERE id = %(id)s",
    "all lines": "DELETE FROM signature_event",
    "the table": "TRUNCATE signature_event",
    "what it hangs on": "TRUNCATE signature_request CASCADE",
}
# when even the trigger is switched off: the position of the line that is named, and why
SUPERUSER = {
    "content": ("UPDATE signature_event SET data = '{}' WHERE {third}", 2, "hash_mismatch"),
    "no JSON": ("UPDATE signature_event SET data = 'x' WHERE {third}", 2, "hash_mismatch"),
    "address": ("UPDATE signature_event SET ip = '192.0.2.8' WHERE {third}", 2, "hash_mismatch"),
    "half an erasure": ("UPDATE signature_event SET data = NULL, salt = NULL WHERE {third}", 2, "hash_mismatch"),
    "time": ("UPDATE signature_event SET date = date - interval '1 day' WHERE {third}", 2, "hash_mismatch"),
    "digest": ("UPDATE signature_event SET details_sha256 = repeat('0', 64) WHERE {third}", 2, "hash_mismatch"),
    "an older version": ("UPDATE signature_event SET version = 1 WHERE {third}", 2, "hash_mismatch"),
    "removed": ("DELETE FROM signature_event WHERE {third}", 2, "chain_broken"),
    "swapped": (
        """UPDATE signature_event SET sequence = -sequence WHERE {all} AND sequence IN (3, 4);
           UPDATE signature_event SET sequence = 7 + sequence WHERE {all} AND sequence < 0""",
        2,
        "chain_broken",
    ),
    "inserted": (
        """UPDATE signature_event SET sequence = -sequence WHERE {all} AND sequence > 2;
           UPDATE signature_event SET sequence = 1 - sequence WHERE {all} AND sequence < 0;
           INSERT INTO signature_event (request_id, sequence, kind, date, user_id, data, version, salt, details_sha256,
                                        previous_hash, hash)
           SELECT request_id, 3, kind, date, user_id, data, version, salt, details_sha256, hash, repeat('0', 64)
             FROM signature_event WHERE {all} AND sequence = 2""",
        2,
        "hash_mismatch",
    ),
}


@tagged("post_install", "-at_install")
class TestEvent(SignatureCase):
    """The trail: written cheaply, refused to whoever would change it, and erased where the law wants it."""

    def setUp(self):
        super().setUp()
        self.request = self.send()

    def sql(self, query):
        self.env.flush_all()
        self.env.cr.execute(query)
        self.env.invalidate_all()

    def test_what_a_line_says_is_covered_by_its_hash(self):
        self.sign(self.request.signer_ids[0])
        event = self.request.event_ids[-1].sudo()
        self.assertEqual((event.kind, event.version, event.ip), ("signed", 2, "192.0.2.7"))
        details = {"ip": "192.0.2.7", "user_agent": "Phone", "data": json.loads(event.data)}
        self.assertRegex(event.salt, "^[0-9a-f]{32}$")
        plain = json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        self.assertEqual(event.details_sha256, hashlib.sha256(f"{event.salt}{plain}".encode()).hexdigest())
        self.assertEqual(len(set(self.request.event_ids.sudo().mapped("salt"))), len(self.request.event_ids))
        self.assertEqual(self.request.event_ids._verify_chain(), [])

    def test_consent_is_kept_word_by_word(self):
        client = self.request.signer_ids[0].sudo().with_context(lang="fr_FR")
        self.sign(client)
        data = json.loads(self.request.event_ids[-1].data)
        self.assertEqual((data["consent_version"], data["consent_lang"]), ("2", "fr_FR"))
        self.assertEqual(data["consent_text"], client._consent())
        self.assertEqual(data["consent_sha256"], hashlib.sha256(data["consent_text"].encode()).hexdigest())

    def test_a_line_costs_one_select_and_one_insert_however_long_the_trail(self):
        request = self.template._make_requests(self._make_deal())
        for length in (1, 200):
            for __ in range(length - len(request.event_ids)):
                request._log_events("reminded")
            self.env.flush_all()
            with self.subTest(length), self.assertQueryCount(2):
                request._log_events("reminded", data={"n": length}, origin={"ip": "192.0.2.7"})
                self.env.flush_all()
        self.assertEqual(len(request.event_ids), 201)
        request.event_ids._verify_chain()

    @mute_logger("odoo.sql_db")
    def test_an_insider_is_refused_by_the_database(self):
        event = self.request.event_ids[0]
        before = event.sudo().read()
        self.env.flush_all()
        for what, query in INSIDER.items():
            with self.subTest(what), self.assertRaisesRegex(RaiseException, "append-only"), self.env.cr.savepoint():
                self.env.cr.execute(query, {"id": event.id, "request": self.request.id})
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.env.cr.execute(
                """INSERT INTO signature_event (request_id, sequence, kind, date, version, previous_hash, hash)
                   SELECT request_id, sequence, kind, date, version, previous_hash, hash FROM signature_event
                    WHERE id = %s""",
                [event.id],
            )
        self.env.invalidate_all()
        self.assertEqual(event.sudo().read(), before)
        self.request.event_ids._verify_chain()

    def test_nothing_stays_in_the_database_without_the_addon(self):
        self.env.flush_all()
        hooks.uninstall_hook(self.env)
        self.env.cr.execute("SELECT FROM pg_proc WHERE proname = 'signature_event_guard'")
        self.assertFalse(self.env.cr.rowcount)
        self.env.cr.execute("DELETE FROM signature_event")

    def test_the_trail_names_what_a_superuser_has_changed(self):
        for signer in self.request.signer_ids:
            self.sign(signer, nonce=f"nonce-{signer.id}")
            self.work()
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE signature_event DISABLE TRIGGER USER")
        all_of_it = f"request_id = {self.request.id}"
        for what, (template, index, code) in SUPERUSER.items():
            query = template.replace("{all}", all_of_it).replace("{third}", f"{all_of_it} AND sequence = 3")
            with self.subTest(what), self.env.cr.savepoint() as savepoint:
                self.sql(query)
                with self.assertRaises(AuditError) as caught:
                    self.request.event_ids._verify_chain()
                self.assertEqual((caught.exception.index, caught.exception.code), (index, code))
                savepoint.rollback()
                self.env.invalidate_all()
        self.request.event_ids._verify_chain()

    def test_what_is_erased_is_gone_and_the_trail_holds(self):
        client = self.request.signer_ids[0]
        self.sign(client)
        about = self.request.event_ids.filtered(lambda event: event.kind in ("link_sent", "signed"))
        self.assertEqual(about._erase(), about)
        self.assertFalse(about._erase())
        self.request._log_events("erased")
        lines = [list(self.request.event_ids).index(event) for event in about]
        self.assertEqual(self.request.event_ids._verify_chain(), lines)
        for event in about.sudo():
            self.assertFalse(event.ip or event.user_agent or event.data or event.salt)
            self.assertTrue(event.details_sha256)
        self.env.flush_all()
        self.env.cr.execute("SELECT string_agg(e::text, ' ') FROM signature_event e WHERE id IN %s", [about._ids])
        self.assertNotIn(client.email, self.env.cr.fetchone()[0])

    def test_a_document_goes_as_a_whole(self):
        self.complete(self.request)
        other = self.send(self._make_deal(name="Other"))
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM signature_request WHERE id = %s", self.request.ids)
        self.env.invalidate_all()
        for model in PARTS:
            self.assertFalse(self.env[model].search([("request_id", "=", self.request.id)]), model)
        other.event_ids._verify_chain()

    @mute_logger("odoo.sql_db")
    def test_lines_from_before_the_upgrade_go_on(self):
        """A trail of version 1 is verified as it always was, goes on in version 2, and keeps what it says."""
        old = self.send(self._make_deal(name="Old"))
        self.env.flush_all()
        self.env.cr.execute("ALTER TABLE signature_event DISABLE TRIGGER USER")
        self._make_old(old.event_ids)
        self.env.cr.execute("ALTER TABLE signature_event ENABLE TRIGGER USER")
        self.assertEqual(old.event_ids._verify_chain(), [])
        before = old.event_ids
        self.assertFalse(before._erase())
        self.assertTrue(all(before.mapped("data")))
        self.complete(old)
        self.assertEqual(set(old.event_ids.mapped("version")), {1, 2})
        self.assertEqual(old.event_ids._verify_chain(), [])
        with self.assertRaises(RaiseException), self.env.cr.savepoint():
            self.env.cr.execute("UPDATE signature_event SET ip = NULL, data = NULL WHERE id = %s", [before[0].id])

    def _make_old(self, events):
        """Write `events` as the version before 19.0.1.3.0 did."""
        previous = audit.GENESIS
        for event in events.sorted("sequence"):
            payload = {
                "request_id": event.request_id.id,
                "sequence": event.sequence,
                "kind": event.kind,
                "date": f"{event.date:%Y-%m-%d %H:%M:%S}",
                "signer_id": event.signer_id.id or None,
                "user_id": event.user_id.id or None,
                "ip": event.ip or None,
                "user_agent": event.user_agent or None,
                "data": json.loads(event.data),
            }
            link = {"payload": payload, "previous": previous, "version": 1}
            plain = json.dumps(link, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            digest = hashlib.sha256(plain.encode()).hexdigest()
            self.env.cr.execute(
                """UPDATE signature_event SET version = 1, salt = NULL, details_sha256 = NULL, previous_hash = %s,
                          hash = %s WHERE id = %s""",
                [previous, digest, event.id],
            )
            previous = digest
        self.env.invalidate_all()
