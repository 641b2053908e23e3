-- lock_dispatches: nobody marks, stops or resends while we look again.
SELECT id FROM delivery_dispatch WHERE id = ANY(%(dispatches)s) ORDER BY id FOR UPDATE
