from odoo import models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _signature_contact(self):
        """Return `{"name", "email", "lang", "phone"}` of the customer of a record without contact; phone as E.164."""
        self.ensure_one()
        return {"name": False, "email": False, "lang": False, "phone": False}
