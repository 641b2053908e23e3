"""Home and the list of letters say where letters go, and what keeps them from going on."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.campaigns.stage import Stage, make_stage
from tests.integration.console.desk import words_of
from tests.integration.console.test_result import browser

from hatobin.common import clock
from hatobin.delivery.models import Egress
from hatobin.delivery.services import emergency
from hatobin.delivery.services.egress import save_relay

pytestmark = pytest.mark.django_db

PAGES = ("/", "/letters/")
NOTHING_LEAVES = "Sandbox: nothing leaves this machine."
TO_SANDBOX = "New letters go to the sandbox mailbox unless another way of sending is chosen."
TROUBLE = "Office relay : Letters cannot leave this way at the moment"
STOPPED = "Emergency stop: it stands still."


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def alice(stage: Stage) -> Client:
    return browser(stage.alice)


def relay_of(stage: Stage, *, default: bool = False) -> Egress:
    return save_relay(
        stage.alice, name="Office relay", host="smtp.example.jp", port=587, tls="none",
        make_default=default,
    )  # fmt: skip


def breaks(road: Egress) -> None:
    Egress.objects.of(road.workspace_id).filter(pk=road.pk).update(
        trouble_code="refused", trouble_since=clock.now()
    )


def said(client: Client, path: str) -> str:
    return words_of(client.get(path)).replace(" :", ":").replace(":", " :")


def test_nothing_leaves_is_only_said_while_there_is_no_other_way(
    stage: Stage, alice: Client
) -> None:
    assert NOTHING_LEAVES in words_of(alice.get("/"))
    relay_of(stage)
    page = words_of(alice.get("/"))
    assert NOTHING_LEAVES not in page
    assert TO_SANDBOX in page


def test_with_another_default_way_the_sandbox_is_not_named(stage: Stage, alice: Client) -> None:
    relay_of(stage, default=True)
    page = words_of(alice.get("/"))
    assert NOTHING_LEAVES not in page
    assert TO_SANDBOX not in page


@pytest.mark.parametrize("path", PAGES)
def test_a_letter_that_goes_by_a_real_way_says_by_which(
    stage: Stage, alice: Client, path: str
) -> None:
    stage.draft()
    assert "Way of sending :" not in said(alice, path)
    Egress.objects.of(stage.workspace.pk).update(kind="smtp-relay", name="Office relay")
    assert "Way of sending : Office relay" in said(alice, path)


@pytest.mark.parametrize("path", PAGES)
def test_a_way_in_trouble_is_told_at_the_letter_that_waits_for_it(
    stage: Stage, alice: Client, path: str
) -> None:
    relay = relay_of(stage)
    breaks(relay)
    assert TROUBLE not in said(alice, path), "nothing waits for it"
    stage.on_its_way(relay)
    assert TROUBLE in said(alice, path)
    assert f'href="/delivery/?way={relay.pk}"' in alice.get(path).content.decode()


def test_home_says_why_a_way_is_in_trouble(stage: Stage, alice: Client) -> None:
    relay = relay_of(stage)
    breaks(relay)
    stage.on_its_way(relay)
    assert "No mail server answers on this port." in words_of(alice.get("/"))


@pytest.mark.parametrize("path", PAGES)
def test_an_emergency_stop_is_told_at_letters_on_their_way_only(
    stage: Stage, alice: Client, path: str
) -> None:
    stage.draft()
    emergency.stop(stage.alice, reason="Wrong list")
    assert STOPPED.replace(":", " :") not in said(alice, path)
    emergency.lift(stage.alice)
    stage.on_its_way(relay_of(stage))
    emergency.stop(stage.alice, reason="Wrong list")
    assert STOPPED.replace(":", " :") in said(alice, path)
