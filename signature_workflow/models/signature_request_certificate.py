import json
import re
from datetime import UTC
from urllib.parse import urlsplit

from odoo import fields, models

from ..engine.certificate import Certificate, Event, Party
from .signature_policy import ACTING

# the first that is found; most browsers also name those that they want to be taken for
BROWSERS = (
    (r"Edg(?:A|iOS)?", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Version", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux|X11", "Linux"),
)
# what colleagues do among themselves
UNLISTED = (
    "changed", "failed", "hold_lifted", "left", "legal_hold", "linked", "retried", "undelivered", "unlinked",
)  # fmt: skip
# of a device that is not known
DEVICE_LIMIT = 60


class SignatureRequest(models.Model):
    """The certificate of completion: what the engine draws behind the document, in the language of the document."""

    _inherit = "signature.request"

    def _certificate(self, key, moment, timestamping):
        """Return the engine's Certificate of what is about to be sealed with `key` at `moment` (aware).

        `timestamping` is the engine's Timestamping that the seal will use, or None.
        """
        self.ensure_one()
        request = self.with_context(lang=self.signer_ids[:1].lang)
        env, company = request.env, request.company_id
        events = env["signature.event"].search_fetch([("request_id", "=", self.id)], order="sequence")
        return Certificate(
            title=env._("Certificate of approval") if self._is_approval() else env._("Certificate of completion"),
            document=self.name,
            organisation=company.name,
            facts=request._certificate_facts(moment, timestamping),
            digests=request._certificate_digests(key, events),
            url=self._verify_url(),
            check=env._("Is this file genuine?"),
            parties_title=env._("Who took part"),
            parties=tuple(
                signer._certificate_party(events.filtered(lambda event, signer=signer: event.signer_id == signer))
                for signer in request.signer_ids
                if signer.state != "skipped"
            ),
            events_title=env._("What happened"),
            columns=(env._("Time (UTC)"), env._("Event"), env._("Who"), env._("From")),
            events=events._certificate_lines(),
            claim=request._certificate_claim(timestamping),
            seal=(env._("Sealed by %s", company.name), _utc(moment)),
            page=lambda page, pages: env._("Page %(page)s of %(pages)s", page=page, pages=pages),
        )

    def _certificate_facts(self, moment, timestamping):
        env, sender = self.env, self.user_id
        from_whom = f"{sender.name}, {self.company_id.name}" if sender else self.company_id.name
        trusted = env._("by the clock of this server")
        if timestamping:
            host = urlsplit(timestamping.url).hostname
            trusted = env._("time as %s says, in the seal", host)
            if timestamping.is_trusted:
                trusted = env._("confirmed in the seal by %s", host)
        return (
            (env._("Pages"), str(len(self._read_page_sizes()))),
            (env._("Sent"), env._("%(date)s by %(name)s", date=_utc(self.date_sent), name=from_whom)),
            (env._("Sealed"), f"{_utc(moment)} · {trusted}"),
        )

    def _certificate_digests(self, key, events):
        env, size = self.env, self.original_id.file_size
        original = env._("Document as the signers had it, which is the first %s bytes of this file: SHA-256", size)
        attached = self.field_ids.filtered(lambda field: field.type == "file" and field.attachment_id)
        return (
            (original, self.original_sha256),
            (env._("Audit trail up to here: hash of its last line"), events[-1:].hash or ""),
            (env._("Certificate that this file is sealed with: SHA-256"), key.fingerprint),
            *(
                (
                    env._("“%(file)s”, attached by %(name)s: SHA-256", file=field.value, name=field.signer_id.name),
                    field._file_sha256(),
                )
                for field in attached
            ),
        )

    def _certificate_claim(self, timestamping):
        env = self.env
        kind = env._("This is a simple electronic signature, under a seal with which every later change can be shown.")
        if self._is_approval():
            kind = env._(
                "This is a simple electronic approval, under a seal with which every later change can be shown."
            )
        times = env._("All times here are of the clock of the server that sealed this file.")
        if timestamping:
            times = env._("The times of the events are of the clock of the server that sealed this file.")
        return " ".join(
            [
                kind,
                times,
                env._(
                    "The attached file evidence.json has the audit trail up to the seal, what was agreed to, and what "
                    "was filled in. It can be checked without the software that made it."
                ),
            ]
        )


class SignatureSigner(models.Model):
    """What the certificate says of a signer."""

    _inherit = "signature.signer"

    def _certificate_party(self, events):
        """Return the engine's Party; `events` are those of this signer."""
        self.ensure_one()
        done = events.filtered(lambda event: event.kind == self.state and event.kind in ("signed", "approved"))[-1:]
        label = self._label("state") if done else self._label("participation")
        fields_ = self.field_ids.sorted("id")
        marked = fields_.filtered(lambda field: field.type == "signature" and field.value)[:1]
        rows = [*self._certificate_contact(events, done), *(self._certificate_act(done) if done else [])]
        return Party(
            name=self.name,
            role=f"{self.role_id.name} · {label}",
            details=tuple((name, text) for name, text in rows if text),
            mark=marked._mark() if marked else None,
        )

    def _certificate_contact(self, events, done):
        """Yield labels and texts: how this signer was reached, and how they showed who they are."""
        env, data = self.env, done._details_data()
        phone = (self.channel in ("sms", "both") or self.authentication == "sms") and self.phone
        ways = dict(env["signature.link"]._fields["channel"]._description_selection(env))
        # those of one signer alone: by their own account, or by a mail of the record
        own = [
            way for event in events if event.kind == "link_sent" for way, *_to in event._details_data().get("to", ())
        ]
        way = data.get("link") or (own[-1] if own else "")
        link = ways.get(way) or self._label("channel")
        yield env._("Link by"), " · ".join(filter(None, [link, self.email, phone]))
        yield env._("Forwarded by"), self.forwarded_by
        if self.host_id:
            yield env._("In the presence of"), self.host_id.name
        elif data.get("link_by"):
            yield env._("Link passed on by"), data["link_by"]
        if self.participation in ACTING:
            checked = events.filtered(lambda event: event.kind == "identified")[-1:]
            when = checked and env._("passed on %s", _utc(checked.date))
            # opposite a colleague nobody came by a link of their own
            how = self._label("authentication") if checked or not self.host_id else ""
            yield env._("Identity check"), " · ".join(filter(None, [how, when]))

    def _certificate_act(self, done):
        """Yield labels and texts: when and where this signer signed or approved, and what they agreed to."""
        env, data = self.env, done._details_data()
        if self.date_viewed:
            yield env._("Opened on"), _utc(self.date_viewed)
        yield env._("Approved on") if done.kind == "approved" else env._("Signed on"), _utc(done.date)
        yield env._("From"), " · ".join(filter(None, [done.ip, _device(done.user_agent)]))
        yield env._("Agreed to"), data.get("consent_text", "")

    def _label(self, name):
        return dict(self._fields[name]._description_selection(self.env))[self[name]]


class SignatureEvent(models.Model):
    """What the certificate says of an event."""

    _inherit = "signature.event"

    def _certificate_lines(self):
        """Return the engine's Events of the trail of a request; of a part that was handed on, with who had it then."""
        lines, before = [], {}
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for event in reversed(self):
            data, signer = event._details_data(), event.signer_id
            if event.kind in ("forwarded", "changed"):
                before[signer] = data["from"] if event.kind == "forwarded" else data["from"][0]
            if event.kind in UNLISTED:
                continue
            # what a colleague does about a signer
            colleague = data.get("by") or data.get("host") or (event.kind == "link_shown" and event.user_id.name)
            line = Event(
                time=_utc(event.date).removesuffix(" UTC"),
                what=" · ".join(filter(None, [kinds[event.kind], *event._certificate_ways()])),
                who=colleague or before.get(signer) or signer.name or event._certificate_actor(),
                origin=" · ".join(filter(None, [event.ip, _device(event.user_agent)])),
            )
            lines.append(line)
        return tuple(reversed(lines))

    def _certificate_actor(self):
        """Return who did what no signer did: a colleague, or, where nobody was at work, the company."""
        user = self.user_id
        return self.request_id.company_id.name if user == self.env.ref("base.user_root") else user.name or ""

    def _certificate_ways(self):
        """Yield by which way a link or a code went, and where to."""
        data = self._details_data()
        if data.get("method"):
            methods = self.env["signature.authentication"]._fields["method"]._description_selection(self.env)
            yield " ".join(filter(None, [dict(methods).get(data["method"]), data.get("to")]))
        elif self.kind == "link_sent":
            yield ", ".join(address for _way, *addresses in data.get("to", ()) for address in addresses if address)

    def _details_data(self):
        """Return the data of this event, of none an empty dict."""
        return json.loads(self.data or "{}")


def _utc(moment):
    """Return an aware time, or one of a field of Odoo's, to the second."""
    if not moment:
        return ""
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{fields.Datetime.to_string(moment.replace(tzinfo=None, microsecond=0))} UTC"


def _device(user_agent):
    """Return the browser and the system that a browser says it is, or the beginning of what it says."""
    said = user_agent or ""
    browser = next(
        (f"{name} {found[1]}" for word, name in BROWSERS if (found := re.search(rf"(?:{word})/(\d+)", said))), ""
    )
    system = next((name for word, name in SYSTEMS if re.search(word, said)), "")
    return ", ".join(filter(None, [browser, system])) or said[:DEVICE_LIMIT]
