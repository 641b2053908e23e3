-- held_lots: the lots that this sender holds, as the database knows it.
SELECT id FROM delivery_lot WHERE node = %(node)s
