-- cancel_stopped: letters that wait in a stopped dispatch never leave.
UPDATE delivery_delivery r
SET state = 'cancelled', node = NULL, ended_at = now(), updated_at = now(),
    reason = CASE WHEN d.stop_code = 'called-back' THEN 'called-back' ELSE 'stopped' END
FROM delivery_dispatch d
WHERE d.state = 'stopped' AND d.finished_at IS NULL AND r.dispatch_id = d.id AND r.state = 'waiting'
