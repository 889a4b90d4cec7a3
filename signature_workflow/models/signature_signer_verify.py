from odoo import models

from .signature_signer_page import COPY_STATES


class SignatureSigner(models.Model):
    """From the signer's page to the public one, where the signed copy can be checked at any time."""

    _inherit = "signature.signer"

    def _outcome_values(self, state):
        values = super()._outcome_values(state)
        if state in COPY_STATES:
            values["verify_path"] = self.request_id._verify_path()
        return values
