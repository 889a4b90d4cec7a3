"""A signer signs, and another one is still to do so."""

import contextlib
from unittest.mock import patch

from tools.bench import samples, scene
from tools.bench.harness import Result, compare, count_queries, interleave

ORIGIN = {"ip": "192.0.2.7", "user_agent": "Bench"}
PAGES = (3, 300)


def run(part, odoo):
    """The first of two signers, of a short and a long document."""
    cases, opened = {}, []
    for pages in PAGES:
        here = scene.make(odoo, pages=pages, turns=(1, 2))
        request = scene.sent_requests(odoo, here, 1)[0]
        cases[pages] = _case(odoo, request, opened)
    short, long = interleave(cases).values()
    return [
        count_queries(part, "a signature that is not the last, 3 pages", short, 20),
        count_queries(part, "  300 pages", long, 20),
        compare(part, "  300 pages against 3", long, short, 1.1),
        Result(part, "  how often a stored file was read", len(opened), "times", 0),
    ]


def _case(odoo, request, opened):
    with odoo().env(commit=True) as env:
        signer = env["signature.request"].browse(request).signer_ids[0]
        token = scene.token(signer)
        values = answers(signer)
        digest = signer.request_id.original_sha256
        public = env.ref("base.public_user").id

    def case(meter):
        with contextlib.ExitStack() as stack:
            env = stack.enter_context(odoo().env(public))
            stack.enter_context(_watched(odoo, opened))
            with meter:
                state = env["signature.signer"]._from_token(token)._submit(values, "nonce", digest, ORIGIN)
                env.cr.flush()
            assert state == "signed", state

    return case


def answers(signer):
    """What a signer fills in, by field id."""
    by_type = {"signature": samples.drawn(), "name": signer.name, "checkbox": True, "text": "PO 4711"}
    return {field.id: by_type[field.type] for field in signer.field_ids if field.type in by_type}


def _watched(odoo, opened):
    """Note each file that is read from the store."""
    original = odoo().model("ir.attachment")._file_read

    def read(self, *args, **options):
        opened.append(args)
        return original(self, *args, **options)

    return patch.object(odoo().model("ir.attachment"), "_file_read", read)
