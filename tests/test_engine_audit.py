import copy

from odoo.tests import BaseCase

from ..signature_workflow.engine import audit
from ..signature_workflow.engine.errors import AuditError


def make_chain(length=5):
    events, previous = [], audit.GENESIS
    for number in range(length):
        payload = {"number": number, "who": "Ștefan", "nested": {"list": [1, None, True]}}
        event = {"previous": previous, "payload": payload, "version": 1}
        event["hash"] = previous = audit.chain_hash(event["previous"], payload, 1)
        events.append(event)
    return events


def make_line(previous, number, version=2):
    """Return a line of a chain of version 2, with details."""
    salt, details = f"{number:032x}", {"ip": "192.0.2.7", "user_agent": None, "data": {"name": "Ștefan"}}
    payload = {"number": number, "details": audit.details_hash(salt, details)}
    line = {"version": version, "previous": previous, "payload": payload, "salt": salt, "details": details}
    return line | {"hash": audit.chain_hash(previous, payload, version)}


def make_mixed_chain():
    """Return three lines of version 1 and three of version 2."""
    events = make_chain(3)
    for number in range(3, 6):
        events.append(make_line(events[-1]["hash"], number))
    return events


def erase(line):
    line.update(salt=None, details=None)


class TestAudit(BaseCase):
    def assertBroken(self, events, code, index):
        with self.assertRaises(AuditError) as caught:
            audit.verify(events)
        self.assertEqual((caught.exception.code, caught.exception.index), (code, index))

    def test_the_order_of_keys_does_not_matter(self):
        self.assertEqual(audit.canonical({"b": 1, "a": "ș"}), '{"a":"ș","b":1}'.encode())
        self.assertEqual(audit.canonical({"a": "ș", "b": 1}), audit.canonical({"b": 1, "a": "ș"}))

    def test_keys_are_sorted_as_in_rfc_8785(self):
        keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
        ordered = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]
        encoded = audit.canonical(dict.fromkeys(keys, 0)).decode()
        positions = [encoded.index(key if key != "\r" else "\\r") for key in ordered]
        self.assertEqual(positions, sorted(positions))

    def test_values_without_one_spelling_are_refused(self):
        for value in (1.0, float("nan"), b"x", {1: 2}, {"x": {2}}, "\ud800"):
            with self.assertRaises(AuditError) as caught:
                audit.canonical({"deep": [value]})
            self.assertEqual(caught.exception.code, "payload_type")
            self.assertIn("$.deep[0]", caught.exception.params["path"])

    def test_the_hash_stays_the_same_for_ever(self):
        """Stored chains depend on it: a change of the encoding needs a new version."""
        self.assertEqual(
            audit.chain_hash(audit.GENESIS, {"a": [1, "ș", None]}, 1),
            "5f9b3759d10c5975dfb49c296fca86761f7b24321d5e8a79ea1f2514f43a34be",
        )
        line = make_line(audit.GENESIS, 1)
        self.assertEqual(line["payload"]["details"], "e81faa84d520e5b645432fa5dc5b805906d42eab30d525b4f25307c5bd680ff7")
        self.assertEqual(line["hash"], "cad2809ccf855c0ec4adc0b9bed927867737c175fa0cc4f1e3e95694a82a5f59")

    def test_an_untouched_chain_holds(self):
        audit.verify(make_chain())
        audit.verify([])

    def test_changes_are_found_where_they_were_made(self):
        for index in range(5):
            events = make_chain()
            events[index]["payload"]["who"] = "Mallory"
            self.assertBroken(events, "hash_mismatch", index)

    def test_a_recomputed_hash_breaks_the_next_event(self):
        events = make_chain()
        events[2]["payload"]["who"] = "Mallory"
        events[2]["hash"] = audit.chain_hash(events[2]["previous"], events[2]["payload"], 1)
        self.assertBroken(events, "chain_broken", 3)

    def test_removed_moved_and_repeated_events_are_found(self):
        events = make_chain()
        self.assertBroken(events[1:], "chain_broken", 0)
        self.assertBroken(events[:2] + events[3:], "chain_broken", 2)
        self.assertBroken([events[0], events[2], events[1], *events[3:]], "chain_broken", 1)
        self.assertBroken(events[:2] + copy.deepcopy(events[1:]), "chain_broken", 2)

    def test_unknown_versions_and_payloads_are_named(self):
        events = make_chain()
        events[1]["version"] = 3
        self.assertBroken(events, "version_unknown", 1)
        events = make_chain()
        events[3]["payload"] = {"amount": 1.5}
        self.assertBroken(events, "payload_type", 3)

    def test_versions_mix(self):
        self.assertEqual(audit.verify(make_mixed_chain()), [])

    def test_details_can_be_erased_and_not_be_changed(self):
        events = make_mixed_chain()
        erase(events[4])
        self.assertEqual(audit.verify(events), [4])
        for change in (
            {"salt": "0" * 32},
            {"details": {"ip": "192.0.2.8", "user_agent": None, "data": {"name": "Ștefan"}}},
            {"details": None},
            {"salt": None},
            {"details": {"ip": "192.0.2.7"}},
        ):
            with self.subTest(change):
                changed = make_mixed_chain()
                changed[4] |= change
                self.assertBroken(changed, "hash_mismatch", 4)

    def test_a_line_does_not_become_one_of_the_other_version(self):
        for index, version in ((1, 2), (4, 1)):
            events = make_mixed_chain()
            events[index] |= {"version": version, "salt": None, "details": None}
            self.assertBroken(events, "hash_mismatch", index)
