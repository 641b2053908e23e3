-- to_fall_back: roads in trouble for so long that what waits for them goes by their fall-back.
SELECT e.id, e.fallback_id, f.kind = 'direct' AS by_domain
FROM delivery_egress e JOIN delivery_egress f ON f.id = e.fallback_id
WHERE e.trouble_since < now() - make_interval(secs => %(seconds)s)
  AND f.removed_at IS NULL AND f.trouble_since IS NULL
  AND EXISTS (SELECT 1 FROM delivery_lot l WHERE l.egress_id = e.id AND l.node IS NULL)
