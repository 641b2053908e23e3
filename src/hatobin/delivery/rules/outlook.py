"""Whether waiting for a dispatch still makes sense. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from hatobin.delivery.rules.states import DispatchState


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """A dispatch now. ``next``: until the next try (negative: due), None when nothing waits.

    ``troubled``: how long the road has failed; ``paused``: how long somebody has seen it paused.
    """

    state: str
    on_the_way: int
    next: timedelta | None
    troubled: timedelta | None
    paused: timedelta


def has_settled(outlook: Outlook, wait: timedelta) -> bool:
    """Nothing more will happen within ``wait``. A hold is always waited for."""
    if outlook.on_the_way:
        return False
    if outlook.next is None:
        return True
    if outlook.state in {DispatchState.HELD, DispatchState.STOPPED}:
        return False  # it begins soon; the rest is being cancelled
    if outlook.state == DispatchState.PAUSED:
        return outlook.paused >= wait
    if outlook.troubled is not None and outlook.troubled >= wait:
        return True
    return outlook.next > wait
