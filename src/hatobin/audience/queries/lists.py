"""Lists and their fields. Names and numbers only: nobody's address is opened here."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count as CountOf
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.audience.models import ContactList, Field, ImportState, Subscription
from hatobin.common.errors import NotFound
from hatobin.suppression.models import Suppression

_LEFT = Q(state=Subscription.State.UNSUBSCRIBED)


@dataclass(frozen=True, kw_only=True, slots=True)
class ListSummary:
    """A list in one line. ``people``: everybody on it, those who get no letter as well."""

    id: uuid.UUID
    name: str
    people: int
    field_names: tuple[str, ...]
    updated: datetime
    last_import: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """``people``, the rows of the list = ``sendable`` + ``stopped``, who get no letter for either reason.

    ``left``: those of ``stopped`` who unsubscribed themselves; the others are on the do-not-mail ledger.
    """

    people: int
    sendable: int
    stopped: int
    left: int


def lists(actor: Actor) -> list[ListSummary]:
    """The workspace's lists, last changed first."""
    check_right(actor, Right.VIEW)
    return [_summary(row) for row in _rows(actor).order_by("-updated_at", "-id")]


def list_summary(actor: Actor, list_id: uuid.UUID) -> ListSummary:
    """One list; raises NotFound."""
    check_right(actor, Right.VIEW)
    row = _rows(actor).filter(pk=list_id).first()
    if row is None:
        raise no_list()
    return _summary(row)


def fields(actor: Actor) -> list[Field]:
    """Every field of the workspace, in the order they came."""
    check_right(actor, Right.VIEW)
    return list(Field.objects.of(actor.workspace_id).order_by("position", "created_at"))


def fields_of_list(actor: Actor, list_id: uuid.UUID) -> list[Field]:
    """The fields this list's people came with, in the order of the file."""
    check_right(actor, Right.VIEW)
    names = access_list(actor, list_id).field_names
    by_name = {row.name: row for row in Field.objects.of(actor.workspace_id).filter(name__in=names)}
    return [by_name[name] for name in names if name in by_name]


def count(workspace_id: uuid.UUID, list_id: uuid.UUID) -> Count:
    """How many are on the list now, and how many of them can be mailed."""
    rows = Subscription.objects.of(workspace_id).filter(list_id=list_id)
    found = rows.aggregate(
        people=CountOf("id"),
        stopped=CountOf("id", filter=_stopped(workspace_id)),
        left=CountOf("id", filter=_LEFT),
    )
    return Count(sendable=found["people"] - found["stopped"], **found)


def stopped_counts(actor: Actor) -> dict[uuid.UUID, int]:
    """List id > how many of its people get no letter; lists without any are left out."""
    check_right(actor, Right.VIEW)
    rows = Subscription.objects.of(actor.workspace_id).filter(_stopped(actor.workspace_id))
    return dict(rows.values_list("list_id").annotate(CountOf("id")).order_by("list_id"))


def access_list(actor: Actor, list_id: uuid.UUID) -> ContactList:
    """The row in the actor's workspace; raises NotFound."""
    row = ContactList.objects.of(actor.workspace_id).filter(pk=list_id).first()
    if row is None:
        raise no_list()
    return row


def subscribed(workspace_id: uuid.UUID, list_id: uuid.UUID) -> QuerySet[Subscription]:
    """The places on a list whose people have not left it."""
    rows = Subscription.objects.of(workspace_id)
    return rows.filter(list_id=list_id, state=Subscription.State.SUBSCRIBED)


def in_ledger(workspace_id: uuid.UUID) -> Exists:
    """A condition on Subscription: the person is on the do-not-mail ledger."""
    entries = Suppression.objects.of(workspace_id)
    return Exists(entries.filter(address_key=OuterRef("contact__address_key")))


def _stopped(workspace_id: uuid.UUID) -> Q:
    """Who gets no letter: left by the link in a letter, or on the do-not-mail ledger."""
    return _LEFT | Q(in_ledger(workspace_id))


def no_list() -> NotFound:
    """There is no such list here."""
    return NotFound("no-list", _("This list no longer exists."))


def _rows(actor: Actor) -> QuerySet[ContactList]:
    done = Q(imports__state=ImportState.DONE)
    return ContactList.objects.of(actor.workspace_id).annotate(
        people=CountOf("subscriptions", distinct=True),
        last_import=Max("imports__finished_at", filter=done),
    )


def _summary(row: ContactList) -> ListSummary:
    return ListSummary(
        id=row.pk,
        name=row.name,
        people=row.people,  # type: ignore[attr-defined]
        field_names=tuple(row.field_names),
        updated=row.updated_at,
        last_import=row.last_import,  # type: ignore[attr-defined]
    )
