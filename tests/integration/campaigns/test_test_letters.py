"""Test letters: one real person's letter to oneself, marked, and never to the person."""

from __future__ import annotations

import pytest
from tests.factories import make_actor
from tests.integration.campaigns.stage import Stage, deliveries, make_stage

from hatobin.accounts.models import Role, User
from hatobin.accounts.rules import Right
from hatobin.accounts.services.access import actor_of_operator
from hatobin.campaigns import queries
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import testing
from hatobin.common.errors import Invalid, NotAllowed, NotFound
from hatobin.content.letters import LetterDraft
from hatobin.delivery.models import Delivery, DispatchKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    return make_stage()


def test_it_goes_to_oneself_with_a_subject_that_nobody_takes_for_the_real_one(
    stage: Stage,
) -> None:
    letter = stage.draft()
    dispatch = testing.send_test(stage.alice, letter.id, 1)
    (row,) = deliveries(dispatch)
    assert dispatch.kind == DispatchKind.TEST
    assert dispatch.letter["subject"] == "【テスト】夏の講座のご案内"
    assert row.domain == "office.example"
    assert queries.campaign(stage.alice, letter.id).status is Status.DRAFT


def test_a_letter_that_cannot_be_made_is_refused_before_it_is_queued(stage: Stage) -> None:
    letter = stage.draft(LetterDraft(subject="x", html="<p>{<b>%</b> comment %}</p>"))
    with pytest.raises(Invalid) as refused:
        testing.send_test(stage.alice, letter.id)
    assert refused.value.code == "bad-merge-tag"
    chokes = "{{ 'nan' | round }}"
    letter = stage.draft(LetterDraft(subject="x", mode="plain", text=chokes))
    with pytest.raises(Invalid) as refused:
        testing.send_test(stage.alice, letter.id)
    assert refused.value.code == "merge-failed"
    assert not Delivery.objects.of(stage.workspace.pk).exists()


def test_another_recipient_takes_the_right_to_send(stage: Stage) -> None:
    letter = stage.draft()
    testing.send_test(stage.alice, letter.id, recipient="boss@example.com")
    user = User.objects.get(pk=str(stage.alice.user_id))
    writer = make_actor(stage.workspace, Role.SENDER)
    without = type(writer)(
        workspace_id=writer.workspace_id,
        rights=writer.rights - {Right.SEND},
        label=writer.label,
        user_id=stage.alice.user_id,
    )
    testing.send_test(without, letter.id, recipient=user.email.upper())
    with pytest.raises(NotAllowed):
        testing.send_test(without, letter.id, recipient="boss@example.com")
    for role in (Role.VIEWER, Role.APPROVER):
        with pytest.raises(NotAllowed):
            testing.send_test(make_actor(stage.workspace, role), letter.id)


@pytest.mark.parametrize(
    "recipient",
    ["a@example.jp, b@example.jp", "a@example.jp;b@example.jp", "Hanako <a@example.jp>", "a", "a@"],
)
def test_it_goes_to_one_address(stage: Stage, recipient: str) -> None:
    letter = stage.draft()
    with pytest.raises(Invalid) as refused:
        testing.send_test(stage.alice, letter.id, recipient=recipient)
    assert refused.value.field == "recipient"
    assert not Delivery.objects.of(stage.workspace.pk).exists()


def test_a_program_has_no_address_of_its_own(stage: Stage) -> None:
    operator = actor_of_operator(stage.workspace.pk, "root")
    with pytest.raises(Invalid) as refused:
        testing.send_test(operator, stage.draft().id)
    assert refused.value.code == "no-recipient"


def test_there_is_no_fourth_person(stage: Stage) -> None:
    with pytest.raises(NotFound):
        testing.send_test(stage.alice, stage.draft().id, 3)
