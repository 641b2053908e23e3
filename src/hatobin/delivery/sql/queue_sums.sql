-- queue_sums: what waits in lots for each road and site of a workspace: due now, later (their servers put them off),
-- resting (their way or destination does), on hold (begins by itself), and standing still
-- (paused, held back by a person, under an emergency stop). Lots are counted, never letters; of very many lots the first ones.
SELECT q.egress_id, q.site,
       coalesce(sum(q.letters) FILTER (WHERE q.kind = 'held'), 0)::bigint AS in_lots,
       coalesce(sum(q.letters) FILTER (WHERE q.kind = 'due'), 0)::bigint AS due,
       coalesce(sum(q.letters) FILTER (WHERE q.kind = 'later'), 0)::bigint AS later,
       coalesce(sum(q.letters) FILTER (WHERE q.kind = 'resting'), 0)::bigint AS resting,
       coalesce(sum(q.letters) FILTER (WHERE q.kind = 'on_hold'), 0)::bigint AS on_hold,
       coalesce(sum(q.letters) FILTER (WHERE q.kind = 'still'), 0)::bigint AS still,
       min(q.due_at) FILTER (WHERE q.kind IN ('later', 'resting')) AS next_at,
       sum(count(*)) OVER ()::bigint AS lots
FROM (
    SELECT l.egress_id, l.site, l.due_at, cardinality(l.ids) AS letters,
           CASE WHEN l.node IS NOT NULL THEN 'held'
                WHEN d.state = 'held' AND d.stop_code <> 'emergency' AND l.due_at < timestamptz '9000-01-01 00:00+00' THEN 'on_hold'
                WHEN d.state <> 'sending' OR l.due_at >= timestamptz '9000-01-01 00:00+00' THEN 'still'
                WHEN l.due_at <= now() THEN 'due'
                WHEN EXISTS (
                    SELECT 1 FROM delivery_delivery r
                    WHERE r.id = l.ids[1] AND r.next_attempt_at > now() AND r.attempts > 0
                ) THEN 'later'
                ELSE 'resting' END AS kind
    FROM delivery_lot l
    JOIN delivery_dispatch d ON d.id = l.dispatch_id
    WHERE d.workspace_id = %(workspace)s AND d.finished_at IS NULL
    LIMIT %(most)s
) q
GROUP BY q.egress_id, q.site
