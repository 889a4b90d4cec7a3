from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.signature_policy import ACTING, POLICY
from ..models.signature_request import WAITING_STATES


class SignatureRequestSend(models.TransientModel):
    """Send a template for one record: what goes out, to whom, and what is missing for it."""

    _name = "signature.request.send"
    _description = "Send for signature"
    _inherit = ["signature.send.once"]

    res_model = fields.Char(required=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True)
    record_name = fields.Char("For", compute="_compute_record_name")
    template_id = fields.Many2one(
        "signature.template", "Document", domain="[('model', '=', res_model), ('is_adhoc', '=', False)]"
    )
    is_adhoc = fields.Boolean(related="template_id.is_adhoc", related_sudo=False)
    layout_id = fields.Many2one(related="template_id.layout_id", related_sudo=False)
    notice = fields.Text(related="template_id.notice", related_sudo=False)
    can_keep = fields.Boolean(compute="_compute_can_keep")
    keep_layout = fields.Boolean("Keep this layout as a template")
    signatory_id = fields.Many2one(
        "res.users", "Signs for us", domain="[('share', '=', False)]", default=lambda self: self.env.user
    )
    has_signatory = fields.Boolean(compute="_compute_has_signatory")
    # stored, but computed with the rights of the user
    message = fields.Text(
        "Message to the signers", compute="_compute_message", compute_sudo=False, store=True, readonly=False
    )
    signer_ids = fields.One2many(
        "signature.request.send.signer",
        "send_id",
        compute="_compute_signer_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    problems = fields.Text(compute="_compute_problems")
    preview_url = fields.Char(compute="_compute_preview_url")
    paper_hint = fields.Text(compute="_compute_paper_hint")
    hold_hint = fields.Text(compute="_compute_hold_hint")
    waiting = fields.Text(compute="_compute_waiting", help="The same document, already sent for this record.")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if "template_id" in fields and not values.get("template_id") and values.get("res_model"):
            values["template_id"] = self.env["signature.template"]._last_used(values["res_model"]).id
        return values

    def _record(self):
        """Return the record, which the user must be allowed to change."""
        self.ensure_one()
        self.template_id.check_access("read")
        record = self.env[self.res_model].browse(self.res_id)
        record.check_access("write")
        return record

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for send in self:
            send.record_name = send._record().display_name

    @api.depends("template_id")
    def _compute_can_keep(self):
        for send in self:
            send.can_keep = send.is_adhoc and self.env.user.has_group("signature_workflow.group_manager")

    @api.depends("template_id")
    def _compute_has_signatory(self):
        for send in self:
            send.has_signatory = "signatory" in send.template_id.role_ids.role_id.mapped("policy")

    @api.depends("template_id")
    def _compute_message(self):
        """Use again what this user wrote with the last document of this template."""
        for send in self:
            template = send.template_id
            like = template.layout_id or template
            own = [("template_id", "=", like.id), ("create_uid", "=", self.env.uid), ("replaced_ids", "=", False)]
            last = self.env["signature.request"].search(own, order="id desc", limit=1)
            send.message = last.message or template.message

    @api.depends("template_id", "signatory_id")
    def _compute_signer_ids(self):
        for send in self:
            send.signer_ids = [(5,)] + [
                (0, 0, {key: line[key] for key in ("sequence", *POLICY)} | person)
                for line in send.template_id.role_ids
                for person in send._line_people(line)
            ]

    def _line_people(self, line):
        """Return the values of who plays the role of `line`: also of those whom no message reaches yet."""
        record = self._localized()
        user = self.template_id._responsible(record, self.signatory_id)
        people, __ = line.sudo()._find_people(record.sudo(), user, self.signatory_id)
        role = {"role_id": line.role_id.id}
        # a role that nobody plays yet has a line, too, to choose somebody
        return [
            role | {"partner_id": person.partner.id, "name": person.name, "email": person.email, "phone": person.phone}
            for person in people
        ] or [role]

    @api.depends("template_id", "signatory_id", "signer_ids.partner_id", "signer_ids.channel")
    def _compute_problems(self):
        for send in self:
            send.problems = "\n".join(send._people()[1]) if send.template_id else False

    @api.depends("signer_ids.partner_id", "signer_ids.participation")
    def _compute_paper_hint(self):
        for send in self:
            lines = send.signer_ids.filtered(lambda line: line.participation in ACTING)
            names = ", ".join(lines.partner_id._on_paper().mapped("name"))
            send.paper_hint = names and self.env._(
                "%s signs on paper only: nothing is sent to anybody. The document is made to be printed, and you get a "
                "to-do.",
                names,
            )

    @api.depends("template_id", "paper_hint")
    def _compute_hold_hint(self):
        for send in self:
            template = send.template_id
            try:
                is_held = template and not send.paper_hint and not template._hold_met(send._record())
            except UserError as error:
                send.hold_hint = str(error)
            else:
                send.hold_hint = is_held and self.env._(
                    "It can be read at once, and signed once this has happened: %s.", template.hold_reason
                )

    @api.depends("template_id")
    def _compute_preview_url(self):
        for send in self:
            send.preview_url = (
                f"/signature_workflow/template/{send.template_id.id}/preview?record_id={send.res_id}"
                if send.template_id
                else False
            )

    @api.depends("template_id")
    def _compute_waiting(self):
        for send in self:
            open_ones = self.env["signature.request"].search(
                [
                    ("template_id", "=", send.template_id.id),
                    ("res_model", "=", send.res_model),
                    ("res_id", "=", send.res_id),
                    ("state", "in", ("queued", *WAITING_STATES, "signed")),
                    ("is_test", "=", False),
                ]
            )
            send.waiting = "\n".join(
                self.env._("“%s” waits to be signed already.", request.name)
                for request in open_ones
                if send.template_id
            )

    def _localized(self):
        return self.template_id._localized(self._record(), self.env.user)

    def _overrides(self):
        """Return the contacts chosen here instead of those that the roles find, by role id."""
        changed = self.signer_ids.filtered("is_changed")
        changed.partner_id.check_access("read")
        return {line.role_id.id: line.partner_id for line in changed}

    def _channels(self):
        """Return the ways chosen here instead of those of the template, by role id."""
        usual = {line.role_id: line.channel for line in self.template_id.role_ids}
        chosen = {line.role_id: line.channel for line in self.signer_ids if line.channel != usual.get(line.role_id)}
        return {role.id: channel for role, channel in chosen.items() if role in usual}

    def _check_channels(self):
        """Return the sentences on groups whose people are to be reached in different ways."""
        return [
            self.env._("All who play the role “%s” are reached in the same way. Choose one way for them.", role.name)
            for role, lines in self.signer_ids.grouped("role_id").items()
            if len(set(lines.mapped("channel"))) > 1
        ]

    def _people(self):
        template, record, signatory = self.template_id, self._localized(), self.signatory_id
        user = template._responsible(record, signatory)
        signers, problems = template._find_signers(
            record, user, signatory, self._overrides(), channels=self._channels()
        )
        return signers, [*problems, *self._check_channels()]

    def action_send(self):
        """Queue the request; the worker makes and sends the document. Raises UserError saying what is missing."""
        self.ensure_one()
        if not self.template_id:
            raise UserError(self.env._("Choose the document to send."))
        signers = self._check()
        self._send_once()
        if self.keep_layout:
            self.template_id.action_keep()
        self.template_id._make_requests(self._record(), **self._chosen(), channels=self._channels() or False)
        following = {"type": "ir.actions.act_window_close"}
        if self.is_adhoc:
            # it may have been opened from the visual editor
            following = {
                "type": "ir.actions.act_window",
                "res_model": self.res_model,
                "res_id": self.res_id,
                "views": [(False, "form")],
            }
        return self.template_id._notification(self._sent_message(signers), next=following)

    def _sent_message(self, signers):
        """Return what is said once it is sent to the first of `signers`, the values of all."""
        acting = [values for values in signers if values["participation"] in ACTING]
        if self.paper_hint:
            return self.env._(
                "“%s” is being made. Print it from the request, have it signed, and upload the scan there.",
                self.template_id.name,
            )
        turn = min(values["sequence"] for values in acting)
        first = [values for values in acting if values["sequence"] == turn]
        gaps = {"document": self.template_id.name, "names": ", ".join(values["name"] for values in first)}
        if all(values["channel"] == "manual" for values in first):
            return self.env._(
                "“%(document)s” is being made. Then open the request, and give %(names)s the link or your device.",
                **gaps,
            )
        sent = self.env._("“%(document)s” is on its way to %(names)s.", **gaps)
        return f"{sent} {self.hold_hint}" if self.hold_hint else sent

    def _check(self, is_test=False):
        """Return who takes part; raises UserError saying what is missing."""
        if problems := self._check_channels():
            raise UserError("\n".join(problems))
        return self.template_id._check_sending(
            self._localized(), self.signatory_id, self._overrides(), is_test, self._channels()
        )

    def action_send_test(self):
        """Send the document to oneself, as every signer would get it."""
        self.ensure_one()
        self._check(is_test=True)
        return self.template_id._send_test(self._record(), **self._chosen())

    def _chosen(self):
        """Return what was chosen here, as values of a request."""
        people = {str(role_id): partner.id for role_id, partner in self._overrides().items()}
        return {"signatory": self.signatory_id, "people": people or False, "message": self.message}

    def action_drop_layout(self):
        """Place the fields anew instead of using the layout of another document."""
        self.template_id._drop_layout()
        return self.action_place_fields()

    def action_place_fields(self):
        """Open the visual editor, which leads back here."""
        self.ensure_one()
        return self.template_id._editor_action(
            record_id=self.res_id, next={"res_model": self.res_model, "res_id": self.res_id}
        )


class SignatureRequestSendSigner(models.TransientModel):
    """One role of the document to be sent, who plays it, and how they are reached."""

    _name = "signature.request.send.signer"
    _inherit = ["signature.policy"]
    _description = "Signer of a document to be sent"
    _order = "sequence, id"

    send_id = fields.Many2one("signature.request.send", required=True, ondelete="cascade")
    role_id = fields.Many2one("signature.role", required=True, readonly=True)
    sequence = fields.Integer("Turn", readonly=True)
    partner_id = fields.Many2one("res.partner", "Who")
    name = fields.Char(readonly=True)
    email = fields.Char(readonly=True)
    phone = fields.Char(readonly=True)
    address = fields.Char("Goes to", compute="_compute_address")
    is_changed = fields.Boolean()

    @api.depends("participation", "channel", "email", "phone")
    def _compute_address(self):
        ways = {"email": ("email",), "sms": ("phone",), "both": ("email", "phone")}
        for line in self:
            columns = ("email",) if line.participation == "copy" else ways.get(line.channel, ())
            line.address = ", ".join(filter(None, (line[column] for column in columns)))

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        for line in self:
            person = line.partner_id
            line.is_changed = True
            line.name, line.email, line.phone = person.name, person.email, person.phone_sanitized
