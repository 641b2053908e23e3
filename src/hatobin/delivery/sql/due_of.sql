-- due_of: the first due lots of some sites on one road, for each sending dispatch.
SELECT d.id AS dispatch_id, d.workspace_id, d.kind, s.site, first.lots
FROM delivery_dispatch d
CROSS JOIN unnest(%(sites)s::text[]) AS s(site)
CROSS JOIN LATERAL (
    SELECT array(
        SELECT l.id FROM delivery_lot l
        WHERE l.egress_id = %(egress)s AND l.dispatch_id = d.id AND l.node IS NULL
          AND l.site = s.site AND l.due_at <= now()
        ORDER BY l.due_at, l.id LIMIT 3
    ) AS lots
) first
WHERE d.state = 'sending' AND d.expires_at > now() AND first.lots <> '{}'
  AND (%(only)s::uuid IS NULL OR d.id = %(only)s::uuid)
ORDER BY d.id, s.site
