"""The generic cell rate algorithm: a steady rate with a small burst, in two numbers.

In any window of ``w`` seconds at most ``burst + rate * w`` messages are let through, at whatever
moments they come; a fixed window ("so many in this second") would let twice as many through at
its edge. When the rate changes, what is left of the burst stays the same number of messages, so
the bound holds with the integral of the rate.
"""

from __future__ import annotations

from math import inf


class Gcra:
    """One limiter. Times are seconds of one clock that does not go back."""

    __slots__ = ("_full_at", "burst", "interval")

    def __init__(self, per_second: float = inf, burst: int = 1) -> None:
        self.interval = 1 / per_second
        self.burst = burst
        self._full_at = -inf  # when the whole burst will be there again

    def next_at(self, now: float) -> float:
        """When the next message may leave: ``now`` or later."""
        at = self._full_at - self.interval * (self.burst - 1)
        return at if at > now else now

    def take(self, now: float) -> bool:
        """Whether a message may leave now; then it is counted."""
        full_at = self._full_at
        if full_at - self.interval * (self.burst - 1) > now:
            return False
        self._full_at = (full_at if full_at > now else now) + self.interval
        return True

    def give_back(self) -> None:
        """A counted message did not leave after all."""
        self._full_at -= self.interval

    def room(self, now: float, most: int) -> int:
        """How many may leave now, one after another, up to ``most``."""
        if not self.interval:
            return most
        owed = max(self._full_at - now, 0.0) / self.interval
        return max(0, min(most, int(self.burst - owed + 1e-9)))

    def change(self, per_second: float, burst: int, now: float) -> None:
        """Another rate from now on; what was used of the burst stays used."""
        interval = 1 / per_second
        owed = max(self._full_at - now, 0.0)
        if self.interval:
            self._full_at = now + owed / self.interval * interval if owed else -inf
        else:
            self._full_at = -inf
        self.interval, self.burst = interval, burst
