"""The registry of signatures: its first page, with pictures, among few and among many."""

from tools.bench import scene, signing
from tools.bench.harness import compare, count_queries, interleave

PAGE = 80
FEW, MANY = 200, 10_000
# those that the list shows by default
COLUMNS = ("mark_url", "name", "email", "role_id", "state", "date_signed", "ip", "authentication")
COLUMNS += ("request_id", "record_name")
TABLES = ("signature_request", "signature_signer", "signature_request_field")


def run(part, odoo):
    """The same page of signatures, by their date."""
    here = scene.make(odoo)
    ids = scene.sent_requests(odoo, here, FEW)
    _sign(odoo, ids)
    few = interleave({"few": _case(odoo, here)})["few"]
    _fill(odoo, ids, MANY - FEW)
    many = interleave({"many": _case(odoo, here)})["many"][: len(few)]
    what = f"{PAGE} of {MANY:,} signatures, against {PAGE} of {FEW}"
    return [
        compare(part, what, many, few[: len(many)], 1.5, note="not in turn, as the rows are added in between"),
        count_queries(part, "  queries of that", many, 30),
    ]


def _sign(odoo, ids):
    """The first signer of each document signs; the second one is still to do so."""
    with odoo().env(commit=True) as env:
        for request in env["signature.request"].browse(ids):
            signer = request.signer_ids[0]
            signer._submit(signing.answers(signer), "nonce", request.original_sha256, signing.ORIGIN)


def _fill(odoo, ids, count):
    """Add copies of the documents with their first signer and all fields."""
    with odoo().env(commit=True) as env:
        columns = {table: _columns(env, table) for table in TABLES}
        documents, signers, fields = (", ".join(columns[table]) for table in TABLES)
        env.cr.execute(
            f"""
            WITH source AS (
                 SELECT d.id AS request, min(s.id) AS signer, row_number() OVER (ORDER BY d.id) AS number
                   FROM signature_request d JOIN signature_signer s ON s.request_id = d.id
                  WHERE d.id IN %(ids)s GROUP BY d.id),
            made AS (
                 SELECT source.*, nextval('signature_request_id_seq') AS new_request,
                        nextval('signature_signer_id_seq') AS new_signer
                   FROM source, generate_series(1, %(times)s)),
            documents AS (
                 INSERT INTO signature_request (id, {documents})
                 SELECT made.new_request, {documents} FROM made JOIN signature_request d ON d.id = made.request),
            signers AS (
                 INSERT INTO signature_signer (id, request_id, {signers})
                 SELECT made.new_signer, made.new_request, {signers} FROM made JOIN signature_signer d ON d.id = signer)
            INSERT INTO signature_request_field (request_id, signer_id, {fields})
            SELECT made.new_request, made.new_signer, {fields}
              FROM made JOIN signature_request_field d ON d.signer_id = signer""",
            {"ids": tuple(ids), "times": count // len(ids)},
        )
        env.cr.execute("ANALYZE " + ", ".join(TABLES))


def _columns(env, table):
    env.cr.execute("SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table])
    return [f'"{name}"' for (name,) in env.cr.fetchall() if name not in ("id", "request_id", "signer_id")]


def _case(odoo, here):
    domain = [("state", "in", ("signed", "approved"))]
    specification = {name: {"fields": {"display_name": {}}} if name.endswith("_id") else {} for name in COLUMNS}

    def case(meter):
        with odoo().env(here.salesman) as env, meter:
            found = env["signature.signer"].web_search_read(
                domain, specification, limit=PAGE, order="date_signed desc, id desc"
            )
            assert len(found["records"]) == PAGE and all(row["mark_url"] for row in found["records"])

    return case
