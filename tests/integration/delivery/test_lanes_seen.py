"""What the delivery screen knows: lanes of senders and of the queue, and how a person ends a rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.translation import override
from tests.factories import make_actor, make_list
from tests.integration.delivery.stage import (
    Office,
    make_office,
    refused,
    reload,
    rows,
    running_sender,
    send,
    until,
)

from hatobin.accounts.models import Role
from hatobin.common import clock
from hatobin.common.errors import Conflict, NotAllowed, NotFound
from hatobin.delivery.models import Delivery, Dispatch, Egress, LaneShare, Lot
from hatobin.delivery.queries.lane_views import LaneView
from hatobin.delivery.queries.lanes import lanes
from hatobin.delivery.services import lanes as rests
from hatobin.delivery.services import letters, moving, shaping
from hatobin.delivery.services.egress import (
    delete_egress,
    ensure_sandbox,
    save_direct,
    save_relay,
)
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)
SENDER = 424_242


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink)


def released(office: Office) -> Dispatch:
    made = office.release()
    Dispatch.objects.of(office.workspace.pk).filter(pk=made.pk).update(state="sending")
    return made


def direct(office: Office) -> Egress:
    source = [{"ehlo_name": "mail.office.example", "address": "", "weight": 1}]
    return save_direct(office.alice, name="直接", sources=source)


def told(road: Egress, site: str, **more: object) -> LaneShare:
    """What a sender says of a lane."""
    now = clock.now()
    plain = {
        "node": SENDER, "connections": 2, "most": 5, "until": now + timedelta(minutes=1), "updated_at": now,
    }  # fmt: skip
    return LaneShare.objects.create(egress=road, site=site, **(plain | more))


def lots(dispatch: Dispatch) -> list[Lot]:
    return list(Lot.objects.of(dispatch.workspace_id).filter(dispatch=dispatch).order_by("pk"))


def only(office: Office, **asked: Any) -> LaneView:
    (lane,) = lanes(office.alice, **asked).lanes
    return lane


def test_without_a_sender_it_is_said_that_nothing_leaves(office: Office) -> None:
    released(office)
    found = lanes(office.alice)
    assert (found.waiting, found.in_hand, found.senders, found.complete) == (3, 0, (), True)
    lane = only(office)
    assert (lane.title, lane.site, lane.waiting, lane.mood) == ("中継", "*", 3, "no-sender")


def test_a_living_sender_is_seen_and_tells_of_its_lane(office: Office, sink: SinkThread) -> None:
    with running_sender():
        until(lambda: lanes(office.alice).senders, "a sender that lives")
        dispatch = office.release()
        until(lambda: reload(dispatch).state == "done", "the letters are sent")
        until(lambda: only(office).accepted == 3, "the sender tells of it")
        lane = only(office)
        assert (lane.mood, lane.waiting, lane.senders) == ("empty", 0, 1)
        assert lane.last_reply.startswith("250")
        assert lane.per_minute == 3
    until(lambda: not lanes(office.alice).senders, "the sender is gone")


def test_what_waits_for_a_person_is_counted_apart(office: Office) -> None:
    dispatch = released(office)
    letters.hold(office.alice, rows(dispatch)[0].pk)
    assert (lanes(office.alice).waiting, lanes(office.alice).still) == (2, 1)
    Dispatch.objects.of(office.workspace.pk).update(state="paused")
    found = lanes(office.alice)
    assert (found.waiting, found.still) == (0, 3)
    assert only(office).mood == "still"


def test_a_hold_begins_by_itself_and_waits_for_nobody_unless_an_emergency_stop_stands(
    office: Office,
) -> None:
    dispatch = office.release(hold=timedelta(minutes=5))
    letters.hold(office.alice, rows(dispatch)[0].pk)
    found = lanes(office.alice)
    assert (found.waiting, found.on_hold, found.still) == (0, 2, 1)
    letters.let_go(office.alice, rows(dispatch)[0].pk)
    assert (only(office).mood, only(office).on_hold) == ("on-hold", 3)
    Dispatch.objects.of(office.workspace.pk).update(stop_code="emergency")
    assert (only(office).mood, only(office).still) == ("still", 3)


def test_a_pace_that_demands_encryption_is_named(office: Office) -> None:
    road = direct(office)
    told(
        road, "mx.a.example", domains=["a.example"], waiting=2, why_code="dead",
        why_params={"kind": "starttls-not-offered"}, next_at=clock.now() + timedelta(hours=1),
    )  # fmt: skip
    with running_sender(), override("en"):
        until(lambda: lanes(office.alice).senders, "a sender that lives")
        assert "delivery pace demands" not in str(only(office).text)
        shaping.save(office.alice, text='[default]\ntls = "required"\n')
        assert "delivery pace demands" in str(only(office).text)


def test_lots_of_domains_are_counted_to_the_lane_that_they_go_to(office: Office) -> None:
    road = direct(office)
    dispatch = released(office)
    moving.move_letter(office.alice, dispatch.pk, road.pk)
    until_then = clock.now() + timedelta(minutes=10)
    told(
        road, "mx.docomo.example", title="docomo", domains=["docomo.ne.jp"], waiting=7, in_hand=2,
        per_minute=30, next_at=until_then, why_code="suspended",
        why_params={"rule": "docomo-throttle", "said": "421 4.7.0"}, last_reply="421 4.7.0",
    )  # fmt: skip
    docomo, example = lanes(office.alice).lanes
    assert (docomo.title, docomo.waiting, docomo.in_hand, docomo.mood) == (
        "docomo", 8, 2, "no-sender",
    )  # fmt: skip
    assert (example.title, example.waiting, example.senders) == ("example.jp", 2, 0)
    assert "421 4.7.0" in docomo.why


def test_lanes_of_several_senders_are_one_and_a_share_that_ended_is_none(office: Office) -> None:
    told(office.relay, "*", waiting=5, open=1, accepted=10, per_minute=60)
    told(office.relay, "*", node=SENDER + 1, waiting=3, open=2, accepted=5, per_minute=30)
    told(office.relay, "*", node=SENDER + 2, waiting=99, until=clock.now())
    lane = only(office)
    assert (lane.waiting, lane.open, lane.accepted, lane.per_minute, lane.senders) == (
        8, 3, 15, 90, 2,
    )  # fmt: skip


def test_a_way_in_trouble_is_not_said_to_go(office: Office) -> None:
    dispatch = released(office)
    later = clock.now() + timedelta(minutes=1)
    told(office.relay, "*", next_at=later + timedelta(minutes=3))
    Egress.objects.of(office.workspace.pk).filter(pk=office.relay.pk).update(
        trouble_code="refused", trouble_since=clock.now(), resume_at=later
    )
    with running_sender():
        until(lambda: lanes(office.alice).senders, "a sender that lives")
        lane = only(office)
        assert (lane.mood, lane.next_at) == ("unreachable", later), "one time, the way's own"
        assert not lane.may_wake, "one button, above all its lanes"
        assert rows(dispatch)[0].state == "waiting"


def test_a_filter_narrows_down(office: Office) -> None:
    road = direct(office)
    told(road, "mx.a.example", domains=["a.example"], waiting=2)
    told(
        road, "mx.b.example", domains=["b.example"], waiting=1, next_at=clock.now() + timedelta(hours=1),
    )  # fmt: skip
    assert only(office, search="A.EXAMPLE").site == "mx.a.example"
    assert lanes(office.alice, search="nowhere").lanes == ()
    assert lanes(office.alice, egress_id=office.relay.pk).lanes == ()


def test_only_the_fullest_lanes_are_listed_and_the_others_are_counted(office: Office) -> None:
    road = direct(office)
    LaneShare.objects.bulk_create(
        LaneShare(
            egress=road, site=f"mx{n}.example", node=SENDER, connections=1, most=1, waiting=n,
            until=clock.now() + timedelta(minutes=1), updated_at=clock.now(),
        )
        for n in range(1, 1103)
    )  # fmt: skip
    found = lanes(office.alice)
    assert len(found.lanes) == 200
    assert found.lanes[0].waiting == 1102
    assert found.more == 902


def test_another_workspace_sees_nothing_of_it(office: Office, sink: SinkThread) -> None:
    stranger = make_office(sink, name="となり市役所").alice
    dispatch = released(office)
    told(office.relay, "*", waiting=5)
    found = lanes(stranger)
    assert (found.lanes, found.waiting, found.in_hand) == ((), 0, 0)
    other = Egress.objects.of(stranger.workspace_id).get(name="中継")
    acts: list[Callable[[], object]] = [
        lambda: rests.wake_lane(stranger, office.relay.pk, "*"),
        lambda: rests.wake_way(stranger, office.relay.pk),
        lambda: rests.retry_put_off(stranger, dispatch.pk),
        lambda: moving.move_letter(stranger, dispatch.pk, other.pk),
        lambda: moving.move_way(stranger, office.relay.pk, other.pk),
        lambda: moving.move_letter(office.alice, dispatch.pk, other.pk),
        lambda: moving.move_way(office.alice, office.relay.pk, other.pk),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()


def test_who_may_only_look_ends_no_rest_and_moves_nothing(office: Office) -> None:
    viewer = make_actor(office.workspace, Role.VIEWER)
    dispatch = released(office)
    assert lanes(viewer).waiting == 3
    road = direct(office)
    acts: list[Callable[[], object]] = [
        lambda: rests.wake_lane(viewer, office.relay.pk, "*"),
        lambda: rests.wake_way(viewer, office.relay.pk),
        lambda: rests.retry_put_off(viewer, dispatch.pk),
        lambda: moving.move_letter(viewer, dispatch.pk, road.pk),
        lambda: moving.move_way(viewer, office.relay.pk, road.pk),
        lambda: moving.plan_for_way(viewer, office.relay.pk, road.pk),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()


def test_ending_a_rest_makes_due_what_it_put_off_and_nothing_else(office: Office) -> None:
    dispatch = released(office)
    hanako, taro, _jiro = rows(dispatch)
    letters.hold(office.alice, hanako.pk)
    letters.retry(office.alice, taro.pk)  # a lot of its own …
    later = clock.now() + timedelta(hours=1)
    Delivery.objects.of(dispatch.workspace_id).filter(pk=taro.pk).update(next_attempt_at=later)
    Lot.objects.of(dispatch.workspace_id).filter(due_at__lt=later).update(due_at=later)
    told(office.relay, "*", next_at=later, why_code="suspended")
    assert rests.wake_lane(office.alice, office.relay.pk, "*") == 1
    due = {tuple(lot.ids): lot.due_at <= clock.now() for lot in lots(dispatch)}
    assert due == {(hanako.pk,): False, (taro.pk,): False, (_jiro.pk,): True}
    assert LaneShare.objects.get().wake_asked_at is not None


def test_letters_that_were_put_off_are_hurried_but_not_what_is_held_back(office: Office) -> None:
    dispatch = released(office)
    hanako = rows(dispatch)[0]
    letters.hold(office.alice, hanako.pk)
    later = clock.now() + timedelta(hours=1)
    mine = Delivery.objects.of(dispatch.workspace_id).exclude(pk=hanako.pk)
    mine.update(next_attempt_at=later, attempts=1)
    Lot.objects.of(dispatch.workspace_id).filter(due_at__lt=later).update(due_at=later)
    assert rests.retry_put_off(office.alice, dispatch.pk) == 2
    assert all(row.next_attempt_at <= clock.now() for row in rows(dispatch))
    assert [lot.due_at <= clock.now() for lot in lots(dispatch)] == [True, False]
    Dispatch.objects.of(office.workspace.pk).update(state="stopped")
    with pytest.raises(Conflict):
        rests.retry_put_off(office.alice, dispatch.pk)


def test_a_way_in_trouble_is_tried_at_once_when_a_person_asks(office: Office) -> None:
    Egress.objects.of(office.workspace.pk).filter(pk=office.relay.pk).update(port=1)
    with running_sender():
        office.release()
        road = Egress.objects.of(office.workspace.pk).filter(pk=office.relay.pk)

        def rests_long() -> bool:
            resume_at = road.get().resume_at
            return resume_at is not None and resume_at - clock.now() > timedelta(seconds=6)

        until(rests_long, "a rest of ten seconds", within=40)
        before = road.get().resume_at
        assert before is not None
        rests.wake_way(office.alice, office.relay.pk)
        until(lambda: tried_again(office, before), "another try")
        assert clock.now() < before, "it was tried when its rest was over anyway"


def tried_again(office: Office, before: datetime) -> bool:
    resume_at = Egress.objects.of(office.workspace.pk).get(pk=office.relay.pk).resume_at
    return resume_at is not None and resume_at > before


def test_what_waits_goes_by_another_way_and_arrives(office: Office, sink: SinkThread) -> None:
    broken = save_relay(office.alice, name="故障", host="127.0.0.1", port=1, tls="none")
    dispatch = released(office)
    moving.move_letter(office.alice, dispatch.pk, broken.pk)
    assert {lot.egress_id for lot in lots(dispatch)} == {broken.pk}
    plan = moving.plan_for_letter(office.alice, dispatch.pk, office.relay.pk)
    assert (plan.letters, plan.in_hand, plan.sources) == (3, 0, (broken.pk,))
    assert moving.move_way(office.alice, broken.pk, office.relay.pk).letters == 3
    assert send(dispatch).accepted == 3
    assert len(sink.envelopes) == 3


def test_lots_that_a_sender_holds_stay_and_are_counted(office: Office) -> None:
    dispatch = released(office)
    other = save_relay(office.alice, name="別", host="127.0.0.1", port=1, tls="none")
    Lot.objects.of(dispatch.workspace_id).update(node=SENDER)
    done = moving.move_letter(office.alice, dispatch.pk, other.pk)
    assert (done.letters, done.in_hand) == (0, 3)
    assert [lot.egress_id for lot in lots(dispatch)] == [office.relay.pk]


def test_nothing_goes_to_the_sandbox_or_out_of_it(office: Office) -> None:
    dispatch = released(office)
    sandbox = ensure_sandbox(office.workspace.pk)
    acts: list[Callable[[], object]] = [
        lambda: moving.move_letter(office.alice, dispatch.pk, sandbox.pk),
        lambda: moving.move_way(office.alice, office.relay.pk, sandbox.pk),
        lambda: moving.move_way(office.alice, sandbox.pk, office.relay.pk),
        lambda: moving.plan_for_letter(office.alice, dispatch.pk, sandbox.pk),
    ]
    for act in acts:
        with refused("move-sandbox"):
            act()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE delivery_lot SET egress_id = %s", [sandbox.pk])
    with refused("move-sandbox"):
        moving.move_letter(office.alice, dispatch.pk, office.relay.pk)
    assert [lot.egress_id for lot in lots(dispatch)] == [sandbox.pk]


def test_a_way_that_letters_were_moved_to_is_not_removed(office: Office) -> None:
    dispatch = released(office)
    other = save_relay(office.alice, name="別", host="127.0.0.1", port=1, tls="none")
    moving.move_letter(office.alice, dispatch.pk, other.pk)
    with refused("egress-in-use"):
        delete_egress(office.alice, other.pk)


def test_what_is_told_holds_no_address(office: Office) -> None:
    make_list(office.workspace, [("geheim@example.jp", {})], name="別の一覧")
    released(office)
    told(office.relay, "*", waiting=1, last_reply="451 4.7.1")
    assert "@" not in json.dumps([str(each) for each in lanes(office.alice).lanes])
