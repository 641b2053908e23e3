"""A sender is killed while answers are out: nothing is lost, no second copy but of one in doubt.

The sender is the real process. The server at the other end holds it; then it gets SIGKILL, and a second
sender finishes the work. ``tests/acceptance/faults`` kills one at each durable step.
"""

from __future__ import annotations

import signal
from collections import Counter

import pytest
from tests.integration.delivery.stage import (
    Office,
    check_promises,
    copies,
    crowd,
    ids_of,
    make_office,
    rows,
    send,
    start_sender,
    states,
    until,
)

from hatobin.delivery.models import Dispatch
from hatobin.delivery.services.in_doubt import leave, resend
from hatobin.intake.sink import Close, Hang, Rule, SinkThread
from hatobin.wire.message_facts import read_facts

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE, CONNECTIONS = 40, 3


@pytest.mark.parametrize("taken", [False, True], ids=["the server lost it", "the server took it"])
def test_a_sender_killed_between_dot_and_answer(sink: SinkThread, taken: bool) -> None:
    sink.misbehave(Rule(stage="dot", recipient="reader0007@*", action=Hang(keep=taken)))
    office = make_office(sink, crowd(PEOPLE), connections=CONNECTIONS)
    dispatch = office.release()
    process = start_sender()
    until(lambda: sink.counters.faults, "the dot of the seventh")
    process.kill()
    process.wait()
    sink.misbehave()
    finished(dispatch, sink)
    seventh = rows(dispatch)[7]
    assert (seventh.state, seventh.reason) == ("in-doubt", "sender-died")
    assert (ids_of([seventh]) <= set(copies(sink.envelopes))) is taken
    check_what_a_person_may_choose(office, dispatch, sink)


def test_a_sender_killed_while_all_its_connections_wait_has_one_in_doubt_on_each(
    sink: SinkThread,
) -> None:
    sink.misbehave(Rule(stage="dot", action=Hang(keep=True)))
    office = make_office(sink, crowd(PEOPLE), connections=CONNECTIONS)
    dispatch = office.release()
    process = start_sender()
    until(lambda: sink.counters.faults == CONNECTIONS, "a dot on every connection")
    process.kill()
    process.wait()
    sink.misbehave()
    finished(dispatch, sink)
    assert Counter(states(dispatch)) == {"accepted": PEOPLE - CONNECTIONS, "in-doubt": CONNECTIONS}
    assert leave(office.alice, dispatch.pk) == CONNECTIONS
    assert Counter(states(dispatch))["in-doubt"] == CONNECTIONS, "left, and still counted"


def test_a_sender_that_is_asked_to_stop_leaves_nothing_in_doubt(sink: SinkThread) -> None:
    office = make_office(sink, crowd(PEOPLE), connections=CONNECTIONS)
    sink.misbehave(Rule(stage="dot", nth=9, action=Close(keep=True)))
    dispatch = office.release()
    process = start_sender()
    sink.wait_for(12)
    process.send_signal(signal.SIGTERM)
    assert process.wait(25) == 0
    assert set(states(dispatch)) <= {"accepted", "waiting", "in-doubt"}
    finished(dispatch, sink)
    reasons = [row.reason for row in rows(dispatch) if row.state == "in-doubt"]
    assert reasons == ["no-answer"], "the one that the server itself cut off"


def finished(dispatch: Dispatch, sink: SinkThread) -> None:
    """A second sender does the rest; all promises hold."""
    found = send(dispatch)
    assert found.waiting == 0
    assert found.accepted + found.in_doubt == found.audience == PEOPLE
    assert found.in_doubt <= CONNECTIONS
    check_promises(dispatch, sink)


def check_what_a_person_may_choose(office: Office, dispatch: Dispatch, sink: SinkThread) -> None:
    """Sent again, everybody has it; what is there twice was named, and is the same letter."""
    named = ids_of([row for row in rows(dispatch) if row.state == "in-doubt"])
    assert resend(office.alice, dispatch.pk) == len(named)
    assert send(dispatch).accepted == PEOPLE
    seen = copies(sink.envelopes)
    twice = {each for each, number in seen.items() if number > 1}
    assert twice <= named
    assert max(seen.values()) <= 2
    assert len(seen) == PEOPLE
    bodies = {each: set[bytes]() for each in twice}
    for envelope in sink.envelopes:
        identity = read_facts(envelope.data).message_id
        if identity in twice:
            bodies[identity].add(envelope.data)
    assert all(len(each) == 1 for each in bodies.values())
