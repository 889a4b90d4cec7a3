import secrets
import unicodedata
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, consteq
from odoo.tools.misc import hmac

from ..engine import links
from .refused import SubmitRefused

CODE_MINUTES = 10
CODE_TRIES = 5
# of one signer: seconds between two codes, and codes in an hour and in a day
CODE_WAIT = 60
CODES_PER_HOUR = 5
CODES_PER_DAY = 10
# a code that was agreed on stays the same, so its tries also count over the day
ACCESS_TRIES_PER_DAY = 20
PASS_HOURS = 12
TYPED_LIMIT = 100


class SignatureAuthentication(models.Model):
    """One check of who a signer is: a code that was sent or agreed on, and the tries to enter it."""

    _name = "signature.authentication"
    _description = "Identity check of a signer"
    _order = "id"

    signer_id = fields.Many2one("signature.signer", required=True, readonly=True, index=True, ondelete="cascade")
    method = fields.Selection(
        [("email", "E-mail"), ("sms", "SMS"), ("code", "Access code")], required=True, readonly=True
    )
    code_hash = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    tries = fields.Integer("Wrong tries", required=True, readonly=True, default=0)
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    date_expire = fields.Datetime(required=True, readonly=True)
    date_passed = fields.Datetime(readonly=True)
    pass_hash = fields.Char(readonly=True, groups=fields.NO_ACCESS, index="btree_not_null")

    @api.model
    def _send(self, signer, origin):
        """Send a new code, which makes the older ones void; asked again within a minute, send nothing.

        Returns `{"address": where codes go, masked, "wait": seconds until the next one, "problem": that a code could
        not be delivered, or ""}`. Raises SubmitRefused.
        """
        signer.request_id._bump()
        signer._check_may_identify()
        method, masked = signer.authentication, signer._masked_address()
        if not masked:
            raise SubmitRefused("address", signer.env._("No code can be sent. Ask %s.", signer._whom_to_ask()))
        checks = self._recent(signer)
        reply = {"address": masked, "wait": checks._seconds_to_wait(), "problem": checks[-1:]._problem()}
        if reply["wait"]:
            return reply
        checks._check_limits()
        signer.env["signature.sending"]._check(signer, method, signer._code_address())
        checks._void()
        code = f"{secrets.randbelow(10**6):06d}"
        checks.create({**self._fresh(signer), "code_hash": self._hash(signer, code)})
        signer._send_code(code)
        signer.request_id._log_events("code_sent", signer=signer, data={"method": method, "to": masked}, origin=origin)
        return {**reply, "wait": CODE_WAIT}

    @api.model
    def _check(self, signer, code, origin):
        """Check what was typed. Returns `(token that the browser keeps, None)` or `(None, SubmitRefused)`.

        A refusal is returned, not raised: nothing may undo that the try was counted.
        """
        try:
            return self._enter(signer, code, origin), None
        except SubmitRefused as refused:
            return None, refused

    @api.model
    def _enter(self, signer, code, origin):
        signer.request_id._bump()
        signer._check_may_identify()
        typed, method = self._normal(code), signer.authentication
        if not typed:
            raise SubmitRefused("empty", signer.env._("Enter the code."))
        check = self._open(signer)
        tries = check._count_try()
        if not tries:
            raise check._used_up()
        expected = self._agreed(signer) if method == "code" else check.code_hash
        if not consteq(expected, self._hash(signer, typed)):
            signer.request_id._log_events("code_refused", signer=signer, data={"method": method}, origin=origin)
            check._alert()
            if tries == CODE_TRIES:
                raise check._used_up()
            raise SubmitRefused("code", signer.env._("This code is not right. Tries left: %s.", CODE_TRIES - tries))
        token = secrets.token_urlsafe(32)
        done = {"date_passed": fields.Datetime.now(), "pass_hash": links.token_hash(token), "code_hash": False}
        check.write({**done, "tries": tries - 1})
        signer.request_id._log_events("identified", signer=signer, data={"method": method}, origin=origin)
        return token

    @api.model
    def _is_passed(self, signer, passed):
        """Tell whether `passed` is the token that a browser got when this signer entered a code there, not long ago."""
        if not links.is_well_formed(passed):
            return False
        since = fields.Datetime.now() - timedelta(hours=PASS_HOURS)
        known = [("pass_hash", "=", links.token_hash(passed)), ("signer_id", "=", signer.id)]
        return bool(self.sudo().search_count([*known, ("date_passed", ">", since)], limit=1))

    @api.model
    def _forget(self, signers):
        """Let neither codes nor passes count any more: somebody else plays these parts now."""
        self.sudo().search([("signer_id", "in", signers.ids)]).unlink()

    # Codes

    @api.model
    def _hash(self, signer, code):
        """Return what is kept of a code: six digits could be guessed from a hash without the server's secret."""
        return hmac(self.env(su=True), "signature_workflow.code", (signer.id, code))

    @api.model
    def _normal(self, code):
        """Return a code as it is compared: without spaces, in one case, with the digits of any script as 0 to 9."""
        if not isinstance(code, str) or len(code) > TYPED_LIMIT:
            return ""
        return "".join(str(unicodedata.decimal(char, char)) for char in code.casefold() if not char.isspace())

    @api.model
    def _agreed(self, signer):
        """Return the hash of the access code that stands on the contact. Raises SubmitRefused where there is none."""
        code = self._normal(signer.partner_id.signature_access_code or "")
        if not code:
            message = signer.env._("No access code was agreed on. Ask %s.", signer._whom_to_ask())
            raise SubmitRefused("no_code", message)
        return self._hash(signer, code)

    @api.model
    def _recent(self, signer):
        """Return the checks of this signer that limits count, the newest last."""
        since = fields.Datetime.now() - timedelta(days=1)
        return signer.env[self._name].search([("signer_id", "=", signer.id), ("date", ">", since)])

    @api.model
    def _fresh(self, signer):
        expire = fields.Datetime.now() + timedelta(minutes=CODE_MINUTES)
        return {"signer_id": signer.id, "method": signer.authentication, "date_expire": expire}

    @api.model
    def _open(self, signer):
        """Return the check that a code is entered for; where a code was agreed on, begin one. Raises SubmitRefused."""
        checks, now = self._recent(signer), fields.Datetime.now()
        live = checks.filtered(lambda check: not check.date_passed and check.date_expire > now)[-1:]
        if signer.authentication == "code":
            self._agreed(signer)
            if checks._is_used_up_today():
                raise checks[-1]._used_up()
            return live or checks.create(self._fresh(signer))
        if not live:
            raise SubmitRefused("expired", signer.env._("This code no longer works. Ask for a new one."))
        return live

    def _void(self):
        """Let the codes that were not entered work no more."""
        left = self.filtered(lambda check: not check.date_passed)
        left.write({"date_expire": fields.Datetime.now(), "code_hash": False})

    # Limits

    def _count_try(self):
        """Count one try before it is looked at; return how many that makes, or None when there is none left."""
        self.flush_recordset()
        self.env.cr.execute(
            SQL(
                "UPDATE signature_authentication SET tries = tries + 1 WHERE id = %s AND tries < %s RETURNING tries",
                self.id,
                CODE_TRIES,
            )
        )
        self.invalidate_recordset(["tries"])
        return next((row[0] for row in self.env.cr.fetchall()), None)

    def _seconds_to_wait(self):
        """Return how long the newest of these codes keeps another one from being sent."""
        if not self:
            return 0
        return max(0, CODE_WAIT - int((fields.Datetime.now() - self[-1].date).total_seconds()))

    def _check_limits(self):
        """Raise SubmitRefused when these are as many codes as a signer may get."""
        hour = fields.Datetime.now() - timedelta(hours=1)
        recent = self.filtered(lambda check: check.date > hour)
        if len(recent) >= CODES_PER_HOUR or len(self) >= CODES_PER_DAY:
            signer = self.signer_id
            message = signer.env._("Too many codes were sent. Try again later, or ask %s.", signer._whom_to_ask())
            raise SubmitRefused("limit", message)

    def _is_used_up_today(self):
        return sum(self.mapped("tries")) >= ACCESS_TRIES_PER_DAY

    def _used_up(self):
        """Return the refusal of one more try."""
        env, whom = self.env, self.signer_id._whom_to_ask()
        if self.method != "code":
            message = env._("The code was wrong too often. Ask for a new one.")
        elif self._recent(self.signer_id)._is_used_up_today():
            message = env._("The code was wrong too often today. Ask %s for help.", whom)
        else:
            message = env._(
                "The code was wrong too often. Try again in %(minutes)s minutes, or ask %(sender)s.",
                minutes=CODE_MINUTES,
                sender=whom,
            )
        return SubmitRefused("used_up", message)

    def _alert(self):
        """Tell the salesperson, once, that nobody gets in any more today with the code agreed on."""
        signer = self.signer_id
        if self.method != "code" or sum(self._recent(signer).mapped("tries")) != ACCESS_TRIES_PER_DAY:
            return
        request = signer.request_id._for_sender()
        note = request.env._(
            "The access code of %(name)s for “%(document)s” was entered wrongly %(times)s times. Check with them that "
            "it is the one on the contact; it can be entered again tomorrow.",
            name=signer.name,
            document=request.name,
            times=ACCESS_TRIES_PER_DAY,
        )
        request._add_todo(request.env._("Wrong access code: %s", signer.name), note)

    def _problem(self):
        """Return that a code could not be delivered since this one was made, or nothing."""
        if not self:
            return ""
        signer = self.signer_id
        failed = [("signer_id", "=", signer.id), ("kind", "=", "undelivered"), ("date", ">=", self.date)]
        known = [("request_id", "=", signer.request_id.id), *failed]
        if not self.env["signature.event"].search_count(known, limit=1):
            return ""
        return self.env._(
            "A code could not be delivered to %(address)s. If none arrives, ask %(sender)s.",
            address=signer._masked_address(),
            sender=signer._whom_to_ask(),
        )

    @api.autovacuum
    def _gc_authentications(self):
        """Forget what counts no more; the trail keeps that it was."""
        self.search([("date", "<", fields.Datetime.now() - timedelta(days=2))]).unlink()
