"""A sender is killed at each point of the dot barrier: nothing is lost, no second copy but of one in doubt.

The sender is the real process. A tap between it and PostgreSQL, or the server at the other end, holds it
at the point; then it gets SIGKILL, and a second sender finishes the work.
"""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from django.db import connection
from tests.doubles.database_tap import DatabaseTap, Moment
from tests.integration.delivery.stage import (
    Office,
    check_promises,
    copies,
    crowd,
    database_url,
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
LEASE, STEP = "SKIP LOCKED", "SET state = 'dot-sent'"


def at(words: str, nth: int = 1, *, done: bool = False) -> Moment:
    """A statement that stands alone."""
    return Moment(words=words, nth=nth, alone=True, done=done)


@dataclass(frozen=True, kw_only=True)
class Point:
    """``left``: a state in which the kill leaves a row; ``doubt``: how many may be in doubt afterwards;
    ``seen``: whether the server has those. Over one connection the steps are told apart by their number:
    the first marks a letter, the second records it."""

    moment: Moment
    left: str
    doubt: range
    connections: int = CONNECTIONS
    seen: bool | None = None


NONE, ONE = range(1), range(1, 2)
ANY, SOME = range(CONNECTIONS + 1), range(1, CONNECTIONS + 1)

POINTS = {
    "before the lease": Point(moment=at(LEASE), left="waiting", doubt=NONE),
    "after the lease": Point(moment=at(LEASE, done=True), left="waiting", doubt=NONE),
    "before the first mark is durable": Point(moment=at(STEP), left="waiting", doubt=NONE),
    "before a later step is durable": Point(moment=at(STEP, nth=6), left="waiting", doubt=ANY),
    "after the mark, before the dot": Point(
        moment=at(STEP, done=True), left="dot-sent", doubt=SOME, seen=False
    ),
    "after the answer, before the record": Point(
        moment=at(STEP, nth=2), left="dot-sent", doubt=ONE, connections=1, seen=True
    ),
    "after the record": Point(
        moment=at(STEP, nth=2, done=True), left="accepted", doubt=range(2), connections=1
    ),
    "after a later step": Point(moment=at(STEP, nth=6, done=True), left="accepted", doubt=ANY),
}


@pytest.mark.parametrize("name", POINTS)
def test_a_sender_killed_between_database_and_server(sink: SinkThread, name: str) -> None:
    point = POINTS[name]
    office = make_office(sink, crowd(PEOPLE), connections=point.connections)
    dispatch = office.release()
    with tapped(point.moment) as (tap, process):
        assert tap.held.wait(30), "the sender never came to this point"
        process.kill()
        process.wait()
        tap.let_go()
    assert point.left in states(dispatch)
    finished(dispatch, sink)
    in_doubt = [row for row in rows(dispatch) if row.state == "in-doubt"]
    assert len(in_doubt) in point.doubt
    assert {row.reason for row in in_doubt} <= {"sender-died"}
    if point.seen is not None:
        assert (ids_of(in_doubt) & set(copies(sink.envelopes)) == ids_of(in_doubt)) is point.seen
    check_what_a_person_may_choose(office, dispatch, sink)


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


@contextmanager
def tapped(moment: Moment) -> Iterator[tuple[DatabaseTap, subprocess.Popen[bytes]]]:
    """A sender process whose database conversation is held at the moment."""
    values = connection.settings_dict
    with DatabaseTap(values["HOST"], int(values["PORT"]), moment) as tap:
        process = start_sender(database_url(tap.folder))
        try:
            yield tap, process
        finally:
            process.kill()
            process.wait()


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
