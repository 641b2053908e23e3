"""A server that takes the connection and says nothing: who sends unattended is not kept for minutes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from tests.integration.delivery.stage import (
    check_promises,
    crowd,
    ids_of,
    make_office,
    reload,
    rows,
    send,
)

from hatobin.delivery.models import Dispatch
from hatobin.delivery.queries import Sums
from hatobin.intake.sink import Answer, Delay, Hang, Rule, SinkThread
from hatobin.intake.sink.faults import Stage
from hatobin.wire.message_facts import read_facts

pytestmark = pytest.mark.django_db(transaction=True)

WAIT = 4.0
END = 20.0  # 5 seconds of patience, 5 of draining, and room for a slow machine; RFC 5321 says 300


def timed(call: Callable[[], Sums]) -> tuple[Sums, float]:
    began = time.monotonic()
    return call(), time.monotonic() - began


def sent(dispatch: Dispatch) -> tuple[Sums, float]:
    return timed(lambda: send(dispatch, wait=WAIT))


@pytest.mark.parametrize("stage", ["connect", "rcpt", "data"])
def test_before_the_dot_everybody_waits_again(sink: SinkThread, stage: Stage) -> None:
    sink.misbehave(Rule(stage=stage, action=Hang()))
    dispatch = make_office(sink, crowd(8)).release()
    found, seconds = sent(dispatch)
    assert (found.waiting, found.in_doubt) == (8, 0)
    assert {row.state for row in rows(dispatch)} == {"waiting"}  # none is held by a sender
    assert seconds < END
    check_promises(dispatch, sink)
    sink.misbehave()
    assert send(reload(dispatch)).accepted == 8


def test_after_the_dot_a_letter_is_in_doubt_and_the_others_wait(sink: SinkThread) -> None:
    sink.misbehave(Rule(stage="dot", action=Hang(keep=True)))
    dispatch = make_office(sink, crowd(8), connections=2).release()
    found, seconds = sent(dispatch)
    assert (found.in_doubt, found.waiting) == (2, 6)
    assert seconds < END
    in_doubt = ids_of([row for row in rows(dispatch) if row.state == "in-doubt"])
    assert {read_facts(each.data).message_id for each in sink.envelopes} <= in_doubt


def test_an_answer_that_comes_while_it_drains_is_heard(sink: SinkThread) -> None:
    sink.misbehave(Rule(stage="dot", action=Delay(WAIT + 3)))
    dispatch = make_office(sink, crowd(4), connections=2).release()
    found, seconds = sent(dispatch)
    assert (found.accepted, found.in_doubt, found.waiting) == (2, 0, 2)
    assert seconds < END
    check_promises(dispatch, sink)


def test_a_slow_server_that_goes_on_is_heard_to_the_end(sink: SinkThread) -> None:
    sink.misbehave(Rule(stage="dot", action=Delay(2.0)))
    dispatch = make_office(sink, crowd(6), connections=1).release()
    found, seconds = sent(dispatch)
    assert found.accepted == 6
    assert seconds > WAIT + 5  # longer than a silent one is given


def test_a_server_that_puts_everybody_off_is_not_silent(sink: SinkThread) -> None:
    sink.misbehave(
        Rule(stage="rcpt", action=Answer(450, "4.2.0 later")), Rule(stage="mail", action=Delay(1.0))
    )
    dispatch = make_office(sink, crowd(8), connections=1).release()
    found, _seconds = sent(dispatch)
    assert (found.waiting, found.deferred) == (8, 8)
