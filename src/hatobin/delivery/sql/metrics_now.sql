-- metrics_now: small numbers of the whole installation, as (metric, labels, value).
SELECT 'hatobin_dispatches', ARRAY[state], count(*)::float8 FROM delivery_dispatch
WHERE state IN ('held', 'sending', 'paused') GROUP BY state
UNION ALL
SELECT 'hatobin_roads_in_trouble', ARRAY[kind, trouble_code], count(*) FROM delivery_egress
WHERE trouble_code <> '' AND removed_at IS NULL GROUP BY kind, trouble_code
UNION ALL
SELECT 'hatobin_emergency_stops', ARRAY[scope], count(s.id)
FROM (VALUES ('workspace'), ('installation')) AS v(scope)
LEFT JOIN delivery_emergencystop s
  ON s.lifted_at IS NULL AND (s.workspace_id IS NULL) = (v.scope = 'installation')
GROUP BY scope
UNION ALL
SELECT 'hatobin_senders', '{}', count(*) FROM delivery_sendernode n
WHERE EXISTS (
    SELECT 1 FROM pg_locks k
    WHERE k.locktype = 'advisory' AND k.classid = %(lock)s AND k.objid = n.id::int AND k.objsubid = 2 AND k.granted
      AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
)
UNION ALL
SELECT 'hatobin_letters_in_doubt', '{}', count(r.id) FROM delivery_dispatch d
JOIN delivery_delivery r ON r.dispatch_id = d.id AND r.missed = 'in-doubt' AND r.reason <> 'left'
WHERE d.created_at > now() - interval '30 days'
UNION ALL
SELECT 'hatobin_jobs', ARRAY[queue_name, status::text], count(*) FROM procrastinate_jobs
WHERE status IN ('todo', 'doing', 'failed') GROUP BY queue_name, status
UNION ALL
SELECT 'hatobin_database_bytes', '{}', pg_database_size(current_database())
