# mixins first
from . import signature_send_once

# isort: split
from . import (
    signature_erasure,
    signature_key_import,
    signature_legal_hold,
    signature_request_cancel,
    signature_request_correct,
    signature_request_deadline,
    signature_request_mass,
    signature_request_paper,
    signature_request_send,
    signature_request_withdraw,
    signature_signer_change,
    signature_simulation,
)
