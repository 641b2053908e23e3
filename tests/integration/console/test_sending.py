"""The page that sends: what it shows is what is used, and nothing leaves by a way that was not looked at."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from tests.factories import make_actor, user_of
from tests.integration.campaigns.stage import Stage, make_stage
from tests.integration.console.desk import Page, words_of

from hatobin.accounts.models import AuditEntry, Role, Workspace
from hatobin.campaigns import queries
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status
from hatobin.campaigns.services import drafts
from hatobin.common import clock
from hatobin.delivery.models import Delivery, Dispatch, Egress
from hatobin.delivery.services.egress import save_relay

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    made = make_stage()
    Workspace.objects.filter(pk=made.workspace.pk).update(base_url="https://mail.example.jp")
    return made


@pytest.fixture
def relay(stage: Stage) -> Egress:
    """A way to real people."""
    return save_relay(
        stage.alice, name="Relay", host="smtp.example.jp", port=587, tls="starttls", username=""
    )


@pytest.fixture
def alice(stage: Stage) -> Client:
    """The owner's browser, in English."""
    client = Client()
    client.force_login(user_of(stage.alice))
    client.cookies["hatobin_language"] = "en"
    return client


def by(stage: Stage, way: Egress) -> CampaignView:
    """A draft that is ready and would leave by this way."""
    letter = stage.draft()
    return drafts.save_sending(stage.alice, letter.id, letter.revision, way.pk)


def seal_on(page: Page) -> str:
    found = re.search(r'name="seal" value="([^"]*)"', page.content.decode())
    assert found
    return found.group(1)


def chosen_on(page: Page) -> list[str]:
    """The ways that the page shows as chosen."""
    radios = re.findall(r'<input type="radio"[^>]*name="egress"[^>]*>', page.content.decode())
    assert all('form="send-form"' in each for each in radios)
    return [
        re.findall(r'value="([^"]*)"', each)[0]
        for each in radios
        if re.search(r"\bchecked\b", each)
    ]


def pressed(client: Client, letter: CampaignView, way: Egress, number: str = "3") -> Page:
    """Opens the page, marks this way, types the number and presses the button that sends."""
    address = f"/letters/{letter.id}/send/"
    seal = seal_on(client.get(address))
    return client.post(address, {"egress": str(way.pk), "typed_number": number, "seal": seal})


@pytest.mark.parametrize("to_real_people", [True, False])
def test_another_way_is_shown_anew_and_nothing_leaves_until_the_number_is_typed_again(
    stage: Stage, relay: Egress, alice: Client, to_real_people: bool
) -> None:
    before, after = (stage.egress, relay) if to_real_people else (relay, stage.egress)
    letter = by(stage, before)
    page = pressed(alice, letter, after)

    assert page.status_code == 409
    assert not Delivery.objects.of(stage.workspace.pk).exists()
    assert queries.campaign(stage.alice, letter.id).egress_id == after.pk
    assert chosen_on(page) == [str(after.pk)]
    assert f"You chose another way, “{after.label}”" in words_of(page)
    assert ("letters into the sandbox mailbox" in words_of(page)) is not to_real_people
    assert 'value="3"' not in page.content.decode()

    again = alice.post(
        f"/letters/{letter.id}/send/",
        {"egress": str(after.pk), "typed_number": "3", "seal": seal_on(page)},
    )
    assert again.status_code == 302
    dispatch = Dispatch.objects.of(stage.workspace.pk).get()
    assert dispatch.egress_id == after.pk
    assert dispatch.hold_until is not None
    assert (dispatch.hold_until - clock.now()).total_seconds() > (60 if to_real_people else 0)


def test_a_way_that_is_gone_is_refused_at_the_ways(
    stage: Stage, relay: Egress, alice: Client
) -> None:
    letter = by(stage, stage.egress)
    Egress.objects.of(stage.workspace.pk).filter(pk=relay.pk).update(removed_at=clock.now())
    page = pressed(alice, letter, relay)
    assert page.status_code == 409
    assert "This way of sending no longer exists." in words_of(page)
    assert chosen_on(page) == [str(stage.egress.pk)]
    assert queries.campaign(stage.alice, letter.id).status is Status.DRAFT


def test_what_is_no_way_at_all_is_refused_at_the_ways(stage: Stage, alice: Client) -> None:
    letter = by(stage, stage.egress)
    address = f"/letters/{letter.id}/send/"
    seal = seal_on(alice.get(address))
    page = alice.post(address, {"egress": "x", "typed_number": "3", "seal": seal})
    assert page.status_code == 422
    assert "Choose one of the ways of sending." in words_of(page)
    assert queries.campaign(stage.alice, letter.id).status is Status.DRAFT


def test_a_colleague_who_changed_the_way_meanwhile_does_not_change_what_was_shown(
    stage: Stage, relay: Egress, alice: Client
) -> None:
    letter = by(stage, stage.egress)
    address = f"/letters/{letter.id}/send/"
    seal = seal_on(alice.get(address))
    bob = make_actor(stage.workspace, Role.SENDER)
    drafts.save_sending(bob, letter.id, letter.revision, relay.pk)
    for way in (stage.egress, relay):
        page = alice.post(address, {"egress": str(way.pk), "typed_number": "3", "seal": seal})
        assert page.status_code == 409
        assert not Delivery.objects.of(stage.workspace.pk).exists()


def test_the_button_without_a_script_saves_the_way_and_sends_nothing(
    stage: Stage, relay: Egress, alice: Client
) -> None:
    letter = by(stage, stage.egress)
    address = f"/letters/{letter.id}/send/"
    assert f'formaction="/letters/{letter.id}/road/"' in alice.get(address).content.decode()
    body = {"egress": str(relay.pk), "typed_number": "3", "seal": seal_on(alice.get(address))}
    page = alice.post(f"/letters/{letter.id}/road/", body, follow=True)
    assert chosen_on(page) == [str(relay.pk)]
    assert not Delivery.objects.of(stage.workspace.pk).exists()
    assert AuditEntry.objects.of(stage.workspace.pk).filter(action="letter.saved").exists()
