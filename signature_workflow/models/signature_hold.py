from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from .conditions import ConditionError, check_condition, read_condition, usable


class SignatureHold(models.AbstractModel):
    """A condition on the record, until which its document cannot be signed."""

    _name = "signature.hold"
    _description = "Condition before signing"

    hold_model = fields.Char(compute="_compute_hold_model")
    hold_domain = fields.Char(
        "Hold until", help="The document is made and announced; it can be signed once the record matches."
    )
    hold_reason = fields.Char(
        "It waits for", translate=True, help="What the signers read, such as: the payment of the deposit."
    )
    hold_path = fields.Char(
        "Page to open",
        help="Path from the record to what the customer can open in the portal, and pay there: order_ids.invoice_ids "
        "for the invoices of a deal. Empty: none.",
    )

    def _compute_hold_model(self):
        for holder in self:
            holder.hold_model = holder.model if "model" in holder._fields else "crm.lead"

    @api.constrains(
        lambda self: ["hold_domain", "hold_reason", "hold_path", *(["model_id"] if "model_id" in self._fields else [])]
    )
    def _check_hold(self):
        for holder in self:
            # Odoo checks with all rights, but it is the author's that count
            record = self.env[holder.hold_model].sudo(False)
            if holder._hold_condition() is not None:
                if not holder.hold_reason:
                    raise ValidationError(
                        self.env._("Say what “%s” waits for: the signers read it.", holder.display_name)
                    )
                try:
                    check_condition(record, holder.hold_domain)
                except ConditionError as error:
                    raise ValidationError(holder._hold_unusable()) from error
            if holder.hold_path:
                holder._follow_hold_path(record)

    def _follow_hold_path(self, record):
        """Return the records to which the path leads; raises UserError unless such have pages in the portal."""
        records, field = self.env["signature.merge"]._follow(record, self.hold_path)
        if not field.relational or "access_url" not in self.env[field.comodel_name]._fields:
            raise ValidationError(
                self.env._(
                    "“%s” does not lead to anything that customers can open in the portal. Choose orders or invoices, "
                    "for example.",
                    self.hold_path,
                )
            )
        return records[field.name]

    def _hold_condition(self):
        """Return the Domain that the record has to match before its document can be signed, or None.

        Raises UserError when what is stored cannot be read.
        """
        self.ensure_one()
        try:
            condition = read_condition(self.hold_domain)
        except ConditionError as error:
            raise ValidationError(self._hold_unusable()) from error
        return None if condition.is_true() else condition

    def _hold_met(self, records):
        """Return those of `records` that match the condition, whoever asks; raises UserError when it has broken."""
        self.ensure_one()
        condition = self._hold_condition()
        if condition is None:
            return records
        everything = records.sudo().with_context(active_test=False)
        try:
            with usable():
                return everything.search(condition & Domain("id", "in", records.ids))
        except ConditionError as error:
            # a field that it names is gone
            raise UserError(self._hold_unusable()) from error

    def _hold_unusable(self):
        return self.env._(
            "The condition “Hold until” of “%s” cannot be used. Correct it, then try again.", self.display_name
        )
