"""One person at a time: put on a list, taken off, corrected."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.accounts.services.sealing import vault_of
from hatobin.audience import reasons
from hatobin.audience.choices import FieldChoice
from hatobin.audience.models import ConsentBasis, Contact, ContactList, FieldKind, Subscription
from hatobin.audience.people import Person, open_contact
from hatobin.audience.queries.lists import access_list
from hatobin.audience.queries.people import access_contact, no_person
from hatobin.audience.rules import (
    CELL_MAX,
    NAME_MAX,
    cell_problem,
    field_name_problem,
    merged_fields,
)
from hatobin.audience.services.lists import delete_unreferenced
from hatobin.audience.services.writing import (
    FieldSet,
    add_field_names,
    field_set,
    last_position,
    lock_people,
    save_fields,
    sealer,
)
from hatobin.audience.sheets.labels import meaning_of
from hatobin.common.errors import Conflict, Invalid
from hatobin.wire.address import Address, AddressError, parse_address


@transaction.atomic
def add_person(
    actor: Actor, list_id: uuid.UUID, address: str, fields: Mapping[str, str], basis: str
) -> int:
    """Puts one person at the end of a list; returns the contact's id.

    Somebody the workspace knows already is updated as by an import: given fields replace, others stay.
    Raises Conflict when the person is on the list, or has left it: only the person can come back.
    """
    check_right(actor, Right.EDIT_LISTS)
    checked_basis(basis)
    parsed = _checked_address(address)
    lock_people(actor.workspace_id)
    contact_list = access_list(actor, list_id)
    known = field_set(actor.workspace_id)
    values = _checked_values(fields, known)
    added = tuple(_new_field(name) for name in values if name not in known.kinds)
    save_fields(actor.workspace_id, added)
    contact = _save_contact(actor, parsed, values, field_set(actor.workspace_id))
    _subscribe(contact_list, contact, basis, actor.label)
    add_field_names(contact_list, values)
    audit.record(actor, "person.added", subject=str(contact.pk), list=str(list_id))
    return contact.pk


@transaction.atomic
def edit_person(
    actor: Actor, contact_id: int, fields: Mapping[str, str], *, revision: int | None = None
) -> int:
    """Replaces the given fields of a person; the address is who they are and stays. Returns the revision.

    With ``revision`` (as it was shown) raises Conflict when somebody changed the person since.
    """
    check_right(actor, Right.EDIT_LISTS)
    check_right(actor, Right.VIEW_PEOPLE)
    access_contact(actor, contact_id)
    contact = Contact.objects.of(actor.workspace_id).select_for_update().get(pk=contact_id)
    if revision is not None and revision != contact.revision:
        raise Conflict(
            "changed-since",
            _("Somebody changed this person since you opened the page."),
            advice=_("Open it again and make your change there."),
        )
    known = field_set(actor.workspace_id)
    values = _checked_values(fields, known)
    for name in values:
        if name not in known.kinds:
            raise Invalid("no-field", _("There is no field with this name."), field=name)
    if _write(contact, values, known):
        audit.record(actor, "person.changed", subject=str(contact_id), fields=sorted(values))
    return contact.revision


@transaction.atomic
def remove_person(actor: Actor, list_id: uuid.UUID, contact_id: int) -> None:
    """Takes a person off a list; one who is on no other list and got no letter is forgotten.

    Raises Conflict for one who left the list: that place records the person's own wish and stays.
    """
    check_right(actor, Right.EDIT_LISTS)
    lock_people(actor.workspace_id)
    contact_list = access_list(actor, list_id)
    places = Subscription.objects.of(actor.workspace_id).filter(contact_id=contact_id)
    place = places.filter(list=contact_list).first()
    if place is None:
        raise no_person()
    if place.state == Subscription.State.UNSUBSCRIBED:
        raise _has_left()
    place.delete()
    if not places.exists():
        delete_unreferenced(actor.workspace_id, [contact_id])
    contact_list.save(update_fields=["updated_at"])
    audit.record(actor, "person.removed", subject=str(contact_id), list=str(list_id))


def checked_basis(basis: str) -> str:
    """One of ConsentBasis; raises Invalid."""
    if basis not in ConsentBasis.values:
        raise Invalid(
            "basis-missing",
            _("Choose why you may write to these people."),
            advice=_("Choose the reason that fits all of them; the law asks for it."),
            field="basis",
        )
    return basis


def _checked_address(text: str) -> Address:
    try:
        return parse_address(text.strip())
    except AddressError as error:
        raise Invalid(
            "bad-address",
            _("This is not a mail address."),
            advice=_("Write it like name@example.jp, without a name or brackets."),
            field="address",
        ) from error


def _checked_values(fields: Mapping[str, str], known: FieldSet) -> dict[str, str]:
    values = {}
    for name, text in fields.items():
        value = text.strip().replace("\r\n", "\n")
        problem = None if name in known.kinds else field_name_problem(name)
        problem = problem or cell_problem(value, known.kinds.get(name, "text"))
        if problem:
            limit = NAME_MAX if problem.startswith("field-name") else CELL_MAX
            raise reasons.value_problem(problem, name, limit=limit)
        values[name] = value
    return values


def _new_field(name: str) -> FieldChoice:
    """Sealed, and of the kind that its name says."""
    kind = meaning_of(name)
    return FieldChoice(column=0, name=name, kind=kind if kind in FieldKind.values else "text")


def _save_contact(
    actor: Actor, address: Address, values: Mapping[str, str], known: FieldSet
) -> Contact:
    vault = vault_of(actor.workspace_id)
    key = vault.address_key(address.key_form)
    rows = Contact.objects.of(actor.workspace_id).select_for_update()
    contact = rows.filter(address_key=key).first()
    if contact is not None:
        _write(contact, values, known)
        return contact
    columns = sealer(vault, known)(key, Person(address=address.email, fields=values))
    return Contact.objects.create(
        workspace_id=actor.workspace_id,
        address_key=key,
        domain=address.domain,
        sealed=columns.sealed,
        fields=columns.fields,
        search_keys=columns.search_keys,
    )


def _write(contact: Contact, values: Mapping[str, str], known: FieldSet) -> bool:
    """Whether something changed; only then the revision grows."""
    vault = vault_of(contact.workspace_id)
    person = open_contact(vault, contact.address_key, contact.sealed, contact.fields)
    merged = merged_fields(person.fields, values)
    if merged == person.fields:
        return False
    columns = sealer(vault, known)(
        bytes(contact.address_key), Person(address=person.address, fields=merged)
    )
    contact.sealed = columns.sealed
    contact.fields = columns.fields
    contact.search_keys = columns.search_keys
    contact.revision += 1
    contact.save(update_fields=["sealed", "fields", "search_keys", "revision", "updated_at"])
    return True


def _subscribe(contact_list: ContactList, contact: Contact, basis: str, source: str) -> None:
    places = Subscription.objects.of(contact_list.workspace_id)
    place = places.filter(list=contact_list, contact=contact).first()
    if place is not None and place.state == Subscription.State.UNSUBSCRIBED:
        raise _has_left()
    if place is not None:
        raise Conflict(
            "already-on-list",
            _("This person is already on the list."),
            field="address",
        )
    Subscription.objects.create(
        workspace_id=contact_list.workspace_id,
        list=contact_list,
        contact=contact,
        position=last_position(contact_list) + 1,
        basis=basis,
        source=source,
    )


def _has_left() -> Conflict:
    return Conflict(
        "has-left",
        _("This person has left the list."),
        advice=_("Only the person can come back. The place stays as a record of that wish."),
        field="address",
    )
