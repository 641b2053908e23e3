"""The turnstile between those who set letters going and those who stop them.

A mark (``sql/step.sql``), a begin, a release, a resume and a resend pass it: a shared advisory lock, held to the
end of their transaction. A pause, a stop and an emergency stop close it for their moment. PostgreSQL lets nobody
new pass while somebody waits to close it; behind the row lock of a dispatch alone, which several busy senders
share without a gap, a stop was seen to wait for more than a second.
"""

from __future__ import annotations

from django.db import OperationalError, connection, transaction

KEY = 8103  # also in sql/step.sql and sql/turnstile.sql
_PATIENCE_MS = 400


def pass_turnstile() -> None:
    """In the caller's transaction, before it locks anything. What the next statement reads stays true to its end."""
    _run("SELECT pg_advisory_xact_lock_shared(%s)", KEY)


def close_turnstile() -> None:
    """In the caller's transaction, before it locks anything. Returns when all who were passing have committed."""
    _run("SELECT pg_advisory_xact_lock(%s)", KEY)


def try_to_close() -> bool:
    """The same for an emergency: whoever hangs in the turnstile is waited for only a moment."""
    try:
        with transaction.atomic():
            _run("SELECT set_config('lock_timeout', %s, true)", f"{_PATIENCE_MS}ms")
            close_turnstile()
            _run("SELECT set_config('lock_timeout', '0', true)")
    except OperationalError:  # the savepoint gave the old timeout back
        return False
    return True


def _run(text: str, *values: int | str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
