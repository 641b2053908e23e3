-- leave_lanes: lanes that this sender does not use any more.
DELETE FROM delivery_laneshare
WHERE node = %(node)s AND (egress_id, site) IN (
    SELECT * FROM unnest(%(egresses)s::uuid[], %(sites)s::text[])
)
