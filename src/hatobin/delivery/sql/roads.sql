-- roads: egresses that have a letter due now, unless they rest after a failure.
SELECT e.id, e.workspace_id, e.kind, e.host, e.port, e.tls, e.username, e.sealed_password,
       e.connections, e.messages_per_connection, e.trouble_code
FROM delivery_egress e
WHERE e.kind IN ('sandbox', 'smtp-relay')  -- what the sender can drive
  AND (e.resume_at IS NULL OR e.resume_at <= now())
  AND EXISTS (
      SELECT 1 FROM delivery_dispatch d
      WHERE d.egress_id = e.id AND d.state = 'sending'
        AND (%(only)s::uuid IS NULL OR d.id = %(only)s::uuid)
        AND EXISTS (
            SELECT 1 FROM delivery_delivery r
            WHERE r.dispatch_id = d.id AND r.state = 'waiting' AND r.next_attempt_at <= now()
        )
  )
