-- still: whether a letter that was marked a while ago may leave, behind the turnstile: what its mark asked, again.
SELECT r.id FROM delivery_delivery r
JOIN delivery_dispatch d ON d.id = r.dispatch_id
WHERE r.id = %(id)s AND r.claim = %(claim)s AND r.state = 'dot-sent' AND d.state = 'sending'
  AND NOT EXISTS (
      SELECT 1 FROM suppression_suppression x
      WHERE x.workspace_id = r.workspace_id AND x.address_key = r.address_key
  )
