-- take_out: a letter leaves the free lots that name it; a lot that a sender holds, or is taking, is left alone.
WITH found AS (
    SELECT id, egress_id, due_at FROM delivery_lot
    WHERE dispatch_id = %(dispatch)s AND node IS NULL AND ids @> ARRAY[%(letter)s::bigint]
    ORDER BY id FOR UPDATE SKIP LOCKED
),
emptied AS (
    DELETE FROM delivery_lot l USING found f WHERE l.id = f.id AND cardinality(l.ids) = 1
),
kept AS (
    UPDATE delivery_lot l SET ids = array_remove(l.ids, %(letter)s::bigint)
    FROM found f WHERE l.id = f.id AND cardinality(l.ids) > 1
)
SELECT egress_id, due_at FROM found
