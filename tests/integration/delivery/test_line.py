"""A sender's connection to the database: what ends it, and what does not."""

from __future__ import annotations

import asyncio
import time

import pytest

from hatobin.delivery.runner.database import DatabaseAway, Line

pytestmark = pytest.mark.django_db(transaction=True)


async def ended_by(how: str) -> tuple[int, bool]:
    """What is left of a session behind a statement that was ended: (how often it was lost, whether its lock holds)."""
    line, other = Line(), Line()
    try:
        await line.text("SELECT pg_advisory_lock(8191, 1)")
        pid = (await line.text("SELECT pg_backend_pid() AS pid"))[0]["pid"]
        task = asyncio.create_task(line.text("SELECT pg_sleep(60)"))
        deadline = time.monotonic() + 20
        asleep = "SELECT 1 FROM pg_stat_activity WHERE pid = %(pid)s AND wait_event = 'PgSleep'"
        while not await other.text(asleep, pid=pid):
            assert time.monotonic() < deadline
        await other.text(f"SELECT {how}(%(pid)s)", pid=pid)
        with pytest.raises(DatabaseAway):
            await task
        await line.text("SELECT 1")
        rows = await other.text("SELECT pg_try_advisory_lock(8191, 1) AS free")
        return line.generation, not rows[0]["free"]
    finally:
        await line.close()
        await other.close()


def test_a_statement_that_is_refused_leaves_the_session_and_its_lock() -> None:
    assert asyncio.run(ended_by("pg_cancel_backend")) == (0, True)


def test_a_session_that_ends_is_said_to() -> None:
    assert asyncio.run(ended_by("pg_terminate_backend")) == (1, False)
