"""Why has this person not got it? The story of a letter as staff read it, after real conversations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.doubles.ports import free_port
from tests.factories import make_actor
from tests.integration.delivery.stage import (
    Office,
    make_office,
    rows,
    running_sender,
    send,
    until,
)

from hatobin.accounts.models import Role
from hatobin.common import clock
from hatobin.common.errors import NotAllowed, NotFound
from hatobin.delivery.models import Delivery, Dispatch, Egress, LaneShare, Lot
from hatobin.delivery.queries.history import History, history
from hatobin.delivery.rules.troubles import trouble_text
from hatobin.delivery.services import control, letters
from hatobin.delivery.services.egress import save_relay
from hatobin.intake.sink import Answer, Close, Rule, SinkThread

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(sink: SinkThread) -> Office:
    return make_office(sink, [("hanako@example.jp", {"氏名": "山田花子"})])


def story(office: Office, dispatch: Dispatch) -> History:
    return history(office.alice, rows(dispatch)[0].pk)


def kinds(found: History) -> list[str]:
    return [each.kind for each in found.events]


def sending(office: Office) -> Dispatch:
    made = office.release()
    Dispatch.objects.of(office.workspace.pk).filter(pk=made.pk).update(state="sending")
    return made


def test_a_letter_that_was_put_off_and_then_taken_tells_both(
    office: Office, sink: SinkThread
) -> None:
    later = Answer(451, "4.7.1 hanako@example.jp later")
    sink.misbehave(Rule(stage="rcpt", action=later, times=1))
    dispatch = office.release()
    send(dispatch, wait=1.0)
    found = story(office, dispatch)
    assert kinds(found) == ["released", "began", "put-off"]
    put_off = found.events[-1]
    assert put_off.answer == "451 4.7.1 hanako@example.jp later"
    assert (put_off.number, put_off.server, put_off.way) == (1, "127.0.0.1", "中継")
    assert put_off.next_at is not None
    assert put_off.next_at > clock.now()
    assert found.attempts == 1
    assert {"retry", "hold", "give-up"} <= set(found.acts)
    letters.retry(office.alice, found.delivery_id)
    send(dispatch)
    found = story(office, dispatch)
    assert kinds(found) == ["released", "began", "put-off", "delivery.retried", "ended"]
    assert found.events[-1].answer.startswith("250")
    assert found.events[-1].number == 2
    assert (found.standing, found.acts, found.state) == (None, (), "accepted")


def test_what_people_did_stands_in_the_story_with_their_name(office: Office) -> None:
    dispatch = sending(office)
    row = rows(dispatch)[0]
    control.pause(office.alice, dispatch.pk)
    control.resume(office.alice, dispatch.pk)
    letters.hold(replace(office.alice, label="command:root"), row.pk)
    letters.let_go(office.alice, row.pk)
    letters.give_up(office.alice, row.pk)
    found = story(office, dispatch)
    assert [each.kind for each in found.events if "." in each.kind] == [
        "dispatch.paused", "dispatch.resumed", "delivery.held", "delivery.let-go", "delivery.given-up",
    ]  # fmt: skip
    assert all(each.by for each in found.events if "." in each.kind)
    assert not any(each.by.startswith(("user:", "command:")) for each in found.events)
    assert (found.state, found.reason) == ("cancelled", "person")


def test_a_letter_in_doubt_tells_so_and_what_was_decided(office: Office, sink: SinkThread) -> None:
    sink.misbehave(Rule(stage="dot", action=Close(keep=True), times=1))
    dispatch = office.release()
    send(dispatch)
    found = story(office, dispatch)
    assert kinds(found) == ["released", "began", "no-answer"]
    assert found.acts == ("leave", "resend")
    letters.leave(office.alice, found.delivery_id)
    assert story(office, dispatch).acts == ("resend",)
    letters.resend(office.alice, found.delivery_id)
    send(dispatch)
    assert kinds(story(office, dispatch))[2:] == [
        "no-answer", "dispatch.in-doubt-left", "dispatch.in-doubt-resent", "ended",
    ]  # fmt: skip


def test_a_road_that_broke_is_told_and_is_not_counted_as_a_try(
    office: Office, sink: SinkThread
) -> None:
    sink.misbehave(Rule(stage="data", action=Close(), times=1))
    dispatch = office.release()
    send(dispatch, wait=1.0)
    trouble = next(each for each in story(office, dispatch).events if each.kind == "trouble")
    assert trouble.number == 0
    assert trouble.detail


def test_where_nobody_listens_no_server_is_said_to_have_answered(office: Office) -> None:
    save_relay(
        office.alice, name="中継", host="127.0.0.1", port=free_port(), tls="none",
        egress_id=office.relay.pk,
    )  # fmt: skip
    dispatch = office.release()
    send(dispatch, wait=2.0)
    told = [
        each for each in story(office, dispatch).events if each.kind not in {"released", "began"}
    ]
    assert {each.kind for each in told} == {"trouble"}
    for each in told:
        assert each.detail == str(trouble_text("refused"))
        assert (each.number, each.answer, each.next_at) == (0, "", None)


def test_why_it_waits_is_told_from_the_nearest_cause(office: Office) -> None:
    dispatch = sending(office)
    row = rows(dispatch)[0]
    later = clock.now() + timedelta(minutes=10)

    def why() -> tuple[str, object]:
        standing = story(office, dispatch).standing
        assert standing is not None
        assert str(standing.text)
        return standing.code, standing.until

    assert why() == ("no-sender", None)
    letters.hold(office.alice, row.pk)
    assert why()[0] == "held"
    letters.let_go(office.alice, row.pk)
    control.pause(office.alice, dispatch.pk)
    assert why()[0] == "dispatch-paused"
    Delivery.objects.of(row.workspace_id).update(state="dot-sent")
    assert why()[0] == "handing-over"
    Delivery.objects.of(row.workspace_id).update(state="waiting")
    with running_sender():  # it lives, and sends nothing: the dispatch is paused
        until(lambda: why()[0] == "dispatch-paused", "paused")
        Lot.objects.of(row.workspace_id).update(due_at=later)
        Dispatch.objects.of(row.workspace_id).update(state="sending")
        until(lambda: why()[0] == "in-turn", "a sender lives")
        LaneShare.objects.create(
            egress=office.relay, site="*", node=1, connections=1, most=1, next_at=later,
            until=later, updated_at=clock.now(), why_code="suspended",
            why_params={"rule": "gone", "said": "421 4.7.0"},
        )  # fmt: skip
        assert why() == ("lane-rests", later)
        Egress.objects.of(row.workspace_id).update(
            trouble_code="refused", trouble_since=clock.now(), resume_at=later
        )
        assert why() == ("way-in-trouble", later)
        Delivery.objects.of(row.workspace_id).update(attempts=1, next_attempt_at=later)
        assert why() == ("put-off", later)


def test_only_real_ways_are_offered_for_a_move(office: Office) -> None:
    dispatch = sending(office)
    assert "move" not in story(office, dispatch).acts
    save_relay(office.alice, name="別", host="127.0.0.1", port=1, tls="none")
    assert "move" in story(office, dispatch).acts
    Lot.objects.of(dispatch.workspace_id).update(node=1)
    assert set(story(office, dispatch).acts) == {"hold", "give-up"}


def test_nobody_without_the_right_to_see_people_reads_a_story(office: Office) -> None:
    dispatch = sending(office)
    viewer = make_actor(office.workspace, Role.VIEWER)
    with pytest.raises(NotAllowed):
        history(viewer, rows(dispatch)[0].pk)


def test_another_workspace_reads_no_story_of_ours(office: Office, sink: SinkThread) -> None:
    dispatch = sending(office)
    stranger = make_office(sink, name="となり市役所").alice
    with pytest.raises(NotFound):
        history(stranger, rows(dispatch)[0].pk)
