-- to_move: what waits on each road of a workspace (of one dispatch, or of one road): letters in free lots, and in lots that
-- senders hold.
SELECT l.egress_id,
       coalesce(sum(cardinality(l.ids)) FILTER (WHERE l.node IS NULL), 0)::bigint AS letters,
       coalesce(sum(cardinality(l.ids)) FILTER (WHERE l.node IS NOT NULL), 0)::bigint AS in_hand
FROM delivery_lot l
WHERE l.workspace_id = %(workspace)s AND l.egress_id <> %(to)s
  AND (%(dispatch)s::uuid IS NULL OR l.dispatch_id = %(dispatch)s::uuid)
  AND (%(from)s::uuid IS NULL OR l.egress_id = %(from)s::uuid)
GROUP BY l.egress_id ORDER BY l.egress_id
