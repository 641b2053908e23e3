-- old_troubles: what is written of roads that failed, whose next try has come, and for which nothing waits any more, is
-- forgotten: it would keep them from being a fall-back, and the next failure would count from the old one.
UPDATE delivery_egress e
SET trouble_code = '', trouble_text = '', trouble_since = NULL, resume_at = NULL
WHERE e.trouble_code <> '' AND e.resume_at < now()
  AND NOT EXISTS (SELECT 1 FROM delivery_lot l WHERE l.egress_id = e.id AND l.node IS NULL)
  AND NOT EXISTS (SELECT 1 FROM delivery_lot l WHERE l.egress_id = e.id AND l.node IS NOT NULL)
