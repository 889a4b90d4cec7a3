import contextlib
import json
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
# the lines of the trail that say who has played a part before
HANDED_ON = ("forwarded", "changed")
# a whole name, and a whole address: ann@client.example is not in joann@client.example, nor in ann@client.example.org
NAME = r"(?<![\w-]){}(?![\w-])"
ADDRESS = r"(?<![\w.+@-]){}(?![\w+@-]|\.\w)"
NOTHING = r"(?!)"


class Traces:
    """The addresses, numbers and names by which texts speak of a person.

    Anywhere only an address, a number, or a name of several words counts: a single word, such as Deal, may mean
    anything. It counts where it stands alone, and in notes about the person's own documents.
    """

    def __init__(self, names, addresses):
        self.names, self.addresses = _words(names), _words(addresses)
        self.plain = {word.casefold() for word in self.names | self.addresses}
        self.telling = self._pattern({name for name in self.names if " " in name})
        self.any = self._pattern(self.names)

    def _pattern(self, names):
        """Return the pattern of these names and of the addresses, as they are and as markup spells them."""
        words = dict.fromkeys(names, NAME) | dict.fromkeys(self.addresses, ADDRESS)
        spelt = {spelling: whole for word, whole in words.items() for spelling in (word, escape(word, quote=False))}
        # of the longest first
        longest = sorted(spelt, key=len, reverse=True)
        return re.compile("|".join(spelt[word].format(re.escape(word)) for word in longest) or NOTHING, re.IGNORECASE)

    def in_text(self, text):
        """Tell whether `text` surely speaks of the person."""
        return bool(text and self.telling.search(text))

    def in_value(self, text):
        """Tell whether `text` is what the person is called, or surely speaks of them."""
        return bool(text and (text.casefold() in self.plain or self.in_text(text)))

    def in_data(self, data):
        """Tell whether one of the values in the JSON `data` is, or surely speaks of, the person."""
        return any(map(self.in_value, _strings(data)))

    def removed(self, text, nobody):
        """Return `text` with `nobody` in the place of what surely speaks of the person."""
        return text and self.telling.sub(lambda match: nobody, text)

    def removed_from_note(self, note, nobody, spared):
        """Return `note`, which is about the person's document, with `nobody` in their place.

        `spared` is what may hold their name without meaning them, and what stands for that from now on.
        """
        pattern = self._pattern(self.names | spared.keys())
        known = {text.casefold(): other for text, other in spared.items()}
        return note and pattern.sub(lambda match: known.get(match[0].casefold(), nobody), note)


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
        addresses = [email, partner.email_normalized, partner.phone, partner.phone_sanitized]
        return Traces([partner.name, *self.mapped("name")], [*addresses, *self.mapped("email"), *self.mapped("phone")])

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
        words = list(traces.addresses)
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
    def _naming(self, partner, email, companies):
        """Return the requests (sudo) of `companies` in which the person was to take part, or did before somebody else.

        By who was chosen, and by the trail: what texts say of the address in another way makes nobody take part.
        """
        if not (partner or email):
            return self.sudo()
        self.env.flush_all()
        # what is found so is looked at once more: of a whole address, or contact, this is only a part
        gaps = {
            "companies": companies._ids,
            "said": f"%{_literal(email)}%" if email else None,
            "id": partner.id or None,
        }
        chosen = self.env.execute_query(
            SQL(
                """SELECT id, people FROM signature_request WHERE company_id IN %(companies)s
                      AND (people::text ILIKE %(said)s OR strpos(people::text, %(id)s::text) > 0)""",
                **gaps,
            )
        )
        told = self.env.execute_query(
            SQL(
                """SELECT request.id, event.data FROM signature_event event
                     JOIN signature_request request ON request.id = event.request_id
                    WHERE request.company_id IN %(companies)s AND event.data ILIKE %(said)s""",
                **gaps,
            )
        )
        ids = [request_id for request_id, people in chosen if _is_chosen(partner, email, people)]
        ids += [request_id for request_id, data in told if email in map(str.casefold, _strings(data))]
        return self.sudo().browse(dict.fromkeys(ids)) | self._failed_for(partner, email, companies)

    @api.model
    def _failed_for(self, partner, email, companies):
        """Return the requests (sudo) of `companies` that could not be made, so have no signers, for the person."""
        contacts = partner or partner.sudo().search([("email_normalized", "=", email)])
        failed = [("company_id", "in", companies.ids), ("failure", "!=", False), ("signer_ids", "=", False)]
        return (
            self.sudo()
            .search(failed)
            .filtered(
                lambda request: (
                    (record := request._record().sudo().exists()) and contacts & record._mail_get_partners()[record.id]
                )
            )
        )

    def _is_at_work(self):
        """Tell whether somebody, or the worker, still does something with this document."""
        self.ensure_one()
        return self.state in OPEN_STATES or any(each.state == "pending" for each in self.reaction_ids)

    def _is_evidence(self):
        """Tell whether this document is kept as evidence: it was completed, and is no test."""
        self.ensure_one()
        return self.state in SEALED_STATES and not self.is_test

    def _erased_whole(self, parts, traces, contacts):
        """Return those of these documents that came to nothing of which no row can stay.

        Tests, what was made of a file for this one time, the documents of these contacts themselves, and those with a
        trail of before 19.0.1.3.0, which cannot be erased in part.
        """
        return self.filtered(
            lambda request: (
                request.is_test
                or request.template_id.is_adhoc
                or (request.res_model == contacts._name and request.res_id in contacts.ids)
                or any(event.version == 1 for event in request._lines_about(parts, traces))
            )
        )

    def _lines_about(self, parts, traces):
        """Return the events of this request that say something of the person who plays `parts`, or of what they did."""
        self.ensure_one()
        has_part = bool(parts & self.signer_ids)
        return self.event_ids.filtered(
            lambda event: (
                event.signer_id in parts
                or traces.in_data(event.data)
                # they did before somebody else, by a name that nothing else tells
                or (not has_part and event.kind in HANDED_ON)
            )
        )

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
                    "name": request._name_without(traces),
                    "cancel_reason": traces.removed(request.cancel_reason, nobody),
                    # it is made of the person's data
                    **dict.fromkeys(("original_id", "people", "merged_values", "message", "failure"), False),
                }
            )
            original.unlink()
            for other in request.signer_ids - mine:
                if not mine or traces.in_value(other.forwarded_by):
                    other.forwarded_by = False
                other.write({name: traces.removed(other[name], nobody) for name in ("comment", "decline_reason")})
            request.field_ids.filtered(lambda field: traces.in_value(field.value)).value = False
            request._forget_outcomes(traces)
            lines._erase()
            request._log_events("erased", data={"by": self.env.user.name})

    def _name_without(self, traces):
        """Return the name of this document without the person: that of its template where they stand in it."""
        self.ensure_one()
        return self.template_id.name if traces.any.search(self.name) and self.template_id else self.name

    def _erase_whole(self):
        """Delete these documents for good; their records say only that one was deleted."""
        notes = {}
        for request in self.filtered(lambda request: request._record().sudo().exists()):
            told = request._for_sender()
            notes[request.id] = told.env._(
                "%s erased a person's data: a document that came to nothing was deleted with them.", self.env.user.name
            )
        self.browse(notes)._log_notes(notes)
        self._delete_for_good()

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

    def _forget_in_notes(self, parts, traces):
        """Take the person out of what was noted about these documents in the chatter of their records.

        Those are notes by itself, and of to-dos that somebody has done, that name the document or why it was cancelled.
        """
        ours = Domain("author_id", "=", self._author_id()) | Domain("mail_activity_type_id", "!=", False)
        nobody = self.env._("Erased person")
        for (model, res_id), requests in self.grouped(lambda request: (request.res_model, request.res_id)).items():
            documents = requests._without_person(traces, nobody)
            others = (requests.signer_ids - parts).mapped("name")
            spared = {name: name for name in others if name.casefold() not in traces.plain} | documents
            there = Domain("model", "=", model) & Domain("res_id", "=", res_id)
            for note in self.env["mail.message"].sudo().search(there & ours):
                if any(escape(text, quote=False) in note.body for text in documents):
                    note._forget_person(traces, spared, nobody)

    def _without_person(self, traces, nobody):
        """Return by what notes about these documents name them, and what stands for that from now on."""
        texts = {}
        for request in self:
            texts[request.name] = request._name_without(traces)
            for line in (request.cancel_reason or "").splitlines():
                texts[line] = traces.removed(line, nobody)
        return {text: other for text, other in texts.items() if text.strip()}

    @api.model
    def _forget_left_out(self, contacts, traces, companies):
        """Take the person out of the lists of what was left out when documents were sent to many."""
        nobody = self.env._("Erased person")
        for batch in self.env["signature.batch"].sudo().search([("company_id", "in", companies.ids)]):
            lines, records = batch.left_out or [], self.env.get(batch.template_id.model)
            if records is None:
                continue
            theirs = records.sudo().browse(line["id"] for line in lines).exists()
            theirs = theirs.filtered(lambda record: contacts & record._mail_get_partners()[record.id])
            clean = [
                line | {"name": nobody, "problem": traces.removed(line["problem"], nobody)}
                if line["id"] in theirs.ids or any(map(traces.in_text, (line["name"], line["problem"])))
                else line
                for line in lines
            ]
            if clean != lines:
                batch.left_out = clean


class MailMessage(models.Model):
    _inherit = "mail.message"

    def _forget_person(self, traces, spared, nobody):
        """Put `nobody` into this note in the place of the person; `spared` is as of `Traces.removed_from_note`."""
        self.ensure_one()
        marked = {escape(text, quote=False): escape(other, quote=False) for text, other in spared.items()}
        body = traces.removed_from_note(str(self.body), escape(nobody), marked)
        subject = traces.removed_from_note(self.subject, nobody, spared)
        if (body, subject) != (str(self.body), self.subject):
            # the mails that could not be sent say the same
            self.mail_ids.unlink()
            self.write({"body": Markup(body), "subject": subject})  # noqa: S704


def _words(texts):
    return {text.strip() for text in texts if text and len(text.strip()) > 1}


def _strings(data):
    """Yield all texts, but not the keys, in the JSON `data`."""
    with contextlib.suppress(ValueError):
        rest = [json.loads(data or "null")]
        while rest:
            match rest.pop():
                case str() as text:
                    yield text
                case dict() as values:
                    rest += values.values()
                case list() as values:
                    rest += values


def _is_chosen(partner, email, people):
    """Tell whether a contact, or whoever has this address, is one of `people`, as of a request."""
    for who in people.values():
        for person in who if isinstance(who, list) else [{"partner_id": who}]:
            if (partner and person.get("partner_id") == partner.id) or (
                email and (person.get("email") or "").casefold() == email
            ):
                return True
    return False


def _literal(text):
    """Return `text` for LIKE, matching only itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)
