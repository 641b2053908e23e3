-- mark: what is still ours, still wanted, unchanged and not suppressed may send its final dot.
UPDATE delivery_delivery r
SET state = 'dot-sent', updated_at = now()
FROM unnest(%(ids)s::bigint[], %(claims)s::bigint[], %(nodes)s::bigint[]) AS w(id, claim, node),
     delivery_dispatch d, audience_contact c
WHERE r.id = w.id AND r.claim = w.claim AND r.node = w.node AND r.state = 'claimed'
  AND d.id = r.dispatch_id AND d.state = 'sending'
  AND c.id = r.contact_id AND c.revision = r.contact_revision
  AND NOT EXISTS (
      SELECT 1 FROM suppression_suppression x
      WHERE x.workspace_id = r.workspace_id AND x.address_key = r.address_key
  )
RETURNING r.id
