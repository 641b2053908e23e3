"""How a sender comes to each of its durable steps: an office, a released letter, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hatobin.common import clock
from hatobin.delivery.models import Delivery, Dispatch, Lot
from hatobin.delivery.services.egress import save_direct
from hatobin.intake.sink import Answer, Delay, Rule, SinkThread
from hatobin.suppression.models import SuppressionReason
from hatobin.suppression.services import suppress
from tests.doubles.nursery import Child, Nursery
from tests.integration.delivery.stage import (
    Office,
    crowd,
    due_now,
    letter,
    make_office,
    relay_that_is_down,
    reload,
    rows,
    troubled_since,
    until,
)

PEOPLE = 12
ZONE = {
    "example.jp": {"MX": ["10 mx.example.jp."]},
    "mx.example.jp": {"A": ["127.0.0.1"]},
}
NOBODY = {**ZONE, "mx.example.jp": {"A": ["127.0.0.9"]}}


def nothing(_child: Child) -> None:
    """The sender does what it does."""


@dataclass(kw_only=True)
class Story:
    """``end``: the state of every letter that is not in doubt, once a second sender has done the rest.

    ``meanwhile``: what happens while the sender works. ``zone``: the name service that it asks; ``right``: the
    one that the second sender asks. ``more``: released besides.
    """

    office: Office
    dispatch: Dispatch
    end: str = "accepted"
    meanwhile: Callable[[Child], None] = nothing
    zone: Mapping[str, Mapping[str, list[str]]] | None = None
    right: Mapping[str, Mapping[str, list[str]]] | None = None
    more: list[Dispatch] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.more = self.more or []

    @property
    def dispatches(self) -> list[Dispatch]:
        return [self.dispatch, *self.more]


Tell = Callable[[SinkThread, Nursery, Path], Story]


def plain(sink: SinkThread, _nursery: Nursery, _log: Path) -> Story:
    office = make_office(sink, crowd(PEOPLE), connections=1)
    return Story(office=office, dispatch=office.release())


def without_a_lot(sink: SinkThread, nursery: Nursery, log: Path) -> Story:
    """As some fault that nobody has thought of might leave it."""
    story = plain(sink, nursery, log)
    Lot.objects.of(story.dispatch.workspace_id).all().delete()
    return story


def all_object(sink: SinkThread, nursery: Nursery, log: Path) -> Story:
    story = plain(sink, nursery, log)
    everybody = [address for address, _fields in crowd(PEOPLE)]
    reason = SuppressionReason.UNSUBSCRIBED
    suppress(story.dispatch.workspace_id, everybody, reason=reason, source="link")
    story.end = "suppressed"
    return story


def closing_server(sink: SinkThread, nursery: Nursery, log: Path) -> Story:
    sink.misbehave(Rule(stage="mail", action=Answer(421, "4.3.2 Closing"), times=1))
    return plain(sink, nursery, log)


def another_died(sink: SinkThread, nursery: Nursery, log: Path) -> Story:
    sink.misbehave(Rule(stage="dot", action=Delay(0.3)))
    story = plain(sink, nursery, log)
    dead = nursery.sender(log)
    sink.wait_for(2)
    dead.kill()
    sink.misbehave()
    return story


def asked_to_stop(sink: SinkThread, nursery: Nursery, log: Path) -> Story:
    from signal import SIGTERM

    sink.misbehave(Rule(stage="dot", action=Delay(0.1)))
    story = plain(sink, nursery, log)

    def ask(child: Child) -> None:
        sink.wait_for(2)
        child.send_signal(SIGTERM)

    story.meanwhile = ask
    return story


def stopped(sink: SinkThread, nursery: Nursery, log: Path) -> Story:
    """Whoever stopped it died before its letters were cancelled."""
    story = plain(sink, nursery, log)
    Dispatch.objects.of(story.dispatch.workspace_id).update(state="stopped", stop_code="person")
    story.end = "cancelled"
    return story


def too_late(sink: SinkThread, nursery: Nursery, log: Path) -> Story:
    story = plain(sink, nursery, log)
    past = clock.now() - timedelta(minutes=1)
    Dispatch.objects.of(story.dispatch.workspace_id).update(state="sending", expires_at=past)
    story.end = "expired"
    return story


def fall_back(sink: SinkThread, _nursery: Nursery, _log: Path) -> Story:
    office = make_office(sink, crowd(PEOPLE), connections=1)
    office.relay = relay_that_is_down(office, office.relay)
    troubled_since(office.relay, minutes=6)
    return Story(office=office, dispatch=office.release())


def resting_destination(sink: SinkThread, _nursery: Nursery, _log: Path) -> Story:
    """A letter is released for a destination that rests already: its server is down."""
    source = {"address": "", "ehlo_name": "mail.office.example", "weight": 1}
    office = make_office(sink, crowd(PEOPLE), connections=1)
    road = save_direct(office.alice, name="直接", sources=[source], connections=1)
    office = replace(office, relay=road)
    story = Story(office=office, dispatch=office.release(), zone=NOBODY, right=ZONE)

    def release_another(_child: Child) -> None:
        until(lambda: _waits(story.dispatch), "the first connection to fail")
        story.more.append(office.release())

    story.meanwhile = release_another
    return story


def not_what_was_sealed(sink: SinkThread, nursery: Nursery, log: Path) -> Story:
    story = plain(sink, nursery, log)
    forged = letter("{{ 氏名 }} 様\n\n口座が変わりました。\n").to_json()
    Dispatch.objects.of(story.dispatch.workspace_id).update(letter=forged)
    story.end = "cancelled"
    return story


def _waits(dispatch: Dispatch) -> bool:
    lots = Lot.objects.of(dispatch.workspace_id).filter(dispatch=dispatch)
    return lots.filter(node__isnull=True, due_at__gt=clock.now()).exists()


def make_due(story: Story) -> None:
    for dispatch in story.dispatches:
        due_now(dispatch)


def ledger(story: Story) -> list[Delivery]:
    """Every row of the story."""
    return [row for dispatch in story.dispatches for row in rows(dispatch)]


def is_over(story: Story) -> bool:
    return all(reload(each).finished_at is not None for each in story.dispatches)
