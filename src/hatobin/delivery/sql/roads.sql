-- roads: egresses that have a lot due now, unless they rest after a failure.
SELECT e.id, e.workspace_id, e.kind, e.host, e.port, e.tls, e.username, e.sealed_password, e.sources, e.provider,
       e.settings, e.sealed_credentials, e.connections, e.messages_per_connection, e.trouble_code
FROM delivery_egress e
WHERE (e.resume_at IS NULL OR e.resume_at <= now())
  AND EXISTS (
      SELECT 1 FROM delivery_dispatch d
      WHERE d.state = 'sending' AND d.expires_at > now()
        AND (%(only)s::uuid IS NULL OR d.id = %(only)s::uuid)
        AND EXISTS (
            SELECT 1 FROM delivery_lot l
            WHERE l.egress_id = e.id AND l.dispatch_id = d.id AND l.node IS NULL AND l.due_at <= now()
        )
  )
