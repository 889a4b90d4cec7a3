def migrate(cr, version):
    """Say of documents that are sealed already how they are: without a trusted time, by the key in use then."""
    cr.execute(
        """UPDATE signature_request request
              SET seal_level = 'b', timestamp_state = 'none',
                  key_id = (SELECT key.id FROM signature_key key
                             WHERE key.company_id = request.company_id AND key.create_date <= request.date_completed
                             ORDER BY key.create_date DESC, key.id DESC LIMIT 1)
            WHERE final_id IS NOT NULL AND seal_level IS NULL AND is_test IS NOT TRUE AND is_paper IS NOT TRUE"""
    )
