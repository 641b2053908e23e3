"""The page of the result: who did not get it is one press away, with the server's whole answer."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils.timezone import localtime
from tests.factories import make_actor, user_of
from tests.integration.campaigns.stage import Stage, deliveries, make_stage
from tests.integration.console.desk import words_of

from hatobin.accounts.models import Role
from hatobin.accounts.rules import Actor
from hatobin.common import clock
from hatobin.delivery.models import Delivery, Dispatch

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def letter(stage: Stage) -> str:
    """Address of a letter that Hanako got, that Taro's server refused and that left Jiro in doubt."""
    row = stage.draft()
    hanako, taro, jiro = deliveries(stage.release(row, timedelta(minutes=5)))
    refused = {"reply_code": 550, "reply_status": "5.1.1", "reply_text": "User unknown"}
    _ended(hanako, "accepted")
    _ended(taro, "bounced", reason="no-such-user", **refused)
    _ended(jiro, "in-doubt")
    return f"/letters/{row.id}"


def _ended(row: Delivery, state: str, **values: object) -> None:
    rows = Delivery.objects.of(row.workspace_id).filter(pk=row.pk)
    rows.update(state=state, ended_at=clock.now(), attempts=1, **values)


def browser(actor: Actor) -> Client:
    """In English."""
    client = Client()
    client.force_login(user_of(actor))
    client.cookies["hatobin_language"] = "en"
    return client


def test_who_did_not_get_it_is_one_press_away(stage: Stage, letter: str) -> None:
    alice = browser(stage.alice)
    first = alice.get(f"{letter}/result/").content.decode()
    assert f'<a class="stat" href="{letter}/result/?state=not-received#people"' in first
    assert f'href="{letter}/result.csv?state=not-received"' in first

    page = alice.get(f"{letter}/result/?state=not-received")
    assert [row.address for _name, row in page.context["rows"]] == [
        "taro@example.jp",
        "jiro@example.com",
    ]
    assert "550 5.1.1 User unknown" in words_of(page)
    file = alice.get(f"{letter}/result.csv?state=not-received")
    assert b"".join(file.streaming_content).count(b"\r\n") == 3  # type: ignore[attr-defined]


def test_who_may_not_see_people_is_not_led_to_them(stage: Stage, letter: str) -> None:
    viewer = browser(make_actor(stage.workspace, Role.VIEWER))
    page = viewer.get(f"{letter}/result/").content.decode()
    assert '<a class="stat"' not in page
    assert "See who did not get it" not in page


@pytest.mark.parametrize(
    ("language", "button", "question", "rest"),
    [
        ("en", "Stop sending", "Stop sending “夏の講座”?", "The 3 letters that are left are"),
        ("ja", "この配信を中止する", "「夏の講座」の配信を中止しますか。", "残りの3通は取り消され、元に戻せません。"),
    ],
)  # fmt: skip
def test_to_stop_this_letter_for_good_is_not_called_the_emergency_stop(
    stage: Stage, language: str, button: str, question: str, rest: str
) -> None:
    row = stage.draft()
    released = stage.release(row, timedelta(0))
    Dispatch.objects.of(stage.workspace.pk).filter(pk=released.pk).update(state="sending")
    alice = browser(stage.alice)
    alice.cookies["hatobin_language"] = language
    page = alice.get(f"/letters/{row.id}/result/")
    inside = page.content.decode().split("<main", 1)[1]
    assert inside.count(f"{button}<") == 2, "the button, and the one that is sure"
    assert "緊急停止" not in inside
    assert question in words_of(page)
    assert rest in words_of(page)
    part = alice.get(f"/letters/{row.id}/progress/?was=sending", headers={"HX-Request": "true"})
    assert 'hx-swap-oob="innerHTML:.stop-rest"' in part.content.decode(), "the number keeps up"
    alice.post(f"/letters/{row.id}/act/stop/")
    assert {"en": "Stopped", "ja": "中止"}[language] in words_of(
        alice.get(f"/letters/{row.id}/result/")
    )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_time_left_is_not_said_of_letters_that_wait_for_their_next_try(
    stage: Stage, language: str
) -> None:
    row = stage.draft()
    released = stage.release(row, timedelta(0))
    hanako, *others = deliveries(released)
    now = clock.now()
    Dispatch.objects.of(stage.workspace.pk).filter(pk=released.pk).update(
        state="sending", started_at=now - timedelta(seconds=20)
    )
    _ended(hanako, "accepted")
    later = now + timedelta(minutes=7)
    alice = browser(stage.alice)
    alice.cookies["hatobin_language"] = language
    address = f"/letters/{row.id}/result/"

    _put_off(others[0], later)
    some_left = words_of(alice.get(address))
    assert {"en": "without those that were put off", "ja": "再送待ちのメールは含みません"}[
        language
    ] in some_left
    _put_off(others[1], later)
    page = alice.get(address)
    said = {"en": r"– +next try [^<]*?%s", "ja": r"– +次の再送 [^<]*?%s"}[language]
    assert re.search(said % f"{localtime(later):%H:%M}", words_of(page)), words_of(page)
    assert "minute" not in str(page.context["time_left"])


def _put_off(row: Delivery, until: datetime) -> None:
    rows = Delivery.objects.of(row.workspace_id).filter(pk=row.pk)
    rows.update(next_attempt_at=until, attempts=1)
