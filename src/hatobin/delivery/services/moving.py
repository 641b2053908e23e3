"""Letters that wait go by another way of sending, because a person says so (promise P4: it is shown where to)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services import audit
from hatobin.accounts.services.access import check_right
from hatobin.common.errors import Conflict, Invalid, NotFound
from hatobin.delivery.models import Dispatch, DispatchState, Egress, EgressKind, Lot
from hatobin.delivery.services.egress_rows import no_road
from hatobin.delivery.services.lots import LOT, wants_domains
from hatobin.delivery.statements import statement

_MOVABLE = {DispatchState.HELD, DispatchState.SENDING, DispatchState.PAUSED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """What goes where. ``letters``: those that (would) go; ``in_hand``: letters in lots that senders hold, which
    stay with their way. ``sources``: ids of the ways that they wait for now."""

    sources: tuple[uuid.UUID, ...]
    to: uuid.UUID
    letters: int
    in_hand: int


def plan_for_letter(actor: Actor, dispatch_id: uuid.UUID, to_id: uuid.UUID) -> Move:
    """What ``move_letter`` would do now. Raises what it raises."""
    check_right(actor, Right.SEND)
    _movable(actor, dispatch_id)
    return _plan(actor, way_to(actor, to_id), dispatch_id=dispatch_id)


def plan_for_way(actor: Actor, egress_id: uuid.UUID, to_id: uuid.UUID) -> Move:
    """What ``move_way`` would do now. Raises what it raises."""
    check_right(actor, Right.SEND)
    to = way_to(actor, to_id)
    check_way(_any_way(actor, egress_id), to)
    return _plan(actor, to, from_id=egress_id)


def ways_now(actor: Actor, dispatch_id: uuid.UUID) -> tuple[uuid.UUID, ...]:
    """The ways of sending that what waits of a released letter waits for."""
    check_right(actor, Right.SEND)
    lots = Lot.objects.of(actor.workspace_id).filter(dispatch_id=dispatch_id)
    return tuple(lots.order_by("egress_id").values_list("egress_id", flat=True).distinct())


@transaction.atomic
def move_letter(actor: Actor, dispatch_id: uuid.UUID, to_id: uuid.UUID) -> Move:
    """What waits of a released letter, by whatever way, waits for this one.

    Lots that a sender holds stay: what comes back from it can be moved again. Raises NotFound, Invalid (from
    or to the sandbox), Conflict (it has ended).
    """
    check_right(actor, Right.SEND)
    _movable(actor, dispatch_id)
    to = way_to(actor, to_id)
    plan = _plan(actor, to, dispatch_id=dispatch_id)
    moved = sum(_move(each, to, dispatch_id) for each in plan.sources)
    audit.record(actor, "dispatch.moved", subject=str(dispatch_id), egress=str(to.pk), count=moved)
    return Move(sources=plan.sources, to=to.pk, letters=moved, in_hand=plan.in_hand)


@transaction.atomic
def move_way(actor: Actor, egress_id: uuid.UUID, to_id: uuid.UUID) -> Move:
    """All that waits for a way of sending waits for another one. Raises NotFound, Invalid."""
    check_right(actor, Right.SEND)
    to = way_to(actor, to_id)
    check_way(_any_way(actor, egress_id), to)
    plan = _plan(actor, to, from_id=egress_id)
    moved = sum(_move(each, to, None) for each in plan.sources)
    audit.record(actor, "egress.moved", subject=str(egress_id), egress=str(to.pk), count=moved)
    return Move(sources=plan.sources, to=to.pk, letters=moved, in_hand=plan.in_hand)


def way_to(actor: Actor, egress_id: uuid.UUID) -> Egress:
    """A way of sending of the workspace that letters may be sent by; raises NotFound.

    Locked against removal until the end of the transaction, where there is one.
    """
    rows = Egress.objects.of(actor.workspace_id).filter(pk=egress_id, removed_at=None)
    if connection.in_atomic_block:
        rows = rows.select_for_update()
    row = rows.first()
    if row is None:
        raise no_road(field="egress_id")
    return row


def check_way(source: Egress, to: Egress) -> None:
    """Real letters never end in the sandbox, and rehearsals never reach people. Raises Invalid."""
    if source.pk == to.pk:
        raise Invalid(
            "same-way",
            _("The letters go this way already."),
            advice=_("Choose another way of sending."),
            field="egress_id",
        )
    if EgressKind.SANDBOX in (source.kind, to.kind):
        raise Invalid(
            "move-sandbox",
            _("Real letters never go to the sandbox, and letters of the sandbox never to people."),
            advice=_("Make a copy of the letter and send that."),
            field="egress_id",
        )


def _any_way(actor: Actor, egress_id: uuid.UUID) -> Egress:
    """Also one that was removed: letters may still wait for it."""
    row = Egress.objects.of(actor.workspace_id).filter(pk=egress_id).first()
    if row is None:
        raise no_road()
    return row


def _movable(actor: Actor, dispatch_id: uuid.UUID) -> None:
    dispatch = Dispatch.objects.of(actor.workspace_id).filter(pk=dispatch_id).first()
    if dispatch is None:
        raise NotFound("no-dispatch", _("This letter no longer exists."))
    if dispatch.state not in _MOVABLE:
        raise Conflict("nothing-waits", _("Nothing of this letter waits any more."))


def _plan(
    actor: Actor,
    to: Egress,
    *,
    dispatch_id: uuid.UUID | None = None,
    from_id: uuid.UUID | None = None,
) -> Move:
    values = {
        "workspace": actor.workspace_id,
        "to": to.pk,
        "dispatch": dispatch_id,
        "from": from_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("to_move"), values)
        found = cursor.fetchall()
    for egress_id, _letters, _in_hand in found:
        check_way(_any_way(actor, egress_id), to)
    return Move(
        sources=tuple(each[0] for each in found),
        to=to.pk,
        letters=sum(each[1] for each in found),
        in_hand=sum(each[2] for each in found),
    )


def _move(source: uuid.UUID, to: Egress, dispatch_id: uuid.UUID | None) -> int:
    values = {
        "from": source, "to": to.pk, "dispatch": dispatch_id, "by_domain": wants_domains(to), "lot": LOT,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement("move_lots"), values)
        return int(cursor.fetchone()[1])
