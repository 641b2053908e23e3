"""Two senders live, and one of them is taken for dead, stands still, or is asked to go."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from signal import SIGTERM

import pytest

from hatobin.delivery.models import Dispatch, Lot, SenderNode
from hatobin.intake.sink import Delay, Rule, SinkThread, read_journal
from tests.doubles.nursery import Child, Nursery
from tests.doubles.oracle import check_promises, compare
from tests.faults.lost_session import cut_off
from tests.integration.delivery.stage import (
    crowd,
    ids_of,
    make_office,
    reload,
    rows,
    states,
    until,
)

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]

PEOPLE, CONNECTIONS = 60, 4


def test_one_that_stands_still_is_taken_for_dead_and_wakes_up(
    sink: SinkThread, nursery: Nursery, tmp_path: Path
) -> None:
    """Letters that it had marked are in doubt until it says what became of them; all others go without it."""
    sink.misbehave(Rule(stage="dot", action=Delay(0.3)))
    dispatch, first, _second = two_at_work(sink, nursery, tmp_path)
    first.freeze()
    open_at_that_moment = first.connections()
    assert cut_off(holder_of(dispatch)) == 1
    until(lambda: not {"waiting", "dot-sent"} & set(states(dispatch)), "the other one to end it")
    in_doubt = Counter(states(dispatch))["in-doubt"]
    assert 1 <= in_doubt <= open_at_that_moment
    first.thaw()
    until(lambda: set(states(dispatch)) == {"accepted"}, "what the first one still heard")
    check(dispatch, tmp_path)
    assert {row.attempts for row in rows(dispatch)} == {1}


def test_one_that_is_asked_to_go_leaves_nothing_in_doubt_and_the_other_does_the_rest(
    sink: SinkThread, nursery: Nursery, tmp_path: Path
) -> None:
    sink.misbehave(Rule(stage="dot", action=Delay(0.3)))
    dispatch, first, _second = two_at_work(sink, nursery, tmp_path)
    first.send_signal(SIGTERM)
    first.wait(20)
    assert "in-doubt" not in states(dispatch)
    assert SenderNode.objects.count() == 1, "it has struck itself off"
    sink.misbehave()
    until(lambda: reload(dispatch).finished_at is not None, "the end")
    assert set(states(dispatch)) == {"accepted"}
    check(dispatch, tmp_path)


def two_at_work(sink: SinkThread, nursery: Nursery, folder: Path) -> tuple[Dispatch, Child, Child]:
    """A letter in the hands of the first; the second has nothing to do yet."""
    office = make_office(sink, crowd(PEOPLE), connections=CONNECTIONS)
    senders = [nursery.sender(folder / "sender.log") for _ in range(2)]
    until(lambda: SenderNode.objects.count() == 2, "both senders")
    dispatch = office.release()
    sink.wait_for(8)
    holder = SenderNode.objects.get(pk=holder_of(dispatch))
    first, second = sorted(senders, key=lambda child: child.pid != holder.pid)
    return dispatch, first, second


def holder_of(dispatch: Dispatch) -> int:
    lot = Lot.objects.of(dispatch.workspace_id).get(dispatch=dispatch)
    assert lot.node is not None
    return lot.node


def check(dispatch: Dispatch, folder: Path) -> None:
    ledger = {next(iter(ids_of([row]))): row.state for row in rows(dispatch)}
    verdict = compare(read_journal(folder / "journal.jsonl"), ledger)
    check_promises(verdict, in_doubt_at_most=0)
    assert not verdict.extra_copies
