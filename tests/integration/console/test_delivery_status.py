"""Delivery status: readable at once, nothing moves before a person has seen where it goes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime
from tests.factories import make_actor
from tests.integration.campaigns.stage import Stage, make_stage
from tests.integration.console.desk import words_of
from tests.integration.console.test_result import browser

from hatobin.accounts.models import Role
from hatobin.audience.models import Field, FieldKind
from hatobin.common import clock
from hatobin.delivery.models import Delivery, Dispatch, Egress, LaneShare, Lot
from hatobin.delivery.services import emergency
from hatobin.delivery.services.egress import save_relay

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def relay(stage: Stage) -> Egress:
    return save_relay(
        stage.alice, name="Office relay", host="smtp.example.jp", port=587, tls="none", make_default=True
    )  # fmt: skip


@pytest.fixture
def letter(stage: Stage, relay: Egress) -> str:
    """A letter of three people that waits for the relay."""
    return f"/letters/{stage.on_its_way(relay).id}"


@pytest.fixture
def alice(stage: Stage) -> Client:
    return browser(stage.alice)


def rows(stage: Stage) -> list[Delivery]:
    return list(Delivery.objects.of(stage.workspace.pk).order_by("position"))


def rest(relay: Egress) -> LaneShare:
    return LaneShare.objects.create(
        egress=relay, site="*", node=1, connections=1, most=5, waiting=1200, per_minute=300,
        until=clock.now() + timedelta(minutes=1), updated_at=clock.now(), why_code="suspended",
        why_params={"rule": "x", "said": "421 4.7.28"}, next_at=clock.now() + timedelta(minutes=9),
    )  # fmt: skip


def test_it_says_how_many_wait_and_that_no_sender_runs(
    stage: Stage, letter: str, alice: Client
) -> None:
    page = words_of(alice.get(reverse("console:delivery")))
    assert "No sender is running" in page
    assert "Office relay" in page
    assert alice.get("/").content.decode().count('href="/delivery/"') >= 1


def test_the_part_that_is_asked_for_again_is_the_same_part(
    stage: Stage, letter: str, alice: Client
) -> None:
    page = alice.get(reverse("console:delivery") + "?slow=1").content.decode()
    assert 'hx-get="/delivery/live/?slow=1"' in page
    part = alice.get(reverse("console:delivery-live") + "?slow=1").content.decode()
    assert part.count('id="lanes-live"') == 1
    assert "<html" not in part


def test_a_lane_that_rests_can_be_ended_by_who_may_send(
    stage: Stage, letter: str, relay: Egress, alice: Client
) -> None:
    share = rest(relay)
    body = {"way": str(relay.pk), "site": "*"}
    viewer = browser(make_actor(stage.workspace, Role.VIEWER))
    assert b"Try it again now" not in viewer.get(reverse("console:delivery")).content
    assert viewer.post(reverse("console:delivery"), body).status_code == 403
    share.refresh_from_db()
    assert share.wake_asked_at is None
    done = alice.post(reverse("console:delivery") + "?details=1", body)
    assert (done.status_code, done["location"]) == (302, "/delivery/?details=1")
    share.refresh_from_db()
    assert share.wake_asked_at is not None


def test_while_an_emergency_stop_stands_no_try_is_offered_and_none_is_said_to_be_made(
    stage: Stage, letter: str, relay: Egress, alice: Client
) -> None:
    share = rest(relay)
    Delivery.objects.of(stage.workspace.pk).update(attempts=1)
    Egress.objects.of(stage.workspace.pk).filter(pk=relay.pk).update(
        trouble_code="refused",
        trouble_since=clock.now(),
        resume_at=clock.now() + timedelta(hours=1),
    )
    button = f'id="wake-{relay.pk}"'.encode()
    assert button in alice.get(reverse("console:delivery")).content
    assert b'id="retry"' in alice.get(f"{letter}/result/").content
    emergency.stop(stage.alice)
    assert button not in alice.get(reverse("console:delivery")).content
    assert b'id="retry"' not in alice.get(f"{letter}/result/").content
    story = reverse("console:delivery-letter", args=[rows(stage)[1].pk])
    assert b'id="act-retry"' not in alice.get(story).content
    asked: list[tuple[str, dict[str, str]]] = [
        (reverse("console:delivery"), {"way": str(relay.pk), "site": "*"}),
        (f"{letter}/act/retry/", {}),
        (story, {"act": "retry"}),
    ]
    for address, body in asked:
        said = words_of(alice.post(address, body, follow=True))
        assert "An emergency stop stands since" in said
        assert "now. Look here again" not in said
    share.refresh_from_db()
    assert share.wake_asked_at is None


def test_a_letter_whose_destination_rests_is_offered_the_end_of_that_rest(
    stage: Stage, letter: str, relay: Egress, alice: Client
) -> None:
    share = rest(relay)
    story = reverse("console:delivery-letter", args=[rows(stage)[1].pk])
    said = words_of(alice.post(story, {"act": "retry"}, follow=True))
    assert f"rests until {localtime(share.next_at):%H:%M}" in said
    alice.post(story, {"act": "end-rest"})
    share.refresh_from_db()
    assert share.wake_asked_at is not None


def test_details_for_experts_are_shown_on_request(
    stage: Stage, letter: str, relay: Egress, alice: Client
) -> None:
    rest(relay)
    assert "421 4.7.28" not in words_of(alice.get(reverse("console:delivery")))
    assert "421 4.7.28" in words_of(alice.get(reverse("console:delivery") + "?details=1"))


def test_each_person_on_the_result_page_leads_to_the_letters_story(
    stage: Stage, letter: str, alice: Client
) -> None:
    taro = rows(stage)[1]
    address = reverse("console:delivery-letter", args=[taro.pk])
    assert f'href="{address}"' in alice.get(f"{letter}/result/").content.decode()
    page = words_of(alice.get(address))
    assert "taro@example.jp" in page
    assert "Hold it back" in page
    assert alice.post(address, {"act": "hold"}).status_code == 302
    taro.refresh_from_db()
    assert taro.held_at is not None
    assert "Let it go" in words_of(alice.get(address))
    assert "Held back" in words_of(alice.get(f"{letter}/result/"))
    assert alice.post(address, {"act": "explode"}).status_code == 404


def test_a_refusal_is_told_on_the_letters_page(stage: Stage, letter: str, alice: Client) -> None:
    taro = rows(stage)[1]
    Lot.objects.of(stage.workspace.pk).update(node=1)
    answer = alice.post(
        reverse("console:delivery-letter", args=[taro.pk]), {"act": "retry"}, follow=True
    )
    assert "in hand already" in words_of(answer)


def test_an_approver_is_offered_only_what_an_approver_may_do(stage: Stage, letter: str) -> None:
    approver = browser(make_actor(stage.workspace, Role.APPROVER))
    page = words_of(approver.get(reverse("console:delivery-letter", args=[rows(stage)[0].pk])))
    assert "Give it up" in page
    assert "Hold it back" not in page


def test_nothing_goes_by_another_way_before_it_was_shown_where(
    stage: Stage, letter: str, relay: Egress, alice: Client
) -> None:
    other = save_relay(stage.alice, name="Spare", host="spare.example.jp", port=587, tls="none")
    address = f"{letter}/move/"
    first = words_of(alice.get(address))
    assert "Spare" in first
    shown = words_of(alice.get(f"{address}?to={other.pk}"))
    assert "smtp.example.jp:587" in shown
    assert "spare.example.jp:587" in shown
    assert "3" in shown
    assert {lot.egress_id for lot in Lot.objects.of(stage.workspace.pk)} == {relay.pk}
    done = alice.post(address, {"to": str(other.pk)}, follow=True)
    assert "3 letters go by “Spare” now." in words_of(done)
    assert {lot.egress_id for lot in Lot.objects.of(stage.workspace.pk)} == {other.pk}


def test_a_way_in_trouble_is_told_with_its_two_ways_out(
    stage: Stage, letter: str, relay: Egress, alice: Client
) -> None:
    save_relay(stage.alice, name="Spare", host="spare.example.jp", port=587, tls="none")
    Egress.objects.of(stage.workspace.pk).filter(pk=relay.pk).update(
        trouble_code="refused",
        trouble_since=clock.now(),
        resume_at=clock.now() + timedelta(hours=1),
    )
    page = alice.get(reverse("console:delivery"))
    assert "No mail server answers on this port." in words_of(page)
    assert f'href="/delivery/way/{relay.pk}/move/"' in page.content.decode()
    alice.post(reverse("console:delivery"), {"way": str(relay.pk)})
    resume_at = Egress.objects.of(stage.workspace.pk).get(pk=relay.pk).resume_at
    assert resume_at is not None
    assert resume_at <= clock.now()


def test_another_office_finds_nothing_of_it(stage: Stage, letter: str, relay: Egress) -> None:
    stranger = browser(make_stage(name="Shelbyville").alice)
    taro = rows(stage)[1]
    assert "Office relay" not in words_of(stranger.get(reverse("console:delivery")))
    for address in (
        reverse("console:delivery-letter", args=[taro.pk]),
        reverse("console:delivery-letter-move", args=[taro.pk]),
        reverse("console:way-move", args=[relay.pk]),
        f"{letter}/move/",
    ):
        assert stranger.get(address).status_code == 404
    address = reverse("console:delivery-letter", args=[taro.pk])
    assert stranger.post(address, {"act": "give-up"}).status_code == 404
    taro.refresh_from_db()
    assert taro.state == "waiting"


def in_trouble(relay: Egress, *, words: str, code: str = "refused") -> None:
    Egress.objects.of(relay.workspace_id).filter(pk=relay.pk).update(
        trouble_code=code,
        trouble_text=words,
        trouble_since=clock.now(),
        resume_at=clock.now() + timedelta(hours=1),
    )


def test_while_an_emergency_stop_stands_no_next_try_is_promised(
    stage: Stage, letter: str, relay: Egress, alice: Client
) -> None:
    rest(relay)
    Delivery.objects.of(stage.workspace.pk).update(
        attempts=1, next_attempt_at=clock.now() + timedelta(minutes=9)
    )
    in_trouble(relay, words="")
    story = reverse("console:delivery-letter", args=[rows(stage)[1].pk])
    addresses = (reverse("console:delivery"), f"{letter}/result/", story)
    promises = ("Next try", "next try", "Goes on at", "tried again")
    for address in addresses[:2]:  # without a sender the story promises nothing
        assert any(each in words_of(alice.get(address)) for each in promises)
    emergency.stop(stage.alice)
    for address in addresses:
        said = words_of(alice.get(address))
        assert "nothing is tried until it is lifted." in said
        assert not [each for each in promises if each in said], said


def test_a_hold_under_an_emergency_stop_counts_down_to_nothing(stage: Stage, alice: Client) -> None:
    row = stage.draft()
    stage.release(row, timedelta(minutes=5))
    page = alice.get(f"/letters/{row.id}/result/")
    assert b"data-until" in page.content
    emergency.stop(stage.alice)
    page = alice.get(f"/letters/{row.id}/result/")
    assert b"data-until" not in page.content
    assert b'id="call-back"' in page.content
    assert "An emergency stop stands" in words_of(page)


@pytest.mark.parametrize(
    ("code", "words", "label"),
    [
        ("refused", "[Errno 111] Connection refused", "Technical details"),
        ("greeting-refused", "You are not welcome", "The server's words"),
    ],
)
def test_what_no_server_said_is_not_called_its_words(
    stage: Stage, letter: str, relay: Egress, alice: Client, code: str, words: str, label: str
) -> None:
    in_trouble(relay, words=words, code=code)
    for address in (
        reverse("console:delivery"),
        f"{letter}/result/",
        reverse("console:settings-roads"),
    ):
        said = words_of(alice.get(address))
        assert re.search(rf"{label}: +{re.escape(words)}", said), said


def test_the_ways_of_sending_tell_a_trouble_with_advice_time_and_what_waits(
    stage: Stage, letter: str, relay: Egress, alice: Client
) -> None:
    in_trouble(relay, words="")
    page = alice.get(reverse("console:settings-roads"))
    said = words_of(page)
    assert "Check server name and port; ask whoever runs the server." in said
    assert "Next try:" in said
    assert f'id="wake-{relay.pk}"' in page.content.decode()
    assert f'href="/delivery/?way={relay.pk}"' in page.content.decode()
    result = alice.get(f"{letter}/result/").content.decode()
    assert f'id="wake-{relay.pk}"' in result
    emergency.stop(stage.alice)
    assert 'id="wake-' not in alice.get(reverse("console:settings-roads")).content.decode()


def test_the_way_it_goes_by_is_named_and_not_offered_again(
    stage: Stage, letter: str, relay: Egress, alice: Client
) -> None:
    spare = save_relay(stage.alice, name="Spare", host="spare.example.jp", port=587, tls="none")
    story = reverse("console:delivery-letter-move", args=[rows(stage)[1].pk])
    for address in (f"{letter}/move/", story):
        page = alice.get(address)
        assert [each.id for each in page.context["ways"]] == [spare.pk]
        assert "Now by: Office relay" in words_of(page)


def test_the_story_names_the_person_and_belongs_to_the_letters(
    stage: Stage, letter: str, alice: Client
) -> None:
    Field.objects.of(stage.workspace.pk).filter(name="氏名").update(kind=FieldKind.NAME)
    taro = rows(stage)[1]
    page = alice.get(reverse("console:delivery-letter", args=[taro.pk]))
    assert "鈴木太郎 taro@example.jp" in words_of(page)
    menu = page.content.decode().split('<nav class="nav"', 1)[1].split("</nav>", 1)[0]
    assert re.findall(r'<a href="([^"]*)" aria-current="page">', menu) == ["/letters/"]


@pytest.mark.parametrize(
    ("state", "reason", "said"),
    [
        ("accepted", "", "The receiving server has taken it."),
        ("in-doubt", "", "Ask the person, then decide below."),
        ("in-doubt", "left", "Somebody decided to leave it as it is."),
    ],
)
def test_who_looks_at_a_letter_that_has_ended_reads_what_to_do_now(
    stage: Stage, letter: str, relay: Egress, alice: Client, state: str, reason: str, said: str
) -> None:
    taro = rows(stage)[1]
    Dispatch.objects.of(stage.workspace.pk).update(egress=relay)
    ended = Delivery.objects.of(stage.workspace.pk).filter(pk=taro.pk)
    ended.update(state=state, reason=reason, ended_at=clock.now(), attempts=1)
    assert said in words_of(alice.get(reverse("console:delivery-letter", args=[taro.pk])))
