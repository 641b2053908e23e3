"""Emergency stops: which stand, and what became of the letters that were in flight."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from hatobin.accounts.queries import names_of_actors
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.delivery.models import Delivery, Dispatch, DispatchState, EmergencyStop
from hatobin.delivery.rules.stops import EMERGENCY

PAGE = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class StopView:
    """An emergency stop. ``everywhere``: of the whole installation. ``by`` and ``lifted_by`` are names.

    ``sending`` and ``held``: how many letters (dispatches) it paused, and kept from beginning.
    """

    id: uuid.UUID
    everywhere: bool
    workspace: str
    by: str
    reason: str
    at: datetime
    lifted_by: str
    lifted_at: datetime | None
    sending: int
    held: int
    in_flight: int

    @property
    def stands(self) -> bool:
        """Whether it has not been lifted."""
        return self.lifted_at is None


@dataclass(frozen=True, kw_only=True, slots=True)
class InFlight:
    """Letters of one dispatch that were in their final transmission, and what is known of them now."""

    dispatch_id: uuid.UUID
    workspace_id: uuid.UUID
    count: int
    accepted: int
    in_doubt: int
    answer_awaited: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OnItsWay:
    """What an emergency stop would take hold of: dispatches."""

    sending: int
    held: int


def standing(workspace_id: uuid.UUID) -> tuple[StopView, ...]:
    """The stops that keep this workspace from sending; the installation's first."""
    found = _views(workspace_id, _of(workspace_id).filter(lifted_at=None))
    return tuple(sorted(found, key=lambda each: not each.everywhere))


def stops(actor: Actor) -> tuple[StopView, ...]:
    """The last stops of this workspace and of the installation, newest first."""
    check_right(actor, Right.VIEW)
    return _views(actor.workspace_id, _of(actor.workspace_id).order_by("-at", "-id")[:PAGE])


def stop_view(actor: Actor, row: EmergencyStop) -> StopView:
    """One stop for the actor's eyes."""
    return _views(actor.workspace_id, [row])[0]


def in_flight(
    actor: Actor, stop_id: uuid.UUID, *, everywhere: bool = False
) -> tuple[InFlight, ...]:
    """The letters of a stop that were in flight, by dispatch; of other workspaces only if ``everywhere``."""
    check_right(actor, Right.VIEW)
    row = _of(actor.workspace_id).filter(pk=stop_id).first()
    if row is None:
        return ()
    letters = Delivery.objects.across_workspaces().filter(pk__in=row.letters)
    if not everywhere:
        letters = letters.filter(workspace_id=actor.workspace_id)
    found = letters.values("dispatch_id", "workspace_id").annotate(
        count=Count("pk"),
        accepted=Count("pk", filter=Q(state="accepted")),
        in_doubt=Count("pk", filter=Q(state="in-doubt")),
        answer_awaited=Count("pk", filter=Q(state="dot-sent")),
    )
    return tuple(InFlight(**each) for each in found.order_by("-dispatch_id"))


def on_its_way(workspace_id: uuid.UUID | None) -> OnItsWay:
    """What is being sent or on hold now, in a workspace or (None) everywhere. For doors that checked the right."""
    rows = Dispatch.objects.across_workspaces().exclude(stop_code=EMERGENCY)
    if workspace_id is not None:
        rows = rows.filter(workspace_id=workspace_id)
    return OnItsWay(
        sending=rows.filter(state=DispatchState.SENDING).count(),
        held=rows.filter(state=DispatchState.HELD).count(),
    )


def _of(workspace_id: uuid.UUID) -> QuerySet[EmergencyStop]:
    mine = Q(workspace_id=workspace_id) | Q(workspace_id=None)
    return EmergencyStop.objects.across_workspaces().select_related("workspace").filter(mine)


def _views(workspace_id: uuid.UUID, rows: Iterable[EmergencyStop]) -> tuple[StopView, ...]:
    found = list(rows)
    labels = {label for row in found for label in (row.stopped_by, row.lifted_by)} - {""}
    names = names_of_actors(workspace_id, labels)
    return tuple(_view(row, names) for row in found)


def _view(row: EmergencyStop, names: Mapping[str, str]) -> StopView:
    return StopView(
        id=row.pk,
        everywhere=row.workspace_id is None,
        workspace=row.workspace.name if row.workspace else "",
        by=names.get(row.stopped_by, ""),
        reason=row.reason,
        at=row.at,
        lifted_by=names.get(row.lifted_by, ""),
        lifted_at=row.lifted_at,
        sending=row.sending,
        held=row.held,
        in_flight=row.in_flight,
    )
