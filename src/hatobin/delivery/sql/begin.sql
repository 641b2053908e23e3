-- begin: dispatches whose hold is over start sending, unless an emergency stop stands; runs behind turnstile. One
-- that slipped by a stop (late evidence opened it again at that very moment) is paused.
WITH standing AS MATERIALIZED (
    SELECT d.id, d.state FROM delivery_dispatch d
    WHERE d.state IN ('held', 'sending') AND EXISTS (
        SELECT 1 FROM delivery_emergencystop s
        WHERE s.lifted_at IS NULL AND (s.workspace_id IS NULL OR s.workspace_id = d.workspace_id)
    )
),
slipped AS (
    SELECT id FROM delivery_dispatch
    WHERE id IN (SELECT id FROM standing WHERE state = 'sending') ORDER BY id FOR UPDATE
),
caught AS (
    UPDATE delivery_dispatch d
    SET state = 'paused', stop_code = 'emergency', stop_detail = jsonb_build_object('since', now())
    FROM slipped WHERE d.id = slipped.id AND d.state = 'sending'
)
UPDATE delivery_dispatch SET state = 'sending', started_at = coalesce(started_at, now())
WHERE state = 'held' AND hold_until <= now() AND stop_code <> 'emergency'
  AND id NOT IN (SELECT id FROM standing)
  AND (%(only)s::uuid IS NULL OR id = %(only)s::uuid)
