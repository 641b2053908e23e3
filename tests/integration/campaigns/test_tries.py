"""For how long a letter is tried, and when again: set at the draft, frozen by the release."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.factories import make_actor
from tests.integration.campaigns.stage import Stage, make_stage

from hatobin.accounts.models import Role
from hatobin.accounts.services.access import actor_of_operator
from hatobin.campaigns import queries
from hatobin.campaigns.services import checks, control, drafts, one_shot, readiness, release
from hatobin.common.errors import Conflict, Invalid, NotAllowed
from hatobin.delivery.models import Delivery, Dispatch
from hatobin.delivery.queries import progress
from hatobin.delivery.rules.tries import Tries
from hatobin.delivery.services import shaping
from hatobin.delivery.services.in_doubt import resend
from hatobin.delivery.services.release import release_test

pytestmark = pytest.mark.django_db

OWN = Tries.from_text("6 h", "5 min, 10 min, then 1 h")


@pytest.fixture
def stage() -> Stage:
    return make_stage()


def lasts(dispatch: Dispatch) -> timedelta:
    return dispatch.expires_at - dispatch.hold_until


def test_what_was_set_at_the_draft_is_frozen_with_the_release(stage: Stage) -> None:
    letter = stage.draft()
    assert letter.tries == Tries()
    letter = drafts.save_tries(
        stage.alice,
        letter.id,
        letter.revision,
        give_up_after="6時間",
        retry="5分、10分、その後1時間ごと",
    )
    assert letter.tries == OWN
    dispatch = stage.release(letter)
    assert (lasts(dispatch), dispatch.give_up_after) == (timedelta(hours=6), timedelta(hours=6))
    assert dispatch.retry == "5 min, 10 min, then 1 h"
    assert progress(dispatch.pk).retry == dispatch.retry
    assert "60" not in progress(dispatch.pk).retry_text
    with pytest.raises(Conflict):
        drafts.save_tries(stage.alice, letter.id, letter.revision, give_up_after="", retry="")


def test_a_letter_that_says_nothing_is_tried_as_long_as_the_delivery_pace_says(
    stage: Stage,
) -> None:
    usual = stage.release(stage.draft())
    assert (lasts(usual), usual.retry) == (timedelta(hours=48), "")
    shaping.save(stage.alice, text='[default]\nexpiry = "5 d"\n')
    assert lasts(stage.release(stage.draft())) == timedelta(days=5)
    letter = stage.draft()
    whole = readiness.ready(stage.alice, queries.access_campaign(stage.alice, letter.id))
    test = release_test(
        stage.alice,
        contact_id=Delivery.objects.of(stage.workspace.pk).filter(dispatch=usual)[0].contact_id,
        recipient="alice@office.example",
        egress_id=whole.egress_id,
        letter=whole.letter,
        sender=whole.sender,
        base_url=whole.base_url,
    )
    assert lasts(test) == timedelta(days=5)


@pytest.mark.parametrize(
    ("give_up_after", "retry", "field"),
    [
        ("4 min", "", "give_up_after"),
        ("", "often", "retry"),
        ("1 h", "2 h", "retry"),
        ("", "3 d", "retry"),
    ],
)
def test_what_cannot_be_used_changes_nothing_and_names_its_field(
    stage: Stage, give_up_after: str, retry: str, field: str
) -> None:
    letter = stage.draft()
    for save in (drafts.save_tries, drafts.change):
        with pytest.raises(Invalid) as refused:
            save(stage.alice, letter.id, letter.revision, give_up_after=give_up_after, retry=retry)
        assert refused.value.field == field
    assert queries.campaign(stage.alice, letter.id) == letter


def test_a_change_of_the_pace_that_leaves_no_second_try_is_refused_at_the_release(
    stage: Stage,
) -> None:
    letter = stage.draft()
    letter = drafts.change(stage.alice, letter.id, letter.revision, retry="1 d")
    shaping.save(stage.alice, text='[default]\nexpiry = "12 h"\n')
    with pytest.raises(Invalid) as refused:
        stage.release(letter)
    assert refused.value.code == "retry-too-late"
    letter = drafts.change(stage.alice, letter.id, letter.revision, give_up_after="2 d")
    assert lasts(stage.release(letter)) == timedelta(days=2)


def test_times_that_change_after_the_check_ask_for_another_look(stage: Stage) -> None:
    letter = stage.draft()
    check = checks.check(stage.alice, letter.id)
    drafts.save_tries(stage.alice, letter.id, letter.revision, give_up_after="1 h", retry="")
    with pytest.raises(Conflict) as refused:
        release.release(stage.alice, letter.id, typed_number=3, seal=check.seal)
    assert refused.value.code == "draft-changed"


def test_the_same_again_is_no_save_and_a_copy_has_the_same_times(stage: Stage) -> None:
    letter = stage.draft()
    texts = {"give_up_after": "6 h", "retry": "5 min, 10 min, then 1 h"}
    saved = drafts.save_tries(stage.alice, letter.id, letter.revision, **texts)
    again = drafts.save_tries(stage.alice, letter.id, saved.revision, **texts)
    assert again.revision == saved.revision == letter.revision + 1
    assert drafts.duplicate(stage.alice, letter.id).tries == OWN
    kept = drafts.change(stage.alice, letter.id, saved.revision, name="秋の講座")
    assert kept.tries == OWN, "what is left out stays"


def test_a_letter_that_was_called_back_keeps_its_times(stage: Stage) -> None:
    letter = stage.draft()
    drafts.change(
        stage.alice, letter.id, letter.revision, give_up_after="6 h", retry=str(OWN.retry)
    )
    stage.release(letter, timedelta(hours=1))
    assert control.call_back(stage.alice, letter.id).tries == OWN


def test_a_letter_in_doubt_that_is_sent_once_more_gets_its_own_time_again(stage: Stage) -> None:
    letter = stage.draft()
    letter = drafts.change(stage.alice, letter.id, letter.revision, give_up_after="6 h")
    dispatch = stage.release(letter)
    begin = dispatch.hold_until - timedelta(days=3)
    Dispatch.objects.of(stage.workspace.pk).update(
        state="done", hold_until=begin, expires_at=begin + timedelta(hours=6), finished_at=begin
    )
    Delivery.objects.of(stage.workspace.pk).update(state="in-doubt", ended_at=begin)
    assert resend(stage.alice, dispatch.pk) == 3
    dispatch.refresh_from_db()
    left = dispatch.expires_at - dispatch.hold_until - timedelta(days=3)
    assert timedelta(hours=5, minutes=50) < left < timedelta(hours=6, minutes=10)


def test_who_may_not_write_letters_does_not_set_their_times(stage: Stage) -> None:
    letter = stage.draft()
    viewer = make_actor(stage.workspace, Role.VIEWER)
    with pytest.raises(NotAllowed):
        drafts.save_tries(viewer, letter.id, letter.revision, give_up_after="1 h", retry="")


def test_a_command_gives_both_and_is_refused_before_anything_is_made(stage: Stage) -> None:
    operator = actor_of_operator(stage.workspace.pk, "root")
    order = one_shot.Order(
        file_name="名簿.csv",
        data="氏名,メール\r\n花子,hanako@example.jp\r\n".encode(),
        sender_name="さくら市",
        sender_address="news@office.example",
        subject="お知らせ",
        text="{{ 氏名 }} 様\n",
        egress_id=stage.egress.pk,
        give_up_after="6 h",
        retry="5 min, 10 min, then 1 h",
    )
    with pytest.raises(Invalid) as refused:
        one_shot.prepare(operator, replace(order, retry="soon"))
    assert refused.value.field == "retry"
    assert not queries.campaigns(stage.alice).total
    shot = one_shot.prepare(operator, order)
    dispatch = one_shot.send(operator, shot)
    assert (lasts(dispatch), dispatch.retry) == (timedelta(hours=6), str(OWN.retry))
    other = replace(order, give_up_after="", retry="")
    assert one_shot.unfinished(operator, order) is not None
    assert one_shot.unfinished(operator, other) is None, "other times are another order"
