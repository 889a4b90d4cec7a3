from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import email_normalize, format_date


class Found(NamedTuple):
    """What is kept of a person: their parts (sudo), how texts speak of them, and the documents (sudo) by their fate.

    :param hidden: that the user may not see
    :param working: that are still open
    :param held: that are on legal hold
    :param evidence: that were completed
    :param partly: that came to nothing: the person is taken out
    :param whole: that came to nothing: they are deleted
    :param contacts: as whom they take part (sudo)
    :param is_colleague: whether this is a colleague, or the company itself: these are not erased here
    :param elsewhere: the user's other companies (sudo) that keep documents of them
    """

    parts: models.BaseModel
    traces: object
    hidden: models.BaseModel
    working: models.BaseModel
    held: models.BaseModel
    evidence: models.BaseModel
    partly: models.BaseModel
    whole: models.BaseModel
    contacts: models.BaseModel
    is_colleague: bool
    elsewhere: models.BaseModel

    @property
    def documents(self):
        return self.evidence | self.partly | self.whole

    @property
    def may_erase(self):
        return bool(self.documents) and not (self.is_colleague or self.hidden | self.working | self.held)


class SignatureErasure(models.TransientModel):
    """Erase a person's data on request, as of article 17 of the GDPR, and say what was done."""

    _name = "signature.erasure"
    _description = "Erase personal data"

    partner_id = fields.Many2one("res.partner", "Contact", ondelete="cascade")
    email = fields.Char("E-mail address", help="Finds everybody who was asked to sign by this address.")
    state = fields.Selection([("ask", "To do"), ("done", "Done")], required=True, readonly=True, default="ask")
    overview = fields.Html(compute="_compute_overview", sanitize=False)
    may_erase = fields.Boolean(compute="_compute_overview")
    result = fields.Text(readonly=True)
    letter = fields.Text("Text for the person", readonly=True)

    @api.depends("partner_id", "email")
    def _compute_overview(self):
        for erasure in self:
            erasure.overview = erasure.may_erase = False
            if erasure.state == "ask" and erasure._address_or_contact():
                found = erasure._find()
                erasure.may_erase = found.may_erase
                erasure.overview = self.env["ir.qweb"]._render("signature_workflow.erasure_overview", {"found": found})

    def _check_manager(self):
        if not self.env.user.has_group("signature_workflow.group_manager"):
            raise AccessError(self.env._("Only sales managers erase personal data. Ask one of them."))

    def _address_or_contact(self):
        return self.partner_id or email_normalize(self.email or "")

    def _find(self):
        """Return the Found of this person, in the companies that the user has chosen."""
        self._check_manager()
        partner, companies = self.partner_id._origin.sudo(), self.env.companies
        self.partner_id._origin.check_access("read")
        email = partner.email_normalized if partner else email_normalize(self.email or "")
        signers = self.env["signature.signer"]
        parts = signers._of_person(partner, email, companies)
        naming = (
            self.env["signature.request"]
            ._naming(partner, email, companies)
            .filtered(
                # there the address is that of somebody else as well
                lambda request: email not in (request.signer_ids - parts).mapped("email")
            )
        )
        traces, requests = parts._traces(partner, email), parts.request_id | naming
        working = requests.filtered(lambda request: request._is_at_work())
        held = requests.filtered("legal_hold")
        rest = requests - working - held
        evidence = rest.filtered(lambda request: request._is_evidence())
        contacts = partner | parts.partner_id
        whole = (rest - evidence)._erased_whole(parts, traces, contacts)
        hidden = requests - requests.sudo(False)._filtered_access("read").sudo()
        others = signers._of_person(partner, email, self.env.user.company_ids - companies)
        return Found(
            parts=parts,
            traces=traces,
            hidden=hidden,
            working=working,
            held=held,
            evidence=evidence,
            partly=rest - evidence - whole,
            whole=whole,
            contacts=contacts,
            is_colleague=self._is_colleague(partner, email),
            elsewhere=others.company_id,
        )

    def _is_colleague(self, partner, email):
        """Tell whether a contact, or an address, is that of a colleague, past or present, or of a company of ours."""
        who = Domain("partner_id", "=", partner.id) if partner else Domain.FALSE
        address = Domain("partner_id.email_normalized", "=", email) if email else Domain.FALSE
        users = self.env["res.users"].sudo().with_context(active_test=False)
        return bool(
            users.search_count(Domain("share", "=", False) & (who | address), limit=1)
            or self.env["res.company"].sudo().search_count(who | address, limit=1)
        )

    def action_erase(self):
        """Erase, all in one transaction, and show what was done. Raises UserError when something stands against it."""
        self.ensure_one()
        self._check_manager()
        if not self._address_or_contact():
            raise UserError(self.env._("Choose a contact, or enter the person's e-mail address."))
        found = self._find()
        (found.documents | found.working | found.held)._bump()
        found = self._find()
        self._check_may_erase(found)
        requests = self.env["signature.request"].sudo()
        gaps = {
            "ended": len(found.partly | found.whole),
            "completed": len(found.evidence),
            "companies": ", ".join(found.documents.company_id.mapped("name")),
            "elsewhere": ", ".join(found.elsewhere.mapped("name")),
            "date": format_date(self.env, fields.Date.context_today(self)),
        }
        # before documents go, for these say where they were noted
        (found.partly | found.whole)._forget_in_notes(found.parts, found.traces)
        requests._forget_left_out(found.contacts, found.traces, self.env.companies)
        found.partly._erase_person(found.parts, found.traces)
        found.evidence._erase_unneeded(found.parts, found.traces)
        found.whole._erase_whole()
        done = {"state": "done", "result": self._result_text(gaps), "letter": self._letter_text(gaps)}
        # nor does this dialog keep who it was
        self.write({**done, "partner_id": False, "email": False})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Personal data erased"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def _check_may_erase(self, found):
        """Raise UserError, naming the documents, unless all of what was found can be done at once."""
        if found.is_colleague:
            raise UserError(
                self.env._(
                    "This is a colleague, or an address of the company: what they signed, they signed for the company. "
                    "Choose the contact, or enter the address, of somebody else."
                )
            )
        if found.hidden:
            raise UserError(
                self.env._(
                    "Documents of this person belong to records that you may not see (%s). Ask somebody who sees them.",
                    len(found.hidden),
                )
            )
        found.held._check_no_legal_hold()
        if found.working:
            raise UserError(
                self.env._(
                    "Still open: %(documents)s. Cancel what waits, or let it come to an end, then erase again.",
                    documents=", ".join(dict.fromkeys(found.working.mapped("name"))),
                )
            )
        if not found.documents:
            raise UserError(self.env._("No document names this person, so there is nothing to erase."))

    def _result_text(self, gaps):
        lines = []
        if gaps["ended"]:
            lines.append(self.env._("Documents that came to nothing, now without this person: %(ended)s.", **gaps))
        if gaps["completed"]:
            lines.append(
                self.env._(
                    "Completed documents, kept as evidence: %(completed)s. Links, drafts, codes and messages were "
                    "erased from them; what the chatter of their records says stays.",
                    **gaps,
                )
            )
        lines.append(self.env._("Company: %(companies)s.", **gaps))
        if gaps["elsewhere"]:
            lines.append(
                self.env._(
                    "Not done: documents of this person in %(elsewhere)s. Choose that company at the top, and erase "
                    "again.",
                    **gaps,
                )
            )
        lines.append(
            self.env._(
                "Not reached from here: back-ups, mailboxes, and what mail and SMS providers keep. See to these "
                "according to your own rules."
            )
        )
        return "\n".join(lines)

    def _letter_text(self, gaps):
        """Return what can be sent to the person; it names nobody, so that it can be kept."""
        lines = [
            self.env._(
                "You have asked us to erase your personal data. On %(date)s we have gone through the documents for "
                "signature of %(companies)s in which you took part, or were to.",
                **gaps,
            )
        ]
        if gaps["ended"]:
            lines.append(
                self.env._(
                    "Documents that were never completed (%(ended)s): we have erased your name, your addresses, what "
                    "you filled in, the device and the network address that you used, and the documents themselves.",
                    **gaps,
                )
            )
        if gaps["completed"]:
            lines.append(
                self.env._(
                    "Completed documents (%(completed)s): these we have not erased. We keep them, with the record of "
                    "how they were signed and our notes about that, as far as we need them to establish, exercise or "
                    "defend legal claims (Article 17(3)(e) of the General Data Protection Regulation). What is not "
                    "needed for that we no longer keep with them: personal links, drafts, codes, and our messages to "
                    "you.",
                    **gaps,
                )
            )
            lines.append(
                self.env._(
                    "If you do not agree, you may complain to your data protection authority, and you may go to court."
                )
            )
        return "\n\n".join(lines)
