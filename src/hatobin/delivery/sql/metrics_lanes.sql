-- metrics_lanes: the busiest lanes, all senders together; the others, and those with few letters, are one row without a name.
WITH lanes AS (
    SELECT egress_id::text AS road, site, sum(open) AS open, sum(connections) AS granted, max(most) AS most,
           sum(waiting) AS waiting, sum(in_hand) AS in_hand, sum(accepted) AS accepted, sum(refused) AS refused,
           sum(per_minute) AS per_minute
    FROM delivery_laneshare WHERE until > now() GROUP BY egress_id, site
),
named AS (
    SELECT *, accepted + refused + waiting + in_hand >= %(few)s AND row_number() OVER (
        ORDER BY per_minute DESC, in_hand + waiting DESC, accepted DESC, road, site
    ) <= %(most)s AS has_name
    FROM lanes
)
SELECT CASE WHEN has_name THEN road ELSE 'other' END, CASE WHEN has_name THEN site ELSE 'other' END,
       sum(open)::bigint, sum(granted)::bigint, sum(most)::bigint, sum(waiting)::bigint, sum(in_hand)::bigint,
       sum(accepted)::bigint, sum(refused)::bigint, sum(per_minute)::bigint, count(*)
FROM named GROUP BY 1, 2
