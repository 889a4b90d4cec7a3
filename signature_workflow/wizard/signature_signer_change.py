from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize

from ..models.signature_policy import ACTING

TEXTS = ("name", "email", "phone", "lang", "channel")


class SignatureSignerChange(models.TransientModel):
    """Let somebody else take part, or reach the same person in another way."""

    _name = "signature.signer.change"
    _description = "Change of a signer"

    signer_id = fields.Many2one("signature.signer", required=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one("res.partner", "Contact")
    # stored, but computed with the rights of the user
    name = fields.Char(compute="_compute_person", compute_sudo=False, store=True, readonly=False)
    email = fields.Char("E-mail", compute="_compute_person", compute_sudo=False, store=True, readonly=False)
    phone = fields.Char(compute="_compute_person", compute_sudo=False, store=True, readonly=False)
    lang = fields.Selection(
        selection=lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        compute="_compute_person",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    channel = fields.Selection(
        selection=lambda self: self.env["signature.signer"]._fields["channel"]._description_selection(self.env),
        string="Link by",
        required=True,
    )
    loses_input = fields.Boolean(compute="_compute_loses_input", help="The signer has opened the document.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        signer = self.env["signature.signer"].browse(values.get("signer_id"))
        signer.check_access("read")
        known = {name: signer[name] for name in TEXTS} | {"partner_id": signer.partner_id.id}
        return {name: value for name, value in known.items() if name in fields} | values

    @api.constrains("signer_id")
    def _check_signer_id(self):
        # Odoo checks with all rights, but it is the user's that count
        self.sudo(False).signer_id.check_access("read")

    @api.depends("partner_id")
    def _compute_person(self):
        for change in self:
            partner = change.partner_id
            if partner:
                change.name = partner.name
                change.email = partner.email_normalized or partner.email
                change.phone = partner.phone_sanitized or partner.phone
                change.lang = partner.lang or change.lang

    @api.depends("signer_id")
    def _compute_loses_input(self):
        for change in self:
            change.loses_input = change.signer_id.state == "viewed"

    def action_change(self):
        """Make the change, and send a new link if it is their turn. Raises UserError saying what is missing."""
        self.ensure_one()
        self.signer_id.request_id._check_may_change()
        person, signer = self._person(), self.signer_id.sudo()
        request = signer.request_id._for_sender()
        request._bump()
        if request.state not in ("held", "sent") or signer.state not in ("waiting", "sent", "viewed"):
            raise UserError(
                self.env._(
                    "%s cannot be changed any more. Reload the page to see where the document stands.", signer.name
                )
            )
        before = self._address(signer)
        is_same = before[0] == person["name"] and signer.partner_id.id == person["partner_id"]
        signer._change_person("resent" if is_same else "changed", **person)
        gaps = {"before": before[0], "name": signer.name, "document": request.name}
        if before[0] == signer.name:
            note = request.env._("How %(name)s is reached for “%(document)s” was changed.", **gaps)
        else:
            note = request.env._("%(name)s takes part in “%(document)s” instead of %(before)s.", **gaps)
        data = {"from": before, "to": self._address(signer), "by": self.env.user.name}
        request._log_events("changed", signer=signer, data=data, note=note)
        if signer._is_turn() and signer.channel != "manual":
            signer._log_links()
        following = {"type": "ir.actions.act_window_close"}
        return self.env["signature.template"]._notification(self._outcome(signer), next=following)

    def _person(self):
        """Return the values of who takes part from now on. Raises UserError saying what is missing."""
        signer, partner = self.signer_id, self.partner_id
        name = (partner.name or self.name or "").strip()
        if not name:
            raise UserError(self.env._("Choose a contact, or enter the name of who takes part."))
        country = partner.country_id or signer.company_id.country_id
        email = email_normalize(self.email or "")
        phone = self.env["res.partner"]._phone_format(number=self.phone, country=country) if self.phone else False
        on_paper = signer.participation in ACTING and partner._on_paper()
        channel = "manual" if on_paper else self.channel
        needs = {channel, signer.authentication, signer.participation}
        problems = []
        if not email and (self.email or needs & {"email", "both", "copy"}):
            problems.append(self.env._("%s has no valid e-mail address. Enter one, or choose another way.", name))
        if not phone and (self.phone or needs & {"sms", "both"}):
            problems.append(
                self.env._(
                    "%s has no phone number that an SMS can go to. Enter it with the country code, or choose another "
                    "way.",
                    name,
                )
            )
        if "code" in needs and not partner.signature_access_code:
            problems.append(
                self.env._("%s has no access code. Agree on one, enter it on the contact, then choose them here.", name)
            )
        if problems:
            raise UserError("\n".join(problems))
        user = partner.user_ids.filtered(lambda user: not user.share)[:1]
        return {
            "name": name,
            "email": email,
            "phone": phone,
            "partner_id": partner.id,
            "user_id": user.id,
            "lang": self.lang,
            "channel": channel,
        }

    @api.model
    def _address(self, signer):
        return [signer.name, signer.email or "", signer.phone or "", signer.channel]

    def _outcome(self, signer):
        if not signer._is_turn():
            return self.env._("%s gets a link when it is their turn.", signer.name)
        if signer.channel == "manual":
            return self.env._("The links so far no longer work. Show %s a new one.", signer.name)
        return self.env._("%s gets a new link. The ones so far no longer work.", signer.name)
