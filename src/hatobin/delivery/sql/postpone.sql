-- postpone: free lots whose lane rests are due when it has rested.
UPDATE delivery_lot SET due_at = now() + make_interval(secs => w.rest)
FROM unnest(%(lots)s::bigint[], %(rests)s::float8[]) AS w(id, rest)
WHERE delivery_lot.id = w.id AND node IS NULL
