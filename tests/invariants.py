"""What holds in the database at any time, whatever has failed."""

# which documents carry our seal, and which ones wait for nobody who signs or approves
WITH = """
    WITH sealed AS (
         SELECT id FROM signature_request WHERE state IN ('completed', 'withdrawn')
            AND NOT COALESCE(is_test, FALSE) AND NOT COALESCE(is_paper, FALSE)),
         signed AS (
         SELECT id FROM signature_request WHERE id NOT IN (
                SELECT request_id FROM signature_signer
                 WHERE participation IN ('sign', 'approve') AND state NOT IN ('signed', 'approved', 'skipped')))
"""
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
         GROUP BY r.id HAVING count(e.id) <> (r.id IN (SELECT id FROM sealed))::int""",
    "sealed, and not to be verified; or the other way round": """
        SELECT r.id FROM signature_request r
         WHERE num_nonnulls(r.verify_code, r.key_id, r.seal_level, r.timestamp_state)
               <> CASE WHEN r.id IN (SELECT id FROM sealed) THEN 4 ELSE 0 END""",
    "a timestamp that is not what it is said to be": """
        SELECT r.id FROM signature_request r
         WHERE r.timestamp_state IS NOT NULL AND NOT CASE r.timestamp_state
               WHEN 'none' THEN r.seal_level = 'b' AND num_nonnulls(r.timestamp_id, r.date_timestamp) = 0
               WHEN 'embedded' THEN r.seal_level <> 'b' AND r.timestamp_id IS NULL AND r.date_timestamp IS NOT NULL
               WHEN 'pending' THEN r.seal_level = 'b' AND num_nonnulls(r.timestamp_id, r.date_timestamp) = 0
               WHEN 'later' THEN r.seal_level = 'b' AND num_nonnulls(r.timestamp_id, r.date_timestamp) = 2 END""",
    "a timestamp without its event, or one event too many": """
        SELECT r.id FROM signature_request r LEFT JOIN signature_event e
               ON e.request_id = r.id AND e.kind IN ('timestamped', 'not_timestamped')
         GROUP BY r.id
        HAVING count(*) FILTER (WHERE e.kind = 'timestamped') <> COALESCE(r.timestamp_state = 'later', FALSE)::int
            OR r.timestamp_state IN ('pending', 'later') AND count(*) FILTER (WHERE e.kind = 'not_timestamped') <> 1
            OR r.timestamp_state = 'embedded' AND count(*) FILTER (WHERE e.kind = 'not_timestamped') > 0""",
    "made twice": """
        SELECT request_id FROM signature_event WHERE kind = 'created' GROUP BY request_id HAVING count(*) > 1""",
    "signed by all, and waiting for signatures": """
        SELECT r.id FROM signature_request r JOIN signed USING (id) WHERE r.state = 'sent'""",
    "a seal without all signatures": """
        SELECT id FROM sealed EXCEPT SELECT id FROM signed""",
    "a trail with a gap": """
        SELECT request_id FROM (
               SELECT *, row_number() OVER trail AS number, lag(hash, 1, repeat('0', 64)) OVER trail AS before
                 FROM signature_event WINDOW trail AS (PARTITION BY request_id ORDER BY sequence)) e
         WHERE sequence <> number OR previous_hash <> before""",
    "a signer who signed twice": """
        SELECT signer_id FROM signature_event WHERE kind IN ('signed', 'approved')
         GROUP BY signer_id HAVING count(*) > 1""",
    "a stage entry that sent twice": """
        SELECT rule_id FROM signature_rule_run GROUP BY rule_id, lead_id, entry HAVING count(*) > 1""",
    "a file that belongs to nothing": """
        SELECT a.id FROM ir_attachment a
         WHERE a.res_model = 'signature.request' AND NOT EXISTS (
               SELECT FROM signature_request r WHERE a.id IN (r.original_id, r.final_id, r.timestamp_id))
           AND NOT EXISTS (SELECT FROM signature_request_field f WHERE f.attachment_id = a.id)""",
    "the same reaction twice": """
        SELECT request_id FROM signature_reaction
         GROUP BY request_id, kind, event, action_id, automation_id HAVING count(*) > 1""",
    "failed without a word": """
        SELECT id FROM signature_request WHERE state = 'failed' AND COALESCE(failure, '') = ''
        UNION ALL SELECT id FROM signature_request
                   WHERE timestamp_state = 'pending' AND COALESCE(timestamp_failure, '') = ''
        UNION ALL SELECT id FROM signature_reaction WHERE state = 'failed' AND COALESCE(failure, '') = ''""",
    "failed, and nobody is told": """
        SELECT r.id FROM signature_request r
         WHERE (r.state = 'failed' OR r.id IN (SELECT request_id FROM signature_reaction WHERE state = 'failed'))
           AND NOT COALESCE(r.is_test, FALSE)
           AND r.id NOT IN (SELECT signature_request_id FROM mail_activity WHERE signature_request_id IS NOT NULL)""",
    "older than its limit": """
        SELECT id FROM signature_request
         WHERE state = 'sent' AND date_expire < current_date - 2
            OR state IN ('queued', 'signed') AND attempts > 3
            OR timestamp_state = 'pending' AND date_timestamp_next < now() AT TIME ZONE 'UTC' - INTERVAL '2 days'
        UNION ALL SELECT id FROM signature_signer WHERE date_remind < now() AT TIME ZONE 'UTC' - INTERVAL '7 days'
        UNION ALL SELECT id FROM signature_reaction WHERE state = 'pending' AND attempts > 3""",
}
UNFINISHED = """
    SELECT id FROM signature_request WHERE state IN ('queued', 'signed') OR to_dispatch AND state = 'sent'
    UNION ALL SELECT id FROM signature_reaction WHERE state = 'pending'
"""


def assert_invariants(test, env, *, finished=True):
    """Look for what must not be, and verify every audit trail; with `finished` nothing may be left for the worker."""
    env.flush_all()
    for what, query in {**BROKEN, **({"work that is left": UNFINISHED} if finished else {})}.items():
        env.cr.execute(WITH + query)
        test.assertFalse(env.cr.fetchall(), what)
    for request in env["signature.request"].search([]):
        request.event_ids._verify_chain()
