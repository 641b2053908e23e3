-- claim: takes due letters of a dispatch for this node; each claim raises the row's fencing number.
WITH due AS (
    SELECT id FROM delivery_delivery
    WHERE dispatch_id = %(dispatch)s AND state = 'waiting' AND next_attempt_at <= now()
    ORDER BY next_attempt_at, id
    LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE delivery_delivery r
    SET state = 'claimed', node = %(node)s, claim = r.claim + 1, updated_at = now()
    FROM due WHERE r.id = due.id
    RETURNING r.*
)
SELECT t.id, t.claim, t.node, t.dispatch_id, t.address_key, t.token, t.attempts, t.test_recipient,
       c.address_key AS contact_key, c.sealed, c.fields,
       c.revision = t.contact_revision AS unchanged,
       EXISTS (
           SELECT 1 FROM suppression_suppression x
           WHERE x.workspace_id = t.workspace_id AND x.address_key = t.address_key
       ) AS suppressed
FROM taken t JOIN audience_contact c ON c.id = t.contact_id
ORDER BY t.id
