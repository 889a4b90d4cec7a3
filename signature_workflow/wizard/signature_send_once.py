from odoo import fields, models
from odoo.exceptions import UserError


class SignatureSendOnce(models.AbstractModel):
    """A dialog that sends once, however often its button is pressed or the call is tried again."""

    _name = "signature.send.once"
    _description = "Dialog that sends once"

    is_sent = fields.Boolean(readonly=True)

    def _send_once(self):
        """Mark this dialog as sent. Raises UserError when it has been already."""
        self.ensure_one()
        if self.is_sent:
            raise UserError(self.env._("It is sent already."))
        self.is_sent = True
        # whoever does the same at this instant waits here for the end of this transaction, and is then too late
        self.flush_recordset(["is_sent"])
