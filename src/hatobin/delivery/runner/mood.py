"""A lane's own trouble: after a connection that failed it rests, then a single letter goes ahead.

What replies ask for (a pause, a slower rate) is the pace's; this is about connections that do not come about.
"""

from __future__ import annotations

from hatobin.delivery.egress.errors import EgressError, Refused


class Mood:
    """One outage is one failure, however many connections notice it. Times are the loop's."""

    def __init__(self) -> None:
        self.failures = 0
        self.params: dict[str, object] = {}  # of the last failure, for a screen
        self._failed_at = 0.0
        self._rest_until = 0.0

    @property
    def is_bad(self) -> bool:
        """Nobody has been heard since the last failure."""
        return self.failures > 0

    def rest(self, now: float) -> float:
        """Seconds until the next try."""
        return max(self._rest_until - now, 0.0)

    def failed(
        self, error: EgressError, since: float, now: float, waits: tuple[float, ...]
    ) -> float | None:
        """How long the lane rests after a connection that was tried at ``since``; None: it is known."""
        if since < self._failed_at or now < self._rest_until:
            return None
        self.failures += 1
        self._failed_at = now
        pause = max(waits[min(self.failures, len(waits)) - 1], _wanted(error))
        self._rest_until = now + pause
        self.params = {"kind": code_of(error), "times": self.failures}
        return pause

    def works(self) -> None:
        """The server answered about a letter."""
        self.failures = 0

    def end_rest(self) -> None:
        """A person wants the next try now."""
        self._rest_until = 0.0


def code_of(error: EgressError) -> str:
    """The kind, for ``rules.troubles``; a refusal that is about the road says which."""
    if isinstance(error, Refused) and error.reply is not None:
        return "shutting-down" if error.reply.code == 421 else "auth-required"
    return error.kind


def _wanted(error: EgressError) -> float:
    """Seconds that the other side asks for."""
    return float(getattr(error, "retry_after", None) or 0.0)
