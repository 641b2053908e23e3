-- letters: the letters of a lot that still wait and are not held back, with the sealed people they go to.
SELECT r.id, r.claim, r.attempts, r.address_key, r.test_recipient, c.address_key, c.sealed, c.fields,
       c.revision = r.contact_revision AS unchanged,
       EXISTS (
           SELECT 1 FROM suppression_suppression x
           WHERE x.workspace_id = r.workspace_id AND x.address_key = r.address_key
       ) AS suppressed
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS w(id, place)
JOIN delivery_delivery r ON r.id = w.id
JOIN audience_contact c ON c.id = r.contact_id
WHERE r.state = 'waiting' AND r.held_at IS NULL
ORDER BY w.place
