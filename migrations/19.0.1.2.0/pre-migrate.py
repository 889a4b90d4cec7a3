def migrate(cr, version):
    """Keep what a rule did with signed deals, and tell old reactions apart, before the columns change."""
    cr.execute("ALTER TABLE signature_rule RENAME COLUMN signed_action TO old_signed_action")
    cr.execute("ALTER TABLE signature_rule RENAME COLUMN signed_stage_id TO old_signed_stage_id")
    # the new column is required, so it has to be filled in before
    cr.execute("ALTER TABLE signature_reaction ADD COLUMN event varchar")
    cr.execute(
        """UPDATE signature_reaction reaction
              SET event = CASE WHEN EXISTS (SELECT FROM signature_signer signer
                                             WHERE signer.request_id = reaction.request_id
                                               AND signer.participation = 'sign')
                               THEN 'signed' ELSE 'approved' END"""
    )
    cr.execute("UPDATE signature_reaction SET kind = 'rule' WHERE kind = 'move'")
    # open documents go on as they were sent: nobody is reminded all at once
    for column in ("warn_days", "remind_after", "remind_times"):
        cr.execute(f"ALTER TABLE signature_request ADD COLUMN {column} integer DEFAULT 0")
        cr.execute(f"ALTER TABLE signature_request ALTER COLUMN {column} DROP DEFAULT")
