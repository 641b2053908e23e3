"""How fast a lane is, for screens."""

from __future__ import annotations

from collections import deque

_MINUTE = 60.0


class Meter:
    """How many in the last minute, from a number that only grows."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def per_minute(self, now: float, total: int) -> int:
        """The growth within the last minute."""
        self._seen.append((now, total))
        while now - self._seen[0][0] > _MINUTE:
            self._seen.popleft()
        return total - self._seen[0][1]
