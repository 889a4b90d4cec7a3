from odoo.tests import BaseCase

from ..signature_workflow.engine.errors import TransitionError
from ..signature_workflow.engine.transitions import REQUEST, SIGNER, SIGNER_DONE, sources


class TestTransitions(BaseCase):
    def test_tables_name_only_their_own_states(self):
        for table in (REQUEST, SIGNER):
            for targets in table.values():
                self.assertLessEqual(targets, table.keys())

    def test_ended_requests_stay_ended(self):
        for state in ("declined", "expired", "cancelled", "withdrawn"):
            self.assertFalse(REQUEST[state])
        # the acceptance may be withdrawn; the signed copy stays
        self.assertEqual(REQUEST["completed"], {"withdrawn"})
        self.assertEqual(sources(REQUEST, "withdrawn"), {"completed"})

    def test_a_request_that_everybody_signed_can_only_complete_or_fail(self):
        self.assertEqual(REQUEST["signed"], {"completed", "failed"})
        # by the scan of a paper it is completed from where it waits
        on_paper = {"held", "paper", "sent", "failed"}
        self.assertEqual(sources(REQUEST, "completed"), {"signed"} | on_paper)
        self.assertEqual(sources(REQUEST, "cancelled"), {"draft", "queued"} | on_paper)

    def test_nothing_is_sent_to_those_who_sign_on_paper(self):
        self.assertEqual(REQUEST["paper"], {"completed", "cancelled"})
        self.assertEqual(sources(REQUEST, "paper"), {"queued", "held", "sent"})

    def test_a_signer_answers_once(self):
        for state in ("signed", "approved", "declined"):
            self.assertFalse(SIGNER[state])
            self.assertEqual(sources(SIGNER, state), {"sent", "viewed"})

    def test_who_is_skipped_has_not_answered_and_is_done(self):
        self.assertEqual(sources(SIGNER, "skipped"), {"waiting", "sent", "viewed"})
        for state in SIGNER_DONE:
            self.assertFalse(SIGNER[state])
        self.assertNotIn("declined", SIGNER_DONE)

    def test_unknown_state(self):
        with self.assertRaises(TransitionError) as caught:
            sources(REQUEST, "done")
        self.assertEqual(caught.exception.code, "state_unknown")
