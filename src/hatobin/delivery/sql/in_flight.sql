-- in_flight: letters between their mark and their record: only lots that a sender holds can have any.
SELECT DISTINCT r.id FROM delivery_lot l
CROSS JOIN unnest(l.ids) AS w(id)
JOIN delivery_delivery r ON r.id = w.id AND r.state = 'dot-sent'
WHERE l.node IS NOT NULL AND (%(workspace)s::uuid IS NULL OR l.workspace_id = %(workspace)s::uuid)
ORDER BY r.id
