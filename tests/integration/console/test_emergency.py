"""The emergency stop on the screen: a button on every page, one page that says what it does, a banner, the lift."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.factories import make_actor, make_workspace, user_of
from tests.integration.console.asks import browser_of

from hatobin.accounts.models import Role, User, Workspace
from hatobin.accounts.services.access import actor_of_operator
from hatobin.delivery.queries.emergency import standing
from hatobin.delivery.services import emergency

pytestmark = pytest.mark.django_db

PAGE, LIFT = "/emergency/", "/emergency/lift/"
PAGES = ("/", "/letters/", "/lists/", "/settings/")


def text(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_the_button_is_on_every_page_for_who_may_pull_it(
    workspace: Workspace, owner: Client
) -> None:
    viewer = browser_of(user_of(make_actor(workspace, Role.VIEWER)))
    for path in PAGES:
        assert 'id="emergency" href="/emergency/"' in text(owner, path)
        assert 'id="emergency"' not in text(viewer, path)


def test_one_press_on_its_page_stops_and_every_page_says_so(
    workspace: Workspace, owner: Client, hanako: User
) -> None:
    assert "Nobody can release" in text(owner, PAGE)
    answer = owner.post(PAGE, {"reason": "Wrong list"}, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    said = answer.content.decode()
    assert "Nothing was in its final transmission" in said
    assert "Springfield” is stopped" in said
    viewer = browser_of(user_of(make_actor(workspace, Role.VIEWER)))
    for client in (owner, viewer):
        for path in PAGES:
            page = text(client, path)
            assert "Emergency stop: nothing is sent from this workspace." in page
            assert "Wrong list" in page
            assert str(hanako) in page
    assert 'id="lift"' in text(owner, PAGE)
    assert 'id="lift"' not in text(viewer, PAGE)
    assert "Owners and senders can lift it" in text(viewer, PAGE)


def test_it_is_lifted_where_it_is_read_about(workspace: Workspace, owner: Client) -> None:
    owner.post(PAGE, {"reason": "x"})
    answer = owner.post(LIFT, {"scope": "workspace"}, follow=True)
    assert "The emergency stop is lifted" in answer.content.decode()
    assert not standing(workspace.pk)
    assert "nothing is sent" not in text(owner, "/")
    assert "Earlier stops" in text(owner, PAGE)
    again = owner.post(LIFT, {"scope": "workspace"}, follow=True)
    assert "No emergency stop stands here" in again.content.decode()


def test_a_reason_that_is_too_long_is_told_beside_its_field(
    workspace: Workspace, owner: Client
) -> None:
    answer = owner.post(PAGE, {"reason": "x" * 301})
    assert answer.status_code == 422
    assert not standing(workspace.pk)


def test_the_whole_installation_is_offered_only_to_who_owns_all_of_it(
    workspace: Workspace, owner: Client, hanako: User
) -> None:
    assert 'name="everywhere"' not in text(owner, PAGE), "there is only one workspace"
    other = make_workspace("Shelbyville")
    assert 'name="everywhere"' not in text(owner, PAGE), "and the other is not hers"
    refused = owner.post(PAGE, {"everywhere": "on"})
    assert refused.status_code == 403
    assert not standing(other.pk)
    other.delete()
    make_workspace("Ogdenville", hanako)
    assert 'name="everywhere"' in text(owner, PAGE)
    owner.post(PAGE, {"everywhere": "on", "reason": "x"})
    assert standing(workspace.pk)[0].everywhere
    owner.post(LIFT, {"scope": "everywhere"})
    assert not standing(workspace.pk)


def test_who_does_not_own_all_reads_who_lifts_the_stop_of_everything(
    workspace: Workspace, owner: Client
) -> None:
    other = make_workspace("Shelbyville")
    emergency.stop(actor_of_operator(other.pk, "root"), reason="attack", everywhere=True)
    page = text(owner, "/")
    assert "Emergency stop of the whole installation: nothing is sent." in page
    assert "Terminal (root)" in page
    assert "hatobin stop --lift --all" in text(owner, PAGE)
    assert owner.post(LIFT, {"scope": "everywhere"}).status_code == 403
