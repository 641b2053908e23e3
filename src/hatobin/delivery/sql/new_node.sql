-- new_node: a number for a sender process, locked before anybody can see it.
SELECT n.id, pg_advisory_lock(%(lock)s, n.id::int)
FROM (SELECT nextval(pg_get_serial_sequence('delivery_sendernode', 'id')) AS id) n
