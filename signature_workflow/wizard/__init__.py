from . import signature_key_import, signature_request_send
