"""A session that ended meanwhile: nobody meets a blank page, and nobody believes that a button worked."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.factories import PASSWORD, user_of
from tests.integration.campaigns.stage import Stage, make_stage
from tests.integration.console.desk import words_of
from tests.integration.console.test_languages import wrong_in_english, wrong_in_japanese

from hatobin.accounts.models import User
from hatobin.delivery.models import Dispatch

pytestmark = pytest.mark.django_db

NOTHING_DONE = "You had been signed out, so nothing was done. Please press again."


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def letter(stage: Stage) -> str:
    """A letter that is being sent."""
    return f"/letters/{stage.on_its_way(stage.egress).id}"


@pytest.fixture
def alice(stage: Stage) -> User:
    return user_of(stage.alice)


def browser(language: str = "en") -> Client:
    client = Client()
    client.cookies["hatobin_language"] = language
    return client


def press(client: Client, path: str, page: str) -> str:
    """Presses a button on a page, signed out; where that leads."""
    answer = client.post(path, headers={"referer": page})
    assert answer.status_code == 302
    return str(answer["Location"])


def sign_in(client: Client, alice: User, page: str) -> str:
    """Where signing in leads."""
    shown = client.get(page)
    assert "so nothing was done" in words_of(shown)
    target = shown.context["redirect_field_value"]
    body = {"login": alice.email, "password": PASSWORD, "next": target}
    answer = client.post("/sign-in/", body)
    assert answer.status_code == 302, words_of(answer)
    return str(answer["Location"])


def test_it_leads_back_to_the_page_of_the_button_which_says_that_nothing_was_done(
    stage: Stage, letter: str, alice: User
) -> None:
    client = browser()
    page = f"{letter}/result/?state=waiting"
    asked = press(client, f"{letter}/act/pause/", f"http://testserver{page}")
    assert sign_in(client, alice, asked) == page
    assert NOTHING_DONE in words_of(client.get(page))
    assert NOTHING_DONE not in words_of(client.get(page)), "said once"
    assert Dispatch.objects.of(stage.workspace.pk).get().state == "sending"


@pytest.mark.parametrize(
    "named",
    [
        "",
        "https://elsewhere.example/letters/",
        "http://testserver//elsewhere.example/",
        "http://testserver:8000@elsewhere.example/",
        "javascript:alert(1)",
        "http://testserver/sign-in/?next=/letters/",
    ],
)
def test_a_page_that_is_not_ours_or_is_the_sign_in_is_not_gone_back_to(
    letter: str, alice: User, named: str
) -> None:
    client = browser()
    asked = press(client, f"{letter}/act/pause/", named)
    assert asked == "/sign-in/?next=/"
    assert sign_in(client, alice, asked) == "/"


def test_a_page_that_was_only_asked_for_is_shown_after_signing_in(letter: str) -> None:
    client = browser()
    answer = client.get(f"{letter}/result/?state=waiting")
    assert answer["Location"] == f"/sign-in/?next={letter}/result/%3Fstate%3Dwaiting"
    assert "nothing was done" not in words_of(client.get(answer["Location"]))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_address_of_a_button_has_a_page_for_who_opens_it(
    letter: str, alice: User, language: str
) -> None:
    client = browser(language)
    client.force_login(alice)
    answer = client.get(f"{letter}/act/pause/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    html = answer.content.decode()
    assert f'<html lang="{language}"' in html
    assert 'href="/"' in html
    assert (wrong_in_japanese if language == "ja" else wrong_in_english)(html) == []
    assert "default-src 'self'" in answer["Content-Security-Policy"]


def test_machines_that_ask_with_a_wrong_method_get_no_page() -> None:
    for path in ("/metrics", "/healthz"):
        assert b"<html" not in Client().post(path).content, path
