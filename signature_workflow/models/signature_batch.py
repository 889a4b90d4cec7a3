from collections import Counter, defaultdict

from markupsafe import Markup
from odoo import api, fields, models
from odoo.fields import Domain

from .signature_request import WAITING_STATES
from .signature_template import ENDED_STATES

# what each of the counts is of
STATES = {
    "queued_count": ("draft", "queued"),
    "waiting_count": (*WAITING_STATES, "signed"),
    "held_count": ("held",),
    "completed_count": ("completed",),
    "failed_count": ("failed",),
    "ended_count": tuple(state for state in ENDED_STATES if state != "completed"),
}


# nobody has been sent a link to sign with
UNSENT = Domain("signer_ids", "not any", [("date_sent", "!=", False)])
# of those, what can be cancelled at once: it is still being prepared, or has failed before
CANCELLED_STATES = ("draft", "queued", "failed")


class SignatureBatch(models.Model):
    """One template sent for many records at once: how far it is, what failed, and what was left out."""

    _name = "signature.batch"
    _inherit = "signature.queue"
    _description = "Documents sent at once"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    template_id = fields.Many2one("signature.template", "Document", readonly=True, required=True, ondelete="restrict")
    user_id = fields.Many2one("res.users", "Sent by", readonly=True, default=lambda self: self.env.user)
    company_id = fields.Many2one("res.company", readonly=True, default=lambda self: self.env.company)
    message = fields.Text("Message to the signers", readonly=True)
    request_ids = fields.One2many("signature.request", "batch_id", readonly=True)
    failed_ids = fields.One2many("signature.request", "batch_id", "What failed", domain=[("state", "=", "failed")])
    left_out = fields.Json(readonly=True, help="Records that nothing was sent for: their id, name, and why.")
    left_out_count = fields.Integer("Left out", compute="_compute_left_out")
    left_out_table = fields.Html(compute="_compute_left_out", sanitize=False)
    is_told = fields.Boolean(readonly=True, help="The sender was told that nothing is being prepared any more.")
    # counted each time, so that they are true whatever has happened to the worker
    total_count = fields.Integer("Documents", compute="_compute_counts", compute_sudo=True)
    sent_count = fields.Integer("Sent", compute="_compute_counts", compute_sudo=True)
    held_count = fields.Integer("Held", compute="_compute_counts", compute_sudo=True)
    result = fields.Char(compute="_compute_result", help='What has become of it, such as "198 sent, 2 failed.".')
    queued_count = fields.Integer("Being prepared", compute="_compute_counts", compute_sudo=True)
    waiting_count = fields.Integer("Waiting", compute="_compute_counts", compute_sudo=True)
    completed_count = fields.Integer("Completed", compute="_compute_counts", compute_sudo=True)
    failed_count = fields.Integer("Failed", compute="_compute_counts", compute_sudo=True)
    ended_count = fields.Integer("Declined, expired or cancelled", compute="_compute_counts", compute_sudo=True)
    unsent_count = fields.Integer("Not sent", compute="_compute_counts", compute_sudo=True)
    progress = fields.Float(compute="_compute_counts", compute_sudo=True)

    @api.depends("request_ids.state")
    def _compute_counts(self):
        states, unsent, mine = defaultdict(Counter), defaultdict(Counter), Domain("batch_id", "in", self.ids)
        for counts, domain in ((states, mine), (unsent, mine & UNSENT)):
            for batch, state, count in self.env["signature.request"]._read_group(
                domain, ["batch_id", "state"], ["__count"]
            ):
                counts[batch][state] = count
        for batch in self:
            for name, counted in STATES.items():
                batch[name] = sum(states[batch][state] for state in counted)
            batch.total_count = states[batch].total()
            batch.sent_count = batch.total_count - unsent[batch].total()
            batch.unsent_count = sum(unsent[batch][state] for state in CANCELLED_STATES)
            done = batch.total_count - batch.queued_count
            batch.progress = 100 * done / batch.total_count if batch.total_count else 100

    @api.depends("sent_count", "left_out_count")
    @api.depends_context("lang")
    def _compute_result(self):
        for batch in self:
            parts = [self.env._("%s sent", batch.sent_count)]
            if batch.held_count:
                parts.append(self.env._("%s held", batch.held_count))
            if batch.failed_count:
                parts.append(self.env._("%s failed", batch.failed_count))
            if batch.left_out_count:
                parts.append(self.env._("%s left out", batch.left_out_count))
            batch.result = ", ".join(parts) + "."

    @api.depends("left_out")
    def _compute_left_out(self):
        for batch in self:
            batch.left_out_count = len(batch.left_out or ())
            batch.left_out_table = batch._problems_table(batch.template_id.sudo().model, batch.left_out or ())

    @api.model
    def _problems_table(self, model, lines, shown=None):
        """Return the HTML of a table of `lines`, dicts with `id`, `name` and `problem` of records of `model`.

        Only the first `shown` are in it, and how many there are besides; None: all.
        """
        values = {"model": model, "lines": lines[:shown], "rest": len(lines[shown:]) if shown else 0}
        return self.env["ir.qweb"]._render("signature_workflow.problems_table", values) if lines else False

    # The worker

    @api.model
    def _through_domain(self):
        """Return the domain of those whose documents are all prepared, and whose sender was not told so yet."""
        return [("is_told", "=", False), ("request_ids", "not any", [("state", "in", STATES["queued_count"])])]

    def _for_sender(self):
        self.ensure_one()
        return self.with_context(lang=self.user_id.lang)

    def _tell_sender(self):
        """Tell who sent it that all documents are prepared, once."""
        self.ensure_one()
        self.is_told = True
        self.env["mail.thread"].message_notify(
            model=self._name,
            res_id=self.id,
            partner_ids=self.user_id.partner_id.ids,
            subject=self.env._("%(batch)s: %(result)s", batch=self.name, result=self.result),
            body=Markup("<p>{} <a href='/odoo/signature.batch/{}'>{}</a></p>").format(
                self.result, self.id, self.env._("See them")
            ),
            author_id=self.env["signature.request"]._author_id(),
            email_from=self.company_id.partner_id.email_formatted or self.user_id.email_formatted,
        )

    def _queue_failed(self, message):
        self.write({"is_told": True, "failure": message})

    # Buttons

    def action_retry(self):
        """Try again all that has failed."""
        self.failed_ids.action_retry()

    def action_cancel_unsent(self):
        """Cancel what was not sent: it is still being prepared, or has failed before."""
        self.request_ids.filtered_domain(UNSENT & Domain("state", "in", CANCELLED_STATES)).action_cancel()

    def action_view_requests(self):
        """Open the documents; the context says with which filter."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_request_action")
        filters = {key: value for key, value in self.env.context.items() if key.startswith("search_default_")}
        return action | {"name": self.name, "domain": [("batch_id", "=", self.id)], "context": filters}
