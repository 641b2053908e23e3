-- senders_alive: sender processes whose advisory lock stands, with what they have in hand of a workspace.
SELECT n.id, n.host, n.pid, n.started_at,
       (SELECT coalesce(sum(l.in_hand), 0)::bigint FROM delivery_laneshare l
        JOIN delivery_egress e ON e.id = l.egress_id AND e.workspace_id = %(workspace)s::uuid
        WHERE l.node = n.id AND l.until > now()) AS in_hand
FROM delivery_sendernode n
WHERE EXISTS (
    SELECT 1 FROM pg_locks k
    WHERE k.locktype = 'advisory' AND k.classid = %(lock)s AND k.objid = n.id::int
      AND k.objsubid = 2 AND k.granted
      AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
ORDER BY n.id
