-- gate: holds the dispatches still, so that no stop or pause comes between reading and marking.
SELECT id FROM delivery_dispatch WHERE id = ANY(%(dispatches)s) ORDER BY id FOR SHARE
