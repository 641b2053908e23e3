-- orphans: marked letters of dispatches that have no lot at all, behind lock_dispatches: nobody will record them.
WITH lost AS (
    UPDATE delivery_delivery r
    SET state = 'in-doubt', reason = 'sender-died', attempts = r.attempts + 1, ended_at = now()
    WHERE r.dispatch_id = ANY(%(dispatches)s) AND r.state = 'dot-sent'
      AND NOT EXISTS (SELECT 1 FROM delivery_lot l WHERE l.dispatch_id = r.dispatch_id)
    RETURNING r.id, r.workspace_id, r.attempts
)
INSERT INTO delivery_attempt (workspace_id, delivery_id, number, at, state, reason, status, words)
SELECT workspace_id, id, attempts, now(), 'in-doubt', 'sender-died', '', '' FROM lost
