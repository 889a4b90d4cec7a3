from odoo import api, fields, models
from odoo.tools import format_date

HANDED_ON = ("forwarded", "changed")
SAID = ("reason", "message", "host", "link_by", "signed_by")


class SignatureEvent(models.Model):
    """The audit trail as colleagues read it."""

    _inherit = "signature.event"

    details_text = fields.Char("What", compute="_compute_details_text", compute_sudo=True)
    signer_name = fields.Char(
        "Who", compute="_compute_signer_name", compute_sudo=True, help="Whoever had this part at that moment."
    )
    colleague_id = fields.Many2one("res.users", compute="_compute_colleague_id", compute_sudo=True)

    @api.depends("kind", "data")
    def _compute_details_text(self):
        for event in self:
            if event.version > 1 and not event.salt:
                event.details_text = event.env._("Erased")
            else:
                event.details_text = event._details_text()

    @api.depends("signer_id.name", "request_id.event_ids")
    def _compute_signer_name(self):
        names = {}
        for request in self.request_id:
            before = {}
            for event in request.event_ids.sorted("sequence", reverse=True):
                if event.kind in HANDED_ON and (parts := _parts(event._data().get("from"))):
                    before[event.signer_id] = parts[0]
                names[event] = before.get(event.signer_id) or event.signer_id.name
        for event in self:
            event.signer_name = names.get(event, event.signer_id.name)

    @api.depends("user_id")
    def _compute_colleague_id(self):
        public = self.env.ref("base.public_user", raise_if_not_found=False)
        for event in self:
            event.colleague_id = event.user_id - public if public else event.user_id

    def _details_text(self):
        """Return where something went, who handed the part on to whom, or the reason that was given."""
        data = self._data()
        if self.kind in HANDED_ON:
            return " → ".join(_person(_parts(data.get(name))) for name in ("from", "to"))
        if self.kind == "extended":
            return " → ".join(format_date(self.env, data.get(name) or False) or "–" for name in ("before", "until"))
        methods = dict(self.env["signature.authentication"]._fields["method"]._description_selection(self.env))
        words = [methods.get(data.get("method")), *self._addresses(), *(data.get(name) for name in SAID)]
        return ", ".join(str(word) for word in words if word)

    def _addresses(self):
        """Return where a message went: addresses, or the names of colleagues."""
        # of links, each after the way by which it went
        return _parts(self._data().get("to"), skip=1 if self.kind in ("held", "link_sent") else 0)

    def _data(self):
        """Return the data of this event as a dict; an empty one where they are none, or were tampered with."""
        data = self._details(self)["data"]
        return data if isinstance(data, dict) else {}


def _parts(value, skip=0):
    """Return the texts in a text, a list of texts, or a list of lists, without the first `skip` of each of these."""
    if not isinstance(value, list):
        return [value] if value else []
    return [text for each in value for text in (each[skip:] if isinstance(each, list) else [each])]


def _person(parts):
    """Return a name with the addresses after it; the fourth part is the channel."""
    name, *addresses = parts or [""]
    known = ", ".join(filter(None, addresses[:2]))
    return f"{name} ({known})" if known else name
