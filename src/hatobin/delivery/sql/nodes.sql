-- nodes: every sender process, alive or not, that may hold lots.
SELECT id FROM delivery_sendernode WHERE id <> %(own)s
UNION
SELECT DISTINCT node FROM delivery_lot WHERE node IS NOT NULL AND node <> %(own)s
