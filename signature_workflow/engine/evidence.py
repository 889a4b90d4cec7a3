"""The evidence file: what a court's expert needs of one document, as JSON that a machine reads.

It is embedded in the sealed file (then it ends with the last event before the seal), and exported later with
what came after. ``null`` stands for what there is not, or not any more. Times are UTC, as
``2026-11-22T16:40:00Z``; those inside ``events`` as ``2026-11-22 16:40:00``. Sizes are bytes, digests lower-case hex.

``format``, ``version``  :data:`FORMAT` and :data:`VERSION`
``made``                 when this file was written
``document``             ``id`` (as in the events), ``name``, ``state``, ``code`` and ``url`` of its verification page,
                         ``pages`` of the original, ``original`` ``{sha256, bytes}``: the sealed file begins with these
                         bytes; ``final`` ``{sha256, bytes, kind}`` (export only; ``sealed``, ``paper``: a scan, or
                         ``test``), ``template`` ``{name (export only), version}``, the times ``sent``, ``completed``,
                         ``withdrawn``
``organisation``         who has sent and sealed it: ``name``, ``vat``, ``country`` (ISO 3166-1)
``seal``                 export only: ``certificate_sha256``, ``level`` (PAdES: ``b``, ``t`` or ``lt``), ``timestamp``
                         ``{state, time}``
``consents``             what signers agreed to: ``version``, ``language``, ``text``, ``sha256`` of the text in UTF-8
``parties``              ``id``, ``name``, ``email``, ``phone``, ``role``, ``turn``, ``participation`` (``sign``,
                         ``approve``, ``view``, ``copy``), ``channel`` of the link, ``identity_check``, ``state``, the
                         times ``sent``, ``viewed``, ``signed``, ``ip``, ``device``, ``host`` (in whose presence),
                         ``comment`` (export only), ``decline_reason``, ``marks``: ``field``, ``type``, ``page`` (from
                         1), ``box`` ``[left, top, width, height]`` in percent of the page (texts of decimals),
                         ``sha256`` of the value in UTF-8, or of the picture
``answers``              all fields, by ``field`` (id): ``signer`` (id of a party), ``type``, ``name``, ``page``,
                         ``value`` (text, as stored; a mark as JSON), ``file`` ``{name, sha256, bytes}``
``users``                ``id`` and ``name`` of the ``user_id`` of events
``events``               the audit trail as of :mod:`.audit`: ``version``, ``previous``, ``hash``, ``payload``,
                         ``salt``, ``details`` ``{ip, user_agent, data}``. What the sender's people have noted among
                         themselves is in the export only: in a sealed file such lines have neither salt nor details,
                         and ``withheld``: ``true``. Their digest is in the payload, and the chain holds

``answers_sha256`` in the data of ``signed`` and ``approved`` events is that of :func:`answers_sha256`. Nothing but the
standard library is needed to check all this.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import audit
from .errors import AuditError

FORMAT = "signature_workflow.evidence"
VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
DONE_KINDS = ("signed", "approved")
# events that name the SHA-256 of the file that everybody got in the end; of these others it is the original's
FINAL_KINDS = ("sealed", "tested", "paper", "timestamped", "withdrawn")
# the last event of the work on a document, and what its signed copy is then
END_KINDS = {"sealed": "sealed", "paper": "paper", "tested": "test"}
ORIGINAL_KINDS = ("created", *DONE_KINDS)
# events whose details may be withheld from the other parties
INTERNAL_KINDS = (
    "changed", "failed", "held", "hold_lifted", "left", "legal_hold", "linked", "released", "replaces", "retried",
    "to_paper", "undelivered", "unlinked", "written",
)  # fmt: skip

# longer than any seal takes
_WORK = timedelta(hours=1)
_TEXT, _NUMBER = (str, None), (int, None)
_FILE = {"sha256": str, "bytes": int}
_SHAPE = {
    "format": str,
    "version": int,
    "made": str,
    "document": {
        "id": int, "name": str, "state": str, "code": _TEXT, "url": _TEXT, "pages": int, "original": (_FILE, None),
        "final": (_FILE | {"kind": str}, None), "template": {"name": _TEXT, "version": _NUMBER}, "sent": _TEXT,
        "completed": _TEXT, "withdrawn": _TEXT,
    },
    "organisation": {"name": str, "vat": _TEXT, "country": _TEXT},
    "seal": (
        {"certificate_sha256": _TEXT, "level": _TEXT, "timestamp": {"state": _TEXT, "time": _TEXT}},
        None,
    ),
    "consents": [{"version": _TEXT, "language": _TEXT, "text": _TEXT, "sha256": str}],
    "parties": [
        {
            "id": int, "name": str, "email": _TEXT, "phone": _TEXT, "role": str, "turn": int, "participation": str,
            "channel": str, "identity_check": str, "state": str, "sent": _TEXT, "viewed": _TEXT, "signed": _TEXT,
            "ip": _TEXT, "device": _TEXT, "host": _TEXT, "comment": _TEXT, "decline_reason": _TEXT,
            "marks": [{"field": int, "type": str, "page": int, "box": [str], "sha256": str}],
        }
    ],
    "answers": [
        {
            "field": int, "signer": int, "type": str, "name": str, "page": int, "value": str,
            "file": (_FILE | {"name": str}, None),
        }
    ],
    "users": [{"id": int, "name": str}],
    "events": [
        {
            "version": int, "previous": str, "hash": str, "salt": _TEXT,
            "payload": {
                "request_id": int, "sequence": int, "kind": str, "date": str, "signer_id": _NUMBER, "user_id": _NUMBER,
            },
            "details": ({"ip": _TEXT, "user_agent": _TEXT, "data": dict}, None),
        }
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """What came of one check.

    :param code: of the check, such as ``"chain"``
    :param is_ok: ``None``: nothing is wrong, and there is something to know or to do
    :param text: an English sentence
    :param line: the number of the line of the audit trail that it is about, counted from 1, or ``None``
    """

    code: str
    is_ok: bool | None
    text: str
    line: int | None = None


def build(*, answers: list, events: list, parties: list, texts: Mapping, **rest) -> dict:
    """Return the evidence: what is given, and what follows from the events.

    :param answers: as in the file; those of marks also with ``box``, which goes to the party's ``marks``
    :param parties: as in the file, without ``signed``, ``device`` and ``marks``
    :param texts: by SHA-256 ``(language, text)`` of what signers may have agreed to, for events that name only a digest
    :param rest: the other keys of the file but ``format``, ``version`` and ``consents``
    """
    answers = sorted(answers, key=lambda answer: answer["field"])
    acts = {
        event["payload"]["signer_id"]: event
        for event in events
        if event["payload"]["kind"] in (*DONE_KINDS, "declined")
    }
    return {
        **rest,
        "format": FORMAT,
        "version": VERSION,
        "consents": _consents(events, texts),
        "parties": [party | _act(acts.get(party["id"])) | {"marks": _marks(party["id"], answers)} for party in parties],
        "answers": [{key: value for key, value in answer.items() if key != "box"} for answer in answers],
        "events": events,
    }


def withhold(line: dict) -> dict:
    """Return a line of the audit trail as the sealed file has it: without the details of one of ours.

    Those of version 1 are in the payload, and stay.
    """
    if line["version"] == 1 or line["payload"]["kind"] not in INTERNAL_KINDS:
        return line
    return line | {"salt": None, "details": None, "withheld": True}


def dump(evidence: dict) -> bytes:
    """Return the bytes of the file: one spelling for the same content.

    :raises AuditError: ``payload_type``
    """
    return audit.canonical(evidence)


def load(data: bytes) -> dict:
    """Return the evidence in a file, whoever has written it, in the shape that the others here expect.

    :raises AuditError: ``evidence_unreadable`` (``path``: where it is no evidence file; empty when it is no JSON)
    """
    if len(data) > MAX_BYTES:
        raise _unreadable("", f"more than {MAX_BYTES} bytes")
    try:
        evidence = json.loads(data, object_pairs_hook=_once)
        # refuses what has no one spelling, and what is nested too deeply
        audit.canonical(evidence)
    except (ValueError, RecursionError, AuditError):
        raise _unreadable("", "no JSON that can be read in one way only") from None
    _check_shape(evidence, _SHAPE, "$")
    if (evidence["format"], evidence["version"]) != (FORMAT, VERSION):
        raise _unreadable("$.version", "another format or version")
    return evidence


def answers_sha256(answers: Iterable[tuple]) -> str:
    """Return the digest of what a signer has filled in, as lower-case hex.

    It is SHA-256 of the UTF-8 bytes of the JSON list ``[[field, value], [field, value, SHA-256 of the file], ...]``,
    by rising field id, with ``", "`` between its parts and no characters escaped but those that JSON needs escaped.

    :param answers: each ``(field id, value or an empty text, SHA-256 of the file or None)``
    """
    listed = [[field, value, file] if file else [field, value] for field, value, file in sorted(answers)]
    return hashlib.sha256(json.dumps(listed, ensure_ascii=False).encode()).hexdigest()


def check(evidence: dict) -> list[Finding]:
    """Return what comes of all checks that need nothing but the file; ``evidence`` is as of :func:`load`."""
    return [
        *_check_chain(evidence),
        *_check_digests(evidence),
        *_check_parties(evidence),
        *_check_outcome(evidence),
    ]


def describe(event: Mapping) -> str:
    """Return how a line of the audit trail is named: its number, time and kind."""
    payload = event["payload"]
    return f"line {payload['sequence']} ({payload['date']} UTC, {payload['kind']})"


def _consents(events, texts):
    found = {}
    for event in events:
        data = _details(event).get("data") or {}
        if event["payload"]["kind"] in DONE_KINDS and "consent_sha256" in data:
            language, text = texts.get(data["consent_sha256"], (None, None))
            found[data["consent_sha256"]] = {
                "version": data.get("consent_version"),
                "language": data.get("consent_lang", language),
                "text": data.get("consent_text", text),
                "sha256": data["consent_sha256"],
            }
    return list(found.values())


def _act(event):
    """Return when, and on what device, a party has signed, approved or declined."""
    if not event:
        return {"signed": None, "device": None}
    signed = _iso(event) if event["payload"]["kind"] in DONE_KINDS else None
    return {"signed": signed, "device": _details(event).get("user_agent")}


def _iso(event):
    return f"{event['payload']['date'].replace(' ', 'T')}Z"


def _marks(signer, answers):
    return [
        {"field": answer["field"], "type": answer["type"], "page": answer["page"], "box": answer["box"]}
        | {"sha256": _value_sha256(answer)}
        for answer in answers
        if answer["signer"] == signer and answer.get("box") and answer["value"]
    ]


def _value_sha256(answer):
    return answer["file"]["sha256"] if answer["file"] else hashlib.sha256(answer["value"].encode()).hexdigest()


def _details(event):
    """Return the details of an event, which version 1 has in its payload; nothing of those that were erased."""
    return event["payload"] if event["version"] == 1 else event["details"] or {}


def _data(event):
    data = _details(event).get("data")
    return data if isinstance(data, dict) else {}


def _once(pairs):
    """Return the object of these pairs; a key that stands twice is read differently by different readers."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _unreadable(path, reason):
    return AuditError("evidence_unreadable", f"This is no evidence file: {reason}.", path=path)


def _check_shape(value, shape, path):
    if isinstance(shape, tuple):
        shape = None if value is None else shape[0]
    if isinstance(shape, dict):
        _check_shape(value, dict, path)
        for key, part in shape.items():
            if key not in value:
                raise _unreadable(f"{path}.{key}", f"there is no {path}.{key}")
            _check_shape(value[key], part, f"{path}.{key}")
    elif isinstance(shape, list):
        _check_shape(value, list, path)
        for index, item in enumerate(value):
            _check_shape(item, shape[0], f"{path}[{index}]")
    elif shape is not None and type(value) is not shape:
        raise _unreadable(path, f"{path} is no {shape.__name__}")


def _check_chain(evidence):
    events = evidence["events"]
    if not events:
        return [Finding("chain", None, "There is no audit trail: the document was never made.")]
    try:
        erased = audit.verify(events)
    except AuditError as error:
        event, number = events[error.index], error.index + 1
        what = "does not follow the one before it: a line is missing, was added or moved"
        if error.code != "chain_broken":
            what = "was changed after it was written"
        return [Finding("chain", False, f"The audit trail is broken: {describe(event)} {what}.", number)]
    for number, event in enumerate(events, start=1):
        payload = event["payload"]
        if (payload["request_id"], payload["sequence"]) != (evidence["document"]["id"], number):
            text = f"The audit trail is broken: {describe(event)} belongs to another document or place."
            return [Finding("chain", False, text, number)]
    text = f"The audit trail holds: {len(events)} lines, the last one is {describe(events[-1])}."
    return [Finding("chain", True, text), *_check_withheld(evidence), *_check_erased(events, erased)]


def _check_withheld(evidence):
    """Check that details are withheld in a sealed file only, and of no other lines than may be."""
    for number, event in enumerate(evidence["events"], start=1):
        if "withheld" in event:
            internal = event["payload"]["kind"] in INTERNAL_KINDS and evidence["document"]["final"] is None
            fits = event["withheld"] is True and internal and audit.is_erased(event)
            what = "were withheld by the sender" if fits else "are not there, and must not be withheld"
            text = f"The details of {describe(event)} {what}."
            yield Finding("withheld", None if fits else False, text, number)


def _check_erased(events, erased):
    told = max((index for index, event in enumerate(events) if event["payload"]["kind"] == "erased"), default=-1)
    for index in erased:
        if "withheld" in events[index]:
            continue
        if index > told:
            text = f"The details of {describe(events[index])} are gone, and no later line says that they were erased."
            yield Finding("erased", False, text, index + 1)
        else:
            text = f"The details of {describe(events[index])} were erased. That it was there, and when, still holds."
            yield Finding("erased", None, text, index + 1)


def _check_digests(evidence):
    """Check that the events speak of this document, of these answers, and of these words."""
    document, texts = evidence["document"], {text["sha256"]: text for text in evidence["consents"]}
    for number, event in enumerate(evidence["events"], start=1):
        kind, data, name = event["payload"]["kind"], _data(event), describe(event)
        about = {**dict.fromkeys(ORIGINAL_KINDS, "original"), **dict.fromkeys(FINAL_KINDS, "final")}.get(kind)
        file = document[about] if about else None
        if file and "document_sha256" in data:
            same = data["document_sha256"] == file["sha256"]
            which = "original" if about == "original" else "signed copy"
            text = f"{_sentence(name)} is about {'the' if same else 'another'} {which}."
            yield Finding("document", same, text, number)
        if kind in DONE_KINDS and data:
            yield _check_answers(evidence, event, number)
            yield _check_consent(texts.get(data.get("consent_sha256")), event, number)


def _check_answers(evidence, event, number):
    signer = event["payload"]["signer_id"]
    own = [
        (answer["field"], answer["value"], answer["file"] and answer["file"]["sha256"])
        for answer in evidence["answers"]
        if answer["signer"] == signer
    ]
    same = answers_sha256(own) == _data(event).get("answers_sha256")
    what = "are those that the signer sent" if same else "are not those that the signer sent"
    return Finding("answers", same, f"{_sentence(describe(event))}: the answers and marks {what}.", number)


def _check_consent(consent, event, number):
    start = f"{_sentence(describe(event))}: "
    if not consent or consent["text"] is None:
        return Finding("consent", None, f"{start}the words that were agreed to are not in this file.", number)
    same = hashlib.sha256(consent["text"].encode()).hexdigest() == consent["sha256"]
    what = "are in this file" if same else "were changed in this file"
    return Finding("consent", same, f"{start}the words that were agreed to {what}.", number)


def _check_parties(evidence):
    """Check what the file says of each party against what the events and the answers say."""
    parties = {party["id"]: party for party in evidence["parties"]}
    done = {}
    for event in evidence["events"]:
        if event["payload"]["kind"] in DONE_KINDS:
            done[event["payload"]["signer_id"]] = event
    for signer in sorted({None, *done, *parties} - {None}):
        party, event = parties.get(signer), done.get(signer)
        if party and (event or party["state"] in DONE_KINDS):
            wrong = _differences(party, event, evidence["answers"])
            text = f"The file and the audit trail agree about {party['name']}."
            if wrong:
                text = f"The file and the audit trail do not agree about {party['name']}: {', '.join(wrong)}."
            yield Finding("party", not wrong, text)
        elif not party:
            yield Finding("party", False, f"The one of {describe(event)} is none of the parties.")


def _differences(party, event, answers):
    if not event:
        return ["there is no such line"]
    details = _details(event)
    wrong = ["state"] if party["state"] != event["payload"]["kind"] else []
    if party["signed"] != _iso(event):
        wrong.append("time")
    if details and party["ip"] not in (None, details["ip"]):
        wrong.append("IP address")
    digests = {answer["field"]: _value_sha256(answer) for answer in answers if answer["signer"] == party["id"]}
    if any(digests.get(mark["field"]) != mark["sha256"] for mark in party["marks"]):
        wrong.append("marks")
    if party["comment"] and not _is_said(party["comment"], _data(event)):
        wrong.append("comment")
    return wrong


def _check_outcome(evidence):
    """Check what the file says of the end of the document, and of its seal, against what the events say."""
    document, ends = evidence["document"], {}
    for event in evidence["events"]:
        if event["payload"]["kind"] in (*END_KINDS, "timestamped", "withdrawn"):
            ends[event["payload"]["kind"]] = event
    end = next((event for kind, event in ends.items() if kind in END_KINDS), None)
    final, withdrawn = document["final"], ends.get("withdrawn")
    wrong = []
    if (final and final["kind"]) != (end and END_KINDS[end["payload"]["kind"]]):
        wrong.append("signed copy")
    if end and document["state"] != ("withdrawn" if withdrawn else "completed"):
        wrong.append("state")
    for name, event in (("completed", end), ("withdrawn", withdrawn)):
        if (document[name] or event) and not _is_about(document[name], event):
            wrong.append(f"time {name}")
    sealed, later = (_data(ends[kind]) if kind in ends else {} for kind in ("sealed", "timestamped"))
    wrong += _seal_differences(evidence["seal"], sealed, later)
    if wrong:
        text = f"The file and the audit trail do not agree about the document: {', '.join(wrong)}."
        yield Finding("outcome", False, text)
    elif end:
        yield Finding("outcome", True, "The file and the audit trail agree about how the document has ended.")


def _is_about(time, event):
    """Tell whether a time is that of an event; it is of the beginning of the work, and the event's of its end."""
    try:
        apart = datetime.fromisoformat(_iso(event)) - datetime.fromisoformat(time)
    except (TypeError, ValueError):
        return False
    return abs(apart) < _WORK


def _seal_differences(seal, sealed, later):
    """Return what is said of a seal otherwise than in the data of the events `sealed` and `timestamped`."""
    if not seal or not sealed:
        # documents of before 19.0.1.3.0 have no level in their events
        return ["seal"] if "level" in sealed else []
    wrong = [name for name in ("certificate_sha256", "level") if seal[name] not in (None, sealed.get(name, seal[name]))]
    state, time = seal["timestamp"]["state"], seal["timestamp"]["time"]
    known = later.get("timestamp") or sealed.get("timestamp")
    if str(time)[:19] != str(known)[:19] or bool(known) != (state in ("embedded", "later")):
        wrong.append("timestamp")
    return wrong


def _is_said(comment, data):
    """Tell whether a comment is the one of the event with these data, which were perhaps erased."""
    if not data or "comment" in data:
        return data.get("comment", comment) == comment
    return data.get("comment_sha256") == hashlib.sha256(comment.encode()).hexdigest()


def _sentence(text):
    return text[:1].upper() + text[1:]
