-- outlook: whether a dispatch still has something to wait for, and since when every road that it waits for is
-- in trouble. One whose letters are about to go by its fall-back is none. A hold under an emergency stop is a pause.
SELECT CASE WHEN d.state = 'held' AND d.stop_code = 'emergency' THEN 'paused' ELSE d.state END AS state,
       (SELECT count(*) FROM delivery_lot l
        WHERE l.dispatch_id = d.id AND l.node IS NOT NULL) AS on_the_way,
       (SELECT min(l.due_at) - now() FROM delivery_lot l
        WHERE l.dispatch_id = d.id AND l.node IS NULL) AS next,
       (SELECT CASE WHEN bool_and(
                   e.trouble_since IS NOT NULL
                   AND NOT (e.trouble_since < now() - interval '5 minutes' AND f.id IS NOT NULL
                            AND f.trouble_since IS NULL AND f.removed_at IS NULL)
               ) THEN min(now() - e.trouble_since) END
        FROM delivery_lot l
        JOIN delivery_egress e ON e.id = l.egress_id
        LEFT JOIN delivery_egress f ON f.id = e.fallback_id
        WHERE l.dispatch_id = d.id) AS troubled
FROM delivery_dispatch d
WHERE d.id = %(dispatch)s
