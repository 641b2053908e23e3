-- calm: the road works again.
UPDATE delivery_egress
SET trouble_code = '', trouble_text = '', trouble_since = NULL, resume_at = NULL
WHERE id = %(egress)s AND (trouble_code <> '' OR resume_at IS NOT NULL)
