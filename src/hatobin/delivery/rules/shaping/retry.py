"""When a letter that was put off is tried again, and what a reply means for it. Pure.

Source of the waits: what large senders use (5, 7, 8, 25, 75, 120 minutes, then every 4 hours).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from hatobin.delivery.rules.shaping.values import (
    NotReadable,
    read_duration,
    read_durations,
    write_duration,
)
from hatobin.wire.reply import Reply

_JITTER = 0.1
_THEN = "then"
Fate = Literal["accepted", "waits", "final"]


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """Seconds to wait after the first, second … refusal for now, and after every later one."""

    waits: tuple[float, ...] = (300, 420, 480, 1500, 4500, 7200)
    then: float = 4 * 3600

    @classmethod
    def from_text(cls, text: str) -> RetrySchedule:
        """``"5 min, 10 min, 1 h, then 4 h"``. Raises NotReadable."""
        first, found, last = text.partition(_THEN)
        try:
            waits = read_durations([part for part in first.split(",") if part.strip()])
            return cls(waits, read_duration(last) if found else waits[-1])
        except NotReadable as error:
            code = "schedule" if error.code in {"duration", "durations"} else error.code
            raise NotReadable(code, **error.params) from None

    def __str__(self) -> str:
        waits = ", ".join(map(write_duration, self.waits))
        return f"{waits}, {_THEN} {write_duration(self.then)}"

    def wait(self, attempts: int) -> float:
        """Seconds after the ``attempts``-th refusal, without jitter."""
        return self.waits[attempts - 1] if 0 < attempts <= len(self.waits) else self.then


STANDARD = RetrySchedule()


def retry_in(
    attempts: int,
    rng: random.Random,
    schedule: RetrySchedule = STANDARD,
    *,
    at_least: float = 0,
) -> timedelta:
    """How long after the ``attempts``-th refusal for now the next try comes.

    The waits of the list are kept as written; later ones vary by a tenth, so that not everybody
    comes back at once. ``at_least``: seconds that a reply rule asks for.
    """
    seconds = schedule.wait(attempts)
    if attempts > len(schedule.waits):
        seconds *= 1 + rng.uniform(-_JITTER, _JITTER)
    return timedelta(seconds=max(seconds, at_least))


def fate_of(reply: Reply, *, defer: bool = False) -> Fate:
    """What a final reply means for the letter; ``defer``: a reply rule says that it shall wait.

    A rule can keep a letter from failing. None can make it fail: 4yz always waits.
    """
    if reply.positive:
        return "accepted"
    return "waits" if reply.transient or defer else "final"
