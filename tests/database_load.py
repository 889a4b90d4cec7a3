"""Workers and signers, each in a process of their own, that go on when their database is restarted.

Run as a program it works on the documents that wait in the database until all are completed, and fails when the end is
not that of a clean run. At several moments on the way it writes a line, and waits for one: then the restart is done.
"""

import contextlib
import json
import os
import signal
import sys
import time
import unittest

import psycopg2
from invariants import assert_invariants

PATIENCE = 90
BEYOND = {"sent": ["sent", "signed", "completed"], "signed": ["signed", "completed"], "completed": ["completed"]}
# as soon as so many of the documents have come so far
MOMENTS = (("sent", 1), ("signed", 2), ("completed", 2), ("completed", 7))


def _main(answers, *options):
    import odoo.sql_db
    from odoo.orm.registry import Registry
    from odoo.tools import config

    config.parse_config(list(options), setup_logging=True)
    registry = Registry(config["db_name"][0])
    odoo.sql_db.close_all()
    children = [_fork(registry, _work) for _worker in range(2)]
    children += [_fork(registry, lambda env, half=half: _sign(env, half, json.loads(answers))) for half in range(2)]
    try:
        for state, count in MOMENTS:
            reached = [("state", "in", BEYOND[state])]
            _wait(registry, lambda env: env["signature.request"].search_count(reached) >= count)  # noqa: B023
            sys.stdout.write("restart\n")
            sys.stdout.flush()
            sys.stdin.readline()
        _wait(registry, _is_done)
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    with registry.cursor() as cr:
        _check(_env(cr))


def _env(cr):
    from odoo import SUPERUSER_ID, api

    return api.Environment(cr, SUPERUSER_ID, {})


def _fork(registry, act):
    """Do `act(env)` again and again in another process, whatever becomes of the database; return its id."""
    if child := os.fork():
        return child
    while True:
        try:
            with registry.cursor() as cr:
                act(_env(cr))
        except psycopg2.Error:
            # it is being restarted
            time.sleep(0.05)


def _work(env):
    env["signature.request"]._cron_process()
    env.cr.commit()
    time.sleep(0.02)


def _sign(env, half, answers):
    """Sign the next document, of every second signer, as often as it takes; `answers` is by type of field."""
    from odoo.service.model import retrying

    waiting = env["signature.signer"].search([("state", "=", "sent"), ("request_id.state", "=", "sent")], order="id")
    signer = waiting.filtered(lambda signer: signer.id % 2 == half)[:1]
    if not signer:
        time.sleep(0.05)
        return
    own = {field.id: answers[field.type] for field in signer.field_ids if field.type in answers}
    document = signer.request_id.original_sha256
    retrying(lambda: signer._submit(own, f"nonce {signer.id}", document, {"ip": "192.0.2.1"}), env)


def _wait(registry, is_reached):
    end = time.monotonic() + PATIENCE
    while True:
        # its end as it is restarted, and not ours
        with contextlib.suppress(psycopg2.Error), registry.cursor() as cr:
            if is_reached(_env(cr)):
                return
        if time.monotonic() > end:
            raise AssertionError("this takes too long")
        time.sleep(0.05)


def _is_done(env):
    open_ones = env["signature.request"].search_count([("state", "!=", "completed")])
    return not open_ones and not env["signature.reaction"].search_count([("state", "in", ("pending", "waiting"))])


def _check(env):
    test = unittest.TestCase()
    requests = env["signature.request"].search([])
    test.assertEqual(set(requests.mapped("state")), {"completed"}, requests.mapped("failure"))
    test.assertEqual(set(requests.reaction_ids.mapped("state")), {"done"}, requests.mapped("reaction_ids.failure"))
    for signer in requests.signer_ids:
        mails = env["mail.mail"].search([("signature_signer_id", "=", signer.id)])
        test.assertEqual(sorted(mails.mapped(lambda mail: len(mail.attachment_ids))), [0, 1], mails.mapped("subject"))
    assert_invariants(test, env)


if __name__ == "__main__":
    _main(*sys.argv[1:])
