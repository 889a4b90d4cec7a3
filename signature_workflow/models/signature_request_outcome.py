import itertools

from odoo import api, models
from odoo.exceptions import UserError

from .signature_request import OPEN_STATES
from .signature_rule_action import GATED

CAUSE = "signature_workflow.cause"
# so many documents may follow one from the other without a person
MAX_CHAIN = 5


class SignatureRequest(models.Model):
    """What becomes of a document, told to those who have to know and to what follows from it."""

    _inherit = "signature.request"

    def _react(self, event):
        """Note what follows for the records now that `event`, of those of `signature.rule.action`, has happened.

        The worker does it once this transaction is committed.
        """
        self.env["signature.reaction"]._plan(self, event)

    def _tell_signers(self, event):
        """Have the worker tell the signers of these that they were cancelled or withdrawn; this user knows."""
        known = self.filtered(
            lambda request: not request.is_test and (event == "withdrawn" or request.signer_ids.link_ids)
        )
        self.env["signature.reaction"]._plan_telling(known, event)

    def _tell_end(self, event, user):
        """Tell those whom a link, or the signed copy, has reached that this was cancelled or withdrawn; return whom.

        `user` has done it and knows. The salesperson tells those of a withdrawn acceptance whom no message reaches.
        """
        self.ensure_one()
        people = self.signer_ids.filtered(
            lambda signer: (
                signer.state != "declined"
                # on paper they have signed all the same
                and (signer.state != "skipped" or self.is_paper)
                and signer.user_id != user
            )
        )
        reachable = people._reached().filtered(
            lambda signer: (
                (signer.link_ids or (event == "withdrawn" and signer.participation == "copy"))
                and not signer.partner_id._on_paper()
            )
        )
        told = reachable._tell(f"signature_workflow.mail_template_{event}", f"_{event}_text")
        if event == "withdrawn":
            for signer in (people - told)._acting():
                summary = self.env._("Tell %s that the acceptance was withdrawn", signer.name)
                self._add_todo(summary, self.withdraw_reason, signer)
        return told

    # What led to what: documents that follow from documents

    def _set_cause(self):
        """Have all that is asked for in this transaction from now on follow from this document.

        Kept apart from the context, in which anybody may say anything, and where only the end of the transaction
        clears it: a savepoint clears what is kept for its commit.
        """
        self.ensure_one()
        self.env.cr.postcommit.data[CAUSE] = self.id

    @api.model
    def _cause(self):
        """Return the document whose outcome is at work in this transaction (sudo), or none."""
        return self.sudo().browse(self.env.cr.postcommit.data.get(CAUSE, ()))

    def _chain(self):
        """Return this document and those that have led to it, the latest first."""
        chain = self
        while (cause := chain[-1:].cause_id) and cause not in chain:
            chain += cause
        return chain

    def _is_too_deep(self):
        """Tell whether nothing more may follow from this document by itself: people who sign lead on."""
        unsigned = itertools.takewhile(lambda each: each.state not in ("completed", "withdrawn"), self._chain())
        return len(list(unsigned)) >= MAX_CHAIN

    def _stop_round(self):
        """Tell the salesperson, and who made the rules, that these lead round; the caller sends nothing more."""
        self.ensure_one()
        chain = self._chain()
        rules, automations = chain.rule_id, chain.reaction_ids.automation_id
        names = [*rules.mapped("display_name"), *automations.mapped("name")]
        for owner in (rules.create_uid | automations.create_uid).filtered(lambda user: user.active and not user.share):
            self.with_context(lang=owner.lang)._notify_round(owner, names)
        told = self._for_sender()
        summary, note = told._round_words(names)
        told._log_notes({self.id: note})
        told._add_todo(summary, note)

    def _round_words(self, names):
        text = self.env._(
            "What follows from “%(document)s” leads round, so no further document was sent. Change what follows in: "
            "%(rules)s",
            document=self.name,
            rules=", ".join(dict.fromkeys(names)),
        )
        return self.env._("Rules lead round: %s", self.record_name), text

    def _notify_round(self, owner, names):
        subject, text = self._round_words(names)
        record = self._record()
        if "message_ids" in record._fields:
            record.message_notify(
                partner_ids=owner.partner_id.ids,
                subject=subject,
                body=text,
                author_id=self._author_id(),
                email_from=self.company_id.partner_id.email_formatted or self.user_id.email_formatted,
            )

    # The documents of a stage

    def action_unlink(self):
        """Let the records go on without these documents, which stay as evidence; their links go on working."""
        self._check_may_change()
        # each once, however often a call names it
        requests = (self | self).sudo().filtered(lambda request: not request.is_unlinked)
        requests._bump()
        requests.is_unlinked = True
        requests._log_events("unlinked")
        requests._log_notes(
            {r.id: self.env._("“%s” was unlinked: it is not waited for any more.", r.name) for r in requests}
        )
        self.env["signature.reaction"]._wake(requests)

    def action_link_again(self):
        """Undo the unlinking: the records wait for these documents again."""
        self._check_may_change()
        requests = (self | self).sudo().filtered("is_unlinked")
        requests._bump()
        requests.is_unlinked = False
        requests._log_events("linked")
        requests._log_notes({r.id: self.env._("“%s” was linked again.", r.name) for r in requests})

    def _held_in_stage(self):
        """Return what keeps the deal in the stage in which this document was asked for, in sentences; "" when nothing.

        All that was asked for there has to be signed by all, or on paper, and what follows from it to be sent.
        """
        self.ensure_one()
        documents = self.search(
            [
                ("res_model", "=", self.res_model),
                ("res_id", "=", self.res_id),
                ("state", "!=", "cancelled"),
                ("is_unlinked", "=", False),
                ("is_test", "=", False),
            ],
            order="id",
        )
        there = documents.filtered(lambda document: document.stage_id == self.stage_id)
        unsigned = there.filtered(
            lambda document: document.state != "completed" and not document._is_replaced(documents)
        )
        unsent = there.reaction_ids.filtered(
            lambda each: each.event in GATED and each.action_id.kind == "template" and each.state != "done"
        )
        # who ends the last of them at this instant has to come after, and wake what waits
        (unsigned | unsent.request_id)._bump()
        return self._held_words(unsigned, unsent)

    def _is_replaced(self, documents):
        """Tell whether one of `documents` stands in the place of this one: sent again, or sent because of it."""
        return self.state not in OPEN_STATES and any(
            later.state in (*OPEN_STATES, "completed")
            and later.id > self.id
            and (later.template_id == self.template_id or (self.state != "withdrawn" and self in later._chain()))
            for later in documents
        )

    def _held_words(self, unsigned, unsent):
        ended = unsigned.filtered(lambda document: document.state not in OPEN_STATES)
        failed = unsent.filtered(lambda reaction: reaction.state == "failed")
        labels = dict(self._fields["state"]._description_selection(self.env))
        sentences = [reaction._failed_summary() for reaction in failed]
        sentences += [
            self.env._(
                "“%(document)s”: %(state)s. Send it again, or unlink it, to let the deal go on.",
                document=document.name,
                state=labels[document.state],
            )
            for document in ended
        ]
        if unsigned - ended or unsent - failed:
            sentences.append(self.env._("Other documents of this stage wait to be signed."))
        return " ".join(sentences)

    def action_cancel(self, reason=""):
        """Cancel open requests: their links stop working, and who opens them reads the reason."""
        self._check_may_change()
        requests = self.sudo()
        requests._bump()
        moved = requests._move("cancelled", to_dispatch=False, cancel_reason=reason or False)
        if moved != requests:
            raise UserError(
                self.env._(
                    "“%s” cannot be cancelled any more. Reload the page to see where it stands.",
                    (requests - moved)[:1].name,
                )
            )
        moved._close_todos()
        note = "\n".join(filter(None, [self.env._("Signature request cancelled."), reason]))
        moved._log_events("cancelled", data={"reason": reason} if reason else None, note=note)
        moved._tell_signers("cancelled")
        moved._react("cancelled")
