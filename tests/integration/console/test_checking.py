"""The page that checks: what a test letter answers, and which steps it shows as complete."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from tests.factories import make_list, user_of
from tests.integration.campaigns.stage import Stage, make_stage
from tests.integration.console.desk import words_of

from hatobin.campaigns.services import drafts
from hatobin.content.letters import LetterDraft

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def alice(stage: Stage) -> Client:
    """The owner's browser, in English."""
    client = Client()
    client.force_login(user_of(stage.alice))
    client.cookies["hatobin_language"] = "en"
    return client


def test_a_test_letter_is_answered_beside_its_button_and_once(stage: Stage, alice: Client) -> None:
    letter, other = stage.draft(), stage.draft()
    sent = alice.post(
        f"/letters/{letter.id}/test/", {"recipient": "boss@example.com", "person": "2"}
    )
    assert sent["Location"] == f"/letters/{letter.id}/check/?person=2#tested"
    said = "A test letter is on its way to boss@example.com."
    assert said not in words_of(alice.get(f"/letters/{other.id}/check/"))

    page = alice.get(sent["Location"]).content.decode()
    panel = re.search(r'<section[^>]*aria-labelledby="test".*?</section>', page, re.S)
    assert panel
    assert said in panel.group()
    assert re.search(r'id="tested" role="status" tabindex="-1" data-focus', panel.group())
    assert 'href="/sandbox/?q=boss%40example.com"' in panel.group()
    assert 'class="messages"' not in page
    assert said not in words_of(alice.get(f"/letters/{letter.id}/check/"))


def test_a_clean_check_is_shown_as_complete_and_one_that_refuses_is_not(
    stage: Stage, alice: Client
) -> None:
    clean = stage.draft()
    broken = stage.draft(LetterDraft(mode="plain", subject="夏", text="{{ ない項目 }}\n"))
    for step in ("check", "send"):
        assert "3. Check (done)" in words_of(alice.get(f"/letters/{clean.id}/{step}/"))
        assert "3. Check (done)" not in words_of(alice.get(f"/letters/{broken.id}/{step}/"))


def test_somebody_by_lot_is_shown_without_the_rest_of_the_page(stage: Stage, alice: Client) -> None:
    letter = stage.draft()
    seen = set()
    for _turn in range(60):
        page = alice.get(f"/letters/{letter.id}/preview/?person=lot&view=text")
        seen.add(page.context["number"])
        assert "check" not in page.context
    assert seen == {1, 2, 3}
    beyond = alice.get(f"/letters/{letter.id}/preview/?person=99")
    assert beyond.context["number"] == 3


def test_people_of_a_finding_are_named_by_their_place_on_the_list(
    stage: Stage, alice: Client
) -> None:
    names = ("一", "二", "", "四")
    cast = [(f"p{n}@example.jp", {"氏名": name}) for n, name in enumerate(names)]
    people = make_list(stage.workspace, cast, name="名前のない人")
    letter = stage.draft()
    drafts.save_people(stage.alice, letter.id, letter.revision, people.pk)
    page = words_of(alice.get(f"/letters/{letter.id}/check/"))
    assert "Place on the list (the row of the file, if one file made the list): 3" in page


def test_a_test_that_cannot_go_says_so_beside_its_field(stage: Stage, alice: Client) -> None:
    letter = stage.draft()
    page = alice.post(f"/letters/{letter.id}/test/", {"recipient": "a@example.jp, b@example.jp"})
    assert page.status_code == 422
    assert 'id="id_recipient_error"' in page.content.decode()
