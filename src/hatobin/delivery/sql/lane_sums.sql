-- lane_sums: the lanes of a workspace, the sum of all senders for each; the fullest first. How a lane is comes from the sender
-- that is held up, else from the one that told last.
SELECT l.egress_id, l.site, max(l.title) AS title, max(l.most) AS most, sum(l.open)::int AS open,
       sum(l.connections)::int AS granted, sum(l.waiting)::bigint AS waiting, sum(l.in_hand)::bigint AS in_hand,
       sum(l.accepted)::bigint AS accepted, sum(l.refused)::bigint AS refused, sum(l.per_minute)::bigint AS per_minute,
       count(*)::int AS senders,
       (array_agg(l.last_reply ORDER BY l.last_reply = '', l.updated_at DESC))[1] AS last_reply,
       (array_agg(l.why_code ORDER BY l.next_at DESC NULLS LAST, l.why_code = '', l.updated_at DESC))[1] AS why_code,
       (array_agg(l.why_params ORDER BY l.next_at DESC NULLS LAST, l.why_code = '', l.updated_at DESC))[1] AS why_params,
       max(l.next_at) AS next_at,
       (array_agg(array_to_string(l.domains, ',') ORDER BY cardinality(l.domains) DESC))[1] AS domains,
       count(*) OVER ()::int AS lanes, sum(sum(l.in_hand)) OVER ()::bigint AS all_in_hand,
       sum(sum(l.per_minute)) OVER ()::bigint AS all_per_minute
FROM delivery_laneshare l
JOIN delivery_egress e ON e.id = l.egress_id
WHERE e.workspace_id = %(workspace)s AND l.until > now()
GROUP BY l.egress_id, l.site
ORDER BY sum(l.waiting) + sum(l.in_hand) DESC, l.egress_id, l.site
LIMIT %(most)s
