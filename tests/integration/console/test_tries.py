"""On the page that sends: for how long a letter is tried, and when again."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from tests.factories import make_actor, user_of
from tests.integration.campaigns.stage import Stage, make_stage
from tests.integration.console.desk import Page, words_of

from hatobin.accounts.models import Role
from hatobin.campaigns import queries
from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.services import drafts
from hatobin.delivery.models import Delivery, Dispatch
from hatobin.delivery.rules.tries import Tries
from hatobin.delivery.services import shaping
from hatobin.delivery.services.egress import save_relay

pytestmark = pytest.mark.django_db


@pytest.fixture
def stage() -> Stage:
    return make_stage()


@pytest.fixture
def letter(stage: Stage) -> CampaignView:
    return stage.draft()


def browser(stage: Stage, language: str = "en", role: Role = Role.OWNER) -> Client:
    actor = stage.alice if role is Role.OWNER else make_actor(stage.workspace, role)
    client = Client()
    client.force_login(user_of(actor))
    client.cookies["hatobin_language"] = language
    return client


def lengths_on(page: Page) -> list[tuple[str, str]]:
    """(value, words) of every length that is offered."""
    (select,) = re.findall(r'<select name="give_up_after".*?</select>', page.content.decode(), re.S)
    return re.findall(r'<option value="([^"]*)"[^>]*>\s*([^<]*?)\s*</option>', select)


def saved(client: Client, letter: CampaignView, **values: str) -> Page:
    body = {"give_up_after": "", "times": "usual", "retry": "", "revision": str(letter.revision)}
    return client.post(f"/letters/{letter.id}/tries/", body | values)


def sent_along(stage: Stage, letter: CampaignView, text: str) -> dict[str, str]:
    """What a browser sends from the page, whichever button is pressed."""
    seal = re.findall(r'name="seal" value="([^"]*)"', text)[0]
    return {
        "egress": str(stage.egress.pk),
        "typed_number": "3",
        "seal": seal,
        "give_up_after": "",
        "times": "usual",
        "retry": "",
        "revision": str(letter.revision),
    }


def test_the_usual_is_offered_among_others_and_marked(stage: Stage, letter: CampaignView) -> None:
    address = f"/letters/{letter.id}/send/"
    page = browser(stage).get(address)
    assert lengths_on(page) == [
        ("1 h", "1 hour"),
        ("6 h", "6 hours"),
        ("1 d", "24 hours"),
        ("", "48 hours (as usual)"),
        ("5 d", "5 days"),
    ]
    assert "for 48 hours at most" in words_of(page)
    assert "Mostly after 5 minutes, 7 minutes" in words_of(page)
    assert "すぐに届かないときは、最長48時間、自動で再送します" in words_of(
        browser(stage, "ja").get(address)
    )
    shaping.save(stage.alice, text='[default]\nexpiry = "12 h"\n')
    assert ("", "12 hours (as usual)") in lengths_on(browser(stage).get(address))


@pytest.mark.parametrize(
    ("language", "retry"),
    [("en", "5 min, 10 min, then 1 h"), ("ja", "5分、10分、その後1時間ごと")],
)
def test_times_of_ones_own_are_saved_and_shown_before_it_leaves(
    stage: Stage, letter: CampaignView, language: str, retry: str
) -> None:
    client = browser(stage, language)
    done = saved(client, letter, give_up_after="6 h", times="own", retry=retry)
    assert (done.status_code, done["Location"]) == (302, f"/letters/{letter.id}/send/")
    kept = queries.campaign(stage.alice, letter.id).tries
    assert kept == Tries.from_text("6 h", "5 min, 10 min, then 1 h")
    page = client.get(f"/letters/{letter.id}/send/")
    assert f'value="{retry}"' in page.content.decode(), "in the language in which it was typed"
    told = {
        "en": ("Given up after 6 hours", "5 minutes, 10 minutes; from then on every 1 hour"),
        "ja": ("再送する期間 6時間", "5分、10分。その後は1時間ごと"),
    }[language]
    assert all(each in words_of(page) for each in told), words_of(page)
    seal = re.findall(r'name="seal" value="([^"]*)"', page.content.decode())[0]
    body = {"egress": str(stage.egress.pk), "typed_number": "3", "seal": seal}
    assert client.post(f"/letters/{letter.id}/send/", body).status_code == 302
    dispatch = Dispatch.objects.of(stage.workspace.pk).get()
    assert dispatch.retry == "5 min, 10 min, then 1 h"
    assert told[1] in words_of(client.get(f"/letters/{letter.id}/result/"))
    row = Delivery.objects.of(stage.workspace.pk).first()
    assert row is not None
    assert told[1] in words_of(client.get(f"/delivery/letter/{row.pk}/"))


def test_as_usual_again_takes_the_times_away(stage: Stage, letter: CampaignView) -> None:
    letter = drafts.change(
        stage.alice, letter.id, letter.revision, give_up_after="90 min", retry="5 min"
    )
    client = browser(stage)
    page = client.get(f"/letters/{letter.id}/send/")
    assert ("90 min", "90 minutes") in lengths_on(page), "what a program has set is among them"
    assert saved(client, letter, times="usual", retry="5 min").status_code == 302
    assert queries.campaign(stage.alice, letter.id).tries == Tries()


@pytest.mark.parametrize(
    ("values", "said", "field"),
    [
        ({"times": "own", "retry": "often"}, "These times cannot be read.", "id_retry"),
        ({"times": "own", "retry": ""}, "This must be filled in.", "id_retry"),
        ({"times": "own", "retry": "2 h", "give_up_after": "1 h"}, "never tried again", "id_retry"),
        ({"give_up_after": "2 h"}, "Select a valid choice", "id_give_up_after"),
        ({"revision": "0"}, "saved this letter at", ""),
    ],
)
def test_what_cannot_be_used_is_shown_where_it_was_typed(
    stage: Stage, letter: CampaignView, values: dict[str, str], said: str, field: str
) -> None:
    page = saved(browser(stage), letter, **values)
    assert page.status_code == 422
    assert said in words_of(page)
    text = page.content.decode()
    assert '<details class="disclosure" id="tries" open>' in text
    assert not field or f'id="{field}_error"' in text
    assert f'action="/letters/{letter.id}/send/"' in text, "the button that sends still sends"
    assert queries.campaign(stage.alice, letter.id).tries == Tries()


def test_a_look_at_the_address_leads_to_the_page(stage: Stage, letter: CampaignView) -> None:
    page = browser(stage).get(f"/letters/{letter.id}/tries/")
    assert page["Location"] == f"/letters/{letter.id}/send/"


def test_who_may_not_write_sees_the_times_and_cannot_set_them(
    stage: Stage, letter: CampaignView
) -> None:
    drafts.change(stage.alice, letter.id, letter.revision, give_up_after="1 h")
    viewer = browser(stage, role=Role.VIEWER)
    page = viewer.get(f"/letters/{letter.id}/send/")
    assert "give_up_after" not in page.content.decode()
    assert "Given up after 1 hour" in words_of(page)
    assert saved(viewer, letter, give_up_after="6 h").status_code == 403


@pytest.mark.parametrize("address", ["send", "road"])
def test_times_that_were_chosen_but_not_saved_go_with_every_button(
    stage: Stage, letter: CampaignView, address: str
) -> None:
    client = browser(stage)
    text = client.get(f"/letters/{letter.id}/send/").content.decode()
    for name in ("give_up_after", "times", "retry", "revision"):
        controls = re.findall(rf'<(?:input|select)[^>]*name="{name}"[^>]*>', text)
        assert controls, name
        assert all('form="send-form"' in each for each in controls), name
    body = sent_along(stage, letter, text)
    body |= {"give_up_after": "6 h", "times": "own", "retry": "5 min, then 1 h"}
    page = client.post(f"/letters/{letter.id}/{address}/", body)
    assert page.status_code == 302
    assert queries.campaign(stage.alice, letter.id).tries == Tries.from_text(
        "6 h", "5 min, then 1 h"
    )
    if address == "send":
        assert Dispatch.objects.of(stage.workspace.pk).get().retry == "5 min, then 1 h"


@pytest.mark.parametrize("address", ["send", "road"])
def test_times_that_cannot_be_used_hold_the_release_and_stay_as_typed(
    stage: Stage, letter: CampaignView, address: str
) -> None:
    client = browser(stage)
    text = client.get(f"/letters/{letter.id}/send/").content.decode()
    body = sent_along(stage, letter, text) | {"times": "own", "retry": "often"}
    page = client.post(f"/letters/{letter.id}/{address}/", body)
    assert page.status_code == 422
    assert "These times cannot be read." in words_of(page)
    assert 'value="often"' in page.content.decode()
    assert not Dispatch.objects.of(stage.workspace.pk).exists()


def test_times_stay_on_the_page_when_the_number_was_wrong(
    stage: Stage, letter: CampaignView
) -> None:
    client = browser(stage)
    text = client.get(f"/letters/{letter.id}/send/").content.decode()
    body = sent_along(stage, letter, text) | {"times": "own", "retry": "5 min", "typed_number": "9"}
    page = client.post(f"/letters/{letter.id}/send/", body)
    assert page.status_code == 422
    assert 'value="5 min"' in page.content.decode()
    assert queries.campaign(stage.alice, letter.id).tries == Tries(), "nothing is saved by halves"


def test_the_button_for_the_times_saves_the_way_that_was_chosen_beside_it(
    stage: Stage, letter: CampaignView
) -> None:
    relay = save_relay(
        stage.alice, name="Relay", host="smtp.example.jp", port=587, tls="starttls", username=""
    )
    assert saved(browser(stage), letter, give_up_after="6 h", egress=str(relay.pk)).status_code
    kept = queries.campaign(stage.alice, letter.id)
    assert (kept.egress_id, kept.tries) == (relay.pk, Tries.from_text("6 h", ""))
