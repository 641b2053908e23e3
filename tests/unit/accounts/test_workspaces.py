"""Workspaces, keys and members, told with Hanako (owner) and Taro."""

from __future__ import annotations

import pytest
from tests.factories import PASSWORD, make_actor, make_owner, make_workspace, user_of

from hatobin.accounts.models import AuditEntry, Member
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import api_keys, members, setup
from hatobin.accounts.services.access import access_workspace, actor_of_member
from hatobin.accounts.services.sealing import SealBroken, vault_of
from hatobin.common.errors import Conflict, Invalid, NotAllowed, NotFound

pytestmark = pytest.mark.django_db


def test_a_sealed_value_opens_only_in_its_own_row_and_workspace() -> None:
    mine, other = vault_of(make_workspace("A").pk), vault_of(make_workspace("B").pk)
    blob = mine.seal("花子".encode(), b"row-1")
    assert mine.open(blob, b"row-1").decode() == "花子"
    assert "花子".encode() not in blob
    for vault, context in ((mine, b"row-2"), (other, b"row-1")):
        with pytest.raises(SealBroken):
            vault.open(blob, context)


def test_equal_addresses_have_equal_keys_only_within_a_workspace() -> None:
    mine, other = vault_of(make_workspace("A").pk), vault_of(make_workspace("B").pk)
    assert mine.address_key("a@example.jp") == mine.address_key("a@example.jp")
    assert mine.address_key("a@example.jp") != other.address_key("a@example.jp")


def test_the_first_owner_needs_the_token_from_the_terminal_and_it_works_once() -> None:
    token = setup.issue_setup_token()
    assert token
    person = {"name": "花子", "workspace_name": "市役所", "language": "ja"}
    with pytest.raises(Invalid):
        setup.set_up_owner("guess", email="a@example.jp", password=PASSWORD, **person)
    with pytest.raises(Invalid) as weak:
        setup.set_up_owner(token, email="a@example.jp", password="12345", **person)
    assert weak.value.field == "password"
    user, workspace = setup.set_up_owner(token, email="A@example.jp", password=PASSWORD, **person)
    assert access_workspace(user)[0] == workspace
    with pytest.raises(Invalid):
        setup.set_up_owner(token, email="b@example.jp", password=PASSWORD, **person)
    assert setup.issue_setup_token() is None


def test_a_workspace_made_by_a_command_is_taken_over_by_the_first_owner() -> None:
    orphan = make_workspace("command")
    token = setup.issue_setup_token()
    assert token
    _user, workspace = setup.set_up_owner(
        token,
        email="a@example.jp",
        name="花子",
        password=PASSWORD,
        workspace_name="市役所",
        language="en",
    )
    assert workspace == orphan
    orphan.refresh_from_db()
    assert (orphan.name, orphan.language) == ("市役所", "en")


def test_the_workspace_that_is_named_comes_before_one_without_members() -> None:
    orphan = make_workspace("command")
    kept = make_workspace("消防本部")
    make_owner(kept, "chief@example.jp")
    person = {"name": "花子", "password": PASSWORD, "language": "en"}
    user, workspace = setup.add_owner(email="a@example.jp", workspace_name=" 消防本部 ", **person)
    assert workspace == kept
    assert access_workspace(user)[1].role == "owner"
    kept.refresh_from_db()
    assert (kept.name, kept.language) == ("消防本部", "ja")
    orphan.refresh_from_db()
    assert orphan.name == "command"
    _user, taken = setup.add_owner(email="b@example.jp", workspace_name="水道局", **person)
    assert (taken.pk, taken.name) == (orphan.pk, "水道局")
    _user, new = setup.add_owner(email="c@example.jp", workspace_name="図書館", **person)
    assert new.pk not in {orphan.pk, kept.pk}
    with pytest.raises(Invalid) as nameless:
        setup.add_owner(email="d@example.jp", workspace_name="  ", **person)
    assert nameless.value.field == "workspace_name"


def test_a_viewer_may_look_and_a_stranger_may_not() -> None:
    workspace = make_workspace()
    viewer = make_actor(workspace, "viewer")
    assert viewer.may(Right.VIEW)
    with pytest.raises(NotAllowed):
        members.members(viewer)
    stranger = make_owner(make_workspace("other"), "stranger@example.jp")
    with pytest.raises(NotFound):
        access_workspace(stranger, workspace.pk)


def test_an_invitation_works_once_and_only_for_the_invited_address() -> None:
    workspace = make_workspace()
    owner = make_actor(workspace)
    token = members.invite(owner, email="Taro@example.jp", role="sender")
    taro = members.accept_as_new_person(token, name="太郎", password=PASSWORD, language="ja")
    assert access_workspace(taro)[1].role == "sender"
    with pytest.raises(Invalid):
        members.accept_as_new_person(token, name="次郎", password=PASSWORD, language="ja")
    second = members.invite(owner, email="jiro@example.jp", role="viewer")
    with pytest.raises(Invalid):
        members.accept_as_user(second, taro)


def test_the_last_owner_can_neither_go_nor_step_down() -> None:
    workspace = make_workspace()
    owner = make_actor(workspace)
    (me,) = members.members(owner)
    with pytest.raises(Conflict):
        members.remove_member(owner, me.pk)
    with pytest.raises(Conflict):
        members.change_role(owner, me.pk, "viewer")


def test_an_api_key_opens_its_scopes_until_it_is_revoked() -> None:
    owner = make_actor(make_workspace())
    made = api_keys.create_api_key(owner, name="CRM", scopes=["read", "lists"], days=30)
    actor = api_keys.actor_of_key(made.secret)
    assert actor is not None
    assert actor.may(Right.EDIT_LISTS)
    assert not actor.may(Right.SEND)
    assert api_keys.actor_of_key(made.secret + "x") is None
    api_keys.revoke_api_key(owner, made.key.pk)
    assert api_keys.actor_of_key(made.secret) is None
    with pytest.raises(Invalid):
        api_keys.create_api_key(owner, name="CRM", scopes=["everything"], days=30)


def test_keys_end_with_the_membership_or_the_role_of_who_made_them() -> None:
    workspace, other = make_workspace(), make_workspace("other")
    hanako = make_actor(workspace)
    taro = make_actor(workspace, email="taro@example.jp")
    (place,) = [each for each in members.members(hanako) if each.user_id == taro.user_id]
    elsewhere = actor_of_member(
        Member.objects.create(workspace=other, user=user_of(taro), role="owner")
    )

    def key(actor: Actor) -> str:
        return api_keys.create_api_key(actor, name="CRM", scopes=["people"], days=30).secret

    kept = [key(hanako), key(elsewhere)]
    first = key(taro)
    assert members.change_role(hanako, place.pk, "owner") == 0
    assert api_keys.actor_of_key(first) is not None
    assert members.change_role(hanako, place.pk, "viewer") == 1
    assert api_keys.actor_of_key(first) is None
    members.change_role(hanako, place.pk, "owner")
    gone = [key(taro), key(taro)]
    assert members.remove_member(hanako, place.pk) == 2
    assert [api_keys.actor_of_key(each) for each in gone] == [None, None]
    assert all(api_keys.actor_of_key(each) for each in kept)
    lines = AuditEntry.objects.of(workspace.pk).filter(action="api-key.revoked")
    assert {line.actor for line in lines} == {hanako.label}
    assert lines.count() == 3
