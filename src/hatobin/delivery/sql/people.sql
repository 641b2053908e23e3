-- people: everybody who has not left a list, as a release freezes them. Part of digest and freeze.
SELECT s.id AS place, s.position, c.id AS contact_id, c.revision, c.address_key, c.domain,
       EXISTS (
           SELECT 1 FROM suppression_suppression x
           WHERE x.workspace_id = s.workspace_id AND x.address_key = c.address_key
       ) AS suppressed
FROM audience_subscription s
JOIN audience_contact c ON c.id = s.contact_id
WHERE s.workspace_id = %(workspace)s AND s.list_id = %(list)s AND s.state = 'subscribed'
