"""The audit trail: canonical payloads and a versioned hash chain.

Each event stores the hash of the event before it. Who changes, removes, inserts or reorders an
event without recomputing all later ones is found by :func:`verify`. Events cut off at the end are
found only by whoever kept the last hash; it is printed into the sealed document for that.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping

from .errors import AuditError

GENESIS = "0" * 64
VERSION = 1


def canonical(payload: dict) -> bytes:
    """Return the one JSON encoding of ``payload``: sorted keys, no blanks, UTF-8 (cf. RFC 8785).

    Strings, integers, booleans, ``None``, lists and dicts with string keys are allowed. Floats are
    not: databases and languages do not agree on how to write them.

    :raises AuditError: ``payload_type`` with the ``path`` of the value that is not allowed
    """
    plain = _plain(payload, "$")
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def chain_hash(previous: str, payload: dict, version: int = VERSION) -> str:
    """Return the hash of an event as lower-case hex of SHA-256.

    :param previous: hash of the event before, or :data:`GENESIS`
    :raises AuditError: ``payload_type``, ``version_unknown``
    """
    if version != VERSION:
        raise AuditError("version_unknown", f"There is no version {version!r}.", version=version)
    link = {"payload": payload, "previous": previous, "version": version}
    return hashlib.sha256(canonical(link)).hexdigest()


def verify(events: Iterable[Mapping]) -> None:
    """Check a whole chain, first event first.

    :param events: each with ``previous``, ``hash``, ``version`` and ``payload``
    :raises AuditError: ``chain_broken`` (an event is missing, added or moved), ``hash_mismatch``
        (its content was changed), ``payload_type``, ``version_unknown``; all with ``index``
    """
    expected = GENESIS
    for index, event in enumerate(events):
        if event["previous"] != expected:
            raise AuditError("chain_broken", f"Event {index} follows another one.", index=index)
        try:
            computed = chain_hash(event["previous"], event["payload"], event["version"])
        except AuditError as error:
            raise AuditError(error.code, str(error), index=index, **error.params) from None
        if computed != event["hash"]:
            raise AuditError("hash_mismatch", f"Event {index} was changed.", index=index)
        expected = computed


def _plain(value, path):
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        if any("\ud800" <= char <= "\udfff" for char in value):
            raise AuditError("payload_type", f"No Unicode text at {path}.", path=path)
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        # RFC 8785 3.2.3 sorts by UTF-16 code units
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return {_plain(key, path): _plain(value[key], f"{path}.{key}") for key in keys}
    raise AuditError("payload_type", f"No plain value at {path}.", path=path)
