"""Letters that do not go on because their way of sending is in trouble."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right
from hatobin.delivery.models import DispatchState, Lot
from hatobin.delivery.queries.egresses import EgressView, egresses


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldUp:
    """A released letter, and a way in trouble that some of it waits for."""

    dispatch_id: uuid.UUID
    way: EgressView


def held_up(actor: Actor) -> tuple[HeldUp, ...]:
    """All of the workspace that are being sent; the lots are only asked while a way is in trouble.

    Lots know where letters wait now: some may have been moved to another way than the letter's own.
    """
    check_right(actor, Right.VIEW)
    ways = {each.id: each for each in egresses(actor) if each.trouble}
    if not ways:
        return ()
    lots = Lot.objects.of(actor.workspace_id).filter(
        egress_id__in=list(ways),
        dispatch__state=DispatchState.SENDING,
        dispatch__finished_at=None,
    )
    pairs = lots.order_by("dispatch_id", "egress_id").values_list("dispatch_id", "egress_id")
    return tuple(HeldUp(dispatch_id=letter, way=ways[way]) for letter, way in pairs.distinct())
