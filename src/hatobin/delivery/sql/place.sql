-- place: the lot that a letter waits in; a free one before one in a sender's hand.
SELECT egress_id, site, due_at, node IS NOT NULL AS in_hand
FROM delivery_lot
WHERE dispatch_id = %(dispatch)s AND ids @> ARRAY[%(letter)s::bigint]
ORDER BY in_hand, id LIMIT 1
