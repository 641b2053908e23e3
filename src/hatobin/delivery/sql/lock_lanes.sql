-- lock_lanes: shares of these roads' lanes are dealt out by one sender at a time.
SELECT pg_advisory_xact_lock(8102, hashtext(e::text)) FROM (
    SELECT DISTINCT unnest(%(egresses)s::uuid[]) AS e ORDER BY 1
) roads
