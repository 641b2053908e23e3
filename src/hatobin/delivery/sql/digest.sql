-- digest: how many people a list has, and the hash over (position, contact, revision) in order.
WITH people AS MATERIALIZED ({people})
SELECT count(*) AS people, count(*) FILTER (WHERE suppressed) AS suppressed,
       encode(sha256(convert_to(coalesce(string_agg(
           position || ':' || contact_id || ':' || revision, ',' ORDER BY position, place
       ), ''), 'UTF8')), 'hex') AS people_hash
FROM people
