"""All models of the addon and what can be called on them, by all groups, in two companies."""

import base64
from contextlib import contextmanager, suppress

from odoo.exceptions import AccessError, UserError
from odoo.fields import NO_ACCESS
from odoo.service.model import call_kw
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from . import pdf_samples
from .common import SignatureCase
from .visitors import VISITORS, VisitorsFixture

ADDON = "odoo.addons.signature_workflow."
QUIET = ("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule", "odoo.sql_db")

EVERYBODY, NOBODY = set(VISITORS), set()
# who has the deal, who sells in its company, who sells anywhere
THEIRS = {"host", "manager", "admin"}
SELLERS = THEIRS | {"stranger"}
SELLERS_ANYWHERE = SELLERS | {"foreign"}
MANAGERS = {"manager", "admin"}
MANAGERS_ANYWHERE = MANAGERS | {"foreign"}
ADMINISTRATORS = {"system", "admin"}

# Who reads a record of the deal's company by what a browser may call, and who changes it; nobody else does.
RIGHTS = {
    "signature.authentication": (NOBODY, NOBODY),
    "signature.batch": (THEIRS, NOBODY),
    "signature.decline.reason": (SELLERS_ANYWHERE, MANAGERS_ANYWHERE),
    "signature.event": (THEIRS, NOBODY),
    "signature.key": (ADMINISTRATORS, NOBODY),
    "signature.link": (NOBODY, NOBODY),
    "signature.reaction": (THEIRS, NOBODY),
    "signature.request": (THEIRS, NOBODY),
    "signature.request.field": (THEIRS, NOBODY),
    "signature.role": (SELLERS_ANYWHERE, MANAGERS_ANYWHERE),
    "signature.rule": (SELLERS, MANAGERS),
    "signature.rule.action": (SELLERS, MANAGERS),
    "signature.rule.run": (THEIRS, NOBODY),
    "signature.sending": (NOBODY, NOBODY),
    "signature.signer": (THEIRS, NOBODY),
    "signature.template": (SELLERS, MANAGERS),
    "signature.template.field": (SELLERS, MANAGERS),
    "signature.template.role": (SELLERS, MANAGERS),
}
# Who may open a dialog; what stands in one is for whoever has opened it.
DIALOGS = {
    "signature.erasure": MANAGERS_ANYWHERE,
    "signature.key.import": ADMINISTRATORS,
    "signature.legal.hold": MANAGERS_ANYWHERE,
    "signature.request.cancel": SELLERS_ANYWHERE,
    "signature.request.correct": SELLERS_ANYWHERE,
    "signature.request.deadline": SELLERS_ANYWHERE,
    "signature.request.mass": SELLERS_ANYWHERE,
    "signature.request.paper": SELLERS_ANYWHERE,
    "signature.request.send": SELLERS_ANYWHERE,
    "signature.request.send.signer": SELLERS_ANYWHERE,
    "signature.request.withdraw": MANAGERS_ANYWHERE,
    "signature.signer.change": SELLERS_ANYWHERE,
    "signature.simulation": SELLERS_ANYWHERE,
    "signature.simulation.line": SELLERS_ANYWHERE,
}
# Without a table: nothing to read.
ABSTRACT = {
    "signature.content",
    "signature.deadline",
    "signature.document.access",
    "signature.health",
    "signature.hold",
    "signature.merge",
    "signature.policy",
    "signature.queue",
    "signature.report",
    "signature.send.once",
}
# Who may call what a browser can call besides Odoo's own methods; the others get an AccessError.
METHODS = {
    "crm.lead": {"action_retry_signatures": THEIRS, "action_view_signatures": THEIRS},
    "res.company": {"action_test_timestamp": ADMINISTRATORS},
    "signature.batch": dict.fromkeys(("action_cancel_unsent", "action_retry", "action_view_requests"), THEIRS),
    "signature.health": dict.fromkeys(
        (
            "action_keep_base_url",
            "action_leave_without_timestamp",
            "action_send_test_mail",
            "action_test_timestamp",
            "get_checks",
            "verify_step",
        ),
        ADMINISTRATORS,
    ),
    "signature.key": {"action_make": ADMINISTRATORS, "action_use": ADMINISTRATORS},
    "signature.reaction": {"action_done_by_hand": THEIRS, "action_retry": THEIRS},
    "signature.request": {
        **dict.fromkeys(
            (
                "action_cancel",
                "action_check_hold",
                "action_continue_on_paper",
                "action_download",
                "action_export_evidence",
                "action_leave_values",
                "action_link_again",
                "action_open_record",
                "action_remind_all",
                "action_resend_corrected",
                "action_retry",
                "action_unlink",
            ),
            THEIRS,
        ),
        "action_release": MANAGERS,
        "action_withdraw": MANAGERS,
    },
    "signature.signer": dict.fromkeys(
        (
            "action_change",
            "action_download",
            "action_export_evidence",
            "action_open_record",
            "action_remind",
            "action_resend",
            "action_show_link",
            "action_show_tablet_link",
            "action_sign_here",
        ),
        THEIRS,
    ),
    "signature.template": {
        **dict.fromkeys(("action_open_editor", "action_preview", "action_send_test", "editor_load"), SELLERS),
        "action_keep": MANAGERS,
        "editor_save": MANAGERS,
    },
}
# What a dialog does, it does for whoever has opened it, as far as their rights go.
DIALOG_METHODS = {
    "signature.erasure": {"action_erase"},
    "signature.key.import": {"action_import"},
    "signature.legal.hold": {"action_apply"},
    "signature.request.cancel": {"action_cancel"},
    "signature.request.correct": {"action_send"},
    "signature.request.deadline": {"action_change"},
    "signature.request.mass": {"action_send"},
    "signature.request.paper": {"action_file"},
    "signature.request.send": {"action_drop_layout", "action_place_fields", "action_send", "action_send_test"},
    "signature.request.withdraw": {"action_withdraw"},
    "signature.signer.change": {"action_change"},
}
# Open a window or are about the user alone: nothing of a record is in what they return, and nothing is written.
HARMLESS = {
    "crm.lead": {"action_sign", "action_simulate", "mail_allowed_qweb_expressions"},
    "res.config.settings": {"action_signature_company", "action_signature_test_timestamp"},
    "res.partner": {"action_view_signatures"},
    "signature.key": {"action_view_requests"},
    "signature.request": {"action_correct", "action_deadline"},
    "signature.rule": {"action_try", "action_view_requests"},
    "signature.signer": {"action_open_mine", "action_see_as"},
    "signature.template": {"action_send_for", "action_view_requests", "action_send_attachment"},
}
# Odoo's own, which are extended: their rights are those of RIGHTS, or of Odoo's models.
ORM = {"copy_data", "create", "default_get", "init", "send", "unlink", "write"}


class ModelsCase(VisitorsFixture, SignatureCase):
    def setUp(self):
        super().setUp()
        env = self.env
        self.deal = self._make_deal()
        self.request = self.send(self.deal).sudo()
        self.client = self.request.signer_ids.sorted("sequence")[0]
        self.client.authentication = "email"
        env["signature.authentication"]._send(self.client, {"ip": "192.0.2.7"})
        self.client.authentication = "link"
        pdf = base64.b64encode(pdf_samples.simple())
        template = self._make_template(kind="pdf", company_id=env.company.id, pdf_file=pdf)
        place = {"type": "signature", "page": 1, "x": 10, "y": 10, "width": 20, "height": 5}
        template.field_ids.create({"template_id": template.id, "role_id": self.role_client.id, **place})
        batch = {"name": "Batch", "template_id": template.id, "user_id": self.salesman.id}
        reaction = {"request_id": self.request.id, "kind": "copies", "event": "signed"}
        records = (
            self.deal,
            self.partner,
            env.company,
            template,
            template.field_ids,
            self.rule,
            self.rule.action_ids,
            self.role_client,
            self.template.role_ids[0],
            self.request,
            self.client,
            self.client.field_ids[0],
            self.client.link_ids[0],
            self.request.event_ids[0],
            env["signature.rule.run"].search([("request_id", "=", self.request.id)]),
            env["signature.reaction"].sudo().create(reaction),
            env["signature.batch"].sudo().create(batch),
            env["signature.authentication"].search([("signer_id", "=", self.client.id)]),
            env["signature.sending"].search([("signer_id", "=", self.client.id)]),
            env["signature.decline.reason"].search([], limit=1),
            env["signature.key"].sudo()._get_active(env.company),
        )
        self.records = {record._name: record for record in records}
        for user in self.visitors.values():
            if user._is_internal():
                user.group_ids += env.ref("base.group_allow_export")
        env.flush_all()

    @contextmanager
    def undone(self):
        """Undo whatever is done within."""
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            yield
            self.env.flush_all()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.env.cr.precommit.clear()

    def rpc(self, visitor, model, method, *args, context=None, **kwargs):
        """Call `method` as a browser of this visitor does."""
        self.env.invalidate_all()
        env = self.env(user=self.visitors[visitor], su=False)
        return call_kw(env[model], method, list(args), {**kwargs, "context": context or {}})

    def public(self):
        """Yield `(model, method)` of all that a browser can call."""
        for name in self.env.registry:
            for cls in type(self.env[name]).mro():
                if cls.__module__.startswith(ADDON):
                    for method, value in vars(cls).items():
                        if callable(value) and not method.startswith("_") and not getattr(value, "_api_private", False):
                            yield name, method


@tagged("post_install", "-at_install")
class TestModels(ModelsCase):
    def test_every_model_is_known(self):
        ours = {name for name in self.env.registry if self.env[name]._original_module == "signature_workflow"}
        known = RIGHTS.keys() | DIALOGS.keys() | ABSTRACT
        self.assertFalse(ours - known, "New models: say in this file who may read and change them.")
        self.assertFalse(known - ours, "These models are gone.")
        for name in ours:
            model = self.env[name]
            self.assertEqual((name in ABSTRACT, name in DIALOGS), (model._abstract, model._transient), name)

    def test_every_public_method_is_known(self):
        tables = (METHODS, DIALOG_METHODS, HARMLESS)
        known = {(model, method) for table in tables for model, methods in table.items() for method in methods}
        found = {(model, method) for model, method in self.public() if method not in ORM}
        self.assertFalse(
            found - known, "New methods that a browser can call: say in this file who may, or begin their names with _."
        )
        self.assertFalse(known - found, "These methods are gone.")

    def test_rights(self):
        for model, (readers, writers) in RIGHTS.items():
            for visitor in VISITORS:
                record = self.records[model].with_user(self.visitors[visitor]).sudo(False)
                rights = {
                    operation for operation in ("read", "write", "create", "unlink") if record.has_access(operation)
                }
                expected = {"read"} if visitor in readers else set()
                expected |= {"write", "create", "unlink"} if visitor in writers else set()
                self.assertEqual(rights, expected, f"{visitor} on {model}")
        for model in ABSTRACT:
            for visitor in VISITORS:
                self.assertFalse(self.env[model].with_user(self.visitors[visitor]).has_access("read"), model)

    @mute_logger(*QUIET)
    def test_all_ways_of_reading(self):
        for model, (readers, __) in RIGHTS.items():
            record = self.records[model]
            ids, domain, column = record.ids, [("id", "in", record.ids)], self._column(record)
            ways = {
                "read": (ids,),
                "web_read": (ids, {"display_name": {}}),
                "export_data": (ids, ["id", "display_name"]),
                **({"get_metadata": (ids,)} if record._log_access else {}),
                "search": (domain,),
                "search_count": (domain,),
                "search_read": (domain, ["display_name"]),
                "web_search_read": (domain, {"display_name": {}}),
                "name_search": ("", domain),
                "read_group": (domain, ["__count"], [column]),
                "formatted_read_group": (domain, [column], ["__count"]),
                "web_read_group": (domain, [column], ["__count"]),
            }
            for visitor in VISITORS:
                for way, args in ways.items():
                    with self.subTest(model, visitor=visitor, way=way):
                        try:
                            found = self._told(self.rpc(visitor, model, way, *args))
                        except UserError:
                            found = False
                        self.assertEqual(found, visitor in readers)

    def _column(self, record):
        """Return the name of a column with something in it."""
        return next(
            name
            for name, field in record._fields.items()
            if field.store
            and field.type in ("char", "integer", "selection")
            and not field.groups
            and record.sudo()[name]
        )

    def _told(self, answer):
        """Tell whether an answer of Odoo says anything of a record."""
        if isinstance(answer, dict):
            answer = answer.get("records", answer.get("groups", answer.get("datas")))
        return bool(answer)

    @mute_logger(*QUIET)
    def test_all_ways_of_writing(self):
        for model, (__, writers) in RIGHTS.items():
            record = self.records[model]
            column = self._column(record)
            company = {"company_id": self.env.company.id} if "company_id" in record._fields else {}
            template = {"template_id": self.template.id} if "template_id" in record._fields else {}
            ways = {
                "write": (record.ids, {column: record.sudo()[column]}),
                "web_save": (record.ids, {column: record.sudo()[column]}, {}),
                "unlink": (record.ids,),
                "copy": (record.ids,),
                "create": ({**company, **template},),
                "web_save (new)": ([], {**company, **template}, {}),
                "load": ([column], [["1"]]),
                "update_field_translations": (record.ids, column, {"en_US": "x"}),
                "web_resequence": (record.ids, {}),
            }
            for visitor in EVERYBODY - writers:
                for way, args in ways.items():
                    with self.subTest(model, visitor=visitor, way=way), self.undone():
                        before = record.search_count([])
                        try:
                            answer = self.rpc(visitor, model, way.partition(" ")[0], *args)
                        # Odoo asks for some rights only after it has told the database
                        except (UserError, IntegrityError):
                            continue
                        if way == "load":
                            self.assertFalse(answer["ids"])
                        else:
                            # there was nothing to do
                            self.assertIn(answer, (True, None, False, []))
                        self.assertEqual((record.search_count([]), len(record.exists())), (before, len(record)))

    @mute_logger(*QUIET)
    def test_secret_columns(self):
        """What is kept for nobody is neither read nor guessed, by way of any model that leads there."""
        for model in RIGHTS:
            for name, field in self.env[model]._fields.items():
                if field.groups != NO_ACCESS:
                    continue
                record = self.records[model]
                domain = [(name, "=like", "%") if field.type == "char" else (name, "!=", False)]
                for visitor in ("host", "manager", "admin"):
                    with self.subTest(model, column=name, visitor=visitor):
                        self.assertNotIn(name, self.rpc(visitor, model, "fields_get") if record else {})
                        for way, args in (
                            ("read", (record.ids, [name])),
                            ("web_read", (record.ids, {name: {}})),
                            ("export_data", (record.ids, [name])),
                            ("search", (domain,)),
                            ("search_read", ([], [name])),
                            ("formatted_read_group", ([], [name], ["__count"])),
                            ("search", ([], 0, 1, f"{name} desc")),
                            ("write", (record.ids, {name: False})),
                        ):
                            self.assertRefused(visitor, model, way, *args)
        for path in ("link_ids.token_hash", "link_ids.channel", "nonce", "draft"):
            self.assertRefused("admin", "signature.request", "search", [(f"signer_ids.{path}", "!=", False)])

    def assertRefused(self, visitor, model, way, *args):
        try:
            self.rpc(visitor, model, way, *args)
        except (UserError, ValueError):
            return
        self.fail(f"{way} was done")


@tagged("post_install", "-at_install")
class TestMethods(ModelsCase):
    ARGS = {
        "action_send_for": ["crm.lead", 1],
        "action_send_attachment": [1],
        "action_withdraw": ["No"],
        "editor_save": [[], "x"],
    }

    def call(self, visitor, model, method, ids=None, **kwargs):
        """Call a public method; return what came of it: "done", "refused" or "access"."""
        ids = self.records[model].ids if ids is None and model in self.records else ids or []
        args = [self.env.company.id] if (model, method) == ("signature.health", "action_test_timestamp") else []
        args += self.ARGS.get(method, []) if model not in DIALOGS else []
        is_model = getattr(getattr(type(self.env[model]), method), "_api_model", False)
        try:
            with self.undone():
                self.answer = None
                self.answer = self.rpc(visitor, model, method, *([] if is_model else [ids]), *args, **kwargs)
        except AccessError:
            return "access"
        except UserError:
            return "refused"
        except ValueError as error:
            # Odoo's own word for a method of one record
            self.assertIn("Expected singleton", str(error))
            return "refused"
        return "done"

    @mute_logger(*QUIET)
    def test_who_may_call_what(self):
        for model, methods in METHODS.items():
            for method, callers in methods.items():
                for visitor in VISITORS:
                    with self.subTest(f"{model}.{method}", visitor=visitor):
                        came = self.call(visitor, model, method)
                        self.assertEqual(came != "access", visitor in callers, came)

    @mute_logger(*QUIET)
    def test_harmless_ones_write_nothing_and_tell_nothing(self):
        told = self.request.name, self.client.email, self.template.name
        for model, methods in HARMLESS.items():
            for method in methods:
                for visitor in ("nobody", "client", "colleague", "stranger", "foreign"):
                    with self.subTest(f"{model}.{method}", visitor=visitor):
                        self.assertIn(self.call(visitor, model, method), ("done", "refused", "access"))
                        self.assertFalse([word for word in told if word in str(self.answer)])

    @mute_logger(*QUIET)
    def test_dialogs_of_others(self):
        deal, request = self.deal, self.request
        filled = {
            "signature.erasure": {},
            "signature.legal.hold": {"request_ids": [(6, 0, request.ids)], "reason": "Court"},
            "signature.request.cancel": {"request_id": request.id},
            "signature.request.correct": {"request_id": request.id},
            "signature.request.deadline": {"request_id": request.id, "remind_every": 3},
            "signature.request.mass": {"res_model": "crm.lead", "res_ids": deal.ids, "template_id": self.template.id},
            "signature.request.paper": {"request_id": request.id},
            "signature.request.send": {"res_model": "crm.lead", "res_id": deal.id, "template_id": self.template.id},
            "signature.request.withdraw": {"request_id": request.id, "reason": "No"},
            "signature.signer.change": {
                "signer_id": self.client.id,
                "channel": "email",
                "lang": "en_US",
                "name": "Eve",
                "email": "eve@client.example",
            },
            "signature.simulation": {"lead_id": deal.id},
            "signature.simulation.line": {},
        }
        opened = {}
        for model, values in filled.items():
            env = self.env(user=self.salesman, su=True)
            opened[model] = env[model].create(values)
        # which the dialog makes itself
        opened["signature.request.send.signer"] = opened["signature.request.send"].signer_ids[:1]
        self.env.flush_all()
        for model, callers in DIALOGS.items():
            for visitor in VISITORS:
                with self.subTest(model, visitor=visitor):
                    self.assertEqual(
                        self.env[model].with_user(self.visitors[visitor]).has_access("create"), visitor in callers
                    )
                    if visitor == "host" or model not in opened:
                        continue
                    row = opened[model]
                    self.assertTrue(row)
                    for way, args in (("read", (row.ids,)), ("write", (row.ids, {})), ("unlink", (row.ids,))):
                        with self.assertRaises(AccessError, msg=way):
                            self.rpc(visitor, model, way, *args)
                    for method in DIALOG_METHODS.get(model, ()):
                        self.assertEqual(self.call(visitor, model, method, row.ids), "access", method)

    @mute_logger(*QUIET)
    def test_forged_ids(self):
        deal = self._make_deal(company_id=self.elsewhere.id, user_id=False)
        self.template.company_id = self.rule.company_id = False
        foreign = self.template._make_requests(deal.sudo(), signatory=self.signatory)
        self.env.flush_all()
        strangers = {"signature.request": foreign, "crm.lead": deal}
        for model, methods in METHODS.items():
            if model not in self.records:
                continue
            (mine,) = self.records[model].ids
            odd = [[mine, mine], [mine] * 3, [-1], [0], [2**31 - 1], [mine, 2**31 - 1], [], [mine, -mine]]
            if model in strangers:
                odd += [strangers[model].ids, [mine, *strangers[model].ids]]
            for method in methods:
                for ids in odd:
                    with self.subTest(f"{model}.{method}", ids=ids):
                        came = self.call("manager", model, method, ids)
                        if model in strangers and strangers[model].id in ids:
                            self.assertIn(came, ("access", "refused"))

    @mute_logger(*QUIET)
    def test_forged_contexts(self):
        nonsense = ("xx_XX", "../../etc/passwd", 7, None, ["en_US"], "\0")
        contexts = [
            *({"lang": word} for word in nonsense),
            *({"tz": word} for word in nonsense),
            {"active_test": "x", "bin_size": "x", "prefetch_fields": "x"},
            {"default_state": "completed", "default_company_id": self.elsewhere.id, "default_user_id": 1},
            {"signature_preview": True, "signature_link": 1, "signature_passed": "A" * 43},
            {"signature_doomed": True, "signature_report": True, "signature_content_noted": True},
            {"su": True, "uid": 1, "sudo": True, "allowed_company_ids": self.env.company.ids},
        ]
        for context in contexts:
            for visitor in ("stranger", "foreign", "client", "nobody"):
                for model in ("signature.request", "signature.signer", "signature.event", "signature.link"):
                    refusals = suppress(UserError, ValueError, TypeError, AttributeError)
                    with self.subTest(model, visitor=visitor, context=context), refusals:
                        self.assertFalse(self.rpc(visitor, model, "search_read", [], ["id"], context=context))
        # other companies than one's own are no matter of the context
        for visitor, company in (("foreign", self.env.company), ("host", self.elsewhere)):
            context = {"allowed_company_ids": company.ids}
            try:
                found = self.rpc(visitor, "signature.request", "search", [], context=context)
            except AccessError:
                found = []
            self.assertNotIn(self.request.id, found)
        for method in ("unlink", "write"):
            args = [{"name": "x"}] if method == "write" else []
            with self.assertRaises(UserError):
                self.rpc(
                    "admin", "signature.request", method, self.request.ids, *args, context={"signature_doomed": True}
                )
