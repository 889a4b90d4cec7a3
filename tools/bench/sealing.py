"""Stamp and seal, against pyHanko's bare signature with the same loaded key; memory in a process of its own."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime

from asn1crypto import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signature_workflow.engine.sealing import timestamp
from signature_workflow.engine.sealing.api import stamp_and_seal
from tools.bench import memory, samples, scene, signing
from tools.bench.harness import Result, compare, inform, interleave
from tools.bench.samples import SCAN

KINDS = {3: "3 pages", 30: "30 pages", 300: "300 pages", SCAN: SCAN}
RESERVED = 16384
"""Hexadecimal digits: 8 KB."""


def run(part, odoo):
    """The engine by itself, its memory, and the whole step in Odoo."""
    return [*_engine(part), *_proof(part), *_memory(part), *_whole(part, odoo)]


def _engine(part):
    cases = {(SCAN, "hashed"): _bare(samples.pdf(SCAN), hashed=True)}
    for kind in KINDS:
        cases[kind, "floor"], cases[kind, "seal"] = _bare(samples.pdf(kind)), _seal(samples.pdf(kind))
    done = interleave(cases, runs=15)
    lines = [
        compare(part, f"stamp and seal {name}, against a bare signature", done[kind, "seal"], done[kind, "floor"], 1.3)
        for kind, name in KINDS.items()
    ]
    hashed = "  the same with the SHA-256 of the result, for information"
    lines.append(compare(part, hashed, done[SCAN, "seal"], done[SCAN, "hashed"]))
    return [*lines, compare(part, "  300 pages against 3", done[300, "seal"], done[3, "seal"], 1.5)]


def _proof(part):
    """What certificate, evidence and trusted time cost."""
    with (
        tempfile.TemporaryDirectory() as folder,
        samples.of_tests("timestamp_server").TimestampServer(folder) as server,
    ):
        pki = samples.of_tests("pki")
        root = pki.Authority(folder, "Bench Root")
        stamping = root.issue("Bench TSA", *pki.STAMPING)
        server.serve(stamping.certificate, stamping.key)
        timestamping = timestamp.load(server.url, (root.der,))
        proof = {"certificate": samples.certificate(), "attachments": samples.evidence()}
        cases = {}
        for pages in (3, 300):
            pdf = samples.pdf(pages)
            cases[pages, "alone"], cases[pages, "proof"] = _seal(pdf), _seal(pdf, **proof)
        cases["timestamped"] = _seal(samples.pdf(3), timestamping=timestamping)
        done = interleave(cases, runs=15)
    return [
        *(
            compare(
                part,
                f"with certificate page and evidence, {pages} pages",
                done[pages, "proof"],
                done[pages, "alone"],
                1.6,
            )
            for pages in (3, 300)
        ),
        compare(part, "with a timestamp server on loopback", done["timestamped"], done[3, "alone"], 3),
    ]


def _seal(pdf, **more):
    stamps = samples.stamps()

    def case(meter):
        with meter:
            stamp_and_seal(
                pdf,
                stamps,
                samples.identity()[1],
                fonts=samples.FONTS,
                moment=datetime.now(UTC),
                reason="Signed by Zoë, Saul",
                location="București",
                name="Bench SRL",
                **more,
            )

    return case


class _LoadedKey(Signer):
    """pyHanko's signer as it comes, but with the key loaded once."""

    def __init__(self, material):
        super().__init__(
            signing_cert=x509.Certificate.load(material.certificate_der), cert_registry=SimpleCertificateStore()
        )
        self._key = serialization.load_der_private_key(material.private_key_der, password=None)

    async def async_sign_raw(self, data, digest_algorithm, dry_run=False):
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))


def _bare(pdf, *, hashed=False):
    signer = _LoadedKey(samples.identity()[0])
    metadata = PdfSignatureMetadata(field_name="Seal", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)

    def case(meter):
        with meter:
            writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
            pdf_signer = PdfSigner(metadata, signer, new_field_spec=SigFieldSpec("Seal"))
            data = pdf_signer.sign_pdf(writer, bytes_reserved=RESERVED).getvalue()
            if hashed:
                hashlib.sha256(data).hexdigest()

    return case


def _memory(part):
    """How much a process grows by sealing the scan, its input included, over the size of the file."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(samples.pdf(SCAN))
        file.flush()
        found = [_grown(file.name) for _run in range(memory.RUNS)]
    value = sorted(found)[len(found) // 2]
    return [Result(part, f"memory to seal the {SCAN}, over its size", value, "x memory", 3, runs=len(found))]


def _grown(path):
    command = [sys.executable, "-m", "tools.bench.memory", path]
    done = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["ratio"]


def _whole(part, odoo):
    """For information: all that the worker does with a request that everybody has signed, up to the commit."""
    requests = {pages: scene.sent_requests(odoo, scene.make(odoo, pages=pages), 1)[0] for pages in (3, 300)}
    done = interleave({pages: _whole_case(odoo, request) for pages, request in requests.items()})
    return [inform(part, f"the whole step in Odoo, {pages} pages", lines) for pages, lines in done.items()]


def _whole_case(odoo, request):
    with odoo().env(commit=True) as env:
        for signer in env["signature.request"].browse(request).signer_ids:
            digest = signer.request_id.original_sha256
            signer._submit(signing.answers(signer), "nonce", digest, signing.ORIGIN)

    def case(meter):
        with odoo().env() as env, meter:
            env["signature.request"].browse(request)._seal()
            env.cr.flush()

    return case
