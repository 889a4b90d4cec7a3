from odoo import api, fields, models


class ResPartner(models.Model):
    """The documents in which a contact takes part."""

    _inherit = "res.partner"

    signature_signer_ids = fields.One2many(
        "signature.signer", "partner_id", "Parts in documents", groups="signature_workflow.group_user"
    )
    signature_count = fields.Integer(
        "Documents", compute="_compute_signature_count", groups="signature_workflow.group_user"
    )

    def _signatures_domain(self):
        self.ensure_one()
        return [("signer_ids.partner_id", "child_of", self.id), ("is_test", "=", False)]

    @api.depends("signature_signer_ids")
    @api.depends_context("uid")
    def _compute_signature_count(self):
        # of those that the user may see; shown for one contact at a time
        for partner in self:
            saved = partner._origin
            partner.signature_count = saved and self.env["signature.request"].search_count(saved._signatures_domain())

    def action_view_signatures(self):
        """Open the documents in which this contact, or one of a company's people, takes part."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("signature_workflow.signature_request_action")
        return action | {"domain": self._signatures_domain(), "context": {}}
