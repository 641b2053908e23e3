"""One person with everything the audience knows; what was sent to them is known further up."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.audience.models import Field, Import, Subscription
from hatobin.audience.people import open_contact
from hatobin.audience.queries.imports import file_name_of
from hatobin.audience.queries.people import access_contact
from hatobin.suppression.queries import suppressed_keys

IMPORT_SOURCE = "import:"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldValue:
    """One field of a person. ``kind`` is a FieldKind value."""

    name: str
    kind: str
    value: str
    personal: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPlace:
    """A list the person is or was on, the basis, and where it came from.

    ``source`` is the label of who or what added it; ``source_text`` the file's name when it was a file.
    """

    list_id: uuid.UUID
    list_name: str
    position: int
    state: str
    state_text: str
    basis: str
    basis_text: str
    source: str
    source_text: str
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonDetail:
    """A contact, opened."""

    contact_id: int
    revision: int
    address: str
    fields: tuple[FieldValue, ...]
    lists: tuple[ListPlace, ...]
    suppressed: bool
    created_at: datetime
    updated_at: datetime


def person_detail(actor: Actor, contact_id: int) -> PersonDetail:
    """Everything about one person; raises NotFound."""
    check_right(actor, Right.VIEW_PEOPLE)
    contact = access_contact(actor, contact_id)
    vault = vault_of(actor.workspace_id)
    person = open_contact(vault, contact.address_key, contact.sealed, contact.fields)
    key = bytes(contact.address_key)
    return PersonDetail(
        contact_id=contact.pk,
        revision=contact.revision,
        address=person.address,
        fields=tuple(
            FieldValue(
                name=field.name,
                kind=field.kind,
                value=person.fields[field.name],
                personal=field.personal,
            )
            for field in Field.objects.of(actor.workspace_id).order_by("position", "created_at")
            if field.name in person.fields
        ),
        lists=_places(actor, contact_id),
        suppressed=key in suppressed_keys(actor.workspace_id, [key]),
        created_at=contact.created_at,
        updated_at=contact.updated_at,
    )


def _places(actor: Actor, contact_id: int) -> tuple[ListPlace, ...]:
    rows = Subscription.objects.of(actor.workspace_id).filter(contact_id=contact_id)
    return tuple(
        ListPlace(
            list_id=row.list_id,
            list_name=row.list.name,
            position=row.position,
            state=row.state,
            state_text=row.get_state_display(),
            basis=row.basis,
            basis_text=row.get_basis_display(),
            source=row.source,
            source_text=_source_text(actor, row.source),
            since=row.created_at,
        )
        for row in rows.select_related("list").order_by("created_at", "id")
    )


def _source_text(actor: Actor, source: str) -> str:
    if not source.startswith(IMPORT_SOURCE):
        return ""
    number = source.removeprefix(IMPORT_SOURCE)
    row = Import.objects.of(actor.workspace_id).filter(pk=number).first()
    return file_name_of(row) if row else ""
