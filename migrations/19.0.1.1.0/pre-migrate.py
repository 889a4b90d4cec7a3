def migrate(cr, version):
    """Say of each revoked link why it works no more; until now it was only known that it does not."""
    cr.execute(
        """SELECT 1 FROM information_schema.columns
            WHERE table_name = 'signature_link' AND column_name = 'revoked' AND data_type = 'boolean'"""
    )
    if cr.rowcount:
        cr.execute(
            """ALTER TABLE signature_link
               ALTER COLUMN revoked TYPE varchar USING CASE WHEN revoked THEN 'resent' END"""
        )
