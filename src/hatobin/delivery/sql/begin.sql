-- begin: dispatches whose hold is over start sending.
UPDATE delivery_dispatch SET state = 'sending', started_at = coalesce(started_at, now())
WHERE state = 'held' AND hold_until <= now()
  AND (%(only)s::uuid IS NULL OR id = %(only)s::uuid)
