-- trouble: a road failed; it rests for a while, and the screen says why.
UPDATE delivery_egress
SET trouble_code = %(code)s, trouble_text = %(words)s,
    trouble_since = coalesce(trouble_since, now()),
    resume_at = now() + make_interval(secs => %(rest)s)
WHERE id = %(egress)s
