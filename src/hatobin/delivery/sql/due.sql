-- due: what may be leased on one road now: for each sending dispatch the next sites behind ``after`` in
-- turn (never more than ``most``), and a few of the first due lots of each. The index is skipped through, not scanned.
SELECT d.id AS dispatch_id, d.workspace_id, d.kind, f.site, f.lots
FROM delivery_dispatch d
CROSS JOIN LATERAL (
    WITH RECURSIVE sites AS (
        (SELECT l.site FROM delivery_lot l
         WHERE l.egress_id = %(egress)s AND l.dispatch_id = d.id AND l.node IS NULL
           AND l.site > %(after)s
         ORDER BY l.site LIMIT 1)
        UNION ALL
        SELECT (SELECT l.site FROM delivery_lot l
                WHERE l.egress_id = %(egress)s AND l.dispatch_id = d.id AND l.node IS NULL
                  AND l.site > s.site
                ORDER BY l.site LIMIT 1)
        FROM sites s WHERE s.site IS NOT NULL
    )
    SELECT s.site, first.lots
    FROM sites s
    CROSS JOIN LATERAL (
        SELECT array(
            SELECT l.id FROM delivery_lot l
            WHERE l.egress_id = %(egress)s AND l.dispatch_id = d.id AND l.node IS NULL
              AND l.site = s.site AND l.due_at <= now()
            ORDER BY l.due_at, l.id LIMIT 3
        ) AS lots
    ) first
    WHERE first.lots <> '{}'
    LIMIT %(most)s
) f
WHERE d.state = 'sending' AND d.expires_at > now()
  AND (%(only)s::uuid IS NULL OR d.id = %(only)s::uuid) AND (NOT %(urgent)s OR d.kind = 'test')
ORDER BY d.id, f.site
