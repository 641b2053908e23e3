"""The fixed cast and their things: workspaces, people, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hatobin.accounts.models import Member, Role, User, Workspace
from hatobin.accounts.rules import Actor
from hatobin.accounts.services.access import actor_of_member
from hatobin.accounts.services.sealing import vault_of
from hatobin.accounts.services.workspaces import create_workspace
from hatobin.audience.models import ConsentBasis, Contact, ContactList, Field, Subscription
from hatobin.audience.people import fold_for_search, seal_person
from hatobin.senders.models import SenderIdentity, SenderProfile
from hatobin.senders.services import save_identity, save_profile
from hatobin.wire.address import parse_address

PASSWORD = "hato-no-yubin-810"


def make_user(email: str = "hanako@office.example", name: str = "山田 花子") -> User:
    """A person who can sign in with PASSWORD."""
    return User.objects.create_user(email, PASSWORD, name=name)


def make_workspace(name: str = "さくら市役所", owner: User | None = None) -> Workspace:
    """A workspace with its keys."""
    return create_workspace(name, owner)


def make_owner(workspace: Workspace, email: str = "hanako@office.example") -> User:
    """An owner of the workspace."""
    user = make_user(email)
    Member.objects.create(workspace=workspace, user=user, role=Role.OWNER)
    return user


def make_actor(workspace: Workspace, role: str = Role.OWNER, email: str = "") -> Actor:
    """A member of the given role, as the services see one."""
    user = make_user(email or f"{role}@office.example", name=role)
    member = Member.objects.create(workspace=workspace, user=user, role=role)
    return actor_of_member(member)


def user_of(actor: Actor) -> User:
    """The person behind an actor, and None of the programs that have no person."""
    assert actor.user_id is not None
    return User.objects.get(pk=actor.user_id)


def make_list(
    workspace: Workspace,
    people: Sequence[tuple[str, Mapping[str, str]]] = (("taro@example.jp", {"氏名": "鈴木太郎"}),),
    name: str = "会員",
) -> ContactList:
    """A list with people on it, every field personal, as an import would leave it."""
    vault = vault_of(workspace.pk)
    names = list(dict.fromkeys(name for _address, fields in people for name in fields))
    for position, field_name in enumerate(names):
        Field.objects.get_or_create(
            workspace=workspace, name=field_name, defaults={"position": position}
        )
    contact_list = ContactList.objects.create(workspace=workspace, name=name, field_names=names)
    for row, (text, fields) in enumerate(people, 1):
        address = parse_address(text)
        key = vault.address_key(address.key_form)
        texts = [fold_for_search(value) for value in (address.email, *fields.values())]
        contact, _new = Contact.objects.of(workspace.pk).get_or_create(
            workspace=workspace,
            address_key=key,
            defaults={
                "domain": address.domain,
                "sealed": seal_person(vault, key, address.email, fields),
                "search_keys": vault.search_keys(texts),
            },
        )
        Subscription.objects.create(
            workspace=workspace,
            list=contact_list,
            contact=contact,
            position=row,
            basis=ConsentBasis.CONSENT,
        )
    return contact_list


def make_identity(actor: Actor, address: str = "news@office.example") -> SenderIdentity:
    """A From identity."""
    return save_identity(actor, display_name="さくら市 広報課", address=address)


def make_profile(actor: Actor) -> SenderProfile:
    """The legal footer."""
    return save_profile(
        actor,
        organisation="さくら市役所",
        postal_address="〒000-0000 さくら市中央1-1",
        contact="広報課 kouhou@office.example",
    )
