"""Allowed moves between states, as data."""

from .errors import TransitionError

REQUEST = {
    "draft": {"queued", "cancelled"},
    "queued": {"sent", "held", "paper", "failed", "cancelled"},
    # announced to its signers, until a condition on the record is true
    "held": {"sent", "paper", "failed", "cancelled", "completed"},
    # somebody does not sign electronically: it waits for the scan of the signed paper
    "paper": {"completed", "cancelled"},
    "sent": {"signed", "paper", "declined", "expired", "failed", "cancelled", "completed"},
    "signed": {"completed", "failed"},
    # a retry goes back to where the request failed; a scan of the signed paper ends it
    "failed": {"queued", "sent", "signed", "held", "cancelled", "completed"},
    # the signed copy stays
    "completed": {"withdrawn"},
    "withdrawn": set(),
    "declined": set(),
    "expired": set(),
    "cancelled": set(),
}

SIGNER = {
    "waiting": {"sent", "skipped"},
    "sent": {"viewed", "signed", "approved", "declined", "skipped"},
    # a part that is handed to somebody else begins anew
    "viewed": {"sent", "signed", "approved", "declined", "skipped"},
    "signed": set(),
    "approved": set(),
    "declined": set(),
    # another of the group has signed, or it was signed on paper
    "skipped": set(),
}
# nothing more is expected of these signers
SIGNER_DONE = ("signed", "approved", "skipped")


def sources(table: dict[str, set[str]], target: str) -> frozenset[str]:
    """Return the states of ``table`` from which ``target`` may be reached in one move.

    :raises TransitionError: ``state_unknown``
    """
    if target not in table:
        raise TransitionError("state_unknown", f"There is no state {target!r}.", state=target)
    return frozenset(state for state, targets in table.items() if target in targets)
