"""What is known of lanes, as screens, API and command show it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

from hatobin.delivery.rules.lane_words import Mood


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneView:
    """Letters for one destination by one way of sending.

    ``waiting``: due or later, in lots or in a sender; ``later``: the part of it that its servers
    put off; ``resting``: the part that waits for the end of a rest, of the way or of the destination.
    Not counted there: ``on_hold``, what begins by itself, and ``still``, what waits for a person. ``text``: how it
    is, in plain words; ``why``: the same for experts, may be empty. ``next_at``: when something may leave again,
    None when it may now.
    ``senders``: how many have it in hand; 0: it only stands in the queue.
    """

    egress_id: uuid.UUID
    egress_name: str
    sandbox: bool
    site: str
    title: str
    domains: tuple[str, ...]
    waiting: int
    later: int
    resting: int
    on_hold: int
    still: int
    in_hand: int
    per_minute: int
    mood: Mood
    text: str | Promise
    why_code: str
    why: str
    next_at: datetime | None
    most: int
    granted: int
    open: int
    accepted: int
    refused: int
    last_reply: str
    senders: int
    way_in_trouble: bool

    @property
    def look(self) -> str:
        """Its mood among the states that a screen has a sign for."""
        return f"lane-{self.mood}"

    @property
    def apart(self) -> int:
        """Letters that are not counted as waiting."""
        return self.on_hold + self.still

    @property
    def may_wake(self) -> bool:
        """Whether a person can end its rest here; that of a whole way in trouble ends for all its lanes at once."""
        return self.mood in {"resting", "unreachable"} and not self.way_in_trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class SenderView:
    """A sender process that lives. ``in_hand``: letters of this workspace at servers now."""

    number: int
    host: str
    pid: int
    since: datetime
    in_hand: int


@dataclass(frozen=True, kw_only=True, slots=True)
class LanesView:
    """All lanes of a workspace: the fullest ones, and how many more. Sums are over all of them.

    ``complete`` is False when there are so many lots that only a part was counted.
    """

    lanes: tuple[LaneView, ...]
    more: int
    more_waiting: int
    waiting: int
    on_hold: int
    still: int
    in_hand: int
    per_minute: int
    senders: tuple[SenderView, ...]
    complete: bool
    at: datetime
