-- recover: a dead node's lots, if its lock is free. Before the mark nothing left; after it, nobody can know.
WITH gone AS MATERIALIZED (SELECT pg_try_advisory_xact_lock(%(lock)s, %(node)s::int) AS free),
lots AS (
    UPDATE delivery_lot SET node = NULL
    FROM gone WHERE gone.free AND node = %(node)s
    RETURNING ids
),
doubtful AS (
    UPDATE delivery_delivery
    SET state = 'in-doubt', reason = 'sender-died', attempts = attempts + 1, ended_at = now()
    WHERE state = 'dot-sent' AND id IN (SELECT unnest(ids) FROM lots)
    RETURNING id, workspace_id, attempts
)
INSERT INTO delivery_attempt (workspace_id, delivery_id, number, at, state, reason, status, words)
SELECT workspace_id, id, attempts, now(), 'in-doubt', 'sender-died', '', '' FROM doubtful
