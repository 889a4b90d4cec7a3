import hashlib
import json
import random
import time
from datetime import timedelta
from pathlib import Path

from dateutil.relativedelta import relativedelta
from odoo import api, fields, models
from odoo.tools import SQL, config

from .signature_event import GUARD
from .signature_health import AT_ONCE
from .signature_request_verify import KNOWN_STATES

# the workers run every ten minutes when nobody wakes them
LIMIT = timedelta(minutes=30)
# a scheduled action is late when it has missed so many turns
TURNS = 2
# other modules' scheduled actions that ours need
NEEDED = ("mail.ir_cron_mail_scheduler_action", "sms.ir_cron_sms_scheduler_action")
# the triggers that refuse changes of the audit trail, with pg_trigger.tgtype: before update or delete of each row, and
# before truncate
GUARDS = (("signature_event_guard_rows", 1 + 2 + 8 + 16), ("signature_event_guard_table", 2 + 32))
# documents looked at by each check, and by each step of looking at all
SAMPLE = 20
STEP = 100
# so many steps are done each day, if they take no more than so many seconds
DAILY = 20
ENOUGH = 30
# how far that has come, and the documents (ids) in which something was found, which are looked at until they hold
POSITION = "signature_workflow.health_position"
FOUND = "signature_workflow.health_found"
KEPT = 200

# each gives those of the documents (ids) of which something is not so
INCONSISTENT = {
    "no_file": """
        SELECT r.id FROM signature_request r LEFT JOIN ir_attachment a ON a.id = r.final_id
         WHERE r.id IN %(ids)s AND r.state IN ('completed', 'withdrawn') AND COALESCE(a.file_size, 0) = 0""",
    "sealed": """
        SELECT r.id FROM signature_request r LEFT JOIN signature_event e ON e.request_id = r.id AND e.kind = 'sealed'
         WHERE r.id IN %(ids)s AND NOT COALESCE(r.is_test, FALSE) AND NOT COALESCE(r.is_paper, FALSE)
         GROUP BY r.id HAVING count(e.id) <> (r.state IN ('completed', 'withdrawn'))::int""",
    "stuck": """
        SELECT r.id FROM signature_request r
         WHERE r.id IN %(ids)s AND r.state = 'sent' AND NOT r.to_dispatch AND NOT EXISTS (
               SELECT FROM signature_signer s WHERE s.request_id = r.id AND s.participation IN ('sign', 'approve')
                  AND s.state IN ('waiting', 'sent', 'viewed'))""",
    "twice": """
        SELECT request_id FROM signature_event
         WHERE request_id IN %(ids)s AND kind IN ('signed', 'approved')
         GROUP BY request_id, signer_id HAVING count(*) > 1""",
}


class SignatureHealth(models.AbstractModel):
    """Whether the work goes on, and whether what was done still holds."""

    _inherit = "signature.health"

    # The work

    @api.model
    def _check_crons(self):
        own = self.env["ir.model.data"].search([("module", "=", "signature_workflow"), ("model", "=", "ir.cron")])
        crons = self.env["ir.cron"].with_context(active_test=False).browse(own.mapped("res_id")).exists()
        for xmlid in NEEDED:
            crons |= self.env.ref(xmlid)
        off = crons.filtered(lambda cron: not cron.active)
        late = (crons - off).filtered(self._is_late)
        failing = (crons - off).filtered("failure_count")
        if late and config["max_cron_threads"]:
            state, found = "broken", self.env._("Scheduled actions that do not run: %s.", len(late))
            todo = self.env._("See in the server's log why they do not run, or restart the server.")
        elif late:
            state, found = "broken", self.env._("Scheduled actions that do not run: %s.", len(late))
            todo = self.env._("This server runs none (max_cron_threads = 0): start one that does.")
        elif off:
            state, found = "broken", self.env._("Scheduled actions that are switched off: %s.", len(off))
            todo = self.env._("Switch them on again.")
        elif failing:
            state, found = (
                "attention",
                self.env._("Scheduled actions that failed when they last ran: %s.", len(failing)),
            )
            todo = self.env._("The server's log says why.")
        else:
            state, found, todo = "good", self.env._("All run as they should: %s.", len(crons)), ""
        domain = [("id", "in", (off | late | failing or crons).ids)]
        show = self._open(
            self.env._("Scheduled actions"), "base.ir_cron_act", domain=domain, context={"active_test": False}
        )
        return self._result(state, found, todo, lines=self._cron_lines(off, late, failing), buttons=[show])

    @api.model
    def _cron_lines(self, off, late, failing):
        """Return what is wrong with each of these scheduled actions."""
        env = self.env
        return [
            *(env._("%s is switched off.", cron.name) for cron in off),
            *(env._("%(name)s should have run on %(time)s.", name=c.name, time=self._when(c.nextcall)) for c in late),
            *(env._("%(name)s has failed %(times)s times.", name=c.name, times=c.failure_count) for c in failing),
        ]

    @api.model
    def _is_late(self, cron):
        interval = relativedelta(**{cron.interval_type: cron.interval_number * TURNS})
        return cron.nextcall + interval < fields.Datetime.now()

    @api.model
    def _check_queue(self):
        self.env.flush_all()
        [(count, oldest)] = self.env.execute_query(
            SQL(
                """SELECT count(*), min(since) FROM (
                       SELECT write_date AS since FROM signature_request WHERE state IN ('queued', 'signed')
                    UNION ALL SELECT write_date FROM signature_request WHERE to_dispatch AND state = 'sent'
                    UNION ALL SELECT write_date FROM signature_reaction WHERE state = 'pending') AS waiting"""
            )
        )
        if not count:
            return self._result("good", self.env._("Nothing waits to be prepared, sent or sealed."))
        show = self._open(
            self.env._("Documents that wait"),
            "signature_workflow.signature_request_action",
            domain=[
                "|",
                "|",
                ("state", "in", ("queued", "signed")),
                ("reaction_ids.state", "=", "pending"),
                "&",
                ("to_dispatch", "=", True),
                ("state", "=", "sent"),
            ],
        )
        found = self.env._(
            "Jobs that wait: %(count)s, the oldest since %(time)s.", count=count, time=self._when(oldest)
        )
        if oldest > fields.Datetime.now() - LIMIT:
            return self._result("good", found, buttons=[show])
        todo = self.env._(
            "See whether the scheduled actions run; if they do, the server's log says what holds them up."
        )
        return self._result("broken", found, todo, buttons=[show])

    @api.model
    def _check_failures(self):
        requests = self.env["signature.request"].search_count([("state", "=", "failed")])
        reactions = self.env["signature.reaction"].search_count([("state", "=", "failed")])
        if not (requests or reactions):
            return self._result("good", self.env._("None waits for somebody to look at it."))
        show = self._open(
            self.env._("Documents that failed"),
            "signature_workflow.signature_request_action",
            domain=["|", ("state", "=", "failed"), ("reaction_ids.state", "=", "failed")],
        )
        return self._result(
            "attention",
            self.env._(
                "Documents that failed: %(requests)s. Failures of what was to follow from others: %(reactions)s.",
                requests=requests,
                reactions=reactions,
            ),
            self.env._("Open each: it says what is wrong and offers to try again. The salespeople have a to-do."),
            buttons=[show],
        )

    # What was done

    @api.model
    def _check_trail(self):
        if not self._is_guarded():
            return self._result(
                "broken",
                self.env._("The database no longer refuses changes of the audit trail."),
                self.env._("Upgrade the app Signature Workflow, which puts that right, and ask who changed it."),
                buttons=[
                    self._open(
                        self.env._("Apps"), "base.open_module_tree", domain=[("name", "=", "signature_workflow")]
                    )
                ],
            )
        sample = self._sample()
        return self._verified(
            self._trail_problems(sample),
            self.env._("Documents whose audit trail does not hold: %s."),
            self.env._("Audit trails looked at: %s. All of them hold, and the database refuses changes.", len(sample)),
        )

    @api.model
    def _is_guarded(self):
        """Tell whether the database refuses changes of the audit trail, by the triggers and the function that we made.

        The owner of the table, as whom Odoo works, may switch them off, or have others in their place.
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT tgname, tgtype::int FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
                    WHERE tgrelid = 'signature_event'::regclass AND tgenabled IN ('O', 'A')
                      AND tgqual IS NULL AND cardinality(tgattr) = 0 AND prosrc = %s""",
                GUARD.split("$$")[1],
            )
        )
        return set(GUARDS) <= set(rows)

    @api.model
    def _check_data(self):
        sample, remembered = self._sample(), self._remembered()
        return self._verified(
            [*self._data_problems(remembered, hashed=True), *self._data_problems(sample - remembered)],
            self.env._("Documents that are not as they should be: %s."),
            self.env._("Documents looked at: %s. All of them have their files and are consistent.", len(sample)),
        )

    @api.model
    def _verified(self, problems, bad, good):
        """Return the result of looking at a sample: `problems` as of `_trail_problems`."""
        if not problems:
            return self._result("good", good, documents=[])
        show = self._open(
            self.env._("These documents"),
            "signature_workflow.signature_request_action",
            domain=[("id", "in", [problem["id"] for problem in problems])],
        )
        return self._result(
            "broken",
            bad % len(problems),
            self.env._("Verify all documents, keep a back-up of the database as it is, and find out who changed it."),
            lines=[problem["text"] for problem in problems[:5]],
            buttons=[show],
            documents=[problem["id"] for problem in problems],
        )

    @api.model
    def _sample(self):
        """Return the documents in which something was found, the newest ones, and some others."""
        requests = self.env["signature.request"]
        newest = requests.search([], order="id desc", limit=SAMPLE)
        if len(newest) < SAMPLE:
            return self._remembered() | newest
        starts = random.SystemRandom().sample(range(newest[:1].id), SAMPLE)
        rows = self.env.execute_query(
            SQL(
                """SELECT (SELECT id FROM signature_request WHERE id >= start ORDER BY id LIMIT 1)
                     FROM unnest(%s) AS start""",
                starts,
            )
        )
        return self._remembered() | newest | requests.browse(row[0] for row in rows)

    @api.model
    def _remembered(self):
        """Return the documents in which something was found before."""
        ids = json.loads(self.env["ir.config_parameter"].sudo().get_param(FOUND, "[]"))
        return self.env["signature.request"].browse(ids).exists()

    @api.model
    def _remember_found(self, checks):
        """Remember the documents in which these checks have found something; they have looked at those of before."""
        found = [check["documents"] for check in checks if check["key"] in AT_ONCE]
        before = self._remembered().ids if None in found else []
        self._remember([*before, *(each for documents in found for each in documents or ())])

    @api.model
    def _remember(self, ids):
        """Have the documents with these ids, and no others, looked at again by each check."""
        ids = json.dumps(sorted(set(ids))[:KEPT])
        if ids != self.env["ir.config_parameter"].sudo().get_param(FOUND, "[]"):
            self.env["ir.config_parameter"].sudo().set_param(FOUND, ids)

    @api.model
    def _trail_problems(self, requests):
        """Return `{"id", "text"}` of each document whose audit trail does not hold."""
        broken = {request: line for request in requests if (line := request.event_ids._broken_line())}
        return [
            {"id": request.id, "text": self.env._("%(name)s: line %(line)s", name=request.name, line=line)}
            for request, line in broken.items()
        ]

    @api.model
    def _data_problems(self, requests, *, hashed=False):
        """Return what is wrong with documents, as of `_trail_problems`; `hashed`: also whether their bytes changed."""
        if not requests:
            return []
        texts = {
            "no_file": self.env._("is completed without its file"),
            "sealed": self.env._("was sealed, and is not completed, or the other way round"),
            "stuck": self.env._("waits for signatures that are all there"),
            "twice": self.env._("has a signer who signed twice"),
            "file": self.env._("has a file that is lost or was changed"),
            "record": self.env._("is not as its audit trail says"),
        }
        self.env.flush_all()
        found = {each.id: "record" for each in requests if each.state in KNOWN_STATES and not each._recorded()}
        for what, query in INCONSISTENT.items():
            self.env.cr.execute(query, {"ids": requests._ids})
            found |= {row[0]: what for row in self.env.cr.fetchall()}
        found |= {each.id: "file" for each in requests if not self._has_files(each, hashed=hashed)}
        return [
            {"id": each.id, "text": f"{each.name} {texts[found[each.id]]}"} for each in requests if each.id in found
        ]

    @api.model
    def _has_files(self, request, *, hashed):
        """Tell whether the files of a document are there, of the right size, or (`hashed`) with the right bytes."""
        for file, sha256 in (
            (request.original_id, request.original_sha256),
            (request.final_id, request.final_sha256),
        ):
            if file and file.store_fname and not hashed:
                path = Path(file._full_path(file.store_fname))
                if not path.is_file() or path.stat().st_size != file.file_size:
                    return False
            elif file and sha256 and self._sha256(file) != sha256:
                return False
        return True

    @api.model
    def _sha256(self, file):
        """Return the SHA-256 of an attachment, of which nothing stays in memory."""
        # Odoo would read the files of all documents
        file = file.with_prefetch()
        sha256 = hashlib.sha256(file.raw or b"").hexdigest()
        file.invalidate_recordset(["raw", "db_datas"])
        return sha256

    # All of it, step by step

    @api.model
    def verify_step(self, after=0):
        """Verify audit trail, consistency and files of the next documents, those with an id above `after`.

        Returns `{"last": id of the last one or False at the end, "count": how many, "left": how many are left,
        "problems": [{"id", "text"}]}`; nothing is changed, but that the documents with problems are looked at again.
        """
        self._check_administrator()
        requests = self.env["signature.request"].sudo().with_context(prefetch_fields=False)
        batch = requests.search([("id", ">", after)], order="id", limit=STEP)
        health = self.sudo()
        problems = [*health._trail_problems(batch), *health._data_problems(batch, hashed=True)]
        if problems:
            health._remember([*health._remembered().ids, *(problem["id"] for problem in problems)])
        last = batch[-1:].id
        return {
            "last": last,
            "count": len(batch),
            "left": requests.search_count([("id", ">", last)]) if last else 0,
            "problems": problems,
        }

    @api.model
    def _walk(self):
        """Verify the next documents, so many that all are looked at in time, and remember which do not hold."""
        parameters = self.env["ir.config_parameter"].sudo()
        last, start = int(parameters.get_param(POSITION, 0)), time.monotonic()
        for _step in range(DAILY):
            last = self.verify_step(last)["last"] or 0
            self.env.invalidate_all()
            if not last or time.monotonic() - start > ENOUGH:
                break
        parameters.set_param(POSITION, last)
