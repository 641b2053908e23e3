"""The emergency stop: what it takes hold of, who may, every race, and what lifting puts back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import translation
from tests.factories import make_actor, make_owner, make_workspace, user_of
from tests.integration.delivery.stage import (
    Office,
    crowd,
    make_office,
    reload,
    send,
    states,
    until,
)

from hatobin.accounts.models import AuditEntry, Member, Role
from hatobin.accounts.rules import Actor
from hatobin.accounts.services.access import actor_of_member, actor_of_operator
from hatobin.common import clock
from hatobin.common.errors import Conflict, Invalid, NotAllowed
from hatobin.delivery.models import Delivery, Dispatch, EmergencyStop, Lot
from hatobin.delivery.queries.emergency import in_flight, on_its_way, standing, stops
from hatobin.delivery.rules.stops import stop_text
from hatobin.delivery.services import control, emergency, in_doubt
from hatobin.delivery.services.release import release_test
from hatobin.delivery.services.turnstile import pass_turnstile
from hatobin.delivery.statements import statement
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)

HOLD = timedelta(minutes=5)


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink)


def begin() -> None:
    """What every sender does a few times a second."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement("turnstile"))
        cursor.execute(statement("begin"), {"only": None})


def sending(office: Office) -> Dispatch:
    dispatch = office.release()
    begin()
    assert reload(dispatch).state == "sending"
    return dispatch


def shift(dispatch: Dispatch, hours: float) -> None:
    """The stop took hold of it so long ago."""
    since = (clock.now() - timedelta(hours=hours)).isoformat()
    rows = Dispatch.objects.of(dispatch.workspace_id).filter(pk=dispatch.pk)
    rows.update(stop_detail={"since": since})


def test_what_is_sent_pauses_and_what_is_on_hold_does_not_begin(office: Office) -> None:
    running, later = sending(office), office.release(hold=HOLD)
    row = emergency.stop(office.alice, reason="wrong list")
    assert (row.sending, row.held, row.in_flight) == (1, 1, 0)
    assert (reload(running).state, reload(running).stop_code) == ("paused", "emergency")
    Dispatch.objects.of(office.workspace.pk).filter(pk=later.pk).update(hold_until=clock.now())
    begin()
    assert (reload(later).state, reload(later).stop_code) == ("held", "emergency")
    with translation.override("en"):
        assert "emergency stop stands" in stop_text("held", "emergency")
    assert send(running, wait=0.5).waiting == 3, "nobody waits for it for ever"
    assert send(later, wait=0.5).waiting == 3


def test_lifting_puts_back_only_what_it_paused(office: Office) -> None:
    running, by_hand, stopped = sending(office), sending(office), sending(office)
    control.pause(office.alice, by_hand.pk)
    emergency.stop(office.alice)
    control.stop(office.alice, stopped.pk)
    _row, gone_on = emergency.lift(office.alice)
    assert gone_on == 1
    assert [reload(each).state for each in (running, by_hand, stopped)] == [
        "sending", "paused", "stopped",
    ]  # fmt: skip
    assert send(running).accepted == 3


def test_who_was_paused_by_a_person_meanwhile_stays_paused(office: Office) -> None:
    running = sending(office)
    emergency.stop(office.alice)
    control.pause(office.alice, running.pk)
    assert emergency.lift(office.alice)[1] == 0
    assert (reload(running).state, reload(running).stop_code) == ("paused", "")


def test_time_stands_still_while_a_stop_stands(office: Office) -> None:
    running, later = sending(office), office.release(hold=HOLD)
    emergency.stop(office.alice)
    for each in (running, later):
        shift(each, 3)
    before = reload(running).expires_at
    Dispatch.objects.of(office.workspace.pk).update(expires_at=clock.now() - timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute(statement("expire"))
    assert set(states(running)) == {"waiting"}, "the deadline does not run"
    Dispatch.objects.of(office.workspace.pk).update(expires_at=before)
    emergency.lift(office.alice)
    assert reload(running).expires_at - before > timedelta(hours=2.9)
    left = reload(later).hold_until - clock.now()
    assert timedelta(hours=3) < left < timedelta(hours=3.1), "its five minutes, and the three hours"


def test_a_hold_that_was_over_still_has_a_minute_to_be_called_back(office: Office) -> None:
    later = office.release()
    emergency.stop(office.alice)
    emergency.lift(office.alice)
    begin()
    assert reload(later).state == "held"
    assert timedelta(seconds=50) < reload(later).hold_until - clock.now() <= timedelta(seconds=60)
    control.call_back(office.alice, later.pk)
    assert set(states(later)) == {"cancelled"}


def test_what_is_on_hold_can_be_called_back_and_stopped_under_a_stop(office: Office) -> None:
    first, second = office.release(hold=HOLD), office.release(hold=HOLD)
    emergency.stop(office.alice)
    control.call_back(office.alice, first.pk)
    control.stop(office.alice, second.pk)
    assert {*states(first), *states(second)} == {"cancelled"}


def release_a_test(office: Office) -> Dispatch:
    row = Delivery.objects.of(office.workspace.pk).order_by("pk")[0]
    return release_test(
        office.alice,
        contact_id=row.contact_id,
        recipient="alice@office.example",
        egress_id=office.relay.pk,
        letter=office.letter,
        sender=office.sender,
        base_url="https://hatobin.example",
    )


def test_nothing_new_is_released_tested_resumed_or_sent_again(office: Office) -> None:
    dispatch, done = sending(office), sending(office)
    send(done)
    Delivery.objects.of(office.workspace.pk).filter(dispatch=done).update(state="in-doubt")
    emergency.stop(office.alice, reason="wrong list")
    tries: list[Callable[[], object]] = [
        office.release,
        lambda: release_a_test(office),
        lambda: control.resume(office.alice, dispatch.pk),
        lambda: in_doubt.resend(office.alice, done.pk),
    ]
    for each in tries:
        with pytest.raises(Conflict, match="owner") as refused:
            each()
        assert refused.value.code == "emergency-stop"
        assert "wrong list" in str(refused.value)
    assert Dispatch.objects.of(office.workspace.pk).count() == 2, "and nothing of them stays"
    emergency.lift(office.alice)
    assert release_a_test(office).state == "held"
    assert in_doubt.resend(office.alice, done.pk) == 3


def test_late_evidence_reopens_a_dispatch_only_as_paused(office: Office) -> None:
    from tests.integration.delivery.test_states import record

    dispatch = sending(office)
    emergency.stop(office.alice)
    ours = Dispatch.objects.of(office.workspace.pk).filter(pk=dispatch.pk)
    ours.update(state="done", stop_code="")
    row = Delivery.objects.of(office.workspace.pk).filter(dispatch=dispatch)[0]
    Delivery.objects.of(office.workspace.pk).filter(pk=row.pk).update(state="in-doubt")
    row.state = "in-doubt"
    record("waiting")(office, row)
    assert (reload(dispatch).state, reload(dispatch).stop_code) == ("paused", "emergency")
    emergency.lift(office.alice)
    assert reload(dispatch).state == "sending"


def test_what_slips_by_is_caught_by_the_next_sender_that_looks(office: Office) -> None:
    dispatch = sending(office)
    emergency.stop(office.alice)
    ours = Dispatch.objects.of(office.workspace.pk).filter(pk=dispatch.pk)
    ours.update(state="sending", stop_code="", stop_detail={})
    begin()
    assert (reload(dispatch).state, reload(dispatch).stop_code) == ("paused", "emergency")


def test_stopping_twice_is_one_stop_and_others_are_told_apart(office: Office) -> None:
    dispatch = sending(office)
    first = emergency.stop(office.alice, reason="first")
    assert emergency.stop(office.alice, reason="second").pk == first.pk
    everything = emergency.stop(office.alice, everywhere=True)
    assert [each.everywhere for each in standing(office.workspace.pk)] == [True, False]
    assert emergency.lift(office.alice)[1] == 0, "the other one still stands"
    assert reload(dispatch).state == "paused"
    with pytest.raises(Conflict):
        emergency.lift(office.alice)
    assert emergency.lift(office.alice, everywhere=True)[1] == 1
    assert reload(dispatch).state == "sending"
    assert [each.id for each in stops(office.alice)] == [everything.pk, first.pk]
    assert not any(each.stands for each in stops(office.alice))


def test_a_workspace_stops_alone(sink: SinkThread, office: Office) -> None:
    other = make_office(sink, name="みどり商店")
    mine, theirs = sending(office), sending(other)
    emergency.stop(office.alice)
    assert (reload(mine).state, reload(theirs).state) == ("paused", "sending")
    assert not standing(other.workspace.pk)
    assert send(other.release()).accepted == 3


def test_who_may_stop_and_lift(office: Office) -> None:
    place = office.workspace
    approver, viewer = make_actor(place, Role.APPROVER), make_actor(place, Role.VIEWER)
    with pytest.raises(NotAllowed):
        emergency.stop(viewer)
    emergency.stop(approver)
    with pytest.raises(NotAllowed):
        emergency.lift(approver)
    emergency.lift(make_actor(place, Role.SENDER))
    with pytest.raises(NotAllowed):
        emergency.stop(approver, everywhere=True)
    acts = AuditEntry.objects.of(place.pk).filter(action__startswith="emergency.")
    assert [each.action for each in acts.order_by("pk")] == [
        "emergency.stopped", "emergency.lifted",
    ]  # fmt: skip


def test_the_whole_installation_is_for_who_owns_all_of_it(office: Office) -> None:
    other = make_workspace("みどり商店")
    with pytest.raises(NotAllowed) as refused:
        emergency.stop(office.alice, everywhere=True)
    assert refused.value.code == "not-everywhere"
    key = Actor(workspace_id=other.pk, rights=office.alice.rights, label="api:hb_1", role="api")
    with pytest.raises(NotAllowed):
        emergency.stop(key, everywhere=True)
    emergency.stop(actor_of_operator(other.pk, "root"), everywhere=True)
    assert AuditEntry.objects.of(office.workspace.pk).filter(action="emergency.stopped").exists()
    Member.objects.create(workspace=other, user=user_of(office.alice), role=Role.OWNER)
    emergency.lift(office.alice, everywhere=True)


def test_a_key_of_the_only_workspace_may_too(office: Office) -> None:
    rights = office.alice.rights
    key = Actor(workspace_id=office.workspace.pk, rights=rights, label="api:hb_1", role="api")
    assert emergency.stop(key, everywhere=True).workspace_id is None


def test_the_reason_is_one_line_of_a_decent_length(office: Office) -> None:
    with pytest.raises(Invalid):
        emergency.stop(office.alice, reason="x" * 301)
    assert not standing(office.workspace.pk)
    assert emergency.stop(office.alice, reason=" a\n b ").reason == "a b"


def test_letters_in_flight_are_named_with_what_became_of_them(office: Office) -> None:
    dispatch = sending(office)
    rows = list(Delivery.objects.of(office.workspace.pk).order_by("pk"))
    Lot.objects.of(office.workspace.pk).update(node=7)
    Delivery.objects.of(office.workspace.pk).filter(pk__in=[rows[0].pk, rows[1].pk]).update(
        state="dot-sent"
    )
    row = emergency.stop(office.alice)
    assert (row.in_flight, row.letters) == (2, [rows[0].pk, rows[1].pk])
    Delivery.objects.of(office.workspace.pk).filter(pk=rows[0].pk).update(state="accepted")
    (found,) = in_flight(office.alice, row.pk)
    assert found.dispatch_id == dispatch.pk
    assert (found.count, found.accepted, found.answer_awaited, found.in_doubt) == (2, 1, 1, 0)
    stranger = actor_of_member(
        Member.objects.get(user=make_owner(make_workspace("他"), "x@office.example"))
    )
    assert in_flight(stranger, row.pk) == ()
    assert on_its_way(None).sending == 0


@contextmanager
def somebody_holds(turnstile: str, row: Dispatch | None = None) -> Iterator[threading.Event]:
    """Another session in a transaction with these locks; it commits when the event is set."""
    ready, go = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(turnstile)
                if row is not None:
                    rows = Dispatch.objects.of(row.workspace_id).select_for_update()
                    rows.get(pk=row.pk)
                ready.set()
                assert go.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert ready.wait(10)
    try:
        yield go
    finally:
        go.set()
        thread.join()


def somebody_waits() -> bool:
    """At the turnstile, until others have passed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 8103 AND NOT granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return cursor.fetchone() is not None


def in_thread(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    said: list[object] = []

    def run() -> None:
        try:
            said.append(call())
        except Conflict as error:
            said.append(error.code)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, said


def test_a_stop_waits_for_nobody_who_hangs(office: Office) -> None:
    """Somebody sits in the turnstile, and on the row of one dispatch: the other one is stopped all the same."""
    stuck, other = sending(office), sending(office)
    with somebody_holds("SELECT pg_advisory_xact_lock_shared(8103)", stuck) as go:
        thread, said = in_thread(lambda: emergency.stop(office.alice))
        deadline = clock.now() + timedelta(seconds=5)
        while reload(other).state != "paused":
            assert clock.now() < deadline
        assert standing(office.workspace.pk)
        assert reload(stuck).state == "sending"
        go.set()
        thread.join(10)
    assert isinstance(said[0], EmergencyStop)
    assert reload(stuck).state == "paused"


def test_two_who_pull_at_once_pull_one_stop(office: Office) -> None:
    """With the turnstile shut by nobody they would wait for each other; with somebody in it they do not."""
    dispatch = sending(office)
    with somebody_holds("SELECT pg_advisory_xact_lock_shared(8103)"):
        both = [in_thread(lambda: emergency.stop(office.alice)) for _number in range(2)]
        for thread, _said in both:
            thread.join(20)
    first, second = (said[0] for _thread, said in both)
    assert isinstance(first, EmergencyStop)
    assert isinstance(second, EmergencyStop)
    assert first.pk == second.pk
    assert len(standing(office.workspace.pk)) == 1
    assert reload(dispatch).state == "paused"


def test_a_release_under_way_is_found_by_the_stop(office: Office) -> None:
    """The release has passed the turnstile and has not committed: the stop waits that moment and takes hold of it."""
    passed, commit = threading.Event(), threading.Event()

    def release_slowly() -> object:
        with transaction.atomic():
            dispatch = office.release(hold=HOLD)
            passed.set()
            assert commit.wait(10)
        return dispatch

    releasing, released = in_thread(release_slowly)
    assert passed.wait(10)
    stopping, _said = in_thread(lambda: emergency.stop(office.alice))
    until(somebody_waits, "the stop, which has to wait")
    commit.set()
    releasing.join(10)
    stopping.join(10)
    (dispatch,) = released
    assert isinstance(dispatch, Dispatch)
    assert reload(dispatch).stop_code == "emergency"
    with pytest.raises(Conflict):
        office.release()


def test_who_passes_the_turnstile_behind_a_stop_sees_it(office: Office) -> None:
    dispatch = sending(office)
    control.pause(office.alice, dispatch.pk)
    with somebody_holds("SELECT pg_advisory_xact_lock(8103)") as go:
        thread, said = in_thread(lambda: control.resume(office.alice, dispatch.pk))
        until(somebody_waits, "the resume, which has to wait")
        EmergencyStop.objects.create(
            workspace_id=office.workspace.pk, stopped_by="command:root", at=clock.now()
        )
        go.set()
        thread.join(10)
    assert said == ["emergency-stop"]
    assert reload(dispatch).state == "paused"


def test_a_stop_of_many_letters_is_quick(sink: SinkThread) -> None:
    office = make_office(sink, crowd(300))
    for _number in range(30):
        sending(office)
    began = clock.now()
    row = emergency.stop(office.alice)
    assert clock.now() - began < timedelta(seconds=1)
    assert row.sending == 30


def test_the_turnstile_lets_many_pass_at_once(office: Office) -> None:
    with somebody_holds("SELECT pg_advisory_xact_lock_shared(8103)"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '5s'")  # who has to wait is refused then
        pass_turnstile()
