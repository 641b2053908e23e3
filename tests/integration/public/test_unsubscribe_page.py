"""The recipient's page over HTTP: as a person, as a mail program's button, as a scanner."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from tests.integration.campaigns.stage import Stage, deliveries, make_stage, token_of

from hatobin.accounts.models import AuditEntry
from hatobin.delivery.models import Dispatch
from hatobin.suppression.models import Suppression

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def link(stage: Stage) -> str:
    dispatch = stage.release(stage.draft(), timedelta(minutes=5))
    return f"/u/{token_of(deliveries(dispatch)[0])}"


@pytest.fixture
def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def suppressed(stage: Stage) -> int:
    return Suppression.objects.of(stage.workspace.pk).count()


def test_every_page_has_an_icon_and_browsers_that_guess_find_it(link: str, browser: Client) -> None:
    named = re.search(r'<link rel="icon"[^>]*href="([^"]+)"', browser.get(link).content.decode())
    assert named
    asked = browser.get("/favicon.ico")
    assert asked.status_code == 302
    assert asked["Location"] == named.group(1)
    assert finders.find(named.group(1).removeprefix("/static/"))


def test_one_click_needs_no_cookie_no_csrf_and_no_redirect(
    stage: Stage, link: str, browser: Client
) -> None:
    answer = browser.post(
        link,
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 200
    assert not answer.cookies
    assert suppressed(stage) == 1
    assert AuditEntry.objects.of(stage.workspace.pk).get(action="unsubscribe.done").detail[
        "channel"
    ] == ("one-click")


def test_one_click_may_come_as_multipart(stage: Stage, link: str, browser: Client) -> None:
    assert browser.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert suppressed(stage) == 1


def test_scanners_that_open_the_link_change_nothing(
    stage: Stage, link: str, browser: Client
) -> None:
    for _again in range(3):
        assert browser.get(link).status_code == 200
        assert browser.head(link).status_code == 200
        assert browser.get(link + "?unsubscribe=1&List-Unsubscribe=One-Click").status_code == 200
    for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
        assert browser.generic(method, link).status_code == 405
    assert suppressed(stage) == 0


def test_a_person_presses_the_button_then_changes_her_mind(
    stage: Stage, link: str, browser: Client
) -> None:
    page = browser.get(link, headers={"accept-language": "ja"})
    assert "h***@example.jp" in page.content.decode()
    assert "hanako" not in page.content.decode()

    pressed = browser.post(link, {"unsubscribe": "1"})
    assert (pressed.status_code, pressed["Location"]) == (303, link)
    assert suppressed(stage) == 1
    assert 'name="undo"' in browser.get(link).content.decode()

    assert browser.post(link, {"undo": "1"}).status_code == 303
    assert suppressed(stage) == 0
    browser.post(link, {"unsubscribe": "1"})
    assert 'name="undo"' not in browser.get(link).content.decode()
    assert browser.post(link, {"undo": "1"}).status_code == 409
    assert suppressed(stage) == 1


def test_the_page_speaks_the_readers_language_else_the_letters(link: str, browser: Client) -> None:
    for wanted, language in (("en-US,en;q=0.8", "en"), ("ja", "ja"), ("fr", "ja"), ("", "ja")):
        page = browser.get(link, headers={"accept-language": wanted})
        assert page["Content-Language"] == language
        assert f'<html lang="{language}">' in page.content.decode()


def test_the_switch_is_stronger_than_the_browser_and_is_kept_without_a_cookie(
    link: str, browser: Client
) -> None:
    german = {"accept-language": "de"}
    for language, other in (("en", "ja"), ("ja", "en")):
        page = browser.get(f"{link}?language={language}", headers={"accept-language": other})
        assert page["Content-Language"] == language
        assert f'href="?language={other}"' in page.content.decode()
        assert not page.cookies
    pressed = browser.post(f"{link}?language=en", {"unsubscribe": "1"}, headers=german)
    assert pressed["Location"] == f"{link}?language=en"
    assert "You are unsubscribed" in browser.get(pressed["Location"]).content.decode()
    assert browser.get(f"{link}?language=tlh", headers=german)["Content-Language"] == "ja"


def test_an_unknown_link_gets_a_kind_page_and_no_oracle(
    stage: Stage, link: str, browser: Client
) -> None:
    invented = browser.get("/u/" + "A" * 40)
    cut = browser.get(link[:-2])
    assert invented.status_code == cut.status_code == 404
    assert invented.content == cut.content
    assert browser.post(link[:-2], {"List-Unsubscribe": "One-Click"}).status_code == 404
    assert suppressed(stage) == 0


def test_the_page_leaves_no_traces(link: str, browser: Client) -> None:
    page = browser.get(link)
    assert page["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page["X-Robots-Tag"]
    assert page["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page["Content-Security-Policy"]
    assert "<script" not in page.content.decode()
    assert not page.cookies


def test_a_post_with_a_large_file_keeps_nothing_of_it(
    stage: Stage, link: str, browser: Client
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("x.bin", b"x" * 300_000)
    answer = browser.post(link, {"List-Unsubscribe": "One-Click", "file": file})
    assert answer.status_code == 200
    assert suppressed(stage) == 1


@pytest.mark.parametrize(
    ("form", "status"),
    [({"x": "y" * 6_000_000}, 413), ({f"x{n}": "y" for n in range(5_001)}, 400)],
)
def test_a_form_that_is_too_large_gets_the_readers_page_and_changes_nothing(
    stage: Stage, link: str, browser: Client, form: dict[str, str], status: int
) -> None:
    for kind in (MULTIPART_CONTENT, "application/x-www-form-urlencoded"):
        data = form if kind == MULTIPART_CONTENT else urlencode(form)
        answer = browser.post(link, data, content_type=kind, headers={"accept-language": "ja"})
        assert answer.status_code == status
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert answer["Referrer-Policy"] == "no-referrer"
        assert "リンク" in answer.content.decode()
        assert not answer.cookies
    assert suppressed(stage) == 0


def test_a_strange_host_gets_the_readers_page_too(link: str, browser: Client) -> None:
    answer = browser.get(link, headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "evil.example" not in answer.content.decode()


def test_a_test_letters_page_says_that_it_is_one(stage: Stage, link: str, browser: Client) -> None:
    Dispatch.objects.of(stage.workspace.pk).update(kind="test")
    page = browser.get(link, headers={"accept-language": "en"})
    assert "test letter" in page.content.decode()
    assert "<form" not in page.content.decode()
    assert browser.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert suppressed(stage) == 0


def test_the_sign_of_life_answers_while_the_database_does(browser: Client) -> None:
    answer = browser.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
