import functools

from odoo import api, fields, models
from odoo.fields import Domain


class SignatureDocumentAccess(models.AbstractModel):
    """Parts of a request are seen by those who see the request, in every way of reading, and go with it."""

    _name = "signature.document.access"
    _description = "Access through the signature request"

    request_id = fields.Many2one("signature.request", required=True, readonly=True, index=True, ondelete="cascade")

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, *, active_test=True, bypass_access=False):
        if not (self.env.su or bypass_access):
            seen = self.env["signature.request"]._search([])
            domain = Domain(domain) & Domain("request_id", "in", seen)
        return super()._search(
            domain,
            offset,
            limit,
            order,
            active_test=active_test,
            bypass_access=bypass_access,
        )

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su:
            return result
        forbidden, error = result or (self.browse(), None)
        seen = set((self - forbidden).sudo().request_id.with_env(self.env)._filtered_access("read").ids)
        hidden = (self - forbidden).filtered(lambda part: part.sudo().request_id.id not in seen)
        if not hidden:
            return result
        return forbidden + hidden, error or functools.partial(self.env["ir.rule"]._make_access_error, operation, hidden)
