import os
import shutil
from datetime import UTC, datetime, timedelta

from odoo import api, fields, models
from odoo.tools import SQL, config

from ..engine import docx

GB = 1024**3
# seconds that the clocks may differ
CLOCK = 10
# seconds that sealing and rendering may need
LONG_ENOUGH = 60
# so many companies have a button of their own
SHOWN = 5
# how long a timestamp may be missing before that is more than a hitch
PENDING = timedelta(days=1)
# documents that wait for a timestamp which nobody gives
GIVEN_UP = [("timestamp_state", "=", "pending"), ("company_id.signature_tsa_url", "=", False)]


class SignatureHealth(models.AbstractModel):
    """What the server gives: keys, timestamps, disk, programs, time."""

    _inherit = "signature.health"

    # Keys and timestamps

    @api.model
    def _check_keys(self):
        keys = self.env["signature.key"].search([("active", "=", True)])
        show = self._open(self.env._("Sealing keys"), "signature_workflow.signature_key_action")
        if not keys:
            return self._result("good", self.env._("The first document that is sealed makes a key."), buttons=[show])
        path = keys._secret_path()
        if problem := self._key_problem(keys, path):
            return self._result(*problem, lines=[self._secret_line(path)], buttons=[show])
        first = min(keys, key=lambda key: key.date_end)
        found = self.env._("All open with the secret; the first ends on %s.", self._when(first.date_end))
        return self._result("good", found, lines=[self._secret_line(path)], buttons=[show])

    @api.model
    def _key_problem(self, keys, path):
        """Return state, finding and next step where something is wrong with keys in use or their secret, else None."""
        if path and not path.exists():
            found = self.env._("The secret that opens the sealing keys is gone: %s", path)
            return "broken", found, self.env._("Restore that file from a back-up, or make new keys.")
        another = self.env._("Make or import another key. What is sealed stays valid.")
        for key in keys:
            if problem := key._problem():
                return "broken", f"{key.company_id.name}: {problem}", another
        if path and path.stat().st_mode & 0o077:
            found = self.env._("Others on this machine may read the secret that opens the sealing keys.")
            return "attention", found, self.env._("Take the right away from them: chmod 600 %s", path)
        if expiring := keys._expiring():
            first = min(expiring, key=lambda key: key.date_end)
            gaps = {"name": first.company_id.name, "date": self._when(first.date_end)}
            return "attention", self.env._("The key of %(name)s ends on %(date)s.", **gaps), another
        return None

    @api.model
    def _secret_line(self, path):
        if path:
            return self.env._(
                "Keep a copy of %s apart from the back-ups of the database: without it no key can be opened.", path
            )
        return self.env._("The secret comes from the server's configuration: keep a copy of it.")

    @api.model
    def _check_timestamp(self):
        companies = self.env["res.company"].search([("signature_tsa_url", "!=", False)])
        settings = self._open(self.env._("Settings"), "signature_workflow.signature_settings_action")
        buttons = [
            self._call(self.env._("Test %s", company.name), "action_test_timestamp", company.id)
            for company in companies[:SHOWN]
        ]
        if problem := self._timestamps_missing([*buttons, settings]):
            return problem
        if not companies:
            return self._result(
                "unused",
                self.env._("No timestamp server: the time in sealed documents is this server's own."),
                self.env._("Enter one in the settings where a trusted time is wanted."),
                buttons=[settings],
            )
        if believed := companies.filtered(lambda company: not company.signature_tsa_certificates):
            return self._result(
                "attention",
                self.env._(
                    "Whatever answers as the timestamp server of %s is believed: anybody in between could answer for "
                    "it.",
                    ", ".join(believed[:SHOWN].mapped("name")),
                ),
                self.env._("Enter its root certificate in the settings, and an address that begins with https."),
                buttons=[*buttons, settings],
            )
        done = [("timestamp_state", "in", ("embedded", "later"))]
        if last := self.env["signature.request"].search(done, order="id desc", limit=1).date_timestamp:
            found = self.env._("No document waits for its timestamp; the last one is of %s.", self._when(last))
        else:
            found = self.env._("A server is set up, and no document was sealed since.")
        return self._result("good", found, buttons=[*buttons, settings])

    @api.model
    def _timestamps_missing(self, buttons):
        """Return the result where documents wait for their timestamps, else None."""
        pending = [("timestamp_state", "=", "pending")]
        requests = self.env["signature.request"]
        count = requests.search_count(pending)
        if not count:
            return None
        oldest = requests.search(pending, order="date_completed", limit=1).date_completed
        newest = requests.search(pending, order="id desc", limit=1)
        buttons = [
            self._open(self.env._("These documents"), "signature_workflow.signature_request_action", domain=pending),
            *buttons,
        ]
        todo = self.env._("Test the server. It is asked again by itself; the documents are sealed all the same.")
        if left := requests.search_count(GIVEN_UP):
            todo = self.env._("Enter a timestamp server in the settings, or leave them without their timestamp.")
            question = self.env._(
                "Documents whose company has no timestamp server any more: %s. They stay sealed, with the time of this "
                "server, and no timestamp is asked for again. This cannot be undone.",
                left,
            )
            label = self.env._("Leave without timestamp")
            buttons.insert(0, self._call(label, "action_leave_without_timestamp", confirm=question))
        return self._result(
            "broken" if oldest < fields.Datetime.now() - PENDING else "attention",
            self.env._(
                "Documents without their timestamp: %(count)s, the oldest since %(time)s.",
                count=count,
                time=self._when(oldest),
            ),
            todo,
            lines=newest.filtered("timestamp_failure").mapped("timestamp_failure"),
            buttons=buttons,
        )

    @api.model
    def action_test_timestamp(self, company_id):
        """Ask the timestamp server of a company, and say what it answers."""
        self._check_administrator()
        return self.env["res.company"].browse(company_id).action_test_timestamp()

    @api.model
    def action_leave_without_timestamp(self):
        """Ask no more for the timestamps of documents whose company has no timestamp server any more."""
        self._check_administrator()
        requests = self.env["signature.request"].sudo().search(GIVEN_UP)
        requests._bump()
        requests = requests.filtered_domain(GIVEN_UP)
        nothing = dict.fromkeys(("timestamp_failure", "date_timestamp_try", "date_timestamp_next"), False)
        requests.write({"timestamp_state": "none", **nothing})
        requests._log_events("not_timestamped", data={"code": "tsa_removed", "by": self.env.user.name})
        return self.env["signature.template"]._notification(
            self.env._("Documents that stay without a timestamp: %s.", len(requests))
        )

    # The machine

    @api.model
    def _check_disk(self):
        files = config.filestore(self.env.cr.dbname)
        places = {self.env._("the files"): files if os.path.isdir(files) else config["data_dir"]}
        rows = self.env.execute_query(
            SQL("SELECT setting FROM pg_settings WHERE name = 'data_directory' AND inet_server_addr() IS NULL")
        )
        # another machine, or a role that may not know
        if rows and os.path.isdir(rows[0][0]):
            places[self.env._("the database")] = rows[0][0]
        state, lines = "good", []
        for name, path in places.items():
            usage = shutil.disk_usage(path)
            free, share = usage.free / GB, 100 * usage.free / usage.total
            lines.append(
                self.env._(
                    "For %(name)s: %(free)s GB free, %(share)s %%.", name=name, free=f"{free:.1f}", share=f"{share:.0f}"
                )
            )
            if free < 1:
                state = "broken"
            elif share < 10 and state == "good":
                state = "attention"
        if state == "good":
            return self._result("good", " ".join(lines))
        return self._result(
            state,
            self.env._("The disk is nearly full."),
            self.env._("Make room: nothing can be sealed on a full disk."),
            lines=lines,
        )

    @api.model
    def _check_renderers(self):
        templates = self.env["signature.template"]
        word = templates.search_count([("kind", "=", "docx")])
        reports = templates.search_count([("kind", "=", "report"), ("report_engine", "=", "odoo")])
        if word and not docx.is_available():
            return self._result(
                "broken",
                self.env._("LibreOffice is not installed. Templates that are Word documents: %s.", word),
                self.env._("Install the package libreoffice-writer-nogui on the server."),
                buttons=[self._templates([("kind", "=", "docx")])],
            )
        state = self.env["ir.actions.report"].get_wkhtmltopdf_state() if reports else "ok"
        if state in ("install", "broken"):
            return self._result(
                "broken",
                self.env._("wkhtmltopdf does not work on this server. Templates that need it: %s.", reports),
                self.env._("Install wkhtmltopdf 0.12, or have the templates printed by the built-in engine."),
                buttons=[self._templates([("kind", "=", "report"), ("report_engine", "=", "odoo")])],
            )
        if state != "ok":
            return self._result(
                "attention",
                self.env._("wkhtmltopdf is too old here, or has too few workers. Templates that need it: %s.", reports),
                self.env._("Install wkhtmltopdf 0.12, or start the server with two workers or more."),
                buttons=[self._templates([("kind", "=", "report"), ("report_engine", "=", "odoo")])],
            )
        return self._result("good", self.env._("What the templates need to become PDFs is there."))

    @api.model
    def _templates(self, domain):
        label = self.env._("These templates")
        return self._open(label, "signature_workflow.signature_template_action", domain=domain)

    @api.model
    def _check_clock(self):
        [(moment,)] = self.env.execute_query(SQL("SELECT clock_timestamp() AT TIME ZONE 'UTC'"))
        seconds = abs((datetime.now(UTC).replace(tzinfo=None) - moment).total_seconds())
        if seconds > CLOCK:
            return self._result(
                "attention",
                self.env._("The clocks of this server and of the database differ by %s seconds.", round(seconds)),
                self.env._("Have both set their clocks by the network (NTP): the audit trail notes these times."),
            )
        return self._result("good", self.env._("This server and the database agree on the time."))

    @api.model
    def _check_server(self):
        workers, limit = config["workers"], config["limit_time_real"]
        version = self.env.cr.connection.server_version // 10000
        lines = [self.env._("PostgreSQL %(version)s, %(workers)s workers.", version=version, workers=workers)]
        if workers and 0 < limit < LONG_ENOUGH:
            return self._result(
                "attention",
                self.env._("A request may take %s seconds at most, and long documents need more.", limit),
                self.env._("Set limit_time_real to 120 in the server's configuration."),
                lines=lines,
            )
        if not workers:
            return self._result(
                "good",
                self.env._("One process does everything. For more than a few people, set workers to 2 or more."),
                lines=lines,
            )
        return self._result("good", lines[0])
