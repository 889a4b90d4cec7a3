"""The real mail catcher that `./dev test` starts: mails go there over SMTP, and are read by HTTP."""

import json
import os
import time
import urllib.request

from .common import LINK

PORT = os.environ.get("SIGNATURE_TEST_SMTP_PORT")
URL = os.environ.get("SIGNATURE_TEST_MAIL_URL")


def _get(path, method="GET"):
    request = urllib.request.Request(f"{URL}{path}", method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
        return json.load(response)


def clear():
    _get("/email/all", method="DELETE")


def mails(address, seconds=20):
    """Return the caught mails to `address`, waiting for the first."""
    for _attempt in range(seconds * 5):
        found = [mail for mail in _get("/email") if mail["to"][0]["address"] == address]
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"no mail to {address}")


def link(address):
    """Return the token of the secret link that was mailed to `address`."""
    return LINK.search(mails(address)[-1]["html"])[1]
