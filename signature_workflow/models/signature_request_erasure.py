import re
from html import escape

from markupsafe import Markup
from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .signature_request import OPEN_STATES
from .signature_request_retention import SEALED_STATES

# what of a person stays in a completed document only where it is how they were reached, or showed who they are
PHONE_CHANNELS = ("sms", "both")


class Traces:
    """The names, addresses and numbers by which texts speak of a person."""

    def __init__(self, words):
        kept = {word.strip() for word in words if word and len(word.strip()) > 1}
        # of the longest first: in markup they are written in another way
        spelt = sorted(kept | {escape(word) for word in kept}, key=len, reverse=True)
        either = "|".join(map(re.escape, spelt)) or r"(?!)"
        self.words = kept
        self.pattern = re.compile(rf"(?<!\w)(?:{either})(?!\w)", re.IGNORECASE)

    def in_text(self, text):
        """Tell whether `text` speaks of the person."""
        return bool(text and self.pattern.search(text))

    def removed(self, text, name):
        """Return `text`, or markup, with `name` in their place."""
        return text and type(text)(self.pattern.sub(lambda match: name, text))


class SignatureSigner(models.Model):
    _inherit = "signature.signer"

    @api.model
    def _of_person(self, partner, email, companies):
        """Return the parts (sudo) of a contact, or of whoever has the normalized address `email`, in `companies`.

        A contact's own parts, and those with their address that belong to nobody else.
        """
        address = Domain("email", "=ilike", _literal(email)) if email else Domain.FALSE
        if partner:
            theirs = Domain("partner_id", "=", partner.id) | (address & Domain("partner_id", "=", False))
        else:
            theirs = address | Domain("partner_id.email_normalized", "=", email or False)
        return self.sudo().search(theirs & Domain("request_id.company_id", "in", companies.ids))

    def _traces(self, partner, email):
        """Return the Traces of the person who plays these parts."""
        words = [email, partner.name, partner.email_normalized, partner.phone, partner.phone_sanitized]
        return Traces([*words, *self.mapped("name"), *self.mapped("email"), *self.mapped("phone")])

    def _forget_person(self, traces):
        """Take out of these parts, of documents that came to nothing, who played them and what they gave."""
        nobody = self.env._("Erased person")
        answers = self.field_ids
        files = answers.attachment_id
        answers.write({"value": False, "attachment_id": False})
        files.unlink()
        texts = dict.fromkeys(("comment", "decline_reason", "forwarded_by", "nonce", "draft"), False)
        person = dict.fromkeys(("partner_id", "user_id", "email", "phone", "tz", "ip"), False)
        self.write({"name": nobody, **person, **texts})
        self._forget_secrets(traces)

    def _forget_secrets(self, traces):
        """Delete links, codes and messages to this person: none of that is evidence."""
        self.link_ids.unlink()
        self.env["signature.authentication"]._forget(self)
        mine = Domain("signer_id", "in", self.ids)
        everywhere = Domain("signer_id.request_id", "in", self.request_id.ids)
        words = list(traces.words)
        self.env["signature.sending"].sudo().search(mine | (everywhere & Domain("address", "in", words))).unlink()
        self._delete_messages()
        self.env["mail.mail"].sudo().search(
            [("signature_signer_id.request_id", "in", self.request_id.ids), ("signature_address", "in", words)]
        ).unlink()
        self.env["mail.activity"].sudo().with_context(active_test=False).search(
            [("signature_signer_id", "in", self.ids)]
        ).unlink()


class SignatureRequest(models.Model):
    """Erasing a person's data, as of article 17 of the GDPR, from the documents in which they take part."""

    _inherit = "signature.request"

    @api.model
    def _naming(self, email, companies):
        """Return the requests (sudo) of `companies` whose texts or trail name the address `email`."""
        if not email:
            return self.sudo()
        self.env.flush_all()
        said = f"%{_literal(email)}%"
        texts = ("people", "merged_values", "message", "cancel_reason", "failure")
        found = SQL(" OR ").join(SQL("%s::text ILIKE %s", SQL.identifier("request", name), said) for name in texts)
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM signature_request request WHERE company_id IN %(companies)s AND (%(found)s)
                   UNION SELECT request.id FROM signature_event event JOIN signature_request request
                                ON request.id = event.request_id
                          WHERE request.company_id IN %(companies)s AND event.data ILIKE %(said)s""",
                companies=companies._ids,
                found=found,
                said=said,
            )
        )
        return self.sudo().browse(row[0] for row in rows)

    def _is_at_work(self):
        """Tell whether somebody, or the worker, still does something with this document."""
        self.ensure_one()
        return self.state in OPEN_STATES or any(each.state == "pending" for each in self.reaction_ids)

    def _is_evidence(self):
        """Tell whether this document is kept as evidence: it was completed, and is no test."""
        self.ensure_one()
        return self.state in SEALED_STATES and not self.is_test

    def _erased_whole(self, parts, traces):
        """Return those of these documents that came to nothing of which no row can stay.

        Tests, what was made of a file for this one time, and those with a trail of before 19.0.1.3.0, which cannot be
        erased in part.
        """
        return self.filtered(
            lambda request: (
                request.is_test
                or request.template_id.is_adhoc
                or any(event.version == 1 for event in request._lines_about(parts, traces))
            )
        )

    def _lines_about(self, parts, traces):
        """Return the events of this request that say something of the person who plays `parts`, or of what they did."""
        self.ensure_one()
        return self.event_ids.filtered(lambda event: event.signer_id in parts or traces.in_text(event.data))

    def _erase_person(self, parts, traces):
        """Erase the person who plays `parts` from these documents, which came to nothing; their rows stay."""
        nobody = self.env._("Erased person")
        for request in self:
            lines = request._lines_about(parts, traces)
            mine = parts & request.signer_ids
            mine._forget_person(traces)
            original = request.original_id
            request.write(
                {
                    "name": traces.removed(request.name, nobody),
                    "cancel_reason": traces.removed(request.cancel_reason, nobody),
                    # it is made of the person's data
                    **dict.fromkeys(("original_id", "people", "merged_values", "message", "failure"), False),
                }
            )
            original.unlink()
            for other in request.signer_ids - mine:
                texts = ("forwarded_by", "comment", "decline_reason")
                other.write({name: traces.removed(other[name], nobody) for name in texts if other[name]})
            request.field_ids.filtered(lambda field: traces.in_text(field.value)).value = False
            request._forget_outcomes(traces)
            lines._erase()
            request._log_events("erased", data={"by": self.env.user.name})

    def _erase_unneeded(self, parts, traces):
        """Erase from these completed documents what is no evidence."""
        for request in self:
            mine = parts & request.signer_ids
            by_phone = mine.filtered(lambda part: part.channel in PHONE_CHANNELS or part.authentication == "sms")
            mine.write({"draft": False, "nonce": False, "tz": False})
            (mine - by_phone).phone = False
            mine._forget_secrets(traces)
            request.write({"people": False, "merged_values": False})
            request._forget_outcomes(traces)
            request._log_events("erased", data={"by": self.env.user.name})

    def _forget_outcomes(self, traces):
        """Take the person out of what is said of the work on this document."""
        for reaction in self.reaction_ids:
            said = {name: reaction[name] for name in ("outcome", "failure") if traces.in_text(reaction[name])}
            reaction.write({name: traces.removed(text, self.env._("Erased person")) for name, text in said.items()})
        about = Domain("signature_request_id", "in", self.ids)
        todos = self.env["mail.activity"].sudo().with_context(active_test=False).search(about)
        todos.filtered(lambda todo: traces.in_text(todo.note) or traces.in_text(todo.summary)).unlink()

    def _forget_in_notes(self, traces):
        """Take the person out of what was noted by itself in the chatter of the records of these documents."""
        nobody = self.env._("Erased person")
        by_us = Domain("author_id", "=", self._author_id()) | Domain(
            "mail_activity_type_id", "=", self.env.ref("signature_workflow.mail_activity_type_signature").id
        )
        for model, requests in self.grouped("res_model").items():
            there = Domain("model", "=", model) & Domain("res_id", "in", requests.mapped("res_id"))
            for note in self.env["mail.message"].sudo().search(there & by_us):
                if traces.in_text(note.body) or traces.in_text(note.subject):
                    body = Markup(traces.removed(str(note.body), escape(nobody)))  # noqa: S704
                    note.write({"body": body, "subject": traces.removed(note.subject, nobody)})

    @api.model
    def _forget_left_out(self, traces, companies):
        """Take the person out of the lists of what was left out when documents were sent to many."""
        nobody = self.env._("Erased person")
        for batch in self.env["signature.batch"].sudo().search([("company_id", "in", companies.ids)]):
            lines = batch.left_out or []
            clean = [
                {name: traces.removed(text, nobody) if isinstance(text, str) else text for name, text in line.items()}
                for line in lines
            ]
            if clean != lines:
                batch.left_out = clean


def _literal(text):
    """Return `text` for LIKE, matching only itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)
