-- settle: gives letters that were claimed and did not leave the state that says why.
UPDATE delivery_delivery r
SET state = s.state, reason = s.reason, node = NULL, updated_at = now(),
    ended_at = CASE WHEN s.state <> 'waiting' THEN now() END
FROM (
    SELECT w.id, w.claim,
        CASE WHEN b.suppressed THEN 'suppressed'
             WHEN d.state = 'stopped' OR c.revision <> q.contact_revision THEN 'cancelled'
             ELSE 'waiting' END AS state,
        CASE WHEN b.suppressed THEN 'suppressed'
             WHEN d.state = 'stopped' THEN 'stopped'
             WHEN c.revision <> q.contact_revision THEN 'contact-changed'
             ELSE q.reason END AS reason
    FROM unnest(%(ids)s::bigint[], %(claims)s::bigint[]) AS w(id, claim)
    JOIN delivery_delivery q ON q.id = w.id
    JOIN delivery_dispatch d ON d.id = q.dispatch_id
    JOIN audience_contact c ON c.id = q.contact_id
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT 1 FROM suppression_suppression x
            WHERE x.workspace_id = q.workspace_id AND x.address_key = q.address_key
        ) AS suppressed
    ) b
) s
WHERE r.id = s.id AND r.claim = s.claim AND r.state = 'claimed'
RETURNING r.id, r.state
