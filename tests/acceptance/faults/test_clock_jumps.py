"""The wall clock jumps by a day while letters are sent: nothing is lost, and nobody gets a second one."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from hatobin.delivery.queries import sums
from hatobin.intake.sink import Answer, Delay, Rule, SinkThread, read_journal
from tests.acceptance.faults.conftest import database_values
from tests.doubles.jumping_clock import JumpingClock
from tests.doubles.nursery import Nursery
from tests.doubles.oracle import check_promises, compare
from tests.faults.own_database import own_database
from tests.integration.delivery.stage import (
    checked,
    crowd,
    due_now,
    ids_of,
    make_office,
    rows,
    until,
)

pytestmark = pytest.mark.alone

DAY = 86_400
PEOPLE = 150


@pytest.fixture
def clock() -> Iterator[JumpingClock]:
    """In a folder that the database's own user can reach."""
    with tempfile.TemporaryDirectory(prefix="hatobin-clock-") as folder:
        Path(folder).chmod(0o755)
        with JumpingClock(Path(folder)) as made:
            yield made


@pytest.mark.parametrize("also", [False, True], ids=["senders", "senders and database"])
def test_it_jumps_ahead_and_back_and_is_set_right(
    also: bool,
    sink: SinkThread,
    clock: JumpingClock,
    django_db_blocker: DjangoDbBlocker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sink.misbehave(
        Rule(stage="rcpt", share=0.2, action=Answer(451, "4.3.0 Later"), times=20),
        Rule(stage="dot", action=Delay(0.1)),
    )
    for name, value in clock.environment.items():
        monkeypatch.setenv(name, value)
    with own_database(tmp_path / "data", django_db_blocker):
        give_the_database_a_clock_that_jumps()
        with Nursery(database_values()) as nursery:
            office = make_office(sink, crowd(PEOPLE), connections=4)
            dispatch = office.release(expires_in=timedelta(days=3))
            for _ in range(2):
                nursery.sender(tmp_path / "sender.log")
            for count, days in ((10, 1), (40, -1)):
                until(lambda count=count: len(sink.envelopes) >= count, f"{count} letters")  # type: ignore[misc]
                clock.jump(days * DAY)
                assert round((clock.asked() - time.time()) / DAY) == days
                if also:
                    jump_the_database(days)
            time.sleep(3)  # so long it is yesterday
            clock.jump(0)
            jump_the_database(0)

            def ended() -> bool:
                due_now(dispatch)
                return not sums(dispatch.pk).waiting

            until(ended, "the end", 40)
        found = checked(sums(dispatch.pk))
        ledger = {next(iter(ids_of([row]))): row.state for row in rows(dispatch)}
    assert Counter(ledger.values()) == {"accepted": PEOPLE}
    assert found.accepted == PEOPLE
    verdict = compare(read_journal(tmp_path / "journal.jsonl"), ledger)
    check_promises(verdict, in_doubt_at_most=0)
    assert not verdict.extra_copies


def give_the_database_a_clock_that_jumps() -> None:
    """Our statements ask ``now()``: from here on they find this one before PostgreSQL's."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA jumping")
        cursor.execute("CREATE TABLE jumping.clock AS SELECT 0 AS days")
        cursor.execute(
            "CREATE FUNCTION jumping.now() RETURNS timestamptz STABLE LANGUAGE sql AS"
            " 'SELECT pg_catalog.now() + make_interval(days => (SELECT days FROM jumping.clock))'"
        )
        name = connection.settings_dict["NAME"]
        cursor.execute(f'ALTER DATABASE "{name}" SET search_path = jumping, pg_catalog, public')
    connection.close()


def jump_the_database(days: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE jumping.clock SET days = %s", [days])
        cursor.execute("SELECT extract(day FROM now() - pg_catalog.now())")
        assert cursor.fetchone()[0] == days
