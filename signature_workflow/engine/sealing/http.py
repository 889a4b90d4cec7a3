"""Small answers over HTTP, within a time that holds whatever the other side does."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from urllib.parse import urlsplit

import requests
import urllib3


class HttpError(Exception):
    """There is no answer that can be used.

    :param kind: ``timeout``, ``unreachable``, ``status`` or ``too_long``
    :param detail: what the HTTP library or the server says; one line
    """

    def __init__(self, kind: str, detail: str = ""):
        super().__init__(f"{kind} {detail}".strip())
        self.kind = kind
        self.detail = detail


def is_address(url: str) -> bool:
    """Tell whether ``url`` is an http or https address with a host, and without a name and password."""
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.username is None
            and parts.port != 0
            and url.isascii()
            and url.isprintable()
            and " " not in url
        )
    except ValueError:
        return False


def within(seconds: float, work: Callable, *arguments):
    """Return what ``work(*arguments)`` returns, or raise what it raises.

    No time limit of the library covers the look-up of a name, nor an answer that drips.

    :raises TimeoutError: when that takes longer; it goes on by itself, and its outcome is dropped
    """
    outcome: Future = Future()
    threading.Thread(target=_settle, args=(outcome, work, arguments), daemon=True).start()
    return outcome.result(seconds)


def _settle(outcome, work, arguments):
    try:
        outcome.set_result(work(*arguments))
    except BaseException as error:  # noqa: BLE001 - raised again where the outcome is waited for
        outcome.set_exception(error)


def fetch(
    session: requests.Session,
    method: str,
    url: str,
    body: bytes | None = None,
    *,
    headers: dict[str, str],
    limit: int,
    seconds: float,
) -> bytes:
    """Return the body of the answer. Redirects are not followed.

    :param limit: bytes
    :param seconds: for each step of the talk; put :func:`within` around it for the whole
    :raises HttpError: also when the status is not 200
    """
    try:
        with session.request(
            method, url, data=body, headers=headers, timeout=seconds, stream=True, allow_redirects=False
        ) as answer:
            if answer.status_code != 200:
                raise HttpError("status", f"HTTP {answer.status_code}")
            found = answer.raw.read(limit + 1, decode_content=True)
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        raise HttpError("timeout") from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise HttpError("unreachable", type(error).__name__) from error
    if len(found) > limit:
        raise HttpError("too_long")
    return found
