-- expire: letters that still wait past their dispatch's deadline have ended.
UPDATE delivery_delivery r
SET state = 'expired', reason = 'expired', ended_at = now(), updated_at = now()
FROM delivery_dispatch d
WHERE d.state IN ('sending', 'paused') AND d.expires_at <= now()
  AND r.dispatch_id = d.id AND r.state = 'waiting'
