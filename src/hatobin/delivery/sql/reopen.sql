-- reopen: late evidence made a letter of a finished dispatch wait again.
UPDATE delivery_dispatch d SET state = 'sending', finished_at = NULL
WHERE d.id = ANY(%(dispatches)s) AND d.state = 'done'
  AND EXISTS (SELECT 1 FROM delivery_delivery r WHERE r.dispatch_id = d.id AND r.state = 'waiting')
