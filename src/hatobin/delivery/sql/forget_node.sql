-- forget_node: a dead node's number is struck off, with its shares; runs behind recover, in its transaction.
WITH shares AS (
    DELETE FROM delivery_laneshare
    WHERE node = %(node)s AND pg_try_advisory_xact_lock(%(lock)s, %(node)s::int)
)
DELETE FROM delivery_sendernode
WHERE id = %(node)s AND pg_try_advisory_xact_lock(%(lock)s, %(node)s::int)
