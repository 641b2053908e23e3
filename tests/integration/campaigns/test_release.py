"""Release: only what was looked at, only with the right number, and only once."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from tests.factories import make_actor, make_list
from tests.integration.campaigns.stage import HELLO, Stage, deliveries, make_stage

from hatobin.accounts.models import AuditEntry, Role
from hatobin.audience.models import Subscription
from hatobin.audience.services.lists import delete_list
from hatobin.campaigns import queries
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import checks, control, drafts, release
from hatobin.campaigns.services.checks import Check
from hatobin.common.errors import Conflict, HatobinError, Invalid, NotAllowed
from hatobin.content.letters import LetterDraft
from hatobin.delivery.models import Delivery, Dispatch, Egress
from hatobin.senders.services import save_identity, save_profile
from hatobin.suppression.models import SuppressionReason
from hatobin.suppression.services import suppress

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def letter(stage: Stage) -> CampaignView:
    return stage.draft()


@pytest.fixture
def check(stage: Stage, letter: CampaignView) -> Check:
    return checks.check(stage.alice, letter.id)


def released(stage: Stage, letter: CampaignView, check: Check, **changed: object) -> Dispatch:
    values: dict[str, object] = {"typed_number": check.sendable, "seal": check.seal, **changed}
    return release.release(stage.alice, letter.id, **values)  # type: ignore[arg-type]


def nothing_left(stage: Stage) -> bool:
    return not Delivery.objects.of(stage.workspace.pk).exists()


def test_another_server_behind_the_same_way_of_sending_makes_the_check_void(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    mine = Egress.objects.of(stage.workspace.pk).filter(pk=stage.egress.pk)
    mine.update(host="other.example")
    with pytest.raises(Conflict):
        released(stage, letter, check)
    assert nothing_left(stage)


def test_a_list_stays_while_a_letter_to_it_is_on_its_way(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    assert letter.list_id
    released(stage, letter, check)
    with pytest.raises(Conflict) as refused:
        delete_list(stage.alice, letter.list_id)
    assert refused.value.code == "list-in-use"
    control.call_back(stage.alice, letter.id)
    delete_list(stage.alice, letter.list_id)
    assert queries.campaign(stage.alice, letter.id).list_id is None


def test_what_was_checked_is_written_into_the_ledger_one_row_a_person(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    dispatch = released(stage, letter, check)
    assert [row.position for row in deliveries(dispatch)] == [1, 2, 3]
    now = queries.campaign(stage.alice, letter.id)
    assert (now.status, now.dispatch_id, now.people) == (Status.HELD, dispatch.pk, 3)
    assert queries.step_status(now).send
    entry = AuditEntry.objects.of(stage.workspace.pk).get(action="letter.released")
    assert entry.detail["sendable"] == 3


def test_the_wrong_number_is_refused_and_both_are_named(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    for typed in (2, 4, 0, -3, 30):
        with pytest.raises(Invalid) as refused:
            released(stage, letter, check, typed_number=typed)
        assert refused.value.params == {"typed": f"{typed:,}", "sendable": "3"}
    assert nothing_left(stage)


def test_a_double_click_releases_once(stage: Stage, letter: CampaignView, check: Check) -> None:
    first = released(stage, letter, check)
    second = released(stage, letter, check)
    assert first.pk == second.pk
    assert len(deliveries(first)) == Delivery.objects.of(stage.workspace.pk).count() == 3


def add_a_person(stage: Stage) -> None:
    extra = make_list(stage.workspace, [("shiro@example.jp", {"氏名": "四郎"})], name="追加")
    place = Subscription.objects.of(stage.workspace.pk).get(list=extra)
    place.list, place.position = stage.people, 4
    place.save()


def suppress_taro(stage: Stage) -> None:
    suppress(
        stage.workspace.pk,
        ["taro@example.jp"],
        reason=SuppressionReason.MANUAL,
        source="test",
    )


def change_the_letter(stage: Stage) -> None:
    row = queries.campaigns(stage.alice).campaigns[0]
    other = LetterDraft(mode="plain", subject=HELLO.subject, text=HELLO.text + "。")
    drafts.save_letter(stage.alice, row.id, row.revision, other, stage.identity.pk, "marketing")


def change_the_sender(stage: Stage) -> None:
    save_identity(
        stage.alice,
        display_name="別の課",
        address="other@office.example",
        identity_id=stage.identity.pk,
    )


def change_the_footer(stage: Stage) -> None:
    save_profile(
        stage.alice, organisation="さくら市", postal_address="別の住所", contact="別の窓口"
    )


def save_the_same_again(stage: Stage) -> None:
    row = queries.campaigns(stage.alice).campaigns[0]
    drafts.rename(stage.alice, row.id, row.revision, "別の名前")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (add_a_person, "list-changed"),
        (suppress_taro, "list-changed"),
        (change_the_letter, "letter-changed"),
        (change_the_sender, "sender-changed"),
        (change_the_footer, "letter-changed"),
        (save_the_same_again, "draft-changed"),
    ],
)
def test_any_change_after_the_check_voids_it_and_is_named(
    stage: Stage, letter: CampaignView, check: Check, change: object, code: str
) -> None:
    change(stage)  # type: ignore[operator]
    with pytest.raises(Conflict) as refused:
        released(stage, letter, check)
    assert refused.value.code == code
    assert nothing_left(stage)
    again = checks.check(stage.alice, letter.id)
    assert released(stage, letter, again).audience == again.people


def test_one_more_person_on_the_list_is_named_in_numbers(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    add_a_person(stage)
    with pytest.raises(Conflict) as refused:
        released(stage, letter, check)
    assert refused.value.params == {"before": "3", "after": "4"}


def test_a_person_exchanged_for_another_is_noticed_although_the_numbers_agree(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    add_a_person(stage)
    place = Subscription.objects.of(stage.workspace.pk).get(list=stage.people, position=1)
    place.state = Subscription.State.UNSUBSCRIBED
    place.save()
    with pytest.raises(Conflict) as refused:
        released(stage, letter, check)
    assert refused.value.code == "people-changed"
    assert nothing_left(stage)


def test_an_invented_seal_releases_nothing(stage: Stage, letter: CampaignView) -> None:
    for seal in ("", "x", "1.3.3.a.b.c", "1.3.3.a.b.c.d", "a.b.c.d.e.f.g", "０.1.1.a.b.c.d"):
        with pytest.raises(HatobinError):
            release.release(stage.alice, letter.id, typed_number=3, seal=seal)
    assert nothing_left(stage)


def test_a_finding_that_refuses_stops_the_release(stage: Stage) -> None:
    letter = stage.draft(LetterDraft(mode="plain", subject="", text="こんにちは。"))
    check = checks.check(stage.alice, letter.id)
    assert not check.can_send
    with pytest.raises(HatobinError):
        release.release(stage.alice, letter.id, typed_number=3, seal=check.seal or "1.3.3.a.b.c.d")
    assert nothing_left(stage)


def test_called_back_it_is_a_draft_again_and_the_old_seal_is_worth_nothing(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    dispatch = released(stage, letter, check, hold=timedelta(minutes=5))
    row = control.call_back(stage.alice, letter.id)

    assert (row.status, row.dispatch_id) == (Status.DRAFT, None)
    assert {each.state for each in deliveries(dispatch)} == {"cancelled"}
    with pytest.raises(Conflict) as refused:
        released(stage, letter, check)
    assert refused.value.code == "draft-changed"
    again = released(stage, letter, checks.check(stage.alice, letter.id))
    assert again.pk != dispatch.pk


def test_a_released_letter_is_not_edited(stage: Stage, letter: CampaignView, check: Check) -> None:
    released(stage, letter, check, hold=timedelta(minutes=5))
    for refused in (
        lambda: drafts.rename(stage.alice, letter.id, letter.revision, "x"),
        lambda: drafts.save_people(stage.alice, letter.id, letter.revision, stage.people.pk),
        lambda: drafts.delete_draft(stage.alice, letter.id),
    ):
        with pytest.raises(Conflict) as error:
            refused()
        assert error.value.code == "already-released"
    assert drafts.duplicate(stage.alice, letter.id).status is Status.DRAFT


def test_pause_resume_and_stop_show_in_the_status(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    released(stage, letter, check, hold=timedelta())
    Dispatch.objects.of(stage.workspace.pk).update(state="sending")
    assert control.pause(stage.alice, letter.id).status is Status.PAUSED
    assert control.resume(stage.alice, letter.id).status is Status.SENDING
    assert control.stop(stage.alice, letter.id).status is Status.STOPPED
    assert queries.campaigns(stage.alice, status=Status.STOPPED).total == 1


def test_the_hold_is_the_installations_unless_given(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    dispatch = released(stage, letter, check)
    wait = (dispatch.hold_until - dispatch.created_at).total_seconds()
    assert wait == pytest.approx(settings.HATOBIN.hold_seconds_sandbox, abs=5)
    for bad in (timedelta(seconds=-1), timedelta(days=2)):
        other = stage.draft()
        with pytest.raises(Invalid):
            released(stage, other, checks.check(stage.alice, other.id), hold=bad)


def test_roles_that_may_look_may_not_release_and_anybody_responsible_may_stop(
    stage: Stage, letter: CampaignView, check: Check
) -> None:
    approver = make_actor(stage.workspace, Role.APPROVER)
    viewer = make_actor(stage.workspace, Role.VIEWER)
    for actor in (approver, viewer):
        with pytest.raises(NotAllowed):
            release.release(actor, letter.id, typed_number=3, seal=check.seal)
    released(stage, letter, check, hold=timedelta(minutes=5))
    with pytest.raises(NotAllowed):
        control.call_back(viewer, letter.id)
    assert control.call_back(approver, letter.id).status is Status.DRAFT


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_the_same_moment_are_one_release() -> None:
    stage = make_stage()
    letter = stage.draft()
    check = checks.check(stage.alice, letter.id)
    together = threading.Barrier(2)

    def click() -> uuid.UUID:
        try:
            together.wait(timeout=30)
            return released(stage, letter, check).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as hands:
        first, second = (hands.submit(click) for _hand in range(2))
        assert first.result(60) == second.result(60)
    assert Delivery.objects.of(stage.workspace.pk).count() == 3
