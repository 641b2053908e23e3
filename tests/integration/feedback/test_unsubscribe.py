"""Unsubscribe: it holds at once, it holds for letters on their way, and only the person undoes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.factories import make_list
from tests.integration.campaigns.stage import Stage, deliveries, make_stage, token_of

from hatobin.accounts.models import AuditEntry
from hatobin.audience.models import Subscription
from hatobin.campaigns.services import checks
from hatobin.common.errors import Conflict, Invalid, NotFound
from hatobin.delivery import queries as delivery_queries
from hatobin.delivery.models import DeliveryState, Dispatch, DispatchKind
from hatobin.feedback.services.unsubscribe import look_up, undo, unsubscribe
from hatobin.suppression.models import Suppression, SuppressionReason
from hatobin.suppression.services import remove, suppress

pytestmark = pytest.mark.django_db

HELD = timedelta(minutes=5)


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def dispatch(stage: Stage) -> Dispatch:
    return stage.release(stage.draft(), HELD)


def states(dispatch: Dispatch) -> list[str]:
    return [row.state for row in deliveries(dispatch)]


def test_hanako_says_no_and_her_waiting_letter_never_leaves(
    stage: Stage, dispatch: Dispatch
) -> None:
    hanako = deliveries(dispatch)[0]
    result = unsubscribe(token_of(hanako), channel="one-click")

    assert (result.new, result.stopped) == (True, 1)
    entry = Suppression.objects.of(stage.workspace.pk).get()
    assert (entry.reason, bytes(entry.address_key)) == ("unsubscribed", bytes(hanako.address_key))
    assert states(dispatch) == [DeliveryState.SUPPRESSED, "waiting", "waiting"]
    sums = delivery_queries.sums(dispatch.pk)
    assert (sums.audience, sums.suppressed, sums.waiting) == (3, 1, 2)


def test_it_holds_for_every_list_and_every_running_letter_of_the_office(stage: Stage) -> None:
    make_list(stage.workspace, [("hanako@example.jp", {})], name="ほかのリスト")
    first = stage.release(stage.draft(), HELD)
    second = stage.release(stage.draft(), HELD)
    unsubscribe(token_of(deliveries(first)[0]), channel="page")

    assert states(second)[0] == DeliveryState.SUPPRESSED
    left = Subscription.objects.of(stage.workspace.pk).filter(state="unsubscribed")
    assert left.count() == 2
    assert checks.check(stage.alice, stage.draft().id).sendable == 2


def test_another_office_may_still_write_to_her(dispatch: Dispatch) -> None:
    other = make_stage(name="もみじ町役場")
    theirs = other.release(other.draft(), HELD)
    unsubscribe(token_of(deliveries(dispatch)[0]), channel="page")
    assert states(theirs) == ["waiting"] * 3


def test_a_letter_whose_dot_may_be_out_keeps_its_own_end(dispatch: Dispatch) -> None:
    hanako = deliveries(dispatch)[0]
    hanako.state = DeliveryState.DOT_SENT
    hanako.save()
    assert unsubscribe(token_of(hanako), channel="page").stopped == 0
    assert states(dispatch)[0] == DeliveryState.DOT_SENT


def test_pressing_twice_is_one_unsubscribe(stage: Stage, dispatch: Dispatch) -> None:
    token = token_of(deliveries(dispatch)[0])
    assert unsubscribe(token, channel="one-click").new
    assert not unsubscribe(token, channel="page").new
    log = AuditEntry.objects.of(stage.workspace.pk).filter(action="unsubscribe.done")
    assert [entry.detail["channel"] for entry in log] == ["one-click"]
    assert "hanako" not in str(log[0].detail) + log[0].subject + log[0].actor


def test_the_page_shows_a_masked_address_and_changes_nothing(
    stage: Stage, dispatch: Dispatch
) -> None:
    token = token_of(deliveries(dispatch)[0])
    view = look_up(token)
    assert view is not None
    assert (view.masked_address, view.organisation) == ("h***@example.jp", "さくら市役所")
    assert (view.already, view.can_undo, view.language) == (False, False, "ja")
    assert not Suppression.objects.of(stage.workspace.pk).exists()
    unsubscribe(token, channel="page")
    after = look_up(token)
    assert after is not None
    assert (after.already, after.can_undo) == (True, True)


def test_she_pressed_by_mistake_and_takes_it_back_once(stage: Stage, dispatch: Dispatch) -> None:
    token = token_of(deliveries(dispatch)[0])
    unsubscribe(token, channel="page")
    undo(token)

    assert not Suppression.objects.of(stage.workspace.pk).exists()
    assert not Subscription.objects.of(stage.workspace.pk).filter(state="unsubscribed").exists()
    assert states(dispatch)[0] == DeliveryState.SUPPRESSED, "what was stopped stays unsent"
    unsubscribe(token, channel="page")
    with pytest.raises(Conflict):
        undo(token)
    assert Suppression.objects.of(stage.workspace.pk).exists()


def test_undo_returns_only_to_the_lists_that_this_press_left(
    stage: Stage, dispatch: Dispatch
) -> None:
    other = make_list(stage.workspace, [("hanako@example.jp", {})], name="前に断ったリスト")
    before = Subscription.objects.of(stage.workspace.pk).get(list=other)
    before.state = Subscription.State.UNSUBSCRIBED
    before.save()
    token = token_of(deliveries(dispatch)[0])
    unsubscribe(token, channel="page")
    undo(token)
    gone = Subscription.objects.of(stage.workspace.pk).filter(state="unsubscribed")
    assert [place.pk for place in gone] == [before.pk]


def test_undo_does_not_touch_what_somebody_else_entered(stage: Stage, dispatch: Dispatch) -> None:
    suppress(
        stage.workspace.pk,
        ["hanako@example.jp"],
        reason=SuppressionReason.COMPLAINED,
        source="complaint",
    )
    token = token_of(deliveries(dispatch)[0])
    unsubscribe(token, channel="page")
    with pytest.raises(Conflict):
        undo(token)
    assert Suppression.objects.of(stage.workspace.pk).get().reason == "complained"


def test_staff_cannot_take_back_what_the_person_asked_for(stage: Stage, dispatch: Dispatch) -> None:
    unsubscribe(token_of(deliveries(dispatch)[0]), channel="page")
    entry = Suppression.objects.of(stage.workspace.pk).get()
    with pytest.raises(Invalid):
        remove(stage.alice, entry.pk, why="間違いだと思う")


def test_a_wish_counts_as_the_persons_own_though_staff_had_entered_the_address(
    stage: Stage, dispatch: Dispatch
) -> None:
    suppress(
        stage.workspace.pk, ["hanako@example.jp"], reason=SuppressionReason.MANUAL, source="alice"
    )
    token = token_of(deliveries(dispatch)[0])
    unsubscribe(token, channel="one-click")
    entry = Suppression.objects.of(stage.workspace.pk).get()
    assert (entry.reason, entry.source) == ("unsubscribed", "alice")
    with pytest.raises(Invalid) as refused:
        remove(stage.alice, entry.pk, why="間違いだと思う")
    assert refused.value.code == "own-wish"
    with pytest.raises(Conflict):  # what staff had entered is not the person's to take away
        undo(token)


def test_the_link_of_a_test_letter_changes_nothing(stage: Stage, dispatch: Dispatch) -> None:
    Dispatch.objects.of(stage.workspace.pk).filter(pk=dispatch.pk).update(kind=DispatchKind.TEST)
    token = token_of(deliveries(dispatch)[0])
    view = look_up(token)
    assert view is not None
    assert view.is_test
    assert unsubscribe(token, channel="one-click").is_test
    assert not Suppression.objects.of(stage.workspace.pk).exists()
    assert states(dispatch)[0] == "waiting"


def test_a_changed_or_invented_token_is_nobodys(dispatch: Dispatch) -> None:
    token = token_of(deliveries(dispatch)[0])
    last = "A" if token[-6] != "A" else "B"
    for bad in ("", "x", token[:-1], token[:-6] + last + token[-5:], token * 50, "あ", "\0"):
        assert look_up(bad) is None
        with pytest.raises(NotFound):
            unsubscribe(bad, channel="one-click")
