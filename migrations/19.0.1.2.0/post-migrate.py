def migrate(cr, version):
    """Say in the new words what rules, requests and templates said before."""
    cr.execute(
        """INSERT INTO signature_rule_action
                       (rule_id, sequence, event, kind, stage_id, create_uid, write_uid, create_date, write_date)
                SELECT rule.id, 10,
                       CASE WHEN EXISTS (SELECT FROM signature_template_role line
                                          WHERE line.template_id = rule.template_id AND line.participation = 'sign')
                            THEN 'signed' ELSE 'approved' END,
                       old_signed_action, CASE WHEN old_signed_action = 'stage' THEN old_signed_stage_id END,
                       rule.create_uid, rule.write_uid, rule.create_date, rule.write_date
                  FROM signature_rule rule
                 WHERE old_signed_action IN ('next', 'stage', 'won')
                 ORDER BY rule.id"""
    )
    cr.execute("ALTER TABLE signature_rule DROP COLUMN old_signed_action, DROP COLUMN old_signed_stage_id")
    cr.execute(
        """UPDATE signature_reaction reaction SET action_id = action.id
             FROM signature_request request, signature_rule_action action
            WHERE reaction.kind = 'rule' AND request.id = reaction.request_id
              AND action.rule_id = request.rule_id"""
    )
    cr.execute(
        """UPDATE signature_request request SET stage_id = rule.stage_id
             FROM signature_rule rule WHERE rule.id = request.rule_id AND request.stage_id IS NULL"""
    )
    # of what waits without a rule nobody knows where it was sent: it counts for where the deal stands
    cr.execute(
        """UPDATE signature_request request SET stage_id = lead.stage_id
             FROM crm_lead lead
            WHERE request.stage_id IS NULL AND request.res_model = 'crm.lead' AND lead.id = request.res_id
              AND request.state IN ('draft', 'queued', 'sent', 'signed', 'failed')"""
    )
    cr.execute(
        """UPDATE signature_request
              SET hours_to_sign = EXTRACT(EPOCH FROM date_completed - date_sent) / 3600
            WHERE date_completed IS NOT NULL AND date_sent IS NOT NULL AND is_test IS NOT TRUE"""
    )
    # the new column has got its default; it counts for what was not made before
    cr.execute(
        """UPDATE signature_request request SET expiry_days = template.expiry_days
             FROM signature_template template WHERE template.id = request.template_id"""
    )
    cr.execute(
        """UPDATE signature_request request SET decline_reason_id = signer.decline_reason_id
             FROM signature_signer signer
            WHERE signer.request_id = request.id AND signer.state = 'declined' AND request.state = 'declined'"""
    )
