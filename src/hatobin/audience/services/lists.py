"""Lists: made, renamed, deleted."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.audience.models import Contact, ContactList, ImportProblem, ImportState, Subscription
from hatobin.audience.queries.lists import access_list
from hatobin.audience.rules import LIST_NAME_MAX, has_control
from hatobin.audience.services.writing import lock_people
from hatobin.common.errors import Conflict, HatobinError, Invalid

# Whether a list is in use, asked of the rooms above before it is deleted: (workspace id, list id) > bool.
ListGuard = Callable[[uuid.UUID, uuid.UUID], bool]
_guards: list[ListGuard] = []


def add_list_guard(guard: ListGuard) -> None:
    """A room above registers here (in its AppConfig.ready) what keeps a list from being deleted."""
    if guard not in _guards:
        _guards.append(guard)


@transaction.atomic
def create_list(actor: Actor, *, name: str) -> ContactList:
    """An empty list; raises Invalid for a bad name, Conflict for one that is taken."""
    check_right(actor, Right.EDIT_LISTS)
    contact_list = ContactList(workspace_id=actor.workspace_id, name=checked_list_name(name))
    _save_name(contact_list)
    audit.record(actor, "list.created", subject=str(contact_list.pk))
    return contact_list


@transaction.atomic
def rename_list(actor: Actor, list_id: uuid.UUID, *, name: str) -> ContactList:
    """Gives a list another name."""
    check_right(actor, Right.EDIT_LISTS)
    contact_list = access_list(actor, list_id)
    contact_list.name = checked_list_name(name)
    _save_name(contact_list)
    audit.record(actor, "list.renamed", subject=str(list_id))
    return contact_list


@transaction.atomic
def delete_list(actor: Actor, list_id: uuid.UUID) -> None:
    """Removes a list, and the people who are on no other list and never got a letter.

    Raises Conflict while a letter that is on its way, or an import that runs, uses it.
    """
    check_right(actor, Right.EDIT_LISTS)
    lock_people(actor.workspace_id)
    contact_list = access_list(actor, list_id)
    _check_unused(contact_list)
    ImportProblem.objects.of(actor.workspace_id).filter(upload__list=contact_list).delete()
    places = Subscription.objects.of(actor.workspace_id).filter(list=contact_list)
    people = list(places.values_list("contact_id", flat=True))
    contact_list.delete()
    delete_unreferenced(actor.workspace_id, people)
    audit.record(actor, "list.deleted", subject=str(list_id), people=len(people))


def delete_unreferenced(workspace_id: uuid.UUID, contact_ids: list[int]) -> None:
    """Deletes these contacts, except those that any row still refers to: another list, the ledger."""
    rows = Contact.objects.of(workspace_id).filter(pk__in=contact_ids)
    for relation in Contact._meta.related_objects:
        # Every table that refers to contacts is asked, also those of rooms this one does not know.
        referring = relation.related_model._base_manager.filter(
            **{relation.field.name: OuterRef("pk")}
        )
        rows = rows.exclude(Exists(referring))
    free = list(rows.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audience_contact WHERE id = ANY(%s)", [free])


def checked_list_name(name: str) -> str:
    """A list's name on one line; raises Invalid."""
    line = name.strip()
    if not line:
        raise Invalid("missing", _("This must be filled in."), field="list_name")
    if has_control(line):
        raise Invalid(
            "control-character",
            _("This contains a line break or another invisible character."),
            advice=_("Write it on one line; type it instead of pasting it."),
            field="list_name",
        )
    if len(line) > LIST_NAME_MAX:
        raise Invalid(
            "too-long",
            _("This is longer than %(limit)s characters."),
            advice=_("Shorten it."),
            field="list_name",
            params={"limit": LIST_NAME_MAX},
        )
    return line


def _check_unused(contact_list: ContactList) -> None:
    if any(guard(contact_list.workspace_id, contact_list.pk) for guard in _guards):
        raise Conflict(
            "list-in-use",
            _("A letter to this list is being sent."),
            advice=_("Wait until it is finished, or stop it, and delete the list then."),
        )
    running = contact_list.imports.filter(state__in=[ImportState.QUEUED, ImportState.RUNNING])
    if running.exists():
        raise Conflict(
            "list-importing",
            _("A file is being read into this list."),
            advice=_("Wait until the import is finished, or cancel it."),
        )


def _save_name(contact_list: ContactList) -> None:
    try:
        with transaction.atomic():
            contact_list.save()
    except IntegrityError as error:
        raise _name_taken() from error


def _name_taken() -> HatobinError:
    return Conflict(
        "list-name-taken",
        _("There is already a list with this name."),
        advice=_("Choose another name."),
        field="list_name",
    )
