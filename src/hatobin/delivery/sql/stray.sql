-- stray: a dispatch without a lot whose letters still wait gets lots for them: nobody is forgotten.
INSERT INTO delivery_lot (workspace_id, dispatch_id, egress_id, site, due_at, ids)
SELECT d.workspace_id, d.id, d.egress_id, CASE WHEN e.kind = 'direct' THEN r.domain ELSE '*' END,
       CASE WHEN r.held_at IS NULL THEN now() ELSE timestamptz '9000-01-01 00:00+00' END,
       array_agg(r.id ORDER BY r.id)
FROM delivery_dispatch d
JOIN delivery_egress e ON e.id = d.egress_id
JOIN delivery_delivery r ON r.dispatch_id = d.id AND r.state = 'waiting'
WHERE d.id = ANY(%(dispatches)s) AND d.finished_at IS NULL AND d.state IN ('sending', 'paused')
  AND NOT EXISTS (SELECT 1 FROM delivery_lot l WHERE l.dispatch_id = d.id)
GROUP BY 1, 2, 3, 4, 5
