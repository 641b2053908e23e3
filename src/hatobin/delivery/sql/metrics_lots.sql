-- metrics_lots: lots of open dispatches by how they wait, the letters that they name, and since when the oldest is due.
-- Lots are counted, never letters; of very many the first ones.
SELECT q.state, count(*) AS lots, sum(q.letters)::bigint AS letters,
       coalesce(extract(epoch FROM now() - min(q.due_at)), 0)::float8 AS oldest
FROM (
    SELECT l.due_at, cardinality(l.ids) AS letters,
           CASE WHEN l.node IS NOT NULL THEN 'held'
                WHEN d.state <> 'sending' OR l.due_at >= timestamptz '9000-01-01 00:00+00' THEN 'still'
                WHEN l.due_at <= now() THEN 'due'
                ELSE 'later' END AS state
    FROM delivery_lot l
    JOIN delivery_dispatch d ON d.id = l.dispatch_id
    WHERE d.finished_at IS NULL
    LIMIT 200000
) q
GROUP BY q.state
