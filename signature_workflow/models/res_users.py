from odoo import api, models, modules


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model
    def _get_activity_groups(self):
        """Add what waits for this user's signature to the menu of the top bar."""
        groups = super()._get_activity_groups()
        signers = self.env["signature.signer"].sudo()
        count = signers.search_count(signers._waiting_domain(self.env.user))
        if count:
            groups.append(
                {
                    "id": self.env["ir.model"]._get_id("signature.signer"),
                    "type": "signature",
                    "name": self.env._("Waiting for my signature"),
                    "model": "signature.signer",
                    "icon": modules.module.get_module_icon("signature_workflow"),
                    "total_count": count,
                }
            )
        return groups
