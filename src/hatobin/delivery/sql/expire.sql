-- expire: letters that still wait past their dispatch's deadline have ended; under an emergency stop time stands still.
WITH late AS (
    SELECT id FROM delivery_dispatch
    WHERE state IN ('sending', 'paused') AND expires_at <= now()
      AND (state = 'sending' OR stop_code <> 'emergency')
),
lots AS (
    DELETE FROM delivery_lot WHERE node IS NULL AND dispatch_id IN (SELECT id FROM late)
)
UPDATE delivery_delivery r
SET state = 'expired', reason = 'expired', ended_at = now()
FROM late WHERE r.dispatch_id = late.id AND r.state = 'waiting'
