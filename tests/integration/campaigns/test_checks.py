"""The check: everybody's letter is made before anybody's is sent."""

from __future__ import annotations

import pytest
from tests.factories import make_actor
from tests.integration.campaigns.stage import make_stage

from hatobin.accounts.models import Role
from hatobin.accounts.rules import Actor, Right
from hatobin.audience.models import ContactList, Subscription
from hatobin.campaigns.services import checks, drafts
from hatobin.common.errors import NotFound
from hatobin.content.letters import LetterDraft
from hatobin.suppression.models import Suppression, SuppressionReason
from hatobin.suppression.services import suppress

pytestmark = pytest.mark.django_db

GAPS = (
    ("hanako@example.jp", {"氏名": "山田花子"}),
    ("taro@example.jp", {"氏名": "鈴木太郎"}),
    ("nameless@example.jp", {"氏名": ""}),
    ("jiro@example.jp", {"氏名": "佐藤二郎"}),
    ("saburo@example.jp", {"氏名": "三郎"}),
)


def codes(check: checks.Check) -> set[str]:
    return {finding.code for finding in check.findings}


def test_a_good_letter_can_be_sent() -> None:
    stage = make_stage()
    check = checks.check(stage.alice, stage.draft().id)
    assert (check.people, check.sendable, check.suppressed) == (3, 3, 0)
    assert check.compiled_ok
    assert check.can_send
    assert check.seal


def test_the_same_check_twice_gives_the_same_seal() -> None:
    stage = make_stage()
    letter = stage.draft()
    first = checks.check(stage.alice, letter.id)
    assert checks.check(stage.alice, letter.id).seal == first.seal


def test_people_who_said_no_are_counted_apart() -> None:
    stage = make_stage()
    suppress(
        stage.workspace.pk,
        ["TARO@example.jp"],
        reason=SuppressionReason.MANUAL,
        source="test",
    )
    check = checks.check(stage.alice, stage.draft().id)
    assert (check.people, check.sendable, check.suppressed) == (3, 2, 1)


def test_who_left_the_list_is_not_in_the_number_but_named() -> None:
    stage = make_stage()
    Subscription.objects.of(stage.workspace.pk).filter(position=2).update(state="unsubscribed")
    check = checks.check(stage.alice, stage.draft().id)
    assert (check.people, check.sendable, check.suppressed, check.left) == (2, 2, 0, 1)


def test_an_empty_draft_says_what_is_missing_and_cannot_be_sent() -> None:
    alice = make_actor(make_stage().workspace, email="new@office.example")
    check = checks.check(alice, drafts.create(alice, "下書き").id)
    assert not check.can_send
    assert not check.seal
    assert {finding.level for finding in check.findings} >= {"refuse"}
    assert "list-missing" in codes(check)


def test_a_list_that_was_deleted_is_missed() -> None:
    stage = make_stage()
    letter = stage.draft()
    ContactList.objects.of(stage.workspace.pk).all().delete()
    check = checks.check(stage.alice, letter.id)
    assert not check.can_send
    assert "list-missing" in codes(check)


def test_empty_fields_are_found_in_all_people_and_shown_first() -> None:
    stage = make_stage(GAPS)
    letter = stage.draft()
    check = checks.check(stage.alice, letter.id)
    assert any(3 in finding.positions for finding in check.findings), check.findings
    shown = checks.check(stage.alice, letter.id).interesting
    assert shown[0] == 2
    assert {0, 4} <= set(shown)
    assert shown == checks.check(stage.alice, letter.id).interesting, (
        "does not shuffle while one looks"
    )


def test_a_merge_name_that_does_not_exist_refuses() -> None:
    stage = make_stage()
    letter = stage.draft(LetterDraft(mode="plain", subject="x", text="{{ 氏め }} 様"))
    check = checks.check(stage.alice, letter.id)
    assert not check.can_send


def test_everybodys_letter_can_be_looked_at() -> None:
    stage = make_stage()
    letter = stage.draft()
    shown = [checks.preview(stage.alice, letter.id, index) for index in (0, 1, 2)]
    assert [page.address for page in shown] == [
        "hanako@example.jp",
        "taro@example.jp",
        "jiro@example.com",
    ]
    assert [page.total for page in shown] == [3, 3, 3]
    assert "鈴木太郎 様" in shown[1].text
    assert "山田花子" not in shown[1].text
    assert shown[0].from_line == "さくら市 広報課 <news@office.example>"
    for beyond in (3, -1):
        with pytest.raises(NotFound):
            checks.preview(stage.alice, letter.id, beyond)


def test_a_preview_skips_people_who_get_nothing() -> None:
    stage = make_stage()
    suppress(
        stage.workspace.pk,
        ["hanako@example.jp"],
        reason=SuppressionReason.MANUAL,
        source="test",
    )
    first = checks.preview(stage.alice, stage.draft().id, 0)
    assert (first.address, first.total, first.position) == ("taro@example.jp", 2, 2)
    assert Suppression.objects.of(stage.workspace.pk).count() == 1


def test_a_viewer_sees_the_letter_but_nobodys_name() -> None:
    stage = make_stage()
    viewer = make_actor(stage.workspace, Role.VIEWER)
    page = checks.preview(viewer, stage.draft().id, 0)
    assert page.address == ""
    assert "山田花子" not in page.text + page.html + page.subject
    assert "氏名" in page.text


def test_a_letter_with_a_gap_is_flagged_in_its_preview() -> None:
    stage = make_stage(GAPS)
    letter = stage.draft()
    assert checks.preview(stage.alice, letter.id, 2).empty_fields == ("氏名",)
    assert checks.preview(stage.alice, letter.id, 2).flagged
    assert not checks.preview(stage.alice, letter.id, 0).flagged


def test_a_cell_with_another_persons_address_is_refused_before_anything_leaves() -> None:
    people = (
        ("hanako@example.jp", {"氏名": "山田花子", "紹介者": "本人 hanako@example.jp"}),
        ("taro@example.jp", {"氏名": "鈴木太郎", "紹介者": "総務/hanako@example.jp"}),
        ("jiro@example.jp", {"氏名": "佐藤二郎", "紹介者": "stranger@elsewhere.example"}),
    )
    stage = make_stage(people)
    draft = LetterDraft(subject="x", mode="plain", text="紹介者 {{ 紹介者 }}")
    check = checks.check(stage.alice, stage.draft(draft).id)
    found = next(each for each in check.findings if each.code == "address-of-another")
    assert (found.level, found.positions) == ("refuse", (2,))
    assert not check.can_send
    assert not check.seal


def test_who_writes_letters_and_may_not_see_people_learns_nothing_of_their_values() -> None:
    stage = make_stage(GAPS)
    letter = stage.draft(
        LetterDraft(
            subject="x",
            mode="plain",
            text="{% if 氏名 contains '山田' %}{{ 'nan' | round }}{% endif %} taro@example.jp",
        )
    )
    assert codes(checks.check(stage.alice, letter.id)) >= {"merge-failed", "address-of-a-person"}
    program = Actor(
        workspace_id=stage.workspace.pk,
        rights=frozenset({Right.VIEW, Right.EDIT_LETTERS}),
        label="api:letters",
    )
    seen = checks.check(program, letter.id)
    assert "values-not-looked-at" in codes(seen)
    assert not codes(seen) & {"merge-failed", "address-of-a-person", "empty-fields"}
    assert not any(finding.positions for finding in seen.findings)


def test_marks_of_other_programs_are_found_in_both_kinds_of_letters() -> None:
    stage = make_stage()
    plain = LetterDraft(subject="{氏名} 様", mode="plain", text="こんにちは {{ 氏名 }}")
    rich = LetterDraft(subject="x", html="<p>%%<b>氏名</b>%% 様</p>")
    for draft in (plain, rich):
        assert "look-alike" in codes(checks.check(stage.alice, stage.draft(draft).id))
