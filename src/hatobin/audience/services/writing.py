"""What every writer of people shares: the order of writers, fields, and a person sealed into a row."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db import connection
from django.db.models import Max

from hatobin.accounts.services.sealing import Vault
from hatobin.audience.choices import FieldChoice
from hatobin.audience.models import ContactList, Field, Subscription
from hatobin.audience.people import Person, seal_person, search_texts
from hatobin.audience.rules import split_fields


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldSet:
    """The workspace's fields as a writer needs them: which are ordinary, and the kind of each."""

    ordinary: frozenset[str]
    kinds: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class SealedPerson:
    """The changing columns of a Contact row."""

    sealed: bytes
    fields: Mapping[str, str]
    search_keys: list[int]


def lock_people(workspace_id: uuid.UUID) -> None:
    """One writer at a time decides who is on the workspace's lists, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 810))", [str(workspace_id)]
        )


def field_set(workspace_id: uuid.UUID, added: Iterable[FieldChoice] = ()) -> FieldSet:
    """The stored fields, and those that are about to be added."""
    rows = Field.objects.of(workspace_id).order_by("position", "created_at")
    stored = {
        name: (kind, personal)
        for name, kind, personal in rows.values_list("name", "kind", "personal")
    }
    for choice in added:
        stored.setdefault(choice.name, (choice.kind, choice.personal))
    return FieldSet(
        ordinary=frozenset(name for name, (_kind, personal) in stored.items() if not personal),
        kinds={name: kind for name, (kind, _personal) in stored.items()},
    )


def save_fields(workspace_id: uuid.UUID, choices: Iterable[FieldChoice]) -> None:
    """Adds the fields that are new; a field that is known keeps its kind and stays sealed or ordinary."""
    rows = Field.objects.of(workspace_id)
    last = rows.aggregate(last=Max("position"))["last"]
    position = -1 if last is None else last
    for choice in choices:
        if rows.filter(name=choice.name).exists():
            continue
        position += 1
        Field.objects.create(
            workspace_id=workspace_id,
            name=choice.name,
            kind=choice.kind,
            personal=choice.personal,
            position=position,
        )


def sealer(vault: Vault, fields: FieldSet) -> Callable[[bytes, Person], SealedPerson]:
    """A function that turns (address key, person) into columns."""

    def seal(address_key: bytes, person: Person) -> SealedPerson:
        personal, ordinary = split_fields(person.fields, fields.ordinary)
        return SealedPerson(
            sealed=seal_person(vault, address_key, person.address, personal),
            fields=ordinary,
            search_keys=vault.search_keys(search_texts(person, fields.kinds)),
        )

    return seal


def last_position(contact_list: ContactList) -> int:
    """The place of the last person on the list; 0 when it is empty."""
    rows = Subscription.objects.of(contact_list.workspace_id).filter(list=contact_list)
    return rows.aggregate(last=Max("position"))["last"] or 0


def add_field_names(contact_list: ContactList, names: Iterable[str]) -> None:
    """The list's fields in the order they came; saves it, so that it counts as changed now."""
    contact_list.field_names = list(dict.fromkeys([*contact_list.field_names, *names]))
    contact_list.save(update_fields=["field_names", "updated_at"])
