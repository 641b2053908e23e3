-- hits: what reply rules did in other senders' lanes of these roads a moment ago.
SELECT egress_id, site, node, hit, hit_at, extract(epoch FROM now() - hit_at)::float8 AS age
FROM delivery_laneshare
WHERE egress_id = ANY(%(egresses)s::uuid[]) AND node <> %(node)s
  AND hit_at > now() - interval '20 seconds'
