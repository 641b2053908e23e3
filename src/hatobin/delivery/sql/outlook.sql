-- outlook: whether a dispatch still has something to wait for, and since when its road is in trouble.
SELECT d.state,
       (SELECT count(*) FROM delivery_delivery r
        WHERE r.dispatch_id = d.id AND r.state IN ('claimed', 'dot-sent')) AS on_the_way,
       (SELECT min(r.next_attempt_at) - now() FROM delivery_delivery r
        WHERE r.dispatch_id = d.id AND r.state = 'waiting') AS next,
       now() - e.trouble_since AS troubled
FROM delivery_dispatch d JOIN delivery_egress e ON e.id = d.egress_id
WHERE d.id = %(dispatch)s
