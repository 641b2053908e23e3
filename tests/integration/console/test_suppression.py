"""The do-not-mail list as staff meet it: they add and take back their own, never a person's wish."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.factories import make_owner, make_workspace
from tests.integration.console.asks import browser_of
from tests.integration.console.desk import beside, words_of

from hatobin.accounts.models import AuditEntry, Workspace
from hatobin.suppression.models import Suppression, SuppressionReason
from hatobin.suppression.services import suppress

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return make_workspace("Springfield")


@pytest.fixture
def owner(workspace: Workspace) -> Client:
    return browser_of(make_owner(workspace))


def entered(workspace: Workspace, address: str, reason: str) -> Suppression:
    suppress(workspace.pk, [address], reason=SuppressionReason(reason), source="test")
    return Suppression.objects.of(workspace.pk).latest("id")


def log(workspace: Workspace, action: str) -> AuditEntry:
    return AuditEntry.objects.of(workspace.pk).get(action=action)


def test_addresses_are_added_one_a_line_with_a_reason_in_the_log(
    owner: Client, workspace: Workspace
) -> None:
    typed = {"addresses": "A@Example.jp\n\n b@example.jp \na@example.jp", "why": "by phone"}
    assert owner.post("/suppression/", typed).status_code == 302
    words = words_of(owner.get("/suppression/"))
    assert "2 addresses" in words
    assert "b@example.jp" in words
    assert log(workspace, "suppression.added").detail == {"count": 2, "why": "by phone"}
    assert "by phone" in words_of(owner.get("/settings/audit-log/"))


@pytest.mark.parametrize("line", ["nobody", "Hato <a@example.jp>", "a@example.jp, b@example.jp"])
def test_one_bad_line_adds_nothing_and_is_named(
    owner: Client, workspace: Workspace, line: str
) -> None:
    answer = owner.post("/suppression/", {"addresses": f"ok@example.jp\n{line}"})
    error = beside(answer, "id_addresses")
    assert "2" in error
    assert line in error
    assert not Suppression.objects.of(workspace.pk).exists()


def test_what_staff_added_is_taken_back_only_with_a_reason(
    owner: Client, workspace: Workspace
) -> None:
    entry = entered(workspace, "a@example.jp", "manual")
    owner.post(f"/suppression/{entry.pk}/remove/", {"why": " "})
    assert Suppression.objects.of(workspace.pk).exists()
    owner.post(f"/suppression/{entry.pk}/remove/", {"why": "asked for it\0 in writing"})
    assert not Suppression.objects.of(workspace.pk).exists()
    assert log(workspace, "suppression.removed").detail == {"why": "asked for it in writing"}


@pytest.mark.parametrize("reason", ["unsubscribed", "complained"])
def test_a_persons_own_wish_stays_whoever_asks(
    owner: Client, workspace: Workspace, reason: str
) -> None:
    entry = entered(workspace, "a@example.jp", reason)
    page = owner.get("/suppression/").content.decode()
    assert f"/suppression/{entry.pk}/remove/" not in page
    owner.post(f"/suppression/{entry.pk}/remove/", {"why": "I am the boss"})
    assert Suppression.objects.of(workspace.pk).get().reason == reason
    assert "Only the person" in words_of(owner.get("/suppression/"))


def test_adding_by_staff_does_not_turn_a_wish_into_something_removable(
    owner: Client, workspace: Workspace
) -> None:
    entered(workspace, "a@example.jp", "unsubscribed")
    owner.post("/suppression/", {"addresses": "a@example.jp"})
    assert Suppression.objects.of(workspace.pk).get().reason == "unsubscribed"


def test_one_address_is_searched_whole_in_any_case(owner: Client, workspace: Workspace) -> None:
    for number in range(3):
        entered(workspace, f"a{number}@example.jp", "manual")
    assert owner.get("/suppression/?q=A1@EXAMPLE.jp").context["page"].total == 1
    for nothing in ("a9@example.jp", "a1", "@", "%"):
        answer = owner.get("/suppression/", {"q": nothing})
        assert answer.context["page"].total == 0, nothing
        assert "a1@example.jp" not in words_of(answer)


def test_a_long_list_has_pages(owner: Client, workspace: Workspace) -> None:
    addresses = [f"a{number:03}@example.jp" for number in range(60)]
    suppress(workspace.pk, addresses, reason=SuppressionReason.MANUAL, source="test")
    first = owner.get("/suppression/")
    assert (first.context["page"].total, first.context["page"].pages) == (60, 2)
    assert "?page=2" in first.content.decode()
    assert "a000@example.jp" in words_of(owner.get("/suppression/?page=2"))
    assert owner.get("/suppression/?page=77").context["page"].page == 2


def test_the_same_address_in_another_workspace_is_not_touched(
    owner: Client, workspace: Workspace
) -> None:
    other = make_workspace("Shelbyville")
    entered(other, "a@example.jp", "manual")
    assert owner.get("/suppression/?q=a@example.jp").context["page"].total == 0
    owner.post("/suppression/", {"addresses": "a@example.jp"})
    assert Suppression.objects.of(other.pk).count() == 1
    assert Suppression.objects.of(workspace.pk).count() == 1
