-- enrol_node: the number becomes visible.
INSERT INTO delivery_sendernode (id, host, pid, started_at) VALUES (%(node)s, %(host)s, %(pid)s, now())
