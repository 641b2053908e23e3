-- keep_sts_policy: the newest one that a sender fetched.
INSERT INTO delivery_stspolicy (domain, record_id, mode, mx, max_age, fetched_at)
VALUES (%(domain)s, %(id)s, %(mode)s, %(mx)s, %(max_age)s, %(fetched_at)s)
ON CONFLICT (domain) DO UPDATE
SET record_id = excluded.record_id, mode = excluded.mode, mx = excluded.mx,
    max_age = excluded.max_age, fetched_at = excluded.fetched_at
WHERE excluded.fetched_at >= delivery_stspolicy.fetched_at
