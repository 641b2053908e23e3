"""The emergency stop, measured at the server while three sender processes send: within a second nothing begins."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.doubles.sink_process import SinkProcess
from tests.integration.delivery.stage import (
    checked,
    crowd,
    make_office,
    reload,
    rows,
    running_sender,
    until,
)

from hatobin.delivery.models import LaneShare
from hatobin.delivery.queries import sums
from hatobin.delivery.queries.emergency import in_flight
from hatobin.delivery.services import control, emergency
from hatobin.delivery.tokens import word_of
from hatobin.intake.sink import JournalEntry

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, CONNECTIONS, NODES = 700, 15, 3
ANSWER = 0.05  # seconds that the server takes for it, so that some letters are always in flight
STILL = 2.0  # seconds that the senders live on under the stop


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SinkProcess]:
    with SinkProcess(tmp_path, "--fault", f"dot=delay {ANSWER}") as sink:
        yield sink


@pytest.mark.parametrize("everywhere", [False, True], ids=["a workspace", "the installation"])
def test_three_senders_stop_and_go_on(server: SinkProcess, everywhere: bool) -> None:
    office = make_office(server, crowd(PEOPLE), connections=CONNECTIONS)  # type: ignore[arg-type]
    first, second = office.release(), office.release()
    with ExitStack() as senders:
        for _number in range(NODES):
            senders.enter_context(running_sender())
        until(lambda: nodes_at_work() == NODES, "three senders at work", within=40)
        for _number in range(3):  # they share the rows without a gap; the turnstile lets a brake in
            server.wait_for_taken(len(taken(server)) + CONNECTIONS)
            asked = time.monotonic()
            control.pause(office.alice, first.pk)
            assert time.monotonic() - asked < 0.5
            control.resume(office.alice, first.pk)
        server.wait_for_taken(len(taken(server)) + 100)
        asked = time.monotonic()
        stop = emergency.stop(office.alice, reason="wrong list", everywhere=everywhere)
        returned = time.monotonic()
        assert returned - asked < 1.0
        wait_until(returned + STILL)
        after = [each for each in taken(server) if each.monotonic > returned]
        assert all(each.monotonic - ANSWER <= returned + 1.0 for each in after), "a late dot"
        assert {each.message_id for each in after} <= ids(stop.letters), "only what it named"
        assert len(stop.letters) <= CONNECTIONS
        named = in_flight(office.alice, stop.pk)
        assert sum(each.count for each in named) == stop.in_flight == len(stop.letters)
        assert sum(each.accepted for each in named) == stop.in_flight, "and all are answered"
        halfway = [checked(sums(each.pk)) for each in (first, second)]
        assert sum(each.accepted for each in halfway) == len(taken(server)) < 2 * PEOPLE
        assert sum(each.waiting for each in halfway) == 2 * PEOPLE - len(taken(server))
        _lifted, gone_on = emergency.lift(office.alice, everywhere=everywhere)
        assert gone_on == 2
        for each in (first, second):
            until(lambda each=each: reload(each).state == "done", "the end", within=60)  # type: ignore[misc]
    for each in (first, second):
        assert checked(sums(each.pk)).accepted == PEOPLE
    arrived = Counter(each.message_id for each in taken(server))
    assert set(arrived.values()) == {1}, "nothing twice"
    assert set(arrived) == ids([row.pk for each in (first, second) for row in rows(each)])


def taken(server: SinkProcess) -> list[JournalEntry]:
    return [each for each in server.entries() if each.taken]


def ids(letters: list[int]) -> set[str]:
    return {f"{word_of(each, 'message')}@office.example" for each in letters}


def nodes_at_work() -> int:
    return LaneShare.objects.filter(accepted__gt=0).values("node").distinct().count()


def wait_until(moment: float) -> None:
    """The senders have all this time to do what they must not."""
    until(lambda: time.monotonic() > moment, "the time to pass", within=STILL + 5)
