import logging
from collections import defaultdict

from odoo import models
from odoo.exceptions import UserError

from .signature_request import WAITING_STATES
from .signature_rule_entry import ANSWERED

# what takes a deal out of its stage; a new team can have other stages
MOVING = frozenset(("stage_id", "team_id", "active"))
# more are not named one by one, and more scans are not asked for
NAMED = 20
SCANNED = 5


class MoveQuestion(UserError):
    """A person moves deals whose documents wait: what is to become of these? The web client asks, and comes back.

    `context` is what it shows.
    """

    loglevel = logging.DEBUG

    def __init__(self, message, context):
        super().__init__(message)
        self.context = context


class CrmLead(models.Model):
    """Deals that are moved on while a document of theirs waits."""

    _inherit = "crm.lead"

    def write(self, vals):
        if MOVING.isdisjoint(vals) or not self._is_moved_by_person():
            return super().write(vals)
        waiting = self._waiting_requests()
        if not waiting:
            return super().write(vals)
        before = {lead.id: (lead.stage_id, lead.active) for lead in self}
        self._note_answered(waiting)
        result = super().write(vals)
        # asked for only now: what was written says best where the deals have got; an exception takes it back
        if left := waiting.filtered(lambda request: self._has_left(request, *before[request.res_id])):
            self._settle(left)
        return result

    def _is_moved_by_person(self):
        """Tell whether this is done by a person at the web client, who can be asked."""
        return (
            self.env.context.get("signature_ask")
            and not self.env.su
            and not self.env.context.get("import_file")
            and self.env["signature.request"].has_access("read")
        )

    def _waiting_requests(self):
        """Return the requests (sudo) of these deals that wait and count for them, as far as the user sees them."""
        return (
            self.env["signature.request"]
            .sudo()
            .search_fetch(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self.ids),
                    ("state", "in", WAITING_STATES),
                    ("is_unlinked", "=", False),
                    ("is_test", "=", False),
                ],
                ["res_id", "stage_id", "name", "state"],
                order="id",
            )
            .sudo(False)
            ._filtered_access("read")
            .sudo()
        )

    def _has_left(self, request, stage, active):
        """Tell whether the deal of `request`, which was in `stage`, has gone from where it waits for the document."""
        lead = self.browse(request.res_id)
        if lead.active < active:
            return True
        return lead.stage_id != stage and (request.stage_id == stage or lead.stage_id.is_won)

    def _note_answered(self, requests):
        """Note for the rules, before these look at the deals, that a person has decided about `requests`.

        Not with what is to be done before the commit: that begins with each savepoint, and then forgets.
        """
        answers = self._move_answers()
        decided = requests.filtered(lambda request: str(request.id) in answers)
        self.env.cr.postcommit.data.setdefault(ANSWERED, set()).update(decided.mapped("res_id"))

    def _settle(self, requests):
        """Do with the documents what the person has answered. Raises MoveQuestion for those without an answer."""
        answers = self._move_answers()
        if open_ones := requests.filtered(lambda request: str(request.id) not in answers):
            raise MoveQuestion(
                self.env._("Documents of “%s” wait to be signed.", self.browse(open_ones[0].res_id).display_name),
                self._question(open_ones),
            )
        by_answer = defaultdict(requests.browse)
        for request in requests:
            answer = answers[str(request.id)]
            # each has a scan of its own
            alike = request.id if answer["action"] == "paper" else str(answer.get("reason"))
            by_answer[answer["action"], alike] += request
        for alike in by_answer.values():
            alike.sudo(False)._answer_move(answers[str(alike[0].id)])

    def _move_answers(self):
        """Return what the web client sends with the move: `{id of a request, as text: its answer}`."""
        answers = self.env.context.get("signature_answers")
        return {
            key: answer
            for key, answer in (answers.items() if isinstance(answers, dict) else ())
            if isinstance(answer, dict) and answer.get("action") in ("keep", "cancel", "paper")
        }

    def _question(self, requests):
        """Return what the web client asks about `requests`."""
        leads = self.browse(requests.mapped("res_id"))
        labels = dict(requests._fields["state"]._description_selection(self.env))
        return {
            "signature_documents": [
                {
                    "id": request.id,
                    "name": request.name,
                    "deal": leads.browse(request.res_id).display_name,
                    "progress": request.progress,
                    "state": labels[request.state],
                }
                for request in requests[:NAMED]
            ],
            "signature_ids": requests.ids,
            "signature_deals": len(leads),
            "signature_is_archived": not leads[0].active,
            "signature_may_scan": len(requests) <= SCANNED,
        }
