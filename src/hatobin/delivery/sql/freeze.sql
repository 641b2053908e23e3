-- freeze: writes the ledger rows of a dispatch and its lots, and answers with the digest of the same snapshot.
-- A lot holds letters of one destination where the road wants that (by_domain), else of any, in the list's order.
WITH people AS MATERIALIZED ({people}),
written AS (
    INSERT INTO delivery_delivery (
        workspace_id, dispatch_id, contact_id, contact_revision, position, address_key, domain,
        state, reason, attempts, next_attempt_at, claim, reply_status, reply_text, ended_at
    )
    SELECT %(workspace)s, %(dispatch)s, contact_id, revision, position, address_key, domain,
           CASE WHEN suppressed THEN 'suppressed' ELSE 'waiting' END,
           CASE WHEN suppressed THEN 'suppressed' ELSE '' END,
           0, now(), 0, '', '', CASE WHEN suppressed THEN now() END
    FROM people ORDER BY position, place
    RETURNING id, CASE WHEN %(by_domain)s THEN domain ELSE '*' END AS site, state
),
cut AS (
    SELECT id, site, (row_number() OVER (PARTITION BY site ORDER BY id) - 1) / %(lot)s AS number
    FROM written WHERE state = 'waiting'
),
lots AS (
    INSERT INTO delivery_lot (workspace_id, dispatch_id, egress_id, site, due_at, ids)
    SELECT %(workspace)s, %(dispatch)s, %(egress)s, site, now(), array_agg(id ORDER BY id)
    FROM cut GROUP BY site, number ORDER BY min(id)
)
SELECT count(*) AS people, count(*) FILTER (WHERE suppressed) AS suppressed,
       encode(sha256(convert_to(coalesce(string_agg(
           position || ':' || contact_id || ':' || revision, ',' ORDER BY position, place
       ), ''), 'UTF8')), 'hex') AS people_hash
FROM people
