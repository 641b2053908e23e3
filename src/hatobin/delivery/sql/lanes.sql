-- lanes: this sender's share of each of its lanes, behind lock_lanes, and how it goes there. What others hold
-- counts until it ends; of the rest nobody gets more than an equal part. There is as much to share out as the
-- one says that allows most: a sender that has not heard yet of a rule that acted elsewhere hears of it with
-- its next report, and one whose part is nothing would never find out that there is more again.
WITH mine AS (
    SELECT * FROM unnest(
        %(egresses)s::uuid[], %(sites)s::text[], %(most)s::int[], %(open)s::int[], %(waiting)s::int[],
        %(in_hand)s::int[], %(accepted)s::bigint[], %(refused)s::bigint[], %(per_minute)s::int[],
        %(replies)s::text[], %(whys)s::text[], %(params)s::jsonb[], %(nexts)s::float8[],
        %(hits)s::jsonb[], %(hit_ages)s::float8[],
        %(titles)s::text[], %(domains)s::text[]
    ) AS m(egress, site, most, open, waiting, in_hand, accepted, refused, per_minute, reply, why, params,
           next, hit, hit_age, title, domains)
),
others AS (
    SELECT m.egress, m.site, coalesce(sum(greatest(l.connections, l.open)), 0)::int AS taken, count(l.id)::int AS number,
           count(l.id) FILTER (WHERE l.node < %(node)s)::int AS before,
           greatest(m.most, max(l.most)) AS most
    FROM mine m
    LEFT JOIN delivery_laneshare l
      ON l.egress_id = m.egress AND l.site = m.site AND l.node <> %(node)s AND l.until > now()
    GROUP BY m.egress, m.site, m.most
),
written AS (
INSERT INTO delivery_laneshare AS l (
    node, egress_id, site, connections, until, most, open, waiting, in_hand, accepted, refused, per_minute,
    last_reply, why_code, why_params, next_at, hit, hit_at, title, domains, updated_at
)
SELECT %(node)s, m.egress, m.site,
       greatest(least(
           greatest(o.most / (o.number + 1) + (o.before < o.most %% (o.number + 1))::int, 1),
           o.most - o.taken
       ), 0),
       now() + make_interval(secs => %(seconds)s), m.most, m.open, m.waiting, m.in_hand, m.accepted,
       m.refused, m.per_minute, m.reply, m.why, m.params, now() + make_interval(secs => m.next),
       m.hit, now() - make_interval(secs => m.hit_age), m.title,
       string_to_array(m.domains, ','), now()
FROM mine m JOIN others o ON o.egress = m.egress AND o.site = m.site
ON CONFLICT (egress_id, site, node) DO UPDATE
SET connections = excluded.connections, until = excluded.until, most = excluded.most,
    open = excluded.open, waiting = excluded.waiting, in_hand = excluded.in_hand,
    accepted = excluded.accepted, refused = excluded.refused, per_minute = excluded.per_minute,
    last_reply = excluded.last_reply, why_code = excluded.why_code, why_params = excluded.why_params,
    next_at = excluded.next_at, hit = excluded.hit, hit_at = excluded.hit_at,
    title = excluded.title, domains = excluded.domains, updated_at = excluded.updated_at
RETURNING l.egress_id, l.site, l.connections, l.wake_asked_at
)
SELECT w.*, o.most FROM written w JOIN others o ON o.egress = w.egress_id AND o.site = w.site
