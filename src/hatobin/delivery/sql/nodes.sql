-- nodes: every sender process, alive or not, that may hold letters.
SELECT id FROM delivery_sendernode WHERE id <> %(own)s
UNION
SELECT DISTINCT node FROM delivery_delivery
WHERE state IN ('claimed', 'dot-sent') AND node IS NOT NULL AND node <> %(own)s
