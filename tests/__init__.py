from . import (
    test_concurrency,
    test_http_signing,
    test_request,
    test_seal,
    test_security_access,
    test_signer,
    test_stage_entry,
)
