-- lease: takes free lots for this node; one that somebody else is taking is skipped.
UPDATE delivery_lot l SET node = %(node)s
FROM (
    SELECT id FROM delivery_lot
    WHERE id = ANY(%(lots)s::bigint[]) AND node IS NULL AND due_at <= now()
    FOR UPDATE SKIP LOCKED
) free
WHERE l.id = free.id
RETURNING l.id, l.node, l.dispatch_id, l.egress_id, l.site, l.ids
