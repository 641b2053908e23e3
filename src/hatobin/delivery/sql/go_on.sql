-- go_on: what emergency stops took hold of goes on, unless another one stands: the time that it stood still is added
-- to hold and deadline. Who was on hold is called back as long as before, and for a minute at least.
UPDATE delivery_dispatch d
SET state = CASE WHEN d.state = 'paused' THEN 'sending' ELSE d.state END,
    hold_until = CASE WHEN d.state = 'held'
                      THEN greatest(d.hold_until + still.time, now() + interval '1 minute')
                      ELSE d.hold_until END,
    expires_at = d.expires_at + still.time,
    stop_code = '', stop_detail = '{}'
FROM (
    SELECT id, now() - (stop_detail ->> 'since')::timestamptz AS time FROM delivery_dispatch
    WHERE stop_code = 'emergency' AND state IN ('held', 'paused')
      AND (%(workspace)s::uuid IS NULL OR workspace_id = %(workspace)s::uuid)
    ORDER BY id FOR UPDATE
) still
WHERE d.id = still.id AND NOT EXISTS (
    SELECT 1 FROM delivery_emergencystop s
    WHERE s.lifted_at IS NULL AND (s.workspace_id IS NULL OR s.workspace_id = d.workspace_id)
)
RETURNING d.id
