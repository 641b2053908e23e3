"""The emergency stop, measured at the server while three sender processes send: within a second nothing begins."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
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

from hatobin.common.errors import Conflict
from hatobin.delivery.models import Dispatch, LaneShare, SenderNode
from hatobin.delivery.queries import sums
from hatobin.delivery.queries.emergency import in_flight
from hatobin.delivery.services import control, emergency
from hatobin.delivery.tokens import word_of
from hatobin.intake.sink import JournalEntry

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]

PEOPLE, LETTERS, CONNECTIONS, NODES = 24, 150, 15, 3
ANSWER = 0.04  # seconds that the server takes for it, so that some letters are always in flight
STILL = 2.0  # seconds that the senders live on under the stop


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SinkProcess]:
    with SinkProcess(tmp_path, "--fault", f"dot=delay {ANSWER}") as sink:
        yield sink


@pytest.mark.parametrize("everywhere", [False, True], ids=["a workspace", "the installation"])
def test_three_senders_stop_and_go_on(server: SinkProcess, everywhere: bool) -> None:
    office = make_office(server, crowd(PEOPLE), connections=CONNECTIONS)  # type: ignore[arg-type]
    with ExitStack() as senders:
        for _number in range(NODES):
            senders.enter_context(running_sender())
        until(lambda: SenderNode.objects.count() == NODES, "three senders", within=40)
        letters = [office.release() for _number in range(LETTERS)]
        until(lambda: nodes_at_work() >= 2, "a lane that is shared out", within=30)
        for _number in range(3):  # they share the rows without a gap; the turnstile lets a brake in
            server.wait_for_taken(len(taken(server)) + CONNECTIONS)
            busy = Dispatch.objects.of(office.workspace.pk).filter(state="sending").latest("pk")
            asked = time.monotonic()
            with suppress(Conflict):  # it has just ended
                control.pause(office.alice, busy.pk)
                assert time.monotonic() - asked < 0.5
                control.resume(office.alice, busy.pk)
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
        halfway = [checked(sums(each.pk)) for each in letters]
        assert sum(each.accepted for each in halfway) == len(taken(server)) < LETTERS * PEOPLE
        assert sum(each.waiting for each in halfway) == LETTERS * PEOPLE - len(taken(server))
        _lifted, gone_on = emergency.lift(office.alice, everywhere=everywhere)
        assert 0 < gone_on <= stop.sending, "but those that its last letter in flight ended"
        for each in letters:
            until(lambda each=each: reload(each).state == "done", "the end", within=60)  # type: ignore[misc]
    for each in letters:
        assert checked(sums(each.pk)).accepted == PEOPLE
    arrived = Counter(each.message_id for each in taken(server))
    assert set(arrived.values()) == {1}, "nothing twice"
    assert set(arrived) == ids([row.pk for each in letters for row in rows(each)])


def taken(server: SinkProcess) -> list[JournalEntry]:
    return [each for each in server.entries() if each.taken]


def ids(letters: list[int]) -> set[str]:
    return {f"{word_of(each, 'message')}@office.example" for each in letters}


def nodes_at_work() -> int:
    """Senders with connections of their own. The third may still wait for its share: it looks for work all the time."""
    return LaneShare.objects.filter(open__gt=0).values("node").distinct().count()


def wait_until(moment: float) -> None:
    """The senders have all this time to do what they must not."""
    until(lambda: time.monotonic() > moment, "the time to pass", within=STILL + 5)
