from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import clean_context

from ..models.signature_request import OPEN_STATES

# so many problems are listed before sending
SHOWN = 50


class SignatureRequestMass(models.TransientModel):
    """Send one template for many records: how many it can be sent for, and what is wrong with the others."""

    _name = "signature.request.mass"
    _description = "Send for signature to many"
    _inherit = ["signature.send.once"]

    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(required=True, readonly=True)
    template_id = fields.Many2one(
        "signature.template", "Document", domain="[('model', '=', res_model), ('is_adhoc', '=', False)]"
    )
    signatory_id = fields.Many2one(
        "res.users", "Signs for us", domain="[('share', '=', False)]", default=lambda self: self.env.user
    )
    has_signatory = fields.Boolean(compute="_compute_has_signatory")
    message = fields.Text(
        "Message to the signers", compute="_compute_message", compute_sudo=False, store=True, readonly=False
    )
    record_count = fields.Integer("Chosen", compute="_compute_plan")
    send_count = fields.Integer("Can be sent", compute="_compute_plan")
    problem_count = fields.Integer("Left out", compute="_compute_plan")
    problems = fields.Html(compute="_compute_plan", sanitize=False)
    preview_url = fields.Char(compute="_compute_plan")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        values.setdefault("res_model", self.env.context.get("active_model"))
        values.setdefault("res_ids", self.env.context.get("active_ids"))
        if "template_id" in fields and not values.get("template_id"):
            values["template_id"] = self.env["signature.template"]._last_used(values["res_model"]).id
        return values

    @api.depends("template_id")
    def _compute_has_signatory(self):
        for mass in self:
            mass.has_signatory = "signatory" in mass.template_id.role_ids.role_id.mapped("policy")

    @api.depends("template_id")
    def _compute_message(self):
        for mass in self:
            mass.message = mass.template_id.message

    @api.depends("res_ids", "template_id", "signatory_id")
    def _compute_plan(self):
        for mass in self:
            records, left_out = mass._plan()
            mass.record_count, mass.send_count = len(mass._chosen()), len(records)
            mass.problem_count = len(left_out)
            mass.problems = self.env["signature.batch"]._problems_table(mass.res_model, left_out, SHOWN)
            mass.preview_url = (
                f"/signature_workflow/template/{mass.template_id.id}/preview?record_id={records[0].id}"
                if records
                else False
            )

    def _chosen(self):
        """Return the records that were chosen, each once."""
        ids = dict.fromkeys(each for each in self.res_ids or () if type(each) is int)
        return self.env[self.res_model].browse(ids)

    def _plan(self):
        """Return `(records, left_out)`: those it can be sent for, and of the others a dict each that says why not.

        Nothing is rendered, and the records are read together: with hundreds of them it is done in a moment.
        """
        self.ensure_one()
        chosen = self._chosen()
        if not self.template_id:
            return chosen.browse(), []
        self.template_id.check_access("read")
        readable = chosen.exists()._filtered_access("read")
        writable = set(readable._filtered_access("write")._ids)
        open_requests, paths = self._open_requests(readable), {}
        good, left_out = [], []
        for record in readable:
            problems = (
                self._reasons(record, writable)
                or [self._open_text(request) for request in open_requests.get(record.id, ())]
                or self._lacking(record, paths)
            )
            if problems:
                line = {"id": record.id, "name": record.display_name, "problem": "\n".join(problems)}
                left_out.append(line)
            else:
                good.append(record.id)
        hidden = self.env._("It no longer exists, or you may not see it.")
        left_out += [{"id": record.id, "name": f"#{record.id}", "problem": hidden} for record in chosen - readable]
        return readable.browse(good), left_out

    def _reasons(self, record, writable):
        """Return the sentences that say why nothing may be sent for `record`; `writable` are ids of those that may."""
        if record.id not in writable:
            return [self.env._("You may not change it. Ask who it belongs to.")]
        if "active" in record._fields and not record["active"]:
            return [self.env._("It is archived. Restore it, then try again.")]
        return []

    def _open_requests(self, records):
        """Return the requests of this document that are not at their end, by record id."""
        found = self.env["signature.request"].search(
            [
                ("template_id", "=", self.template_id.id),
                ("res_model", "=", self.res_model),
                ("res_id", "in", records.ids),
                ("state", "in", OPEN_STATES),
                ("is_test", "=", False),
                ("is_unlinked", "=", False),
            ]
        )
        return found.grouped("res_id")

    def _open_text(self, request):
        if request.state == "failed":
            return self.env._("“%s” has failed before. Open it and try it again, or cancel it.", request.name)
        return self.env._("“%s” waits to be signed already.", request.name)

    def _lacking(self, record, paths):
        """Return the sentences on the people and the values that `record` lacks; `paths` are kept by language."""
        template, record = self.template_id, self.template_id._localized(record, self.env.user)
        user, lang = template._responsible(record, self.signatory_id), record.env.lang
        signers, problems = template._find_signers(record, user, self.signatory_id)
        if not problems and self.env["signature.request"].new()._wants_paper(signers):
            problems = [self.env._("It is signed on paper only. Send it from the record itself.")]
        if lang not in paths:
            paths[lang] = template._required_paths(lang)
        return [*problems, *template._missing(record, paths[lang])]

    def action_send(self):
        """Queue a request for each record that lacks nothing; the worker makes and sends the documents.

        Raises UserError when nothing can be sent, or when the first document cannot be made.
        """
        self.ensure_one()
        if not self.template_id:
            raise UserError(self.env._("Choose the document to send."))
        self._send_once()
        records, left_out = self._plan()
        if not records:
            raise UserError(self.env._("There is nothing to send: see what is wrong with each of them."))
        self._check_first(records[0])
        batch = (
            self.env["signature.batch"]
            .with_context(clean_context(self.env.context))
            .sudo()
            .create(
                {
                    "name": self.env._(
                        "%(document)s for %(count)s", document=self.template_id.name, count=len(records)
                    ),
                    "template_id": self.template_id.id,
                    "message": self.message,
                    "left_out": left_out,
                }
            )
        )
        self.template_id._make_requests(records, signatory=self.signatory_id, message=self.message, batch_id=batch.id)
        return self.template_id._notification(
            self.env._("%s documents are on their way. You may go on working: %%s", len(records)),
            links=[{"label": self.env._("see how far they are"), "url": f"/odoo/signature.batch/{batch.id}"}],
            sticky=True,
            next={"type": "ir.actions.act_window_close"},
        )

    def _check_first(self, record):
        """Make the first document, so that what is wrong with the template is said once instead of for each record."""
        template = self.template_id
        try:
            template._check_sending(template._localized(record, self.env.user), self.signatory_id)
        except UserError as error:
            raise UserError(
                self.env._(
                    "Nothing was sent, because the first document, of “%(record)s”, cannot be made. %(problem)s",
                    record=record.display_name,
                    problem=error,
                )
            ) from error
