"""A way's trouble is told as long as something waits for it, of the letters that wait for it, and then no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.delivery.stage import (
    Office,
    make_office,
    relay_that_is_down,
    rows,
    running_sender,
    send,
    troubled_since,
    until,
)

from hatobin.common import clock
from hatobin.delivery.models import Delivery, Dispatch, Egress, LaneShare, Lot
from hatobin.delivery.queries import egress, progress
from hatobin.delivery.queries.lanes import lanes
from hatobin.delivery.rules.troubles import trouble_text
from hatobin.delivery.services import letters, moving
from hatobin.delivery.services.egress import save_relay
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink)


@pytest.fixture
def dispatch(office: Office) -> Dispatch:
    made = office.release()
    Dispatch.objects.of(office.workspace.pk).filter(pk=made.pk).update(state="sending")
    return made


def failed(office: Office, road: Egress, *, next_try: timedelta) -> None:
    Egress.objects.of(office.workspace.pk).filter(pk=road.pk).update(
        trouble_code="refused",
        trouble_text="",
        trouble_since=clock.now() - timedelta(minutes=5),
        resume_at=clock.now() + next_try,
    )


def spare(office: Office) -> Egress:
    return save_relay(office.alice, name="予備", host="127.0.0.1", port=2525, tls="none")


def test_a_trouble_of_which_nothing_waits_any_more_is_not_told(
    office: Office, dispatch: Dispatch
) -> None:
    failed(office, office.relay, next_try=timedelta(minutes=-1))
    seen = egress(office.alice, office.relay.pk)
    assert str(seen.trouble)
    assert seen.resume_at is None, "a next try in the past is none"
    moving.move_way(office.alice, office.relay.pk, spare(office).pk)
    seen = egress(office.alice, office.relay.pk)
    assert (seen.trouble, seen.trouble_words, seen.trouble_since) == ("", "", None)


def test_a_trouble_whose_next_try_is_to_come_is_told(office: Office) -> None:
    failed(office, office.relay, next_try=timedelta(minutes=1))
    seen = egress(office.alice, office.relay.pk)
    assert str(seen.trouble)
    assert seen.resume_at is not None


def test_a_sender_forgets_an_old_trouble_that_would_keep_a_way_from_being_a_fall_back(
    office: Office,
) -> None:
    first = relay_that_is_down(office, office.relay)
    failed(office, office.relay, next_try=timedelta(minutes=-1))
    troubled_since(first, minutes=6)
    office.relay = first
    assert send(office.release()).accepted == 3


def test_a_sender_keeps_a_trouble_for_which_letters_wait(
    office: Office, dispatch: Dispatch
) -> None:
    other = spare(office)
    failed(office, office.relay, next_try=timedelta(minutes=-1))
    failed(office, other, next_try=timedelta(minutes=-1))
    Dispatch.objects.of(office.workspace.pk).update(state="paused")

    def code(road: Egress) -> str:
        return Egress.objects.of(office.workspace.pk).get(pk=road.pk).trouble_code

    with running_sender():
        until(lambda: not code(other), "the old trouble is forgotten")
    assert code(office.relay) == "refused"


def test_the_trouble_of_a_letter_is_of_the_way_that_it_waits_for_now(
    office: Office, dispatch: Dispatch
) -> None:
    other = spare(office)
    failed(office, office.relay, next_try=timedelta(minutes=1))
    now = progress(dispatch.pk)
    assert str(now.trouble)
    assert now.resume_at is not None
    letters.move(office.alice, rows(dispatch)[0].pk, other.pk)
    assert str(progress(dispatch.pk).trouble), "two letters wait for it still"
    moving.move_letter(office.alice, dispatch.pk, other.pk)
    assert Lot.objects.of(office.workspace.pk).filter(egress=other).exists()
    now = progress(dispatch.pk)
    assert (now.trouble, now.trouble_advice, now.resume_at) == ("", "", None)
    failed(office, other, next_try=timedelta(minutes=1))
    assert str(progress(dispatch.pk).trouble)


def saved(office: Office, **changed: object) -> None:
    plain = {"name": "中継", "host": "127.0.0.1", "port": office.relay.port, "tls": "none"}
    save_relay(office.alice, egress_id=office.relay.pk, **(plain | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "wakes"),
    [({"port": 2526}, True), ({"host": "localhost"}, True), ({"tls": "opportunistic"}, True),
     ({"name": "別の名前"}, False), ({}, False)],
)  # fmt: skip
def test_a_way_that_was_changed_goes_on_at_once_and_a_new_name_is_no_change(
    office: Office, dispatch: Dispatch, changed: dict[str, object], wakes: bool
) -> None:
    later = clock.now() + timedelta(hours=1)
    Lot.objects.of(office.workspace.pk).update(due_at=later)
    share = LaneShare.objects.create(
        egress=office.relay, site="*", node=1, connections=1, most=1, next_at=later, until=later,
        updated_at=clock.now(), why_code="suspended", why_params={"rule": "x", "said": "421"},
    )  # fmt: skip
    saved(office, **changed)
    share.refresh_from_db()
    assert (share.wake_asked_at is not None) is wakes
    assert (Lot.objects.of(office.workspace.pk).get().due_at <= clock.now()) is wakes


def test_a_way_that_was_in_trouble_goes_on_when_it_is_mended(
    office: Office, sink: SinkThread
) -> None:
    saved(office, port=1)
    road = Egress.objects.of(office.workspace.pk).filter(pk=office.relay.pk)

    def rests_long() -> bool:
        resume_at = road.get().resume_at
        return resume_at is not None and resume_at - clock.now() > timedelta(seconds=6)

    with running_sender():
        dispatch = office.release()
        until(rests_long, "a rest of ten seconds", within=40)
        before = road.get().resume_at
        assert before is not None
        saved(office, port=sink.port)
        until(lambda: {row.state for row in rows(dispatch)} == {"accepted"}, "all are accepted")
        assert clock.now() < before, "they left when the rest was over anyway"


def test_only_what_a_server_put_off_is_counted_as_put_off_and_the_cause_comes_first(
    office: Office, dispatch: Dispatch
) -> None:
    later = clock.now() + timedelta(minutes=9)
    failed(office, office.relay, next_try=timedelta(minutes=9))
    Lot.objects.of(office.workspace.pk).update(due_at=later)  # as a sender lays it aside
    share = LaneShare.objects.create(
        egress=office.relay, site="*", node=1, connections=0, most=1, next_at=None,
        until=later, updated_at=clock.now(), why_code="no-lease", why_params={},
    )  # fmt: skip
    (lane,) = lanes(office.alice).lanes
    assert (lane.waiting, lane.later, lane.resting) == (3, 0, 3)
    assert lane.why == str(trouble_text("refused"))
    Delivery.objects.of(office.workspace.pk).update(attempts=1, next_attempt_at=later)
    (lane,) = lanes(office.alice).lanes
    assert (lane.waiting, lane.later, lane.resting) == (3, 3, 0)
    Lot.objects.of(office.workspace.pk).delete()
    failed(office, office.relay, next_try=timedelta(minutes=-1))
    (lane,) = lanes(office.alice).lanes
    assert (lane.mood, lane.why) == ("empty", ""), "nothing waits, and nothing is the matter"
    share.delete()


def test_a_sender_tells_why_nobody_is_reached_and_not_that_it_has_no_share(
    office: Office,
) -> None:
    saved(office, port=1)
    with running_sender():
        office.release()
        shares = LaneShare.objects.filter(egress=office.relay)
        until(
            lambda: shares.filter(next_at__gt=clock.now() + timedelta(seconds=6)).exists(),
            "a rest of ten seconds",
            within=40,
        )
        assert set(shares.values_list("why_code", flat=True)) == {"dead"}
