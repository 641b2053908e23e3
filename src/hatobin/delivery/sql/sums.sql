-- sums: how many letters of a dispatch are in each state; those that wait after a first try; those that
-- ended within the last minute; and when the next of them is tried again. One pass over its rows.
SELECT state, count(*) AS number, count(*) FILTER (WHERE attempts > 0) AS tried,
       count(*) FILTER (WHERE ended_at > now() - interval '1 minute') AS lately,
       min(next_attempt_at) FILTER (WHERE attempts > 0 AND held_at IS NULL) AS next
FROM delivery_delivery WHERE dispatch_id = %(dispatch)s GROUP BY state
