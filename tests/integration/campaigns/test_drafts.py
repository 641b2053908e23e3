"""Drafts: saved step by step, by several people, and never overwritten unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import translation
from tests.factories import make_actor, make_identity, make_list, make_workspace

from hatobin.accounts.models import AuditEntry, Role
from hatobin.campaigns import queries
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import drafts
from hatobin.common.errors import Conflict, Invalid, NotAllowed, NotFound
from hatobin.content.letters import LetterDraft
from hatobin.delivery.services.egress import ensure_sandbox

pytestmark = pytest.mark.django_db

HELLO = LetterDraft(mode="plain", subject="夏の講座のご案内", text="{{ 氏名 }} 様\nこんにちは。")


def test_a_draft_is_written_in_steps_and_knows_which_are_complete() -> None:
    workspace = make_workspace()
    alice = make_actor(workspace)
    people = make_list(workspace)
    identity = make_identity(alice)

    letter = drafts.create(alice, "夏の講座")
    assert letter.status is Status.DRAFT
    assert not queries.step_status(letter).people
    letter = drafts.save_people(alice, letter.id, letter.revision, people.pk)
    letter = drafts.save_letter(alice, letter.id, letter.revision, HELLO, identity.pk, "notice")

    found = queries.campaign(alice, letter.id)
    assert (found.list_name, found.people, found.letter) == ("会員", 1, HELLO)
    steps = queries.step_status(found)
    assert (steps.people, steps.letter, steps.check, steps.send) == (True, True, False, False)


def test_an_incomplete_letter_may_be_saved() -> None:
    alice = make_actor(make_workspace())
    letter = drafts.create(alice, "下書き")
    half = LetterDraft(subject="", html="<p>{{ まだない項目 }}</p>")
    saved = drafts.save_letter(alice, letter.id, letter.revision, half, None, "marketing")
    assert saved.letter == half
    assert not queries.step_status(saved).letter


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (LetterDraft(subject="こんにちは\r\nBcc: everybody@example.jp"), "subject"),
        (LetterDraft(subject="a\u2028b"), "subject"),
        (LetterDraft(preheader="a\nb"), "preheader"),
        (LetterDraft(html="<p>\0</p>"), "html"),
        (LetterDraft(text="x" * 1_000_001), "text"),
        (LetterDraft(fallbacks={"氏名": "a\nb"}), "fallbacks"),
    ],
)
def test_what_no_later_edit_may_need_is_not_saved(draft: LetterDraft, field: str) -> None:
    alice = make_actor(make_workspace())
    letter = drafts.create(alice, "下書き")
    with pytest.raises(Invalid) as refused:
        drafts.save_letter(alice, letter.id, letter.revision, draft, None, "marketing")
    assert refused.value.field == field
    assert queries.campaign(alice, letter.id).revision == letter.revision


def test_bob_in_a_second_tab_cannot_overwrite_what_alice_saved() -> None:
    workspace = make_workspace()
    alice = make_actor(workspace, email="alice@office.example")
    bob = make_actor(workspace, Role.SENDER, email="bob@office.example")
    letter = drafts.create(alice, "夏の講座")
    drafts.save_letter(alice, letter.id, letter.revision, HELLO, None, "notice")

    other = LetterDraft(mode="plain", subject="冬の講座", text="冬です。")
    with pytest.raises(Conflict) as stale:
        drafts.save_letter(bob, letter.id, letter.revision, other, None, "notice")

    assert stale.value.code == "saved-meanwhile"
    assert stale.value.params["who"] == "owner"
    assert queries.campaign(bob, letter.id).letter == HELLO
    now = queries.campaign(bob, letter.id)
    saved = drafts.save_letter(bob, letter.id, now.revision, other, None, "notice")
    assert (saved.letter, saved.saved_by) == (other, "sender")


def test_a_step_saved_as_it_stands_is_no_save() -> None:
    workspace = make_workspace()
    alice, bob = make_actor(workspace), make_actor(workspace, Role.SENDER)
    identity, people = make_identity(alice), make_list(workspace)
    way = ensure_sandbox(workspace.pk)
    letter = drafts.create(alice, "夏の講座")
    letter = drafts.save_people(alice, letter.id, letter.revision, people.pk)
    letter = drafts.save_letter(alice, letter.id, letter.revision, HELLO, identity.pk, "notice")
    letter = drafts.save_sending(alice, letter.id, letter.revision, way.pk)
    log = AuditEntry.objects.of(workspace.pk).filter(subject=str(letter.id))
    lines = log.count()

    same = drafts.save_letter(bob, letter.id, letter.revision, HELLO, identity.pk, "notice")
    assert same == letter
    assert drafts.save_people(bob, letter.id, letter.revision, people.pk) == letter
    assert drafts.save_sending(bob, letter.id, letter.revision, way.pk) == letter
    assert log.count() == lines

    for draft, sender, kind in (
        (replace(HELLO, text="別の文"), identity.pk, "notice"),
        (HELLO, None, "notice"),
        (HELLO, identity.pk, "marketing"),
    ):
        now = queries.campaign(alice, letter.id)
        saved = drafts.save_letter(bob, letter.id, now.revision, draft, sender, kind)
        assert (saved.revision, saved.saved_by) == (now.revision + 1, "sender")
    with pytest.raises(Conflict):
        drafts.save_letter(bob, letter.id, letter.revision, HELLO, identity.pk, "notice")


def test_a_copy_is_a_draft_of_its_own() -> None:
    alice = make_actor(make_workspace())
    letter = drafts.create(alice, "夏の講座")
    letter = drafts.save_letter(alice, letter.id, letter.revision, HELLO, None, "notice")
    copy = drafts.duplicate(alice, letter.id)
    drafts.delete_draft(alice, letter.id)

    assert queries.campaign(alice, copy.id).letter == HELLO
    assert "夏の講座" in copy.name
    with pytest.raises(NotFound):
        queries.campaign(alice, letter.id)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("ja", ["夏の講座のコピー", "夏の講座のコピー 2", "夏の講座のコピー 3"]),
        ("en", ["Copy of 夏の講座", "Copy 2 of 夏の講座", "Copy 3 of 夏の講座"]),
    ],
)
def test_copies_of_copies_are_numbered(language: str, names: list[str]) -> None:
    alice = make_actor(make_workspace())
    letter = drafts.create(alice, "夏の講座")
    with translation.override(language):
        first = drafts.duplicate(alice, letter.id)
        second = drafts.duplicate(alice, first.id)
        assert [first.name, second.name, drafts.duplicate(alice, second.id).name] == names
        assert drafts.duplicate(alice, drafts.create(alice, "x" * 200).id).name.count("x") > 100


def test_names_are_needed_and_stay_on_one_line() -> None:
    alice = make_actor(make_workspace())
    letter = drafts.create(alice, "夏")
    assert drafts.rename(alice, letter.id, letter.revision, " 秋 ").name == "秋"
    for bad in ("", "  ", "a\nb", "x" * 201):
        with pytest.raises(Invalid):
            drafts.rename(alice, letter.id, letter.revision + 1, bad)


def test_a_viewer_reads_but_does_not_write() -> None:
    workspace = make_workspace()
    alice, charlie = make_actor(workspace), make_actor(workspace, Role.VIEWER)
    letter = drafts.create(alice, "夏の講座")
    assert queries.campaign(charlie, letter.id).name == "夏の講座"
    for refused in (
        lambda: drafts.create(charlie, "x"),
        lambda: drafts.rename(charlie, letter.id, letter.revision, "x"),
        lambda: drafts.duplicate(charlie, letter.id),
        lambda: drafts.delete_draft(charlie, letter.id),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_another_workspace_sees_nothing_of_it() -> None:
    ours, theirs = make_workspace(), make_workspace("もみじ町役場")
    alice = make_actor(ours)
    bob = make_actor(theirs, email="bob@momiji.example")
    letter = drafts.create(alice, "夏の講座")
    foreign = make_list(theirs)
    with pytest.raises(NotFound):
        queries.campaign(bob, letter.id)
    with pytest.raises(NotFound):
        drafts.delete_draft(bob, letter.id)
    with pytest.raises(NotFound):
        drafts.save_people(alice, letter.id, letter.revision, foreign.pk)
    assert queries.campaigns(bob).total == 0


def test_the_overview_counts_each_status_and_pages() -> None:
    alice = make_actor(make_workspace())
    for number in range(queries.PAGE + 1):
        drafts.create(alice, f"下書き {number}")
    first = queries.campaigns(alice, status=Status.DRAFT)
    second = queries.campaigns(alice, page=2)
    assert (first.total, first.pages, len(second.campaigns)) == (queries.PAGE + 1, 2, 1)
    assert first.campaigns[0].name == f"下書き {queries.PAGE}"
    assert queries.campaigns(alice, status=Status.DONE).total == 0
    assert first.counts[Status.DRAFT] == queries.PAGE + 1


def test_every_save_is_on_the_audit_log_without_the_letter() -> None:
    workspace = make_workspace()
    alice = make_actor(workspace)
    letter = drafts.create(alice, "夏の講座")
    drafts.save_letter(alice, letter.id, letter.revision, HELLO, None, "notice")
    log = AuditEntry.objects.of(workspace.pk).filter(subject=str(letter.id))
    assert [entry.action for entry in log.order_by("pk")] == ["letter.created", "letter.saved"]
    assert "講座" not in str(list(log.values_list("detail", flat=True)))
