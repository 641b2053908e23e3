-- sums: how many letters of a dispatch are in each state, and how many wait after a first try.
SELECT state, count(*) AS number, count(*) FILTER (WHERE attempts > 0) AS tried
FROM delivery_delivery WHERE dispatch_id = %(dispatch)s GROUP BY state
