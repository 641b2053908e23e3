-- dispatch: what a sender needs to know of a dispatch to make its letters.
SELECT id, workspace_id, kind, egress_id, letter, sender, base_url, people_hash, seal,
       coalesce(started_at, created_at) AS dated, expires_at, retry
FROM delivery_dispatch WHERE id = %(dispatch)s
