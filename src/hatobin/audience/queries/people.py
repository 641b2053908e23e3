"""People, opened. Search narrows down by keyed pair hashes and confirms on the opened text."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import Vault, vault_of
from hatobin.audience.models import Contact, Field, Subscription
from hatobin.audience.people import Person, is_found, open_contact, search_words
from hatobin.audience.queries.lists import access_list, in_ledger, subscribed
from hatobin.audience.queries.pages import PAGE, Page, bounds
from hatobin.common.errors import NotFound
from hatobin.suppression.queries import suppressed_keys

SCAN_MAX = 10_000  # candidates that one search opens; about a second


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonRow:
    """A person in a table. ``position`` and ``state`` are the place on the list that was asked for."""

    contact_id: int
    position: int | None
    address: str
    fields: Mapping[str, str]
    state: str
    state_text: str
    suppressed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenPerson:
    """A person on a list, opened, with the revision that was read."""

    contact_id: int
    revision: int
    position: int
    person: Person
    suppressed: bool


def people(
    actor: Actor,
    list_id: uuid.UUID | None = None,
    *,
    search: str = "",
    page: int = 1,
    per_page: int = PAGE,
) -> Page[PersonRow]:
    """The people of a list in its order, or of the workspace, newest first.

    ``search``: words that stand anywhere in address, name, reading, company or phone number. Raises
    NotFound for a list of another workspace.
    """
    check_right(actor, Right.VIEW_PEOPLE)
    rows = _places(actor, list_id) if list_id else _everybody(actor)
    words = search_words(search)
    if words:
        prefix = "contact__" if list_id else ""
        keys = vault_of(actor.workspace_id).search_keys(words)
        rows = rows.filter(**{f"{prefix}search_keys__contains": keys})
    if any(len(word) > 2 for word in words):
        return _searched(actor, rows, words, page, per_page)
    total = rows.count()
    page, pages, first, last = bounds(total, page, per_page)
    items = _shown(actor, list(rows[first:last]))
    return Page(items=items, total=total, page=page, pages=pages)


def people_at(actor: Actor, list_id: uuid.UUID, numbers: Iterable[int]) -> list[OpenPerson]:
    """The 1st, 2nd, ... of the people on the list who can be mailed, in list order; numbers beyond are left out."""
    check_right(actor, Right.VIEW_PEOPLE)
    access_list(actor, list_id)
    order = Window(RowNumber(), order_by=["position", "id"])
    rows = sendable(actor.workspace_id, list_id).annotate(number=order)
    chosen = rows.filter(number__in=list(numbers)).order_by("position", "id")
    return list(_opened(actor.workspace_id, list(chosen)))


def iter_people(
    workspace_id: uuid.UUID, list_id: uuid.UUID, chunk: int = 1000
) -> Iterator[OpenPerson]:
    """Everybody who has not left the list, in list order, with ``suppressed`` marked.

    One snapshot of the list, read ``chunk`` rows at a time; the ledger is read per chunk. For
    services of the rooms above, which have checked the actor's right.
    """
    source = _with_contact(subscribed(workspace_id, list_id)).iterator(chunk_size=chunk)
    while batch := list(islice(source, chunk)):
        yield from _opened(workspace_id, batch)


def sendable(workspace_id: uuid.UUID, list_id: uuid.UUID) -> QuerySet[Subscription]:
    """The places of people who have not left the list and are not on the do-not-mail ledger, in list order."""
    rows = subscribed(workspace_id, list_id).exclude(in_ledger(workspace_id))
    return _with_contact(rows)


def access_contact(actor: Actor, contact_id: int) -> Contact:
    """The row in the actor's workspace; raises NotFound."""
    row = Contact.objects.of(actor.workspace_id).filter(pk=contact_id).first()
    if row is None:
        raise no_person()
    return row


def kinds_of(workspace_id: uuid.UUID) -> dict[str, str]:
    """Field name > kind, for search texts."""
    rows = Field.objects.of(workspace_id).order_by("position", "created_at")
    return dict(rows.values_list("name", "kind"))


def no_person() -> NotFound:
    """There is no such person here."""
    return NotFound("no-person", _("This person is no longer on record."))


def _places(actor: Actor, list_id: uuid.UUID) -> QuerySet[Subscription] | QuerySet[Contact]:
    access_list(actor, list_id)
    rows = Subscription.objects.of(actor.workspace_id).filter(list_id=list_id)
    return _with_contact(rows)


def _with_contact(rows: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """In list order. The search keys stay behind: they are longer than all the rest."""
    contacts = rows.select_related("contact").defer("contact__search_keys")
    return contacts.order_by("position", "id")


def _everybody(actor: Actor) -> QuerySet[Subscription] | QuerySet[Contact]:
    return Contact.objects.of(actor.workspace_id).defer("search_keys").order_by("-id")


def _searched(
    actor: Actor,
    rows: QuerySet[Subscription] | QuerySet[Contact],
    words: list[str],
    page: int,
    per_page: int,
) -> Page[PersonRow]:
    vault, kinds = vault_of(actor.workspace_id), kinds_of(actor.workspace_id)
    found: list[Subscription | Contact] = []
    opened = 0
    for row in rows.iterator(chunk_size=1000):
        opened += 1
        if opened > SCAN_MAX:
            break
        if is_found(_person(vault, _contact(row)), kinds, words):
            found.append(row)
    page, pages, first, last = bounds(len(found), page, per_page)
    return Page(
        items=_shown(actor, found[first:last]),
        total=len(found),
        page=page,
        pages=pages,
        complete=opened <= SCAN_MAX,
    )


def _shown(actor: Actor, rows: Iterable[Subscription | Contact]) -> tuple[PersonRow, ...]:
    rows = list(rows)
    vault = vault_of(actor.workspace_id)
    keys = [bytes(_contact(row).address_key) for row in rows]
    stopped = suppressed_keys(actor.workspace_id, keys)
    return tuple(
        _person_row(row, _person(vault, _contact(row)), key in stopped)
        for row, key in zip(rows, keys, strict=True)
    )


def _person_row(row: Subscription | Contact, person: Person, suppressed: bool) -> PersonRow:
    on_list = row if isinstance(row, Subscription) else None
    return PersonRow(
        contact_id=_contact(row).pk,
        position=on_list.position if on_list else None,
        address=person.address,
        fields=person.fields,
        state=on_list.state if on_list else "",
        state_text=on_list.get_state_display() if on_list else "",
        suppressed=suppressed,
    )


def _opened(workspace_id: uuid.UUID, rows: list[Subscription]) -> Iterator[OpenPerson]:
    vault = vault_of(workspace_id)
    keys = [bytes(row.contact.address_key) for row in rows]
    stopped = suppressed_keys(workspace_id, keys)
    for row, key in zip(rows, keys, strict=True):
        yield OpenPerson(
            contact_id=row.contact_id,
            revision=row.contact.revision,
            position=row.position,
            person=_person(vault, row.contact),
            suppressed=key in stopped,
        )


def _contact(row: Subscription | Contact) -> Contact:
    return row.contact if isinstance(row, Subscription) else row


def _person(vault: Vault, contact: Contact) -> Person:
    return open_contact(vault, contact.address_key, contact.sealed, contact.fields)
