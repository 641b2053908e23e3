-- route: the number of a way that letters took, made where it is new.
WITH made AS (
    INSERT INTO delivery_route (egress_id, host, address, source, tls)
    VALUES (%(egress)s, %(host)s, %(address)s, %(source)s, %(tls)s)
    ON CONFLICT DO NOTHING RETURNING id
)
SELECT id FROM made
UNION ALL
SELECT id FROM delivery_route
WHERE egress_id = %(egress)s AND host = %(host)s AND address = %(address)s
  AND source = %(source)s AND tls = %(tls)s
LIMIT 1
