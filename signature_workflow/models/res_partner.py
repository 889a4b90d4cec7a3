from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

# what is shorter can be guessed, what is longer is no code any more
ACCESS_CODE_LENGTHS = range(4, 101)


class ResPartner(models.Model):
    _inherit = "res.partner"

    signature_access_code = fields.Char(
        "Access code for documents",
        groups="signature_workflow.group_user",
        copy=False,
        help="Agreed with this contact. Asked before a document is shown, where its template says so.",
    )
    is_signatory = fields.Boolean(
        "Signs for the company", help="This contact signs documents in the name of their company."
    )
    signature_opt_out = fields.Boolean(
        "Signs on paper only",
        help="Documents that this contact is to sign are made to be printed, and not sent. Of a company, it counts for "
        "all of its contacts.",
    )

    _signature_opt_out_idx = models.Index("(id) WHERE signature_opt_out")

    @api.constrains("signature_access_code")
    def _check_signature_access_code(self):
        for partner in self.sudo():
            code = partner.signature_access_code or ""
            if code and len("".join(code.split())) not in ACCESS_CODE_LENGTHS:
                raise ValidationError(
                    self.env._(
                        "The access code of “%(name)s” needs %(least)s to %(most)s letters or digits.",
                        name=partner.name,
                        least=ACCESS_CODE_LENGTHS[0],
                        most=ACCESS_CODE_LENGTHS[-1],
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        if any(vals.get("signature_opt_out") for vals in vals_list):
            self.env.registry.clear_cache()
        return partners

    def write(self, vals):
        result = super().write(vals)
        if "signature_opt_out" in vals:
            self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache()
    def _ids_on_paper(self):
        """Return the ids of the contacts marked so; cached, for each document asks."""
        return frozenset(self.sudo().with_context(active_test=False).search([("signature_opt_out", "=", True)])._ids)

    def _on_paper(self):
        """Return those who sign on paper only, by themselves or by their company."""
        marked = self._ids_on_paper()
        return self.filtered(lambda partner: not marked.isdisjoint((partner.id, partner.commercial_partner_id.id)))
