from dataclasses import asdict
from urllib.parse import urlsplit

from odoo import models
from odoo.exceptions import AccessError, UserError

from ..engine import qr
from ..engine.errors import EngineError
from .engine_messages import engine_message
from .signature_policy import ACTING


class SignatureSigner(models.Model):
    """What the salesperson does for a signer who is near, and where they look over the signer's shoulder."""

    _inherit = "signature.signer"

    def action_show_link(self):
        """Return the action of a dialog with a new link, to be copied or photographed."""
        return self._link_dialog(self._show_link())

    def action_show_tablet_link(self):
        """Return the action of a dialog with a new link for a tablet that is handed over."""
        return self._link_dialog(self._hand_over(), is_tablet=True)

    def action_sign_here(self):
        """Return the action that hands this device over: its window shows nothing but the document from now on."""
        # on this very host, whatever the configured one is: it is this browser's session that has to go
        return {"type": "ir.actions.act_url", "url": urlsplit(self._hand_over()).path, "target": "self"}

    def action_open_mine(self):
        """Return the action that opens, in a new tab, the page of a signer who is this user."""
        self.ensure_one()
        signer = self.sudo()
        if signer.user_id != self.env.user or not signer._is_turn():
            raise UserError(self.env._("It is not your turn. Reload the page to see where the document stands."))
        return {"type": "ir.actions.act_url", "url": signer._account_link(None), "target": "new"}

    def action_see_as(self):
        """Return the action that shows the signer's page in a new tab."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/signature_workflow/signer/{self.id}", "target": "new"}

    def action_change(self):
        """Return the action of the dialog that changes who this signer is, or how they are reached."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change %s", self.name),
            "res_model": "signature.signer.change",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_signer_id": self.id},
        }

    def _show_link(self):
        signer, request, gaps = self._hosted()
        note = request.env._("%(user)s has been shown the link of %(name)s to “%(document)s”.", **gaps)
        request._log_events("link_shown", signer=signer, note=note)
        return self._new_link(signer, "shown")

    def _hand_over(self):
        signer, request, gaps = self._hosted()
        if signer.participation not in ACTING:
            raise UserError(self.env._("%s only reads this document. Show the link instead.", signer.name))
        note = request.env._("%(user)s lets %(name)s sign “%(document)s” in person.", **gaps)
        request._log_events("handed_over", signer=signer, data={"host": self.env.user.name}, note=note)
        return self._new_link(signer, "in_person")

    def _hosted(self):
        """Return this signer and their request (sudo), and the words of a note. Raises when they may not be shown."""
        self.ensure_one()
        if not self.env.user.has_group("signature_workflow.group_host"):
            raise AccessError(
                self.env._(
                    "You may not show the link of %s. Send it again, or ask your administrator for the right “Shows "
                    "links and lets sign in person”.",
                    self.name,
                )
            )
        self.request_id._check_may_change()
        signer = self.sudo()
        signer.request_id._bump()
        if not signer._is_turn():
            raise UserError(
                self.env._("It is not the turn of %s. Reload the page to see where the document stands.", signer.name)
            )
        if signer.user_id:
            raise UserError(
                self.env._(
                    "%s is a colleague and acts from their own account: they find the document in the top bar, under "
                    "“Waiting for my signature”.",
                    signer.name,
                )
            )
        request = signer.request_id._for_sender()
        return signer, request, {"user": self.env.user.name, "name": signer.name, "document": request.name}

    def _new_link(self, signer, channel):
        try:
            return self.env["signature.link"]._make(signer, channel)[signer.id]
        except EngineError as error:
            raise UserError(engine_message(self.env, error)) from error

    def _link_dialog(self, url, is_tablet=False):
        return {
            "type": "ir.actions.client",
            "tag": "signature_workflow.link_dialog",
            "params": {
                "signerId": self.id,
                "name": self.name,
                "canHandOver": self.participation in ACTING,
                "isTablet": is_tablet,
                "url": url,
                "qr": asdict(qr.svg_path(url)),
            },
        }
