-- sts_policy: what is remembered of a domain's MTA-STS policy.
SELECT record_id, mode, mx, max_age, fetched_at FROM delivery_stspolicy WHERE domain = %(domain)s
