-- strangers: which of these address keys belong to people of the workspace.
SELECT address_key FROM audience_contact
WHERE workspace_id = %(workspace)s AND address_key = ANY(%(keys)s::bytea[])
