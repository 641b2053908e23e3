-- record: writes outcomes. The claim number is the fence: only the row's latest attempt may speak.
-- A row that was declared in doubt meanwhile, or waits again since, takes what is known for certain.
UPDATE delivery_delivery r
SET state = CASE WHEN o.state = 'waiting' AND d.state = 'stopped' THEN 'cancelled' ELSE o.state END,
    reason = CASE WHEN o.state = 'waiting' AND d.state = 'stopped' THEN 'stopped'
                  WHEN o.state = 'waiting' AND NOT o.counted THEN r.reason
                  ELSE o.reason END,
    attempts = r.attempts + CASE WHEN o.counted AND r.state IN ('claimed', 'dot-sent') THEN 1
                                 WHEN NOT o.counted AND r.state = 'in-doubt' THEN -1
                                 ELSE 0 END,
    next_attempt_at = coalesce(now() + make_interval(secs => o.retry), r.next_attempt_at),
    node = NULL, updated_at = now(),
    reply_code = coalesce(o.code, r.reply_code),
    reply_status = CASE WHEN o.code IS NULL THEN r.reply_status ELSE o.status END,
    reply_text = CASE WHEN o.code IS NULL THEN r.reply_text ELSE o.words END,
    ended_at = CASE WHEN o.state <> 'waiting' OR d.state = 'stopped' THEN now() END
FROM unnest(
        %(ids)s::bigint[], %(claims)s::bigint[], %(states)s::text[], %(reasons)s::text[],
        %(counted)s::boolean[], %(retries)s::float8[], %(codes)s::int[], %(statuses)s::text[],
        %(words)s::text[]
     ) AS o(id, claim, state, reason, counted, retry, code, status, words),
     delivery_dispatch d
WHERE r.id = o.id AND r.claim = o.claim AND d.id = r.dispatch_id
  AND (r.state IN ('claimed', 'dot-sent')
       OR r.state = 'in-doubt' AND o.state <> 'in-doubt'
       OR r.state = 'waiting' AND o.state IN ('accepted', 'bounced'))
RETURNING r.id
