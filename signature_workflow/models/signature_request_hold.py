from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

HELD = [("state", "=", "held")]
# so many are released in one transaction
BATCH = 100
# nothing is to be paid there any more, or not yet
CLOSED = {"state": ("draft", "cancel"), "payment_state": ("paid", "in_payment", "reversed")}


class SignatureRequest(models.Model):
    """Documents that are held until a condition on the record is true."""

    _inherit = "signature.request"

    hold_text = fields.Char("Waits for", compute="_compute_hold_text")

    @api.depends("state", "template_id.hold_reason", "rule_id.hold_domain", "rule_id.hold_reason")
    def _compute_hold_text(self):
        self.hold_text = False
        for request in self.filtered(lambda request: request.state == "held"):
            request.hold_text = request._hold_text(self.env.lang)

    def _hold_source(self):
        """Return what says how long this document is held: its rule, where that has a condition, else its template."""
        self.ensure_one()
        rule = self.rule_id.sudo()
        return rule if rule and rule._hold_condition() is not None else self.template_id.sudo()

    def _is_held(self, record):
        """Tell whether the document of `record` must not be signed yet; a test never waits."""
        self.ensure_one()
        return not self.is_test and not self._hold_source()._hold_met(record)

    def _hold_text(self, lang):
        """Return what this document waits for, in the language of who reads it."""
        self.ensure_one()
        lang = self.env["res.lang"]._get_code(lang or "") or self.env.lang
        return self._hold_source().with_context(lang=lang).hold_reason or ""

    # Announcing

    def _announce(self):
        """Tell the first signers of held documents what they wait for, and give them a link to read with.

        No time runs out meanwhile.
        """
        self.write({"date_expire": False, "date_warn": False})
        signers = self._next_signers()
        signers._announce_held()
        self.env["signature.event"]._append(
            self, "held", data=lambda request: {"to": (signers & request.signer_ids)._addresses()}
        )
        notes = {}
        for request in self:
            told = request._for_sender()
            notes[request.id] = told.env._("“%(document)s” is held: it waits for %(reason)s.", **told._hold_gaps())
        self._log_notes(notes)
        self._open_hold_pages()

    def _hold_gaps(self):
        return {"document": self.name, "reason": self._hold_text(self.env.lang)}

    def _hold_targets(self):
        """Return the records (sudo) to which the path of this document leads and where something is open."""
        self.ensure_one()
        source = self._hold_source()
        record = source.hold_path and self._record().exists()
        if not record:
            return self.browse()
        try:
            targets = source._follow_hold_path(record.sudo())
        except UserError:
            # a field of it is gone: nothing more to open
            return self.browse()
        return targets.filtered(
            lambda target: not any(name in target._fields and target[name] in CLOSED[name] for name in CLOSED)
        )

    def _open_hold_pages(self):
        """Let those pages be opened by their links: the signing page, whose visits change nothing, cannot do that."""
        for request in self:
            for target in request._hold_targets():
                target._portal_ensure_token()

    def _hold_link(self, signer):
        """Return `(name, URL)` of the first page that `signer` may open, being the customer there, or None.

        The URL opens it without a login: it is not for who was given the part, or the link, by a colleague.
        """
        customer = signer.partner_id.commercial_partner_id if signer._is_reached_themselves() else None
        for target in self._hold_targets():
            owner = target["partner_id"] if "partner_id" in target._fields else signer.partner_id.browse()
            if customer and target.access_token and owner.commercial_partner_id == customer:
                return target.display_name, target.get_portal_url()
        return None

    # Releasing

    @api.model
    def _cron_watch(self):
        """Look at the records of waiting documents: what they wait for may have happened, or their values changed."""
        self._release_held()
        self._compare_waiting()

    @api.model
    def _release_held(self):
        """Release the documents whose condition has come true; what cannot be checked fails, for a person to see."""
        for rule, template in self._read_group(HELD, ["rule_id", "template_id"]):
            alike = [*HELD, ("rule_id", "=", rule.id), ("template_id", "=", template.id)]
            if not self._queue_run(alike, lambda batch: batch._release_met(), BATCH):
                # time is over: the next run looks again
                return

    def _release_met(self):
        """Release those of these requests, of one template and rule, whose condition is true; return them.

        Raises UserError when there is nothing any more that one of them could wait for.
        """
        records = self.env[self[0].res_model].browse(self.mapped("res_id")).exists()
        for request in self:
            if request.res_id not in records.ids:
                raise UserError(self.env._("The record of “%s” no longer exists.", request.name))
        met = set(self[0]._hold_source()._hold_met(records).ids)
        ready = self.filtered(lambda request: request.res_id in met)
        released = ready._release(
            lambda request: request.env._(
                "“%(document)s” can be signed now. It waited for %(reason)s.", **request._hold_gaps()
            )
        )
        (self - released)._open_hold_pages()
        return released

    def _release(self, note):
        """Let held documents be signed: their links go out, and their time begins now. Returns those released.

        `note(request)` is what the chatter says.
        """
        self._bump()
        now, today = fields.Datetime.now(), fields.Date.today()
        released = self.filtered(lambda request: request.state == "held")
        for request in released:
            told = request._for_sender()
            told._move("sent", date_sent=now, to_dispatch=True, **request._deadline_dates(today))
            told._close_todos()
            told._log_events("released", data={"by": self.env.user.name}, note=note(told))
        if released:
            self._queue_trigger()
        return released

    def _retry_state(self):
        """Return where a failed request goes on; nothing goes out while it is to be held."""
        state = super()._retry_state()
        is_untold = not any(self.signer_ids.mapped("date_sent"))
        return "held" if state == "sent" and is_untold and self._is_held(self._record()) else state

    # Buttons

    def action_check_hold(self):
        """Look now whether what this document waits for has happened. Returns a notification that says so."""
        self.ensure_one()
        self._check_may_change()
        request = self.sudo()
        request._check_is_held()
        if request._release_met():
            return self._released_notification()
        text = self.env._("“%(document)s” still waits for %(reason)s.", **request._hold_gaps())
        return self.env["signature.template"]._notification(text, type="info")

    def action_release(self):
        """Let the document be signed without waiting any longer: a manager's decision. Returns a notification."""
        self.ensure_one()
        if not self.env.user.has_group("signature_workflow.group_manager"):
            raise AccessError(self.env._("Only sales managers release a document that is held. Ask one of them."))
        self._check_may_change()
        request = self.sudo()
        request._check_is_held()
        request._release(
            lambda held: held.env._(
                "%(name)s let “%(document)s” be signed without waiting for %(reason)s.",
                name=self.env.user.name,
                **held._hold_gaps(),
            )
        )
        return self._released_notification()

    def _check_is_held(self):
        if self.state != "held":
            raise UserError(self.env._("“%s” is not held any more. Reload the page to see where it stands.", self.name))

    def _released_notification(self):
        text = self.env._("“%s” can be signed now. The links are on their way.", self.name)
        reload = {"type": "ir.actions.client", "tag": "soft_reload"}
        return self.env["signature.template"]._notification(text, next=reload)
