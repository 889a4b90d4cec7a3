from odoo import SUPERUSER_ID, models
from odoo.exceptions import UserError

from .signature_deadline import DEADLINE


class SignatureTemplate(models.Model):
    """From a template to requests: the one way in which they are made."""

    _inherit = "signature.template"

    def _make_requests(self, records, *, signatory=None, rule=None, **values):
        """The one entry point: queue a request for each of `records`; return the requests.

        Nothing is rendered or sent here: the worker does that once this transaction is committed.
        `signatory` is the user who signs for our company, `rule` the stage rule that asks; `values` are further
        ones of the requests, such as `people` and `message`. Nothing is made, and somebody is told, where documents
        follow from documents without end.
        """
        self.ensure_one()
        if records._name != self.model:
            raise UserError(
                self.env._(
                    "The template “%(template)s” is for %(model)s.",
                    template=self.name,
                    model=self.model_id.name,
                )
            )
        cause = self.env["signature.request"]._cause()
        if cause and cause._is_too_deep():
            cause._stop_round()
            return self.env["signature.request"]
        common = {
            "template_id": self.id,
            "cause_id": cause.id,
            "res_model": records._name,
            "signatory_id": signatory.id if signatory else False,
            "rule_id": rule.id if rule else False,
            **self._deadline(rule),
            "state": "queued",
        }
        requests = (
            self.env["signature.request"]
            .sudo()
            ._insert(
                [{**common, **self._prepare_request_values(record, signatory, rule), **values} for record in records]
            )
        )
        self.env["signature.request"]._queue_trigger()
        return requests

    def _prepare_request_values(self, record, signatory, rule):
        """Return the values of a request that are the record's own."""
        company = record["company_id"] if "company_id" in record._fields else False
        company = company or (rule and rule.company_id) or self.company_id or self.env.company
        return {
            "name": self._document_name(record),
            "res_id": record.id,
            "user_id": self._responsible(record, signatory).id,
            "stage_id": record["stage_id"].id if record._name == "crm.lead" else False,
            "company_id": company.id,
        }

    def _deadline(self, rule):
        """Return the values of the deadline and the reminders: those of the rule where it has its own."""
        source = rule if rule and rule.has_own_deadline else self
        return {name: source[name] for name in DEADLINE}

    def _document_name(self, record, is_test=False):
        # in one line: it stands in the subjects of mails, which may not have several
        gaps = {"document": self.name, "record": " ".join((record.display_name or "").split())}
        if is_test:
            return self.env._("TEST: %(document)s – %(record)s", **gaps)
        return self.env._("%(document)s – %(record)s", **gaps)

    def _responsible(self, record, signatory):
        """Return the user who sends and gets the to-dos: the record's salesperson, else somebody who can be reached."""
        if "user_id" in record._fields and record["user_id"]:
            return record["user_id"]
        team = record["team_id"] if "team_id" in record._fields else False
        for user in ((team and team.user_id), signatory, self.env.user, self.create_uid):
            if user and user.active and user._is_internal() and user.id != SUPERUSER_ID:
                return user
        return self.env.ref("base.user_admin")
