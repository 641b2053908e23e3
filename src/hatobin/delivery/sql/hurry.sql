-- hurry: letters of a dispatch that were put off are tried again now; how many. Lots in a sender's hand are due anyway.
WITH later AS (
    SELECT id, ids FROM delivery_lot
    WHERE dispatch_id = %(dispatch)s AND node IS NULL AND due_at > now()
      AND due_at < timestamptz '9000-01-01 00:00+00'
    ORDER BY id FOR UPDATE SKIP LOCKED
),
letters AS (
    UPDATE delivery_delivery r SET next_attempt_at = now()
    FROM later CROSS JOIN unnest(later.ids) AS w(id)
    WHERE r.id = w.id AND r.state = 'waiting' AND r.held_at IS NULL
    RETURNING r.id
),
due AS (
    UPDATE delivery_lot l SET due_at = now() FROM later WHERE l.id = later.id
)
SELECT count(*) FROM letters
