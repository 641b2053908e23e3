-- forget_node: a dead node's number is struck off; runs behind recover, in its transaction.
DELETE FROM delivery_sendernode
WHERE id = %(node)s AND pg_try_advisory_xact_lock(%(lock)s, %(node)s::int)
