"""The emergency stop."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from hatobin.accounts.rules import Right
from hatobin.api.auth import actor_of, needs
from hatobin.api.schemas.emergency import (
    EmergencyStopOut,
    EmergencyStopsOut,
    LiftedOut,
    LiftIn,
    StopIn,
)
from hatobin.campaigns.services import emergency
from hatobin.campaigns.services.emergency import Report

router = Router(tags=["Releases"])


@router.get("/emergency-stop", response=EmergencyStopsOut, openapi_extra=needs(Right.VIEW))
def get_emergency_stop(request: HttpRequest) -> Any:
    """Whether an emergency stop stands.

    Over this workspace: its own, or one of the whole installation; with what was in flight and what became of it.
    """
    return {"stops": [_body(each) for each in emergency.standing(actor_of(request))]}


@router.post("/emergency-stop", response=EmergencyStopOut, openapi_extra=needs(Right.STOP))
def pull_emergency_stop(request: HttpRequest, body: StopIn) -> Any:
    """Stops everything at once.

    When this answers, no message begins its final transmission any more, on any node; what was in flight is named.
    Nothing is lost: letters wait until the stop is lifted. ``installation`` is for keys with every right that it
    takes, of the only workspace there is (else 403). Again it does no harm.
    """
    whole = body.scope == "installation"
    return _body(emergency.stop(actor_of(request), reason=body.reason, everywhere=whole))


@router.post("/emergency-stop/lift", response=LiftedOut, openapi_extra=needs(Right.SEND))
def lift_emergency_stop(request: HttpRequest, body: LiftIn) -> Any:
    """Lifts an emergency stop.

    What it paused goes on, and only that; what was on hold has the rest of its hold. 409 when none stands.
    """
    whole = body.scope == "installation"
    return {"letters": emergency.lift(actor_of(request), everywhere=whole)}


def _body(report: Report) -> dict[str, Any]:
    stop = report.stop
    return {
        "id": stop.id,
        "scope": "installation" if stop.everywhere else "workspace",
        "by": stop.by,
        "reason": stop.reason,
        "at": stop.at,
        "sending": stop.sending,
        "held": stop.held,
        "in_flight": stop.in_flight,
        "letters": report.letters,
        "elsewhere": report.elsewhere,
    }
