from odoo.exceptions import UserError


class SubmitRefused(UserError):
    """What a signer sent is not accepted; `code` says why, `field_id` where (or False)."""

    def __init__(self, code, message, field_id=False):
        super().__init__(message)
        self.code = code
        self.field_id = field_id
