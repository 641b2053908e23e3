"""Who may do what, at every address: docs/reference/roles.md held against the running product."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.doubles.name_thread import asked_by_the_product
from tests.factories import make_actor, make_owner, make_workspace, user_of
from tests.integration.console.asks import Ask, acts_logged, asks, browser_of, owner_of
from tests.integration.console.office import Office, make_office
from tests.integration.console.test_languages import ADDRESSES

from hatobin.accounts.models import Role, User, Workspace
from hatobin.accounts.rules import ROLE_RIGHTS, Right

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "roles.md"
COLUMNS = (Role.OWNER, Role.SENDER, Role.APPROVER, Role.VIEWER)


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading."""
    part = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


DECISIONS = {
    (name, method): dict(zip(COLUMNS, (cell == "yes" for cell in cells), strict=True))
    for name, method, *cells in table("Pages and buttons")
}


@pytest.fixture
def office() -> Iterator[Office]:
    with asked_by_the_product():
        yield make_office("en")


def decided(office: Office) -> Iterator[Ask]:
    """Every request that the page decides about."""
    return (ask for ask in asks(office) if ask.key in DECISIONS)


def member(office: Office, role: str) -> User:
    if role == Role.OWNER:
        return office.owner
    workspace = Workspace.objects.get(pk=owner_of(office).workspace_id)
    return user_of(make_actor(workspace, role))


def test_the_page_names_the_rights_that_each_role_has() -> None:
    said = {row[0]: [cell == "yes" for cell in row[2:]] for row in table("Rights")}
    assert said == {right: [right in ROLE_RIGHTS[role] for role in COLUMNS] for right in Right}


def test_every_address_of_the_console_is_decided_and_nothing_else(office: Office) -> None:
    owner = browser_of(office.owner)
    open_to_all = {row[0] for row in table("Without a role")}
    found = {
        ask.key
        for ask in asks(office)
        if f"console:{ask.name}" not in open_to_all and ask.by(owner).status_code != 405
    }
    assert found == set(DECISIONS)
    behind_sign_in = {f"console:{name.split()[0]}" for name, _method in DECISIONS}
    assert set(ADDRESSES) == behind_sign_in | {each for each in open_to_all if each in ADDRESSES}


def test_the_doors_without_a_role_are_those_that_the_page_names() -> None:
    other = {"public:unsubscribe", "public:health", "public:metrics", "public:icon", "set_language"}
    open_to_all = {row[0] for row in table("Without a role")}
    assert other <= open_to_all
    doors = [each for each in get_resolver().url_patterns if isinstance(each, URLResolver)]
    assert {str(each.pattern) for each in doors} == {"", "api/", "i18n/"}, "decide who may enter it"
    public = [each for each in doors if each.app_name == "public"]
    assert len(public) == 1
    named = {
        f"public:{each.name}" for each in public[0].url_patterns if isinstance(each, URLPattern)
    }
    assert named <= other


@pytest.mark.parametrize("role", COLUMNS)
def test_each_role_may_do_what_the_page_says_and_no_more(office: Office, role: Role) -> None:
    owner, client = browser_of(office.owner), browser_of(member(office, role))
    wrong: dict[tuple[str, str], int] = {}
    for ask in decided(office):
        before = acts_logged(office)
        status = ask.by(client).status_code
        allowed = DECISIONS[ask.key][role]
        if allowed and status != ask.by(owner).status_code:
            wrong[ask.key] = status
        if not allowed and status != 403:
            wrong[ask.key] = status
        assert acts_logged(office) == before
    assert wrong == {}


def test_the_requests_that_prove_a_refusal_do_their_work_for_the_owner(office: Office) -> None:
    owner = browser_of(office.owner)
    shown_once = {"settings-members", "settings-api-keys"}
    for ask in decided(office):
        if ask.method != "POST":
            continue
        answer = ask.by(owner)
        if ask.name in shown_once:
            assert re.search(rb'<code id="(invitation|secret)">', answer.content), ask.key
        elif ask.name == "road-test":
            assert b"cannot be used" in answer.content
        else:
            assert answer.status_code == 302, (ask.key, answer.content)


def test_a_refusal_is_a_page_that_says_so(office: Office) -> None:
    viewer = browser_of(member(office, Role.VIEWER))
    answer = viewer.get("/settings/members/")
    assert answer.status_code == 403
    assert "Ask an owner of this workspace" in answer.content.decode()


def test_who_is_not_signed_in_gets_the_sign_in_page_and_comes_back(office: Office) -> None:
    stranger = Client()
    for ask in decided(office):
        answer = ask.by(stranger)
        assert answer.status_code == 302, ask.key
        assert answer["Location"].startswith("/sign-in/?next=/"), ask.key


def test_who_belongs_to_no_workspace_is_told_what_to_do(office: Office) -> None:
    alone = browser_of(User.objects.create_user("alone@office.example", None))
    for ask in decided(office):
        answer = ask.by(alone)
        assert (answer.status_code, answer["Location"]) == (302, "/no-workspace/"), ask.key
    assert "invitation" in alone.get("/no-workspace/").content.decode()


def test_no_post_works_without_the_token_of_its_page(office: Office) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(office.owner)
    for ask in decided(office):
        if ask.method == "POST":
            before = acts_logged(office)
            assert ask.by(client).status_code == 403, ask.key
            assert acts_logged(office) == before


def test_things_of_another_workspace_are_not_there(office: Office) -> None:
    mallory = browser_of(make_owner(make_workspace("Shelbyville"), "mallory@other.example"))
    about = [ask for ask in decided(office) if ask.about_something]
    assert len(about) > 30
    for ask in about:
        before = acts_logged(office)
        answer = ask.by(mallory)
        assert answer.status_code == 404, ask.key
        assert acts_logged(office) == before


def test_ids_of_another_workspace_in_a_form_are_refused(office: Office) -> None:
    mine = make_owner(make_workspace("Shelbyville"), "mallory@other.example")
    mallory = browser_of(mine)
    mallory.post("/letters/new/", {"name": "x"})
    letter = mallory.get("/letters/").content.decode()
    found = re.search(r"/letters/([0-9a-f-]{36})/", letter)
    assert found
    base = f"/letters/{found.group(1)}"
    theirs = {key: str(values[0]) for key, values in office.ids.items()}

    people = mallory.post(f"{base}/people/", {"list_id": theirs["list_id"], "revision": 1})
    assert people.status_code in {200, 422}
    writing = {"identity_id": theirs["identity_id"], "kind": "marketing", "mode": "plain"}
    written = mallory.post(f"{base}/letter/", writing | {"revision": 1})
    assert written.status_code in {200, 422}
    road = mallory.post(f"{base}/road/", {"egress": theirs["egress_id"]})
    assert road.status_code == 404
    workspace = {"workspace": owner_of(office).workspace_id}
    assert mallory.post("/settings/switch/", workspace).status_code == 404
    assert "Shelbyville" in mallory.get("/").content.decode()


def test_a_person_in_two_workspaces_sees_one_at_a_time(office: Office) -> None:
    second = make_workspace("Shelbyville", office.owner)
    client = browser_of(office.owner)
    list_page = f"/lists/{office.ids['list_id'][0]}/"
    assert client.get(list_page).status_code == 200

    client.post("/settings/switch/", {"workspace": second.pk})
    home = client.get("/").content.decode()
    assert "Shelbyville" in home
    assert "Winter" not in home
    for ask in decided(office):
        if ask.about_something:
            assert ask.by(client).status_code == 404, ask.key

    client.post("/settings/switch/", {"workspace": owner_of(office).workspace_id})
    assert client.get(list_page).status_code == 200
