"""The database stops, is killed, or has no room left while letters are on their way: then it comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.db import DatabaseError, connection
from pytest_django.plugin import DjangoDbBlocker
from tests.conftest import need_program
from tests.faults.own_database import finished, own_database
from tests.integration.delivery.stage import (
    check_promises,
    crowd,
    make_office,
    running_sender,
    until,
)

from hatobin.config.postgres import EmbeddedPostgres
from hatobin.intake.sink import Delay, Rule, SinkThread

pytestmark = pytest.mark.alone

PEOPLE, CONNECTIONS = 240, 4
SLOW = Rule(stage="dot", action=Delay(0.02))
ROOM = 256  # MiB of the small disk


def test_sending_goes_on_by_itself_when_the_database_is_back(
    sink: SinkThread, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> None:
    sink.misbehave(SLOW)
    log = tmp_path / "sender.log"
    with own_database(tmp_path / "data", django_db_blocker) as postgres:
        office = make_office(sink, crowd(PEOPLE), connections=CONNECTIONS)
        dispatch = office.release()
        with running_sender(log=log) as sender:
            for blow, count in ((signal.SIGQUIT, 20), (signal.SIGKILL, 80)):
                sink.wait_for(count)
                noticed = away(log)
                strike(postgres, blow)
                until(lambda before=noticed: away(log) > before, "the sender to notice")  # type: ignore[misc]
                assert postgres.ensure_running()
            finished(dispatch)
            assert sender.poll() is None, "it is the same process still"
        found = check_promises(dispatch, sink)
    # The sender lives: it knows what the server answered, and writes it down when it can.
    assert (found.accepted, found.in_doubt) == (PEOPLE, 0)


def test_a_full_disk_holds_letters_back_and_loses_none(
    sink: SinkThread, small_disk: Path, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> None:
    sink.misbehave(SLOW)
    log = tmp_path / "sender.log"
    with own_database(small_disk / "data", django_db_blocker) as postgres:
        office = make_office(sink, crowd(PEOPLE), connections=CONNECTIONS)
        dispatch = office.release()
        with running_sender(log=log):
            sink.wait_for(20)
            filler = small_disk / "filler"
            fill(filler)
            until(lambda: noticed_without_room(log), "the sender to notice")
            filler.unlink()
            postgres.ensure_running()  # a server that could not write its log ended itself
            finished(dispatch)
        found = check_promises(dispatch, sink)
    assert (found.accepted, found.in_doubt) == (PEOPLE, 0)


def strike(postgres: EmbeddedPostgres, blow: signal.Signals) -> None:
    pid = postgres.status().pid
    assert pid is not None
    os.kill(pid, blow)
    until(lambda: not lives(pid), "the server's end")
    connection.close()


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def away(log: Path) -> int:
    """How often the sender had to hold a letter back or keep an outcome."""
    text = log.read_text(encoding="utf-8")
    return text.count("database is away")


def fill(path: Path) -> None:
    """Takes all the room there is."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    pass


def noticed_without_room(log: Path) -> int:
    """The database keeps a piece of its write-ahead log in store: on to the next, which has no room."""
    with contextlib.suppress(DatabaseError):
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_logical_emit_message(false, 'filler', repeat('x', 1000000))"
                )
        finally:
            connection.close()
    return away(log)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("not root: no small disk can be mounted")
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        [need_program("mount"), "-t", "tmpfs", "-o", f"size={ROOM}m,mode=755", "tmpfs", place],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"mount is not permitted: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run([need_program("umount"), "-l", place], check=True)
