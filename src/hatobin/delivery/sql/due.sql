-- due: the dispatches of one road that have a letter due now.
SELECT d.id FROM delivery_dispatch d JOIN delivery_egress e ON e.id = d.egress_id
WHERE d.egress_id = %(egress)s AND d.state = 'sending' AND d.expires_at > now()
  AND (e.resume_at IS NULL OR e.resume_at <= now())
  AND (%(only)s::uuid IS NULL OR d.id = %(only)s::uuid)
  AND EXISTS (
      SELECT 1 FROM delivery_delivery r
      WHERE r.dispatch_id = d.id AND r.state = 'waiting' AND r.next_attempt_at <= now()
  )
ORDER BY d.id
