from odoo import models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _signature_contact(self):
        """Return `{"name", "email", "lang"}` of the customer of a record that has no contact."""
        self.ensure_one()
        return {"name": False, "email": False, "lang": False}
