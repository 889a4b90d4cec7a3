"""The queue with one and with two cron workers: documents per minute, and whether any was done twice.

As a program it is such a worker: it works until nothing is left each time it is told to on its standard input.
"""

import contextlib
import subprocess
import sys
import time
from statistics import median

from tools import benchmark
from tools.bench import scene, signing
from tools.bench.harness import Result, Sample
from tools.bench.odoo_process import Odoo

DOCUMENTS = 200
ROUNDS = 2
LEFT = """
    SELECT EXISTS (SELECT FROM signature_request WHERE state IN ('queued', 'signed') OR state = 'sent' AND to_dispatch)
        OR EXISTS (SELECT FROM signature_reaction WHERE state = 'pending')
"""


def run(part, odoo):
    """Rounds of one worker and of two, in turn; the workers' processes stay the same."""
    here = scene.make(odoo)
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(_Worker()) for _number in range(2)]
        for worker in workers:
            worker.answer()
        _round(odoo, here, workers, 10)
        seconds = {1: [], 2: []}
        for number in range(ROUNDS):
            for count in (1, 2) if number % 2 else (2, 1):
                seconds[count].append(_round(odoo, here, workers[:count], DOCUMENTS))
    gain = median(one / two for one, two in zip(seconds[1], seconds[2], strict=True))
    lines = [
        Result(
            part,
            f"{DOCUMENTS} documents from the stage to the reactions, {count} worker{'s' if count > 1 else ''}",
            60 * DOCUMENTS / median(seconds[count]),
            "a minute",
            measured=Sample(median(seconds[count]) / DOCUMENTS, 0),
            runs=ROUNDS,
        )
        for count in seconds
    ]
    note = "wall time of the workers, without the signing; no mail server; each document was seen to be done once"
    return [*lines, Result(part, "  two against one", gain, "x wall", 1.7, at_least=True, runs=ROUNDS, note=note)]


def _round(odoo, here, workers, count):
    """Send, sign and seal so many documents; return the seconds that the workers took."""
    ids = scene.deals(odoo, here, count)
    with odoo().env(commit=True, tracking_disable=True) as env:
        env["crm.lead"].browse(ids).write({"stage_id": here.ruled})
    seconds = _work(workers)
    with odoo().env(commit=True) as env:
        requests = env["signature.request"].search([("res_model", "=", "crm.lead"), ("res_id", "in", ids)])
        assert requests.mapped("state") == ["sent"] * count, requests.mapped("failure")
        for signer in requests.signer_ids:
            digest = signer.request_id.original_sha256
            signer._submit(signing.answers(signer), f"n{signer.id}", digest, signing.ORIGIN)
            env.cr.commit()
    seconds += _work(workers)
    with odoo().env() as env:
        _check(env, env["signature.request"].browse(requests.ids), env["crm.lead"].browse(ids))
    return seconds


def _check(env, requests, deals):
    """Each document was made, sealed, filed and reacted on, and nothing of it twice."""
    count = len(deals)
    assert requests.mapped("state") == ["completed"] * count, requests.mapped("failure")
    assert set(requests.reaction_ids.mapped("state")) == {"done"}, requests.reaction_ids.mapped("failure")
    assert all(deals.mapped("stage_id.is_won"))
    kinds = requests.event_ids.mapped("kind")
    assert kinds.count("created") == kinds.count("sealed") == count, (kinds.count("created"), kinds.count("sealed"))
    files = env["ir.attachment"].search_count([("res_model", "=", "signature.request"), ("res_id", "in", requests.ids)])
    assert files == 2 * count, files


def _work(workers):
    begun = time.monotonic()
    for worker in workers:
        worker.go()
    for worker in workers:
        worker.answer()
    return time.monotonic() - begun


class _Worker:
    """A process with an Odoo of its own."""

    def __enter__(self):
        command = [sys.executable, __file__]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, *_exc):
        self._process.stdin.close()
        self._process.wait()

    def go(self):
        print(file=self._process.stdin, flush=True)

    def answer(self):
        """Wait until it has done all."""
        assert self._process.stdout.readline() == "done\n"


def main():
    """Be a worker, until the standard input ends."""
    odoo = Odoo(*benchmark.context())
    print("done", flush=True)
    for _line in sys.stdin:
        left = True
        while left:
            with odoo.env() as env:
                env["signature.request"]._cron_process()
                env.cr.execute(LEFT)
                [(left,)] = env.cr.fetchall()
        print("done", flush=True)


if __name__ == "__main__":
    main()
