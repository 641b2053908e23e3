"""Stop means stop (P5), and who says no gets nothing more (P7), both counted at the server while it all runs."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
from pytest_django.live_server_helper import LiveServer
from tests.integration.delivery.stage import (
    check_promises,
    copies,
    crowd,
    ids_of,
    make_office,
    reload,
    rows,
    running_sender,
    send,
    until,
)

from hatobin.accounts.rules import Actor
from hatobin.delivery.models import Dispatch
from hatobin.delivery.queries import sums
from hatobin.delivery.services.control import halt, pause, resume, stop
from hatobin.intake.sink import Delay, Envelope, Rule, SinkThread
from hatobin.wire.message_facts import read_facts

pytestmark = pytest.mark.django_db(transaction=True)

CONNECTIONS = 4
SLOW = Rule(stage="dot", action=Delay(0.2))  # so that some are always in their final transmission
QUICK = Rule(stage="dot", action=Delay(0.02))
SLUGGISH = Rule(stage="dot", action=Delay(1.0))


def engine_halts(_actor: Actor, dispatch_id: object) -> None:
    halt(dispatch_id, "last-byte", {"rule": "recipient", "place": "to"})  # type: ignore[arg-type]


@pytest.mark.parametrize("brake", [stop, pause, engine_halts], ids=["stop", "pause", "halt"])
def test_after_the_brake_only_what_was_in_its_final_transmission_arrives(
    sink: SinkThread, brake: Callable[[Actor, object], object]
) -> None:
    sink.misbehave(SLOW)
    office = make_office(sink, crowd(120), connections=CONNECTIONS)
    dispatch = office.release()
    with running_sender():
        sink.wait_for(10)
        brake(office.alice, dispatch.pk)
        begun = ids_of([row for row in rows(dispatch) if row.state in {"accepted", "dot-sent"}])
        until(lambda: not on_the_way(dispatch), "calm")
    arrived = set(copies(sink.envelopes))
    assert arrived == begun, "not one more, and none of those is lost"
    assert 10 <= len(arrived) < 120, "it was in the middle"
    found = sums(dispatch.pk)
    rest = found.waiting if brake is pause else found.cancelled
    assert (found.in_doubt, found.accepted + rest) == (0, 120)
    if brake is pause:
        resume(office.alice, dispatch.pk)
        sink.misbehave()
        assert send(dispatch).accepted == 120
    else:
        assert send(dispatch).accepted == len(begun), "and it stays so"
        assert reload(dispatch).state == "stopped"
    check_promises(dispatch, sink)


def on_the_way(dispatch: Dispatch) -> list[str]:
    return [row.state for row in rows(dispatch) if row.state == "dot-sent"]


def test_who_presses_the_link_while_a_letter_is_sent_does_not_get_it(
    sink: SinkThread, live_server: LiveServer
) -> None:
    office = make_office(sink, crowd(100), connections=2)
    assert send(office.release()).accepted == 100
    links = {envelope.rcpts[0]: link_in(envelope) for envelope in sink.envelopes}
    sink.misbehave(QUICK)
    second = office.release()
    leaving = {f"reader{number:04}@example.jp" for number in range(80, 100)}
    with running_sender():
        sink.wait_for(110)
        sink.misbehave(SLUGGISH)
        for address in leaving:
            assert press(urlsplit(live_server.url).netloc, links[address]) == 200
        early = {envelope.rcpts[0] for envelope in sink.envelopes[100:]}
        assert not early & leaving, "the story is about those who still wait"
        sink.misbehave()
        until(lambda: reload(second).state == "done", "the end", within=30)
    got = {envelope.rcpts[0] for envelope in sink.envelopes[100:]}
    assert got == {address for address, _fields in crowd(80)}
    found = sums(second.pk)
    assert (found.accepted, found.suppressed, found.in_doubt) == (80, 20, 0)
    assert found.adds_up


def link_in(envelope: Envelope) -> str:
    """The path of the one-click link, off the wire."""
    return urlsplit(read_facts(envelope.data).list_unsubscribe.strip("<>")).path


def press(place: str, path: str) -> int:
    """What a mail program does (RFC 8058)."""
    with closing(HTTPConnection(place, timeout=10)) as web:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        web.request("POST", path, b"List-Unsubscribe=One-Click", form)
        return web.getresponse().status
