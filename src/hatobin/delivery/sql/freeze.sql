-- freeze: writes the ledger rows of a dispatch, and answers with the digest of the same snapshot.
WITH people AS MATERIALIZED ({people}),
written AS (
    INSERT INTO delivery_delivery (
        workspace_id, dispatch_id, contact_id, contact_revision, position, address_key, domain,
        state, reason, attempts, next_attempt_at, claim, reply_status, reply_text, ended_at, updated_at
    )
    SELECT %(workspace)s, %(dispatch)s, contact_id, revision, position, address_key, domain,
           CASE WHEN suppressed THEN 'suppressed' ELSE 'waiting' END,
           CASE WHEN suppressed THEN 'suppressed' ELSE '' END,
           0, now(), 0, '', '', CASE WHEN suppressed THEN now() END, now()
    FROM people ORDER BY position, place
)
SELECT count(*) AS people, count(*) FILTER (WHERE suppressed) AS suppressed,
       encode(sha256(convert_to(coalesce(string_agg(
           position || ':' || contact_id || ':' || revision, ',' ORDER BY position, place
       ), ''), 'UTF8')), 'hex') AS people_hash
FROM people
