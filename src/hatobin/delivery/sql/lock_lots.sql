-- lock_lots: a node's lots, behind whatever its last step still commits; what is read next has seen that step.
SELECT id FROM delivery_lot WHERE node = %(node)s ORDER BY id FOR UPDATE
