-- cancel_stopped: letters that wait in a stopped dispatch never leave.
WITH over AS (
    SELECT id, stop_code FROM delivery_dispatch WHERE state = 'stopped' AND finished_at IS NULL
),
lots AS (
    DELETE FROM delivery_lot WHERE node IS NULL AND dispatch_id IN (SELECT id FROM over)
)
UPDATE delivery_delivery r
SET state = 'cancelled', ended_at = now(),
    reason = CASE WHEN over.stop_code = 'called-back' THEN 'called-back' ELSE 'stopped' END
FROM over WHERE r.dispatch_id = over.id AND r.state = 'waiting'
