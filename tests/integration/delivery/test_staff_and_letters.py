"""What staff do with single letters that wait, and what a sender that has one in hand may still do with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.utils.timezone import localtime
from tests.factories import make_actor
from tests.integration.delivery.stage import (
    Office,
    due_now,
    make_office,
    refused,
    reload,
    rows,
    running_sender,
    send,
    slip_of,
    states,
    until,
)

from hatobin.accounts.models import AuditEntry, Role
from hatobin.accounts.rules import Actor
from hatobin.common import clock
from hatobin.common.errors import Conflict, NotAllowed, NotFound
from hatobin.delivery.models import Delivery, Dispatch, Egress, LaneShare, Lot
from hatobin.delivery.queries.history import history
from hatobin.delivery.queries.lanes import a_sender_lives
from hatobin.delivery.rules.decide import Outcome
from hatobin.delivery.rules.states import DeliveryState
from hatobin.delivery.runner.ledger import Slip, step_values
from hatobin.delivery.services import control, emergency, letters
from hatobin.delivery.services import lanes as rests
from hatobin.delivery.services.egress import ensure_sandbox, save_relay
from hatobin.delivery.services.lots import HELD_UNTIL
from hatobin.delivery.statements import statement
from hatobin.delivery.tokens import link_token
from hatobin.feedback.services.unsubscribe import unsubscribe
from hatobin.intake.sink import SinkThread

pytestmark = pytest.mark.django_db(transaction=True)
SENDER = 424_242  # a sender that we play by hand

Act = Callable[[Actor, int], object]
ACTS: list[Act] = [letters.retry, letters.hold, letters.let_go, letters.give_up]


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink)


@pytest.fixture
def dispatch(office: Office) -> Dispatch:
    made = office.release()
    Dispatch.objects.of(office.workspace.pk).filter(pk=made.pk).update(state="sending")
    return made


def lots(dispatch: Dispatch) -> list[Lot]:
    return list(Lot.objects.of(dispatch.workspace_id).filter(dispatch=dispatch).order_by("pk"))


def leased(dispatch: Dispatch) -> list[Slip]:
    """A sender takes everything in hand; what it knows of each letter."""
    Lot.objects.of(dispatch.workspace_id).filter(dispatch=dispatch).update(node=SENDER)
    return [slip_of(row, SENDER) for row in rows(dispatch)]


def mark(slip: Slip) -> bool:
    """The sender's own statement: may the dot go out?"""
    with connection.cursor() as cursor:
        cursor.execute(statement("step"), step_values([], [(slip, None)], []))
        found = cursor.fetchall()
    if found:
        slip.has_mark(time.monotonic())
    return bool(found)


def record(slip: Slip, outcome: Outcome) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement("step"), step_values([(slip, outcome, None)], [], []))


def loaded(lot: Lot) -> list[int]:
    """What a sender that leases this lot would read."""
    with connection.cursor() as cursor:
        cursor.execute(statement("letters"), {"ids": lot.ids})
        return [row[0] for row in cursor.fetchall()]


def finished(dispatch: Dispatch) -> bool:
    """What a sender finds when it looks whether all has ended."""
    with connection.cursor() as cursor:
        cursor.execute(statement("settled"))
        assert (dispatch.pk,) in cursor.fetchall(), lots(dispatch)
        cursor.execute(statement("finish"), {"dispatches": [dispatch.pk]})
    return reload(dispatch).state == "done"


def acts_of(office: Office, row: Delivery) -> list[str]:
    found = AuditEntry.objects.of(office.workspace.pk).filter(subject=f"delivery:{row.pk}")
    return list(found.order_by("pk").values_list("action", flat=True))


def test_a_letter_that_is_held_back_stays_when_the_others_leave_and_leaves_when_it_is_let_go(
    office: Office, dispatch: Dispatch, sink: SinkThread
) -> None:
    hanako = rows(dispatch)[0]
    letters.hold(office.alice, hanako.pk)
    assert send(dispatch).accepted == 2
    assert states(dispatch) == ["waiting", "accepted", "accepted"]
    assert reload(dispatch).state == "sending"  # it is open as long as one letter is
    letters.hold(office.alice, hanako.pk)  # again does no harm
    letters.let_go(office.alice, hanako.pk)
    letters.let_go(office.alice, hanako.pk)
    assert send(dispatch).accepted == 3
    assert len(sink.envelopes) == 3
    assert acts_of(office, hanako) == ["delivery.held", "delivery.let-go"]


def test_a_letter_in_a_senders_hand_is_held_back_by_its_row(
    office: Office, dispatch: Dispatch
) -> None:
    hanako, taro, _jiro = leased(dispatch)
    letters.hold(office.alice, hanako.id)
    assert not mark(hanako), "the dot of a letter that is held back goes out"
    assert mark(taro)
    old, own = lots(dispatch)
    assert hanako.id in old.ids, "a lot that a sender holds was changed from outside"
    assert (own.ids, own.due_at, own.node) == ([hanako.id], HELD_UNTIL, None)
    assert hanako.id not in loaded(old)
    assert loaded(own) == []


def test_what_the_sender_hears_of_a_letter_that_was_held_back_meanwhile_does_not_count(
    office: Office, dispatch: Dispatch
) -> None:
    hanako = leased(dispatch)[0]
    letters.hold(office.alice, hanako.id)
    record(hanako, Outcome(state=DeliveryState.WAITING, retry_in=timedelta(minutes=5)))
    record(hanako, Outcome(state=DeliveryState.BOUNCED, reason="no-such-user"))
    assert states(dispatch)[0] == "waiting"
    assert [lot.ids for lot in lots(dispatch)][1:] == [[hanako.id]]


def test_a_letter_between_mark_and_answer_is_left_to_its_server(
    office: Office, dispatch: Dispatch
) -> None:
    hanako = leased(dispatch)[0]
    assert mark(hanako)
    for act in ACTS:
        with refused("being-handed-over"):
            act(office.alice, hanako.id)
    with refused("being-handed-over"):
        letters.move(office.alice, hanako.id, office.relay.pk)
    record(hanako, Outcome(state=DeliveryState.ACCEPTED))
    assert states(dispatch)[0] == "accepted"
    for act in ACTS:
        with refused("letter-ended"):
            act(office.alice, hanako.id)


def test_a_letter_that_was_put_off_is_tried_at_once(office: Office, dispatch: Dispatch) -> None:
    hanako = leased(dispatch)[0]
    record(hanako, Outcome(state=DeliveryState.WAITING, retry_in=timedelta(hours=4)))
    assert lots(dispatch)[-1].due_at > clock.now() + timedelta(hours=3)
    letters.retry(office.alice, hanako.id)
    own = lots(dispatch)[-1]
    assert (own.ids, own.site, own.egress_id) == ([hanako.id], "*", office.relay.pk)
    assert own.due_at <= clock.now()
    assert rows(dispatch)[0].next_attempt_at <= clock.now()


def test_a_letter_that_a_sender_has_is_not_hurried(office: Office, dispatch: Dispatch) -> None:
    hanako = leased(dispatch)[0]
    with refused("in-hand"):
        letters.retry(office.alice, hanako.id)
    assert len(lots(dispatch)) == 1


def test_a_letter_that_is_held_back_is_not_hurried(office: Office, dispatch: Dispatch) -> None:
    hanako = rows(dispatch)[0]
    letters.hold(office.alice, hanako.pk)
    with refused("letter-held"):
        letters.retry(office.alice, hanako.pk)


def test_giving_up_ends_a_letter_that_was_never_tried_as_cancelled(
    office: Office, dispatch: Dispatch, sink: SinkThread
) -> None:
    hanako = rows(dispatch)[0]
    assert letters.give_up(office.alice, hanako.pk) == "cancelled"
    assert send(dispatch).accepted == 2
    assert (rows(dispatch)[0].state, rows(dispatch)[0].reason) == ("cancelled", "person")
    assert len(sink.envelopes) == 2
    assert finished(dispatch)


def test_giving_up_ends_a_letter_that_was_tried_as_expired_also_in_a_senders_hand(
    office: Office, dispatch: Dispatch
) -> None:
    hanako = leased(dispatch)[0]
    record(hanako, Outcome(state=DeliveryState.WAITING, retry_in=timedelta()))
    due_now(dispatch)
    Lot.objects.of(dispatch.workspace_id).filter(ids=[hanako.id]).update(node=SENDER)
    hanako.claim += 1
    hanako.lot = lots(dispatch)[-1].pk
    assert letters.give_up(office.alice, hanako.id) == "expired"
    assert not mark(hanako)
    assert rows(dispatch)[0].reason == "person"


def test_a_held_letter_that_is_given_up_lets_its_dispatch_finish(
    office: Office, dispatch: Dispatch
) -> None:
    hanako = rows(dispatch)[0]
    letters.hold(office.alice, hanako.pk)
    letters.give_up(office.alice, hanako.pk)
    assert send(dispatch).cancelled == 1
    assert finished(dispatch)


def test_a_held_letter_whose_reader_unsubscribes_lets_its_dispatch_finish(
    office: Office, dispatch: Dispatch
) -> None:
    hanako = rows(dispatch)[0]
    letters.hold(office.alice, hanako.pk)
    unsubscribe(link_token(hanako.pk), channel="one-click")
    assert send(dispatch).suppressed == 1
    assert finished(dispatch)


def test_a_held_letter_stays_held_by_the_fall_back_and_without_its_lot(
    office: Office, dispatch: Dispatch
) -> None:
    hanako = rows(dispatch)[0]
    letters.hold(office.alice, hanako.pk)
    other = save_relay(office.alice, name="別の中継", host="127.0.0.1", port=2525, tls="none")
    values = {
        "from": office.relay.pk, "to": other.pk, "dispatch": None, "by_domain": False, "lot": 500,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement("move_lots"), values)
    assert {tuple(lot.ids): lot.due_at for lot in lots(dispatch)}[(hanako.pk,)] == HELD_UNTIL
    Lot.objects.of(dispatch.workspace_id).delete()
    with connection.cursor() as cursor:
        cursor.execute(statement("stray"), {"dispatches": [dispatch.pk]})
    assert {tuple(lot.ids): lot.due_at for lot in lots(dispatch)}[(hanako.pk,)] == HELD_UNTIL


def test_a_letter_goes_by_another_way(office: Office, dispatch: Dispatch) -> None:
    other = save_relay(office.alice, name="別の中継", host="127.0.0.1", port=2525, tls="none")
    hanako, taro, jiro = rows(dispatch)
    letters.move(office.alice, hanako.pk, other.pk)
    assert [(lot.ids, lot.egress_id) for lot in lots(dispatch)] == [
        ([taro.pk, jiro.pk], office.relay.pk),
        ([hanako.pk], other.pk),
    ]
    letters.hold(office.alice, hanako.pk)
    letters.move(office.alice, hanako.pk, office.relay.pk)
    assert lots(dispatch)[-1].due_at == HELD_UNTIL, "a letter that is held back left by moving"
    letters.let_go(office.alice, hanako.pk)
    assert lots(dispatch)[-1].egress_id == office.relay.pk


def test_a_letter_never_goes_to_the_sandbox_nor_to_the_way_it_has(
    office: Office, dispatch: Dispatch
) -> None:
    sandbox = ensure_sandbox(office.workspace.pk)
    hanako = rows(dispatch)[0]
    with refused("move-sandbox"):
        letters.move(office.alice, hanako.pk, sandbox.pk)
    with refused("same-way"):
        letters.move(office.alice, hanako.pk, office.relay.pk)
    assert len(lots(dispatch)) == 1


def test_a_letter_in_a_senders_hand_is_not_moved(office: Office, dispatch: Dispatch) -> None:
    other = save_relay(office.alice, name="別の中継", host="127.0.0.1", port=2525, tls="none")
    hanako = leased(dispatch)[0]
    with refused("in-hand"):
        letters.move(office.alice, hanako.id, other.pk)
    assert len(lots(dispatch)) == 1


def test_one_letter_in_doubt_is_sent_again_and_another_left(
    office: Office, dispatch: Dispatch
) -> None:
    for slip in leased(dispatch):
        assert mark(slip)
        record(slip, Outcome(state=DeliveryState.IN_DOUBT, reason="no-answer"))
    hanako, taro, jiro = rows(dispatch)
    letters.resend(office.alice, hanako.pk)
    letters.leave(office.alice, taro.pk)
    assert [(row.state, row.reason) for row in rows(dispatch)] == [
        ("waiting", ""),
        ("in-doubt", "left"),
        ("in-doubt", "no-answer"),
    ]
    assert lots(dispatch)[-1].ids == [hanako.pk]
    with refused("not-in-doubt"):
        letters.resend(office.alice, hanako.pk)
    with refused("not-in-doubt"):
        letters.leave(office.alice, taro.pk)
    assert jiro.state == "in-doubt"


@pytest.mark.parametrize("act", [*ACTS, letters.resend, letters.leave])
def test_another_workspace_has_no_such_letter(
    office: Office, dispatch: Dispatch, sink: SinkThread, act: Act
) -> None:
    stranger = make_office(sink, name="となり市役所").alice
    with pytest.raises(NotFound):
        act(stranger, rows(dispatch)[0].pk)
    assert states(dispatch) == ["waiting"] * 3
    assert len(lots(dispatch)) == 1


@pytest.mark.parametrize("act", [*ACTS, letters.resend, letters.leave])
def test_who_may_only_look_changes_nothing(office: Office, dispatch: Dispatch, act: Act) -> None:
    viewer = make_actor(office.workspace, Role.VIEWER)
    with pytest.raises(NotAllowed):
        act(viewer, rows(dispatch)[0].pk)
    assert len(lots(dispatch)) == 1


def test_an_approver_may_give_a_letter_up_but_not_send_it(
    office: Office, dispatch: Dispatch
) -> None:
    approver = make_actor(office.workspace, Role.APPROVER)
    hanako = rows(dispatch)[0]
    with pytest.raises(NotAllowed):
        letters.hold(approver, hanako.pk)
    assert letters.give_up(approver, hanako.pk) == "cancelled"


@pytest.mark.parametrize(
    ("state", "code"), [("paused", "letter-paused"), ("held", "letter-on-hold")]
)
def test_nothing_is_tried_at_once_while_the_whole_letter_stands_still(
    office: Office, dispatch: Dispatch, state: str, code: str
) -> None:
    hanako = rows(dispatch)[0]
    later = clock.now() + timedelta(hours=4)
    Delivery.objects.of(office.workspace.pk).update(next_attempt_at=later, attempts=1)
    Dispatch.objects.of(office.workspace.pk).update(state=state)
    with refused(code):
        letters.retry(office.alice, hanako.pk)
    assert {row.next_attempt_at for row in rows(dispatch)} == {later}
    assert "retry" not in history(office.alice, hanako.pk).acts


def test_while_an_emergency_stop_stands_nothing_is_tried_and_that_is_said(
    office: Office, dispatch: Dispatch
) -> None:
    emergency.stop(office.alice)
    acts: list[Callable[[], object]] = [
        lambda: letters.retry(office.alice, rows(dispatch)[0].pk),
        lambda: letters.end_rest(office.alice, rows(dispatch)[0].pk),
        lambda: rests.retry_put_off(office.alice, dispatch.pk),
        lambda: rests.wake_lane(office.alice, office.relay.pk, "*"),
        lambda: rests.wake_way(office.alice, office.relay.pk),
    ]
    for act in acts:
        with refused("emergency-stop"):
            act()
    assert (
        not AuditEntry.objects.of(office.workspace.pk).filter(action__contains="retried").exists()
    )


def test_the_put_off_letters_of_a_paused_letter_are_not_hurried(
    office: Office, dispatch: Dispatch
) -> None:
    control.pause(office.alice, dispatch.pk)
    with refused("letter-paused"):
        rests.retry_put_off(office.alice, dispatch.pk)


def resting(office: Office, ends: datetime) -> LaneShare:
    """A destination asked for a rest, as a sender tells it."""
    return LaneShare.objects.create(
        egress=office.relay, site="*", node=SENDER, connections=1, most=1, next_at=ends,
        until=ends, updated_at=clock.now(), why_code="suspended",
        why_params={"rule": "x", "said": "421 4.7.0"},
    )  # fmt: skip


def test_a_letter_whose_destination_rests_is_not_said_to_be_tried(
    office: Office, dispatch: Dispatch
) -> None:
    hanako = rows(dispatch)[0]
    later = clock.now() + timedelta(minutes=9)
    share = resting(office, later)
    with pytest.raises(Conflict) as told:
        letters.retry(office.alice, hanako.pk)
    assert told.value.code == "place-rests"
    assert f"{localtime(later):%H:%M}" in str(told.value)
    assert acts_of(office, hanako) == []
    letters.end_rest(office.alice, hanako.pk)
    share.refresh_from_db()
    assert share.wake_asked_at is not None


def test_a_way_in_trouble_is_woken_from_its_letter(office: Office, dispatch: Dispatch) -> None:
    hanako = rows(dispatch)[0]
    with refused("no-rest"):
        letters.end_rest(office.alice, hanako.pk)
    Egress.objects.of(office.workspace.pk).filter(pk=office.relay.pk).update(
        trouble_code="refused",
        trouble_since=clock.now(),
        resume_at=clock.now() + timedelta(hours=1),
    )
    with refused("place-rests"):
        letters.retry(office.alice, hanako.pk)
    letters.end_rest(office.alice, hanako.pk)
    resume_at = Egress.objects.of(office.workspace.pk).get(pk=office.relay.pk).resume_at
    assert resume_at is not None
    assert resume_at <= clock.now()


def test_a_letter_with_a_time_of_its_own_is_due_and_waits_for_its_destination_only(
    office: Office, dispatch: Dispatch
) -> None:
    hanako = rows(dispatch)[0]
    later = clock.now() + timedelta(hours=4)
    Delivery.objects.of(office.workspace.pk).update(next_attempt_at=later, attempts=1)
    soon = clock.now() + timedelta(minutes=9)
    resting(office, soon)
    with running_sender():
        until(a_sender_lives, "a sender that lives")
        then = letters.retry(office.alice, hanako.pk)
        assert then is not None
        assert (then.code, then.until) == ("lane-rests", soon)
    assert rows(dispatch)[0].next_attempt_at <= clock.now()
