"""A letter's line in a list of letters: by which way it goes, and what keeps it from going on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hatobin.campaigns.queries import CampaignView
from hatobin.campaigns.rules import Status
from hatobin.console.middleware import StaffRequest
from hatobin.delivery.queries.egresses import EgressView
from hatobin.delivery.queries.emergency import standing
from hatobin.delivery.queries.held_up import HeldUp

_ON_ITS_WAY = {Status.HELD, Status.SENDING, Status.PAUSED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """``stopped``: an emergency stop stands over it; ``trouble``: a way in trouble that it waits for.

    ``way``: the name of the way that leads out of the sandbox, where one is chosen.
    """

    letter: CampaignView
    way: str
    stopped: bool
    trouble: EgressView | None


def lines(
    request: StaffRequest, letters: Sequence[CampaignView], held_up: Sequence[HeldUp]
) -> list[Line]:
    """In the order of the letters."""
    troubles = {each.dispatch_id: each.way for each in held_up}
    moving = any(each.status in _ON_ITS_WAY for each in letters)
    stopped = moving and bool(standing(request.actor.workspace_id))
    return [
        Line(
            letter=each,
            way="" if each.sandbox else each.egress_name,
            stopped=stopped and each.status in _ON_ITS_WAY,
            trouble=troubles.get(each.dispatch_id) if each.dispatch_id else None,
        )
        for each in letters
    ]
