"""The audit trail: canonical payloads and a versioned hash chain.

Each event stores the hash of the event before it. Who changes, removes, inserts or reorders an
event without recomputing all later ones is found by :func:`verify`. Events cut off at the end are
found only by whoever kept the last hash; it is printed into the sealed document for that.

The hash of an event is SHA-256 over ``canonical({"payload": ..., "previous": ..., "version": ...})``.
In version 1 the payload holds everything. In version 2 what may be about a person, its *details*, stands
beside the payload, which holds only ``details``: SHA-256 over a salt and the canonical details. Salt and
details can be erased together: the chain still holds, and nobody can guess from the digest what stood there.

``python -m signature_workflow.engine.audit FILE`` checks an evidence file without Odoo and without a database.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping

from .errors import AuditError

GENESIS = "0" * 64
VERSION = 2
VERSIONS = (1, VERSION)


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
    if version not in VERSIONS:
        raise AuditError("version_unknown", f"There is no version {version!r}.", version=version)
    link = {"payload": payload, "previous": previous, "version": version}
    return hashlib.sha256(canonical(link)).hexdigest()


def details_hash(salt: str, details: dict) -> str:
    """Return what the payload of an event of version 2 says of its details, as lower-case hex of SHA-256.

    :param salt: 32 hex digits, as the ASCII text that they are
    :raises AuditError: ``payload_type``
    """
    return hashlib.sha256(salt.encode() + canonical(details)).hexdigest()


def is_erased(event: Mapping) -> bool:
    """Tell whether the details of an event, as of :func:`verify`, were erased, or are withheld."""
    return event["version"] == VERSION and event["salt"] is None and event["details"] is None


def verify(events: Iterable[Mapping]) -> list[int]:
    """Check a whole chain, first event first.

    :param events: each with ``previous``, ``hash``, ``version`` and ``payload``; those of version 2 also with ``salt``
        and ``details``, both ``None`` once they are erased, and where they are withheld
    :return: the positions, counted from 0, of the events whose details are not there
    :raises AuditError: ``chain_broken`` (an event is missing, added or moved), ``hash_mismatch``
        (its content was changed), ``payload_type``, ``version_unknown``; all with ``index``
    """
    expected, erased = GENESIS, []
    for index, event in enumerate(events):
        if event["previous"] != expected:
            raise AuditError("chain_broken", f"Event {index} follows another one.", index=index)
        try:
            computed = chain_hash(event["previous"], event["payload"], event["version"])
            if computed != event["hash"] or not _has_its_details(event):
                raise AuditError("hash_mismatch", f"Event {index} was changed.")
        except AuditError as error:
            raise AuditError(error.code, str(error), index=index, **error.params) from None
        if is_erased(event):
            erased.append(index)
        expected = computed
    return erased


def _has_its_details(event):
    """Tell whether the details are those that the payload speaks of, or were erased."""
    if event["version"] == 1 or is_erased(event):
        return True
    salt, details = event["salt"], event["details"]
    if salt is None or details is None:
        return False
    return details_hash(salt, details) == event["payload"].get("details")


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


if __name__ == "__main__":
    from .verifier import main

    sys.exit(main(sys.argv[1:]))
