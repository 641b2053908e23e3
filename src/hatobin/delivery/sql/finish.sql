-- finish: ends the dispatches that are settled, looking again now that they are locked.
UPDATE delivery_dispatch d
SET state = CASE WHEN d.state = 'stopped' THEN 'stopped' ELSE 'done' END, finished_at = now()
WHERE d.id = ANY(%(dispatches)s) AND d.finished_at IS NULL
  AND d.state IN ('sending', 'paused', 'stopped')
  AND NOT EXISTS (SELECT 1 FROM delivery_lot l WHERE l.dispatch_id = d.id)
  AND NOT EXISTS (
      SELECT 1 FROM delivery_delivery r
      WHERE r.dispatch_id = d.id AND r.state IN ('waiting', 'dot-sent')
  )
