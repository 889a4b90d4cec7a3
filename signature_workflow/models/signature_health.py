import json
import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_datetime

from ..engine.errors import EngineError
from .engine_messages import engine_message

_logger = logging.getLogger(__name__)

# the worst first
STATES = ("broken", "attention", "unused", "good")
# what an administrator was told of: {key of the check: {"todos": ids, none while it may pass, "documents": ids}}
TOLD = "signature_workflow.health_told"
SECOND_LOOK = timedelta(minutes=15)
# found in documents, which do not mend themselves
AT_ONCE = ("trail", "data")


class SignatureHealth(models.AbstractModel):
    """What signing needs to work, each with what was found and what to do about it.

    A check is a method `_check_<key>` that returns `_result(...)`. It asks nobody over the network.
    """

    _name = "signature.health"
    _description = "Health of signatures"

    @api.model
    def _titles(self):
        """Return `{key: title}` of all checks, in the order in which they are shown."""
        return {
            "base_url": self.env._("Address of this server"),
            "proxy": self.env._("Proxy in front of this server"),
            "mail": self.env._("Outgoing e-mail"),
            "sms": self.env._("SMS"),
            "crons": self.env._("Scheduled actions"),
            "queue": self.env._("Work that waits"),
            "failures": self.env._("Documents that failed"),
            "keys": self.env._("Sealing keys"),
            "timestamp": self.env._("Trusted timestamps"),
            "trail": self.env._("Audit trail"),
            "data": self.env._("Documents and their files"),
            "disk": self.env._("Disk space"),
            "renderers": self.env._("Word documents and reports"),
            "clock": self.env._("Clock"),
            "server": self.env._("Server processes"),
        }

    @api.model
    def get_checks(self):
        """Return what the page shows, the worst first, as a list of dicts.

        Keys: `key`, `title`, `state` (one of STATES), `found` and `todo` (a sentence each, the latter may be empty),
        `lines` (further sentences), `documents` (ids of those in which something was found, None where none was looked
        at) and `buttons` (dicts with `label` and either `action`, an action of the web client, or `method`, one of this
        model that returns an action, with its `args` and perhaps `confirm`, a question that is asked before).
        """
        self._check_administrator()
        checks = self.sudo()._run_all()
        self.sudo()._remember_found(checks)
        return sorted(checks, key=lambda check: STATES.index(check["state"]))

    def _check_administrator(self):
        if not (self.env.su or self.env.user.has_group("base.group_system")):
            raise AccessError(self.env._("Only administrators see the health of signatures. Ask one of them to look."))

    @api.model
    def _run_all(self):
        return [self._run(key) for key in self._titles()]

    @api.model
    def _run(self, key):
        """Return the dict of one check; what keeps it from being done stands in it."""
        try:
            result = getattr(self, f"_check_{key}")()
        except (EngineError, UserError, OSError) as error:
            reason = engine_message(self.env, error) if isinstance(error, EngineError) else str(error)
            result = self._result(
                "attention",
                self.env._("This could not be checked: %s", reason),
                self.env._("Set that right, then check again."),
            )
        return {"key": key, "title": self._titles()[key], **result}

    @api.model
    def _result(self, state, found, todo="", *, lines=(), buttons=(), documents=None):
        return {
            "state": state,
            "found": found,
            "todo": todo,
            "lines": list(lines),
            "buttons": list(buttons),
            "documents": documents,
        }

    @api.model
    def _open(self, label, xmlid, *, domain=None, context=None):
        """Return a button that opens a list of records: the action `xmlid`, perhaps with another domain."""
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        if domain is not None:
            action["domain"] = domain
        if context is not None:
            action["context"] = context
        return {"label": label, "action": action}

    @api.model
    def _call(self, label, method, *args, confirm=""):
        """Return a button that calls a method of this model, once the question `confirm` is answered."""
        return {"label": label, "method": method, "args": list(args), "confirm": confirm}

    @api.model
    def _when(self, moment):
        """Return a time (naive, UTC) as the user reads it."""
        return format_datetime(self.env, moment, dt_format="short")

    # Whoever does not look is told

    @api.model
    def _cron_check(self):
        """Give the administrators a to-do for each check that stays broken; take it back when it is good again.

        What is broken now is looked at once more a little later: a server that has just been started is behind. What
        is found in documents is told at once.
        """
        self.sudo()._walk()
        parameters = self.env["ir.config_parameter"].sudo()
        told = json.loads(parameters.get_param(TOLD, "{}"))
        checks = self.sudo()._run_all()
        self.sudo()._remember_found(checks)
        broken = {check["key"]: check for check in checks if check["state"] == "broken"}
        for key in told.keys() - broken:
            self.env["mail.activity"].sudo().browse(told.pop(key)["todos"]).exists().unlink()
        for key, check in broken.items():
            if key not in told and key not in AT_ONCE:
                told[key] = {"todos": [], "documents": []}
                again = fields.Datetime.now() + SECOND_LOOK
                self.env.ref("signature_workflow.ir_cron_health")._trigger(again)
                continue
            known, documents = told.get(key, {"todos": [], "documents": []}), check["documents"] or []
            if not known["todos"] or set(documents) - set(known["documents"]):
                self.env["mail.activity"].sudo().browse(known["todos"]).exists().unlink()
                told[key] = {"todos": self._tell(check), "documents": documents}
        parameters.set_param(TOLD, json.dumps(told))

    @api.model
    def _tell(self, check):
        """Give each administrator a to-do about what a check has found, in their language; return the ids."""
        todos = []
        _logger.warning("Signatures are not healthy: %s: %s", check["title"], check["found"])
        for user in self.env.ref("base.group_system").sudo().all_user_ids.filtered("active"):
            words = self.with_context(lang=user.lang, tz=user.tz).sudo()._run(check["key"])
            if words["state"] != "broken":
                # it has passed in between: told as it was found
                words = check
            partner = user.partner_id.with_context(lang=user.lang)
            todos += partner.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=partner.env._("Signatures: %s", words["title"]),
                note=partner.env["ir.qweb"]._render("signature_workflow.health_todo", {"check": words}),
                user_id=user.id,
            ).ids
        return todos
