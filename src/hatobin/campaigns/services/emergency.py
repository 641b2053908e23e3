"""The emergency stop for the doors: the same acts, with the letters that were in flight by their names."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from hatobin.accounts.models import Workspace
from hatobin.accounts.rules import Actor, Right
from hatobin.accounts.services.access import check_right, may_everywhere
from hatobin.campaigns.models import Campaign
from hatobin.delivery.queries import emergency as queries
from hatobin.delivery.queries.emergency import OnItsWay, StopView
from hatobin.delivery.services import emergency as delivery


@dataclass(frozen=True, kw_only=True, slots=True)
class LetterInFlight:
    """A letter of which copies were in their final transmission. ``campaign_id`` is None for a test;
    ``here``: it is of the reader's workspace.

    ``count`` = ``accepted`` + ``in_doubt`` + ``answer_awaited`` + those that are tried again or came back.
    """

    campaign_id: uuid.UUID | None
    name: str
    here: bool
    count: int
    accepted: int
    in_doubt: int
    answer_awaited: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A stop, and what was in flight. ``elsewhere``: how many of it in workspaces that the reader does not see."""

    stop: StopView
    letters: tuple[LetterInFlight, ...]
    elsewhere: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What a page about the stop needs. ``everywhere``: what a stop of the whole installation would take
    hold of; None for those who may not, and where there is only one workspace anyway."""

    standing: tuple[Report, ...]
    past: tuple[Report, ...]
    may_stop: bool
    may_lift: bool
    may_lift_everywhere: bool
    here: OnItsWay
    everywhere: OnItsWay | None


def stop(actor: Actor, *, reason: str = "", everywhere: bool = False) -> Report:
    """Stops at once, and says what was in flight. Raises NotAllowed, Invalid."""
    row = delivery.stop(actor, reason=reason, everywhere=everywhere)
    return _report(actor, queries.stop_view(actor, row))


def lift(actor: Actor, *, everywhere: bool = False) -> int:
    """What was stopped goes on. How many letters. Raises Conflict when no stop stands, NotAllowed."""
    return delivery.lift(actor, everywhere=everywhere)[1]


def standing(actor: Actor) -> tuple[Report, ...]:
    """The stops that stand over the actor's workspace, the installation's first."""
    check_right(actor, Right.VIEW)
    return tuple(_report(actor, each) for each in queries.standing(actor.workspace_id))


def situation(actor: Actor) -> Situation:
    """Everything about stops, for a person of the workspace."""
    reports = [_report(actor, each) for each in queries.stops(actor)]
    several = Workspace.objects.count() > 1
    whole = several and may_everywhere(actor, Right.STOP)
    return Situation(
        standing=standing(actor),
        past=tuple(each for each in reports if not each.stop.stands),
        may_stop=actor.may(Right.STOP),
        may_lift=actor.may(Right.SEND),
        may_lift_everywhere=may_everywhere(actor, Right.SEND),
        here=queries.on_its_way(actor.workspace_id),
        everywhere=queries.on_its_way(None) if whole else None,
    )


def _report(actor: Actor, stop: StopView) -> Report:
    whole = stop.everywhere and may_everywhere(actor, Right.STOP)
    found = queries.in_flight(actor, stop.id, everywhere=whole)
    rows = Campaign.objects.across_workspaces().filter(
        dispatch_id__in=[each.dispatch_id for each in found]
    )
    named = {row.dispatch_id: row for row in rows.only("pk", "name", "dispatch_id", "workspace_id")}
    letters = tuple(
        LetterInFlight(
            campaign_id=named[each.dispatch_id].pk if each.dispatch_id in named else None,
            name=named[each.dispatch_id].name if each.dispatch_id in named else "",
            here=each.workspace_id == actor.workspace_id,
            count=each.count,
            accepted=each.accepted,
            in_doubt=each.in_doubt,
            answer_awaited=each.answer_awaited,
        )
        for each in found
    )
    return Report(
        stop=stop,
        letters=letters,
        elsewhere=max(0, stop.in_flight - sum(each.count for each in letters)),
    )
