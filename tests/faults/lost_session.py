"""A sender that lives loses the database session by which the others know that it does."""

from __future__ import annotations

from django.db import connection

from hatobin.delivery.runner.node import LOCK


def cut_off(node: int) -> int:
    """Ends the session that holds this node's lock, and nothing else; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE locktype = 'advisory' AND classid = %s AND objid = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [LOCK, node],
        )
        return int(cursor.rowcount)
