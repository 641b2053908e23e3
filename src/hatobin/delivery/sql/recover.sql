-- recover: a dead node's letters, if its lock is free. Before the mark nothing left; after it, nobody can know.
WITH gone AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(%(lock)s, %(node)s::int) AS free)
UPDATE delivery_delivery
SET state = CASE WHEN state = 'claimed' THEN 'waiting' ELSE 'in-doubt' END,
    reason = CASE WHEN state = 'claimed' THEN reason ELSE 'sender-died' END,
    attempts = attempts + CASE WHEN state = 'claimed' THEN 0 ELSE 1 END,
    ended_at = CASE WHEN state = 'claimed' THEN NULL ELSE now() END,
    node = NULL, updated_at = now()
FROM gone WHERE gone.free AND node = %(node)s AND state IN ('claimed', 'dot-sent')
