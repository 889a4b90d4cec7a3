"""What holds in the database at any time, whatever has failed."""

# each query returns the rows that must not be
BROKEN = {
    "completed without its file, or a file without being completed": """
        SELECT r.id FROM signature_request r LEFT JOIN ir_attachment a ON a.id = r.final_id
         WHERE (r.state IN ('completed', 'withdrawn')) <> (a.id IS NOT NULL)""",
    "a file without bytes": """
        SELECT a.id FROM ir_attachment a JOIN signature_request r ON a.id IN (r.final_id, r.original_id)
         WHERE COALESCE(a.file_size, 0) = 0""",
    "sealed not exactly once": """
        SELECT r.id FROM signature_request r LEFT JOIN signature_event e ON e.request_id = r.id AND e.kind = 'sealed'
         WHERE NOT COALESCE(r.is_test, FALSE) AND NOT COALESCE(r.is_paper, FALSE)
         GROUP BY r.id HAVING count(e.id) <> (r.state IN ('completed', 'withdrawn'))::int""",
    "made twice": """
        SELECT request_id FROM signature_event WHERE kind = 'created' GROUP BY request_id HAVING count(*) > 1""",
    "signed by all, and waiting for signatures": """
        SELECT r.id FROM signature_request r
         WHERE r.state = 'sent' AND NOT EXISTS (
               SELECT FROM signature_signer s WHERE s.request_id = r.id AND s.participation IN ('sign', 'approve')
                  AND s.state IN ('waiting', 'sent', 'viewed'))""",
    "a signer who signed twice": """
        SELECT signer_id FROM signature_event WHERE kind IN ('signed', 'approved')
         GROUP BY signer_id HAVING count(*) > 1""",
    "a stage entry that sent twice": """
        SELECT rule_id FROM signature_rule_run GROUP BY rule_id, lead_id, entry HAVING count(*) > 1""",
    "a file too many": """
        SELECT res_id FROM ir_attachment WHERE res_model = 'signature.request' AND mimetype = 'application/pdf'
         GROUP BY res_id HAVING count(*) > 2""",
    "the same reaction twice": """
        SELECT request_id FROM signature_reaction
         GROUP BY request_id, kind, event, action_id, automation_id HAVING count(*) > 1""",
    "failed without a word": """
        SELECT id FROM signature_request WHERE state = 'failed' AND COALESCE(failure, '') = ''
        UNION ALL SELECT id FROM signature_reaction WHERE state = 'failed' AND COALESCE(failure, '') = ''""",
}
UNFINISHED = """
    SELECT id FROM signature_request WHERE state IN ('queued', 'signed') OR to_dispatch AND state = 'sent'
    UNION ALL SELECT id FROM signature_reaction WHERE state = 'pending'
"""


def assert_invariants(test, env, *, finished=True):
    """Look for what must not be, and verify every audit trail; with `finished` nothing may be left for the worker."""
    env.flush_all()
    for what, query in {**BROKEN, **({"work that is left": UNFINISHED} if finished else {})}.items():
        env.cr.execute(query)
        test.assertFalse(env.cr.fetchall(), what)
    for request in env["signature.request"].search([]):
        request.event_ids._verify_chain()
