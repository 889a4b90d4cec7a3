"""Odoo within this process, as in its shell: real cursors, real commits, no mail server."""

import contextlib
from unittest.mock import patch

from tools import odoo_server
from tools.paths import ADDON


class Odoo:
    """A loaded registry on the benchmark's own database."""

    def __init__(self, setup, database):
        from odoo.modules.registry import Registry
        from odoo.tools import config

        self.setup, self.database = setup, database
        options = [*odoo_server.common_options(setup, database), "--no-http", "--log-level", "error"]
        config.parse_config(options, setup_logging=True)
        self.registry = Registry(database)
        # no connection to a mail server, whoever sends
        patch.object(self.registry["ir.mail_server"], "_disable_send", lambda *_args: True).start()

    @contextlib.contextmanager
    def env(self, user_id=1, *, commit=False, **context):
        """An environment on a transaction of its own, which is undone afterwards, unless it is to stay."""
        from odoo.api import Environment

        with self.registry.cursor() as cr:
            try:
                yield Environment(cr, user_id, context)
                if commit:
                    cr.commit()
            finally:
                cr.rollback()

    def model(self, name):
        """The class of a model, to replace a method of it."""
        return self.registry[name]

    def ref(self, xmlid):
        """The id of a record of the addon."""
        with self.env() as env:
            return env.ref(f"{ADDON}.{xmlid}").id
