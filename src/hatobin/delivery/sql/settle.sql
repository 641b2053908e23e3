-- settle: letters of a lot in hand that did not leave get the state that says why, or wait on.
WITH gate AS MATERIALIZED (
    SELECT id, state FROM delivery_dispatch
    WHERE id = ANY(%(dispatches)s::uuid[]) ORDER BY id FOR SHARE
),
why AS (
    SELECT w.id, w.claim, c.revision <> q.contact_revision AS changed,
           (SELECT d.state FROM gate d WHERE d.id = q.dispatch_id) AS whole,
           EXISTS (
               SELECT 1 FROM suppression_suppression x
               WHERE x.workspace_id = q.workspace_id AND x.address_key = q.address_key
           ) AS suppressed
    FROM unnest(%(ids)s::bigint[], %(claims)s::bigint[]) AS w(id, claim)
    JOIN delivery_delivery q ON q.id = w.id
    JOIN audience_contact c ON c.id = q.contact_id
)
UPDATE delivery_delivery r
SET state = CASE WHEN why.suppressed THEN 'suppressed' ELSE 'cancelled' END,
    reason = CASE WHEN why.suppressed THEN 'suppressed'
                  WHEN why.whole = 'stopped' THEN 'stopped'
                  ELSE 'contact-changed' END,
    ended_at = now()
FROM why
WHERE r.id = why.id AND r.claim = why.claim AND r.state = 'waiting'
  AND (why.suppressed OR why.whole = 'stopped' OR why.changed)
RETURNING r.id, r.state
