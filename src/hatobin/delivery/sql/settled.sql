-- settled: open dispatches of which nothing waits or is on its way; finish looks again under a lock.
SELECT d.id FROM delivery_dispatch d
WHERE d.finished_at IS NULL AND d.state IN ('sending', 'paused', 'stopped')
  AND NOT EXISTS (
      SELECT 1 FROM delivery_delivery r
      WHERE r.dispatch_id = d.id AND r.state IN ('waiting', 'claimed', 'dot-sent')
  )
