from . import signature_key_import
