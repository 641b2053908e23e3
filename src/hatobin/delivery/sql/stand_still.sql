-- stand_still: an emergency stop takes hold of these dispatches, locked before: what is being sent is paused, what
-- is on hold does not begin. Since when is kept, so that lifting can give the time back.
UPDATE delivery_dispatch
SET state = CASE WHEN state = 'sending' THEN 'paused' ELSE state END, stop_code = 'emergency',
    stop_detail = jsonb_build_object('since', now())
WHERE id = ANY(%(dispatches)s) AND (state = 'sending' OR state = 'held' AND stop_code <> 'emergency')
RETURNING state
