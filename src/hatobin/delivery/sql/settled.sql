-- settled: open dispatches of which no lot is left; finish looks at every letter, under a lock.
SELECT d.id FROM delivery_dispatch d
WHERE d.finished_at IS NULL AND d.state IN ('sending', 'paused', 'stopped')
  AND NOT EXISTS (SELECT 1 FROM delivery_lot l WHERE l.dispatch_id = d.id)
