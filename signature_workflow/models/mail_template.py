from odoo import api, models
from odoo.exceptions import UserError


class MailTemplate(models.Model):
    _inherit = "mail.template"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_signature(self):
        """Refuse to delete the mails that this addon sends by their external ids."""
        for template in self:
            if template.get_external_id()[template.id].startswith("signature_workflow."):
                raise UserError(
                    self.env._(
                        "“%s” is sent by Signatures, so it cannot be deleted. Change its text, or reset it.",
                        template.name,
                    )
                )
