-- end_rest: lots that a rest of their lane (of these sites, or of the whole road) put off are due now. Letters
-- whose own next try is later, and those that a person holds back, wait on.
WITH resting AS (
    SELECT l.id FROM delivery_lot l
    WHERE l.egress_id = %(egress)s AND l.node IS NULL AND l.due_at > now()
      AND (%(sites)s::text[] IS NULL OR l.site = ANY(%(sites)s::text[]))
      AND EXISTS (
          SELECT 1 FROM delivery_delivery r
          WHERE r.id = l.ids[1] AND r.next_attempt_at <= now() AND r.held_at IS NULL
      )
    ORDER BY l.id FOR UPDATE OF l SKIP LOCKED
)
UPDATE delivery_lot l SET due_at = now() FROM resting WHERE l.id = resting.id
