from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError


class SignatureRequestSend(models.TransientModel):
    """Send a template for one record: what goes out, to whom, and what is missing for it."""

    _name = "signature.request.send"
    _description = "Send for signature"

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
            own = [("template_id", "=", like.id), ("create_uid", "=", self.env.uid)]
            last = self.env["signature.request"].search(own, order="id desc", limit=1)
            send.message = last.message or template.message

    @api.depends("template_id", "signatory_id")
    def _compute_signer_ids(self):
        for send in self:
            found = defaultdict(list)
            for values in send._people()[0] if send.template_id else ():
                found[values["role_id"]].append({key: values[key] for key in ("partner_id", "name", "email")})
            send.signer_ids = [(5,)] + [
                (0, 0, {"role_id": line.role_id.id, "sequence": line.sequence, **person})
                for line in send.template_id.role_ids
                # a role that nobody plays yet has a line, too, to choose somebody
                for person in found[line.role_id.id] or [{}]
            ]

    @api.depends("template_id", "signatory_id", "signer_ids.partner_id")
    def _compute_problems(self):
        for send in self:
            send.problems = "\n".join(send._people()[1]) if send.template_id else False

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
                    ("state", "in", ("queued", "sent", "signed")),
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

    def _people(self):
        template, record = self.template_id, self._localized()
        return template._find_signers(
            record, template._responsible(record, self.signatory_id), self.signatory_id, overrides=self._overrides()
        )

    def action_send(self):
        """Queue the request; the worker makes and sends the document. Raises UserError saying what is missing."""
        self.ensure_one()
        if not self.template_id:
            raise UserError(self.env._("Choose the document to send."))
        signers = self._check()
        if self.keep_layout:
            self.template_id.action_keep()
        self.template_id._make_requests(
            self._record(), signatory=self.signatory_id, people=self._people_json(), message=self.message
        )
        first = min(values["sequence"] for values in signers)
        message = self.env._(
            "“%(document)s” is on its way to %(names)s.",
            document=self.template_id.name,
            names=", ".join(values["name"] for values in signers if values["sequence"] == first),
        )
        following = {"type": "ir.actions.act_window_close"}
        if self.is_adhoc:
            # it may have been opened from the visual editor
            following = {
                "type": "ir.actions.act_window",
                "res_model": self.res_model,
                "res_id": self.res_id,
                "views": [(False, "form")],
            }
        return self.template_id._notification(message, next=following)

    def _check(self, is_test=False):
        """Return who signs; raises UserError saying what is missing."""
        return self.template_id._check_sending(self._localized(), self.signatory_id, self._overrides(), is_test)

    def action_send_test(self):
        """Send the document to oneself, as every signer would get it."""
        self.ensure_one()
        self._check(is_test=True)
        return self.template_id._send_test(
            self._record(), signatory=self.signatory_id, people=self._people_json(), message=self.message
        )

    def _people_json(self):
        return {str(role_id): partner.id for role_id, partner in self._overrides().items()} or False

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
    """One role of the document to be sent, and who plays it."""

    _name = "signature.request.send.signer"
    _description = "Signer of a document to be sent"
    _order = "sequence, id"

    send_id = fields.Many2one("signature.request.send", required=True, ondelete="cascade")
    role_id = fields.Many2one("signature.role", required=True, readonly=True)
    sequence = fields.Integer("Turn", readonly=True)
    partner_id = fields.Many2one("res.partner", "Who")
    name = fields.Char(readonly=True)
    email = fields.Char(readonly=True)
    is_changed = fields.Boolean()

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        for line in self:
            line.is_changed = True
            line.name, line.email = line.partner_id.name, line.partner_id.email
